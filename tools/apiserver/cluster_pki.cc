#include "tools/apiserver/cluster_pki.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "core/base/rng.h"
#include "core/base/secret.h"
#include "core/pki/certificate.h"
#include "core/pki/certificate_authority.h"
#include "core/pki/ip_address.h"
#include "core/pki/key_usage.h"
#include "core/pki/pem.h"
#include "core/pki/private_key.h"
#include "tools/apiserver/go_quote.h"

namespace signet::apiserver {
namespace {

constexpr absl::Duration kBackdate = absl::Minutes(5);
constexpr absl::Duration kCaLifetime = absl::Hours(24 * 3650);
constexpr absl::Duration kLeafLifetime = absl::Hours(24 * 365);
constexpr size_t kSerialBytes = 16;
constexpr pki::KeyAlgorithm kKeys = pki::KeyAlgorithm::kEcdsaP256;

std::string NewSerial(Rng& rng) {
  std::string serial(kSerialBytes, '\0');
  rng.Fill(
      absl::MakeSpan(reinterpret_cast<uint8_t*>(serial.data()), serial.size()));
  serial[0] = static_cast<char>(serial[0] | 1);  // Never 0.
  return serial;
}

// Whole seconds, as certificates have them.
pki::Validity ValidFrom(absl::Time now, absl::Duration lifetime) {
  const absl::Time start =
      absl::FromUnixSeconds(absl::ToUnixSeconds(now - kBackdate));
  return {start, start + lifetime};
}

}  // namespace

ClusterPki::ClusterPki(pki::CertificateAuthority authority,
                       std::shared_ptr<const pki::PrivateKey> key,
                       pki::KeyGenerator& keys, Rng& rng)
    : authority_(std::move(authority)),
      key_(std::move(key)),
      keys_(&keys),
      rng_(&rng) {}

absl::StatusOr<ClusterPki> ClusterPki::Create(pki::KeyGenerator& keys, Rng& rng,
                                              absl::Time now) {
  ABSL_ASSIGN_OR_RETURN(pki::PrivateKey generated, keys.Generate(kKeys));
  auto key = std::make_shared<const pki::PrivateKey>(std::move(generated));
  pki::TbsCertificate tbs;
  tbs.serial_number = NewSerial(rng);
  tbs.subject.common_name = "kubernetes";
  tbs.validity = ValidFrom(now, kCaLifetime);
  tbs.spki_der = key->public_key().spki_der();
  tbs.usages.key_usage =
      pki::kDigitalSignature | pki::kKeyEncipherment | pki::kCertSign;
  tbs.is_ca = true;
  tbs.subject_key_id = pki::KeyId(key->public_key());
  ABSL_ASSIGN_OR_RETURN(const std::string der,
                        pki::CertificateAuthority::SelfSign(tbs, *key));
  ABSL_ASSIGN_OR_RETURN(pki::Certificate certificate,
                        pki::Certificate::Parse(der));
  ABSL_ASSIGN_OR_RETURN(
      pki::CertificateAuthority authority,
      pki::CertificateAuthority::Create(std::move(certificate), key));
  return ClusterPki(std::move(authority), std::move(key), keys, rng);
}

absl::StatusOr<ClusterPki> ClusterPki::Load(absl::string_view certificate_pem,
                                            absl::string_view key_pem,
                                            pki::KeyGenerator& keys, Rng& rng) {
  ABSL_ASSIGN_OR_RETURN(std::vector<pki::Certificate> certificates,
                        pki::ParseCertificatesPem(certificate_pem));
  ABSL_ASSIGN_OR_RETURN(pki::PrivateKey parsed,
                        pki::PrivateKey::FromPem(key_pem));
  auto key = std::make_shared<const pki::PrivateKey>(std::move(parsed));
  ABSL_ASSIGN_OR_RETURN(
      pki::CertificateAuthority authority,
      pki::CertificateAuthority::Create(std::move(certificates[0]), key));
  return ClusterPki(std::move(authority), std::move(key), keys, rng);
}

absl::StatusOr<KeyPair> ClusterPki::IssueServer(
    const std::vector<std::string>& hosts, absl::Time now) const {
  pki::TbsCertificate tbs;
  tbs.subject.common_name = "kube-apiserver";
  tbs.usages.extended = {pki::ExtendedKeyUsage::kServerAuth};
  for (const std::string& host : hosts) {
    const absl::StatusOr<pki::IpAddress> ip = pki::IpAddress::Parse(host);
    if (ip.ok()) {
      tbs.subject_alt_names.ip_addresses.push_back(*ip);
    } else {
      tbs.subject_alt_names.dns_names.push_back(host);
    }
  }
  return Issue(std::move(tbs), now);
}

absl::StatusOr<KeyPair> ClusterPki::IssueClient(
    absl::string_view user, const std::vector<std::string>& groups,
    absl::Time now) const {
  pki::TbsCertificate tbs;
  tbs.subject.common_name = std::string(user);
  tbs.subject.organization = groups;
  tbs.usages.extended = {pki::ExtendedKeyUsage::kClientAuth};
  return Issue(std::move(tbs), now);
}

absl::StatusOr<KeyPair> ClusterPki::Issue(pki::TbsCertificate tbs,
                                          absl::Time now) const {
  ABSL_ASSIGN_OR_RETURN(const pki::PrivateKey key, keys_->Generate(kKeys));
  tbs.serial_number = NewSerial(*rng_);
  tbs.validity = ValidFrom(now, kLeafLifetime);
  tbs.validity.not_after =
      std::min(tbs.validity.not_after, authority_.validity().not_after);
  tbs.spki_der = key.public_key().spki_der();
  tbs.usages.key_usage = pki::kDigitalSignature | pki::kKeyEncipherment;
  ABSL_ASSIGN_OR_RETURN(const std::string der, authority_.Issue(tbs));
  KeyPair pair;
  pair.certificate_pem = pki::EncodePem("CERTIFICATE", der);
  ABSL_ASSIGN_OR_RETURN(pair.key_pem,
                        key.ToPem(pki::PrivateKey::Format::kTraditional));
  return pair;
}

std::string ClusterPki::certificate_pem() const {
  return authority_.certificate().ToPem();
}

absl::StatusOr<Secret> ClusterPki::key_pem() const {
  return key_->ToPem(pki::PrivateKey::Format::kTraditional);
}

std::string RenderKubeconfig(absl::string_view server, absl::string_view ca_pem,
                             absl::string_view user, const KeyPair* client,
                             absl::string_view token) {
  // JSON strings are YAML too, whatever is in them.
  const std::string name = JsonQuote(user);
  const std::string context = JsonQuote(absl::StrCat(user, "@signet"));
  std::string text = absl::StrCat(
      "apiVersion: v1\n"
      "clusters:\n"
      "- cluster:\n"
      "    certificate-authority-data: ",
      absl::Base64Escape(ca_pem), "\n    server: ", JsonQuote(server),
      "\n"
      "  name: signet\n"
      "contexts:\n"
      "- context:\n"
      "    cluster: signet\n"
      "    user: ",
      name, "\n  name: ", context, "\ncurrent-context: ", context,
      "\n"
      "kind: Config\n"
      "users:\n"
      "- name: ",
      name, "\n  user:\n");
  if (client != nullptr) {
    absl::StrAppend(&text, "    client-certificate-data: ",
                    absl::Base64Escape(client->certificate_pem),
                    "\n    client-key-data: ",
                    absl::Base64Escape(client->key_pem.Reveal()), "\n");
  }
  if (!token.empty()) {
    absl::StrAppend(&text, "    token: ", JsonQuote(token), "\n");
  }
  return text;
}

}  // namespace signet::apiserver
