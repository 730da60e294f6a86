#include "cli/contents.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "core/api/codec.h"
#include "core/api/core.pb.h"
#include "core/base/secret.h"
#include "core/k8s/kubeconfig.h"
#include "core/pki/certificate.h"
#include "core/pki/certificate_request.h"
#include "core/pki/ip_address.h"
#include "core/pki/key_usage.h"
#include "core/pki/pem.h"
#include "core/pki/private_key.h"
#include "core/pki/subject_alt_name.h"

namespace signet::cli {
namespace {

absl::Status InPlace(absl::string_view where, const absl::Status& status) {
  return absl::Status(status.code(),
                      absl::StrCat(where, ": ", status.message()));
}

absl::StatusOr<Item> ReadBlock(const pki::PemBlock& block,
                               absl::string_view where) {
  Item item;
  item.where = std::string(where);
  if (block.type == "CERTIFICATE" || block.type == "TRUSTED CERTIFICATE") {
    ABSL_ASSIGN_OR_RETURN(item.certificate, pki::Certificate::Parse(block.der));
  } else if (block.type == "CERTIFICATE REQUEST" ||
             block.type == "NEW CERTIFICATE REQUEST") {
    ABSL_ASSIGN_OR_RETURN(item.request,
                          pki::CertificateRequest::Parse(block.der));
  } else if (absl::EndsWith(block.type, "PRIVATE KEY")) {
    const Secret pem =
        Secret::FromString(pki::EncodePem(block.type, block.der));
    const absl::StatusOr<pki::PrivateKey> key =
        pki::PrivateKey::FromPem(pem.Reveal());
    if (absl::IsUnimplemented(key.status())) {
      item.note = "encrypted private key";
    } else {
      ABSL_RETURN_IF_ERROR(key.status());
      item.private_key = key->public_key();
    }
  } else {
    item.note = absl::StrCat("PEM block ", block.type);
  }
  return item;
}

absl::Status AppendPem(absl::string_view pem, absl::string_view where,
                       std::vector<Item>* items) {
  ABSL_ASSIGN_OR_RETURN(const std::vector<pki::PemBlock> blocks,
                        pki::ParsePem(pem), InPlace(where, _));
  if (blocks.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(where, ": no PEM block in it, or a broken one"));
  }
  for (const pki::PemBlock& block : blocks) {
    ABSL_ASSIGN_OR_RETURN(Item item, ReadBlock(block, where),
                          InPlace(where, _));
    items->push_back(std::move(item));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Item>> ReadKubeconfig(absl::string_view text,
                                                 absl::string_view where) {
  ABSL_ASSIGN_OR_RETURN(const k8s::ClientConfig config,
                        k8s::ParseKubeconfig(text, where));
  std::vector<Item> items;
  Item server;
  server.where = std::string(where);
  server.note = absl::StrCat("kubeconfig, context ", config.context,
                             ", server ", config.server);
  items.push_back(std::move(server));
  const auto file = [&](absl::string_view what, const std::string& path) {
    if (path.empty()) return;
    Item item;
    item.where = absl::StrCat(where, ": ", what);
    item.note = absl::StrCat("in the file ", path);
    items.push_back(std::move(item));
  };
  if (!config.client_certificate_data.empty()) {
    ABSL_RETURN_IF_ERROR(AppendPem(config.client_certificate_data,
                                   absl::StrCat(where, ": client certificate"),
                                   &items));
  } else {
    file("client certificate", config.client_certificate_file);
  }
  if (!config.client_key_data.empty()) {
    ABSL_RETURN_IF_ERROR(AppendPem(config.client_key_data.Reveal(),
                                   absl::StrCat(where, ": client key"),
                                   &items));
  } else {
    file("client key", config.client_key_file);
  }
  if (!config.certificate_authority_data.empty()) {
    ABSL_RETURN_IF_ERROR(
        AppendPem(config.certificate_authority_data,
                  absl::StrCat(where, ": certificate authority"), &items));
  } else {
    file("certificate authority", config.certificate_authority_file);
  }
  return items;
}

// The values that hold PEM.
template <class Map>
absl::StatusOr<std::vector<Item>> ReadValues(const Map& values,
                                             absl::string_view where) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : values) keys.push_back(key);
  std::sort(keys.begin(), keys.end());
  std::vector<Item> items;
  for (const std::string& key : keys) {
    const std::string& value = values.at(key);
    if (!absl::StrContains(value, "-----BEGIN ")) continue;
    ABSL_RETURN_IF_ERROR(
        AppendPem(value, absl::StrCat(where, ": ", key), &items));
  }
  return items;
}

absl::StatusOr<std::vector<Item>> ReadObject(absl::string_view json,
                                             absl::string_view where,
                                             absl::string_view kind) {
  absl::StatusOr<std::vector<Item>> items;
  if (kind == "Secret") {
    api::Secret secret;
    ABSL_RETURN_IF_ERROR(api::DecodeJson(json, &secret, nullptr));
    items = ReadValues(secret.data(), where);
  } else {
    api::ConfigMap map;
    ABSL_RETURN_IF_ERROR(api::DecodeJson(json, &map, nullptr));
    items = ReadValues(map.data(), where);
  }
  if (items.ok() && items->empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(where, ": a ", kind, " without PEM in it"));
  }
  return items;
}

}  // namespace

