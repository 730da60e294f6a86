#include "cli/object_commands.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "cli/cfssl/go_json.h"
#include "cli/cfssl/materials.h"
#include "cli/context.h"
#include "cli/issue.h"
#include "core/api/certificates.pb.h"
#include "core/api/codec.h"
#include "core/api/core.pb.h"
#include "core/api/resource.h"
#include "core/api/yaml_writer.h"
#include "core/base/file_system.h"
#include "core/base/secret.h"
#include "core/k8s/http_status.h"
#include "core/k8s/resource_api.h"
#include "core/pki/certificate.h"
#include "core/pki/private_key.h"
#include "core/pki/sha256.h"

namespace signet::cli {
namespace {

constexpr absl::string_view kTlsType = "kubernetes.io/tls";
constexpr size_t kMaxConfigMapBytes = 1 << 20;
constexpr size_t kMaxKeyBytes = 253;

// kubectl's spelling of a hash: no letter that could make a word.
std::string ShortHash(absl::string_view json) {
  std::string hex = pki::Sha256Hex(json);
  hex.resize(10);
  for (char& c : hex) {
    switch (c) {
      case '0':
        c = 'g';
        break;
      case '1':
        c = 'h';
        break;
      case '3':
        c = 'k';
        break;
      case 'a':
        c = 'm';
        break;
      case 'e':
        c = 't';
        break;
      default:
        break;
    }
  }
  return hex;
}

template <class Map>
std::string SortedJson(const Map& values, bool base64) {
  std::map<std::string, std::string> sorted(values.begin(), values.end());
  std::vector<std::string> members;
  for (const auto& [key, value] : sorted) {
    members.push_back(absl::StrCat(
        cfssl::GoJsonString(key), ":",
        cfssl::GoJsonString(base64 ? absl::Base64Escape(value) : value)));
  }
  return absl::StrCat("{", absl::StrJoin(members, ","), "}");
}

// JSON on lines of its own, four spaces for each level, as Go's MarshalIndent;
// the members stay in their order, which is that of Kubernetes' types.
std::string Indented(absl::string_view json) {
  std::string out;
  size_t level = 0;
  bool in_string = false;
  const auto newline = [&] {
    out.push_back('\n');
    out.append(4 * level, ' ');
  };
  for (size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_string) {
      out.push_back(c);
      if (c == '\\' && i + 1 < json.size()) {
        out.push_back(json[++i]);
      } else if (c == '"') {
        in_string = false;
      }
      continue;
    }
    const bool opens = c == '{' || c == '[';
    const bool closes = c == '}' || c == ']';
    const bool is_empty =
        closes && i > 0 && json[i - 1] == (c == '}' ? '{' : '[');
    if (closes) {
      --level;
      if (!is_empty) newline();
    }
    out.push_back(c);
    in_string = c == '"';
    if (c == ':') out.push_back(' ');
    if (opens) {
      ++level;
      if (i + 1 < json.size() && json[i + 1] != '}' && json[i + 1] != ']') {
        newline();
      }
    }
    if (c == ',') newline();
  }
  return out;
}

bool IsUtf8Text(absl::string_view text) {
  // GoJsonString replaces what is no UTF-8, and only that, by this.
  return !absl::StrContains(cfssl::GoJsonString(text), "\\ufffd");
}

bool IsDataKey(absl::string_view key) {
  if (key.empty() || key.size() > kMaxKeyBytes || key == "." || key == ".." ||
      absl::StartsWith(key, "..")) {
    return false;
  }
  return std::all_of(key.begin(), key.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' ||
           c == '_' || c == '.';
  });
}

// Creates `object` unless it is a dry run, and prints it or its name.
template <class T>
absl::Status CreateAndPrint(const Context& context, k8s::ResourceApi<T>* api,
                            const CreateFlags& flags, T object,
                            absl::string_view failed) {
  constexpr const api::ResourceInfo& info = api::Resource<T>::kInfo;
  if (!flags.dry_run) {
    absl::StatusOr<T> created = api->Create(object);
    if (!created.ok()) {
      return absl::Status(created.status().code(),
                          absl::StrCat(failed, created.status().message()));
    }
    object = *std::move(created);
    object.mutable_metadata()->clear_managed_fields();
  }
  std::string resource = absl::AsciiStrToLower(info.kind);
  if (!info.group.empty()) absl::StrAppend(&resource, ".", info.group);
  const std::string name =
      absl::StrCat(resource, "/", object.metadata().name());
  if (flags.output.empty()) {
    context.out << name << " created" << (flags.dry_run ? " (dry run)" : "")
                << "\n";
    return absl::OkStatus();
  }
  if (flags.output == "name") {
    context.out << name << "\n";
    return absl::OkStatus();
  }
  const std::string json =
      api::EncodeJson(object, {info.ApiVersion(), std::string(info.kind)});
  if (flags.output == "json") {
    context.out << Indented(json) << "\n";
    return absl::OkStatus();
  }
  ABSL_ASSIGN_OR_RETURN(const std::string yaml, api::JsonToYaml(json));
  context.out << yaml;
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadAsKubectl(const Context& context,
                                          const std::string& path) {
  absl::StatusOr<std::string> text = ReadInput(context, path);
  if (text.ok()) return text;
  const absl::Status status = cfssl::OpenError(path, text.status());
  return absl::Status(status.code(), absl::StrCat("Cannot read file ", path,
                                                  ", ", status.message()));
}

// "key=path", "path"; a folder gives its regular files.
absl::Status AddFile(const Context& context, absl::string_view argument,
                     api::ConfigMap* map) {
  const size_t equals = argument.find('=');
  const std::string path(equals == argument.npos ? argument
                                                 : argument.substr(equals + 1));
  std::vector<std::pair<std::string, std::string>> files;  // Key and path.
  const absl::StatusOr<FileInfo> info = context.files.Stat(path);
  if (absl::IsNotFound(info.status())) {
    return absl::NotFoundError(
        absl::StrCat("error reading ", path, ": no such file or directory"));
  }
  ABSL_RETURN_IF_ERROR(info.status());
  if (info->type == FileType::kDirectory) {
    if (equals != argument.npos) {
      return absl::InvalidArgumentError(absl::StrCat(
          "cannot give a key name for a directory path: ", argument));
    }
    ABSL_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                          context.files.List(path));
    for (const std::string& name : names) {
      const std::string file = absl::StrCat(path, "/", name);
      const absl::StatusOr<FileInfo> one = context.files.Stat(file);
      if (one.ok() && one->type == FileType::kRegular) {
        files.emplace_back(name, file);
      }
    }
  } else if (equals != argument.npos) {
    files.emplace_back(argument.substr(0, equals), path);
  } else {
    files.emplace_back(path.substr(path.rfind('/') + 1), path);
  }
  for (const auto& [key, file] : files) {
    if (!IsDataKey(key)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "\"", key,
          "\" is not a valid key name for a ConfigMap: a valid config key must "
          "consist of alphanumeric characters, '-', '_' or '.' (e.g. "
          "'key.name',  or 'KEY_NAME',  or 'key-name', regex used for "
          "validation is '[-._a-zA-Z0-9]+')"));
    }
    ABSL_ASSIGN_OR_RETURN(const std::string contents, ReadInput(context, file));
    if (map->data().contains(key) || map->binary_data().contains(key)) {
      return absl::InvalidArgumentError(
          absl::StrCat("cannot add key \"", key,
                       "\", another key by that name already "
                       "exists in Data for ConfigMap \"",
                       map->metadata().name(), "\""));
    }
    if (IsUtf8Text(contents)) {
      (*map->mutable_data())[key] = contents;
    } else {
      (*map->mutable_binary_data())[key] = contents;
    }
  }
  return absl::OkStatus();
}

}  // namespace

std::string HashOf(const api::Secret& secret) {
  return ShortHash(
      absl::StrCat("{\"data\":", SortedJson(secret.data(), /*base64=*/true),
                   ",\"kind\":\"Secret\",\"name\":",
                   cfssl::GoJsonString(secret.metadata().name()),
                   ",\"type\":", cfssl::GoJsonString(secret.type()), "}"));
}

std::string HashOf(const api::ConfigMap& map) {
  return ShortHash(absl::StrCat(
      "{",
      map.binary_data().empty()
          ? ""
          : absl::StrCat("\"binaryData\":",
                         SortedJson(map.binary_data(), /*base64=*/true), ","),
      "\"data\":", SortedJson(map.data(), /*base64=*/false),
      ",\"kind\":\"ConfigMap\",\"name\":",
      cfssl::GoJsonString(map.metadata().name()), "}"));
}