absl::StatusOr<std::vector<Item>> ReadContents(absl::string_view text,
                                               absl::string_view where) {
  if (absl::StripAsciiWhitespace(text).empty()) {
    return absl::InvalidArgumentError(absl::StrCat(where, ": empty"));
  }
  if (text.front() == '\x30') {  // DER begins with SEQUENCE.
    Item item;
    item.where = std::string(where);
    absl::StatusOr<pki::Certificate> certificate =
        pki::Certificate::Parse(text);
    if (certificate.ok()) {
      item.certificate = *std::move(certificate);
      return std::vector<Item>{std::move(item)};
    }
    absl::StatusOr<pki::CertificateRequest> request =
        pki::CertificateRequest::Parse(text);
    if (request.ok()) {
      item.request = *std::move(request);
      return std::vector<Item>{std::move(item)};
    }
    return InPlace(where, certificate.status());
  }
  const absl::string_view start = absl::StripLeadingAsciiWhitespace(text);
  if (start[0] == '{') {
    api::TypeMeta type;
    api::Secret any;  // Enough to learn the kind.
    absl::Status read = api::DecodeJson(text, &any, &type);
    if (type.kind == "Secret" || type.kind == "ConfigMap") {
      absl::StatusOr<std::vector<Item>> items =
          ReadObject(text, where, type.kind);
      if (!items.ok() && !absl::StartsWith(items.status().message(), where)) {
        return InPlace(where, items.status());
      }
      return items;
    }
  }
  if (absl::StrContains(text, "-----BEGIN ") &&
      !absl::StrContains(text, "kind: Config")) {
    std::vector<Item> items;
    ABSL_RETURN_IF_ERROR(AppendPem(text, where, &items));
    return items;
  }
  if (absl::StrContains(text, "Config") &&
      absl::StrContains(text, "clusters")) {
    return ReadKubeconfig(text, where);
  }
  return absl::InvalidArgumentError(absl::StrCat(
      where, ": neither PEM nor DER, and no kubeconfig, Secret or ConfigMap"));
}

absl::StatusOr<std::vector<Item>> ReadSecret(const api::Secret& secret,
                                             absl::string_view where) {
  return ReadValues(secret.data(), where);
}

std::vector<std::string> UsageWords(const pki::Usages& usages) {
  std::vector<std::string> words;
  for (const absl::string_view word : pki::KnownUsages()) {
    if (word == "signing" || word == "s/mime") continue;  // Second names.
    const absl::StatusOr<pki::Usages> one =
        pki::UsagesFromStrings({std::string(word)});
    if (!one.ok()) continue;
    const bool has_bit = one->key_usage != 0 &&
                         (usages.key_usage & one->key_usage) == one->key_usage;
    const bool has_extended =
        !one->extended.empty() &&
        std::find(usages.extended.begin(), usages.extended.end(),
                  one->extended[0]) != usages.extended.end();
    if (has_bit || has_extended) words.emplace_back(word);
  }
  return words;
}

std::string KeyText(const pki::PublicKey& key) {
  switch (key.type()) {
    case pki::KeyType::kRsa:
      return absl::StrCat("RSA ", key.bits());
    case pki::KeyType::kEcdsa:
      return absl::StrCat("ECDSA ", key.bits());
    case pki::KeyType::kEd25519:
      return "Ed25519";
  }
  return "";
}

std::string NamesText(const pki::SubjectAltNames& sans) {
  std::vector<std::string> names;
  for (const std::string& name : sans.dns_names) {
    names.push_back(absl::StrCat("DNS ", name));
  }
  for (const pki::IpAddress& ip : sans.ip_addresses) {
    names.push_back(absl::StrCat("IP ", ip.ToString()));
  }
  for (const std::string& email : sans.email_addresses) {
    names.push_back(absl::StrCat("email ", email));
  }
  for (const std::string& uri : sans.uris) {
    names.push_back(absl::StrCat("URI ", uri));
  }
  return names.empty() ? "none" : absl::StrJoin(names, ", ");
}

}  // namespace signet::cli