absl::StatusOr<api::Secret> TlsSecret(absl::string_view name,
                                      absl::string_view namespace_name,
                                      absl::string_view certificate_pem,
                                      absl::string_view key_pem) {
  ABSL_ASSIGN_OR_RETURN(const std::vector<pki::Certificate> chain,
                        pki::ParseCertificatesPem(certificate_pem));
  ABSL_ASSIGN_OR_RETURN(const pki::PrivateKey key,
                        pki::PrivateKey::FromPem(key_pem));
  if (!(chain[0].public_key() == key.public_key())) {
    return absl::InvalidArgumentError(
        "tls: private key does not match public key");
  }
  api::Secret secret;
  secret.mutable_metadata()->set_name(name);
  if (!namespace_name.empty()) {
    secret.mutable_metadata()->set_namespace_(namespace_name);
  }
  secret.set_type(kTlsType);
  (*secret.mutable_data())["tls.crt"] = std::string(certificate_pem);
  (*secret.mutable_data())["tls.key"] = std::string(key_pem);
  return secret;
}

absl::Status CreateSecretTls(const Context& context,
                             k8s::ResourceApi<api::Secret>* secrets,
                             const SecretTlsFlags& flags) {
  ABSL_ASSIGN_OR_RETURN(const std::string certificate,
                        ReadAsKubectl(context, flags.certificate));
  ABSL_ASSIGN_OR_RETURN(std::string key_text,
                        ReadAsKubectl(context, flags.key));
  const Secret key = Secret::FromString(std::move(key_text));
  ABSL_ASSIGN_OR_RETURN(
      api::Secret secret,
      TlsSecret(flags.create.name, flags.create.namespace_name, certificate,
                key.Reveal()));
  if (flags.create.append_hash) {
    secret.mutable_metadata()->set_name(
        absl::StrCat(flags.create.name, "-", HashOf(secret)));
  }
  return CreateAndPrint(context, secrets, flags.create, std::move(secret),
                        "failed to create secret ");
}

absl::Status CreateConfigMap(const Context& context,
                             k8s::ResourceApi<api::ConfigMap>* maps,
                             const ConfigMapFlags& flags) {
  api::ConfigMap map;
  map.mutable_metadata()->set_name(flags.create.name);
  if (!flags.create.namespace_name.empty()) {
    map.mutable_metadata()->set_namespace_(flags.create.namespace_name);
  }
  for (const std::string& argument : flags.from_file) {
    ABSL_RETURN_IF_ERROR(AddFile(context, argument, &map));
  }
  size_t size = 0;
  for (const auto& [key, value] : map.data()) size += value.size();
  for (const auto& [key, value] : map.binary_data()) size += value.size();
  if (size > kMaxConfigMapBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("the files have ", size,
                     " bytes, a ConfigMap has room for ", kMaxConfigMapBytes));
  }
  if (flags.create.append_hash) {
    map.mutable_metadata()->set_name(
        absl::StrCat(flags.create.name, "-", HashOf(map)));
  }
  return CreateAndPrint(context, maps, flags.create, std::move(map),
                        "failed to create configmap: ");
}

absl::Status CreateTrustBundle(
    const Context& context, k8s::ResourceApi<api::ClusterTrustBundle>* bundles,
    const TrustBundleFlags& flags) {
  ABSL_ASSIGN_OR_RETURN(const std::vector<pki::Certificate> certificates,
                        ReadCertificateFile(context, flags.bundle));
  std::string pem;
  for (const pki::Certificate& certificate : certificates) {
    if (!certificate.is_ca()) {
      return absl::InvalidArgumentError(
          absl::StrCat(flags.bundle, ": ", certificate.subject().ToString(),
                       " is not the certificate of a CA"));
    }
    pem += certificate.ToPem();
  }
  std::string prefix = flags.signer_name;
  std::replace(prefix.begin(), prefix.end(), '/', ':');
  if (!prefix.empty() &&
      !absl::StartsWith(flags.create.name, absl::StrCat(prefix, ":"))) {
    return absl::InvalidArgumentError(
        absl::StrCat("a bundle of the signer ", flags.signer_name,
                     " has a name that begins with ", prefix, ":"));
  }
  api::ClusterTrustBundle bundle;
  bundle.mutable_metadata()->set_name(flags.create.name);
  if (!flags.signer_name.empty()) {
    bundle.mutable_spec()->set_signer_name(flags.signer_name);
  }
  bundle.mutable_spec()->set_trust_bundle(pem);
  return CreateAndPrint(context, bundles, flags.create, std::move(bundle),
                        "failed to create clustertrustbundle: ");
}

}  // namespace signet::cli
