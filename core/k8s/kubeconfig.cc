#include "core/k8s/kubeconfig.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status_macros.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "core/base/base64.h"
#include "yaml-cpp/yaml.h"

namespace signet::k8s {
namespace {

constexpr size_t kMaxKubeconfigBytes = 1 << 20;

// One node of the document with the path that messages call it by. yaml-cpp
// throws on misuse and on bad input: Reader is used inside ParseKubeconfig's
// try block only.
class Reader {
 public:
  Reader(absl::string_view file, YAML::Node node)
      : Reader(absl::StrCat("kubeconfig \"", file, "\": "), "",
               std::move(node)) {}

  absl::Status Error(absl::string_view message) const {
    return absl::InvalidArgumentError(Text(message));
  }
  absl::Status Unsupported(absl::string_view message) const {
    return absl::UnimplementedError(Text(message));
  }

  bool present() const { return node_.IsDefined() && !node_.IsNull(); }

  // A field of a map; absent if this is absent.
  absl::StatusOr<Reader> Field(const std::string& name) const {
    const std::string path =
        path_.empty() ? name : absl::StrCat(path_, ".", name);
    if (!present()) return Reader(file_, path, YAML::Node());
    if (!node_.IsMap()) return Error("expected a map");
    // Not node_[name], which changes a node that is not const.
    const YAML::Node& node = node_;
    const YAML::Node field = node[name];
    return Reader(file_, path, field.IsDefined() ? field : YAML::Node());
  }

  // The text of a scalar field; "" if it is absent.
  absl::StatusOr<std::string> String(const std::string& name) const {
    ABSL_ASSIGN_OR_RETURN(const Reader field, Field(name));
    if (!field.present()) return std::string();
    if (!field.node_.IsScalar()) return field.Error("expected a string");
    return field.node_.Scalar();
  }

  absl::StatusOr<std::string> Base64(const std::string& name) const {
    ABSL_ASSIGN_OR_RETURN(const std::string text, String(name));
    std::optional<std::string> bytes = DecodeBase64(text);
    if (!bytes.has_value()) {
      ABSL_ASSIGN_OR_RETURN(const Reader field, Field(name));
      return field.Error("not base64");
    }
    return *std::move(bytes);
  }

  absl::StatusOr<bool> Bool(const std::string& name) const {
    ABSL_ASSIGN_OR_RETURN(const Reader field, Field(name));
    if (!field.present()) return false;
    bool value;
    if (!field.node_.IsScalar() ||
        !YAML::convert<bool>::decode(field.node_, value)) {
      return field.Error("expected true or false");
    }
    return value;
  }

  // The `member` of the entry of list `list` that is called `name`:
  // {name: …, member: …}. Not there: `missing` is the message.
  absl::StatusOr<Reader> Named(const std::string& list,
                               const std::string& member,
                               absl::string_view name,
                               absl::string_view missing) const {
    ABSL_ASSIGN_OR_RETURN(const Reader entries, Field(list));
    std::optional<Reader> found;
    if (entries.present()) {
      if (!entries.node_.IsSequence()) return entries.Error("expected a list");
      for (size_t i = 0; i < entries.node_.size(); ++i) {
        const Reader entry(file_, absl::StrCat(entries.path_, "[", i, "]"),
                           entries.node_[i]);
        ABSL_ASSIGN_OR_RETURN(const std::string entry_name,
                              entry.String("name"));
        if (entry_name != name) continue;
        if (found.has_value()) {
          ABSL_ASSIGN_OR_RETURN(const Reader again, entry.Field("name"));
          return again.Error(absl::StrCat("\"", name, "\" occurs twice"));
        }
        ABSL_ASSIGN_OR_RETURN(found, entry.Field(member));
      }
    }
    if (!found.has_value()) return Error(missing);
    return *std::move(found);
  }

 private:
  Reader(std::string file, std::string path, YAML::Node node)
      : file_(std::move(file)), path_(std::move(path)) {
    node_.reset(node);
  }

  std::string Text(absl::string_view message) const {
    return absl::StrCat(file_, path_, path_.empty() ? "" : ": ", message);
  }

  std::string file_;  // The messages' beginning.
  std::string path_;  // "users[0].user"
  YAML::Node node_;
};

// `path`, made relative to `file`'s folder instead of the working directory.
std::string Resolve(absl::string_view file, std::string path) {
  const size_t slash = file.rfind('/');
  if (path.empty() || path[0] == '/' || slash == absl::string_view::npos) {
    return path;
  }
  return absl::StrCat(file.substr(0, slash + 1), path);
}

absl::Status ReadCluster(const Reader& cluster, absl::string_view file,
                         ClientConfig* config) {
  ABSL_ASSIGN_OR_RETURN(config->server, cluster.String("server"));
  if (config->server.empty()) {
    ABSL_ASSIGN_OR_RETURN(const Reader field, cluster.Field("server"));
    return field.Error("missing");
  }
  if (!absl::StrContains(config->server, "://")) {
    config->server = absl::StrCat("https://", config->server);
  }
  ABSL_ASSIGN_OR_RETURN(config->tls_server_name,
                        cluster.String("tls-server-name"));
  ABSL_ASSIGN_OR_RETURN(config->insecure_skip_tls_verify,
                        cluster.Bool("insecure-skip-tls-verify"));
  ABSL_ASSIGN_OR_RETURN(config->proxy_url, cluster.String("proxy-url"));
  if (!config->proxy_url.empty() &&
      !absl::StartsWith(config->proxy_url, "http://")) {
    ABSL_ASSIGN_OR_RETURN(const Reader field, cluster.Field("proxy-url"));
    return field.Unsupported("proxies other than http:// are not supported");
  }
  ABSL_ASSIGN_OR_RETURN(config->certificate_authority_data,
                        cluster.Base64("certificate-authority-data"));
  ABSL_ASSIGN_OR_RETURN(std::string ca_file,
                        cluster.String("certificate-authority"));
  config->certificate_authority_file = Resolve(file, std::move(ca_file));
  if (config->insecure_skip_tls_verify &&
      (!config->certificate_authority_data.empty() ||
       !config->certificate_authority_file.empty())) {
    return cluster.Error(
        "insecure-skip-tls-verify and a certificate authority exclude each "
        "other");
  }
  return absl::OkStatus();
}

absl::Status ReadUser(const Reader& user, absl::string_view file,
                      ClientConfig* config) {
  const struct {
    const char* field;
    absl::string_view message;
  } kUnsupported[] = {
      {"exec", "exec plugins are not supported"},
      {"auth-provider", "auth providers are not supported"},
      {"username", "a user name and password are not supported"},
      {"password", "a user name and password are not supported"},
      {"as", "impersonation is not supported"},
      {"as-uid", "impersonation is not supported"},
      {"as-groups", "impersonation is not supported"},
      {"as-user-extra", "impersonation is not supported"},
  };
  for (const auto& unsupported : kUnsupported) {
    ABSL_ASSIGN_OR_RETURN(const Reader field, user.Field(unsupported.field));
    if (field.present()) return field.Unsupported(unsupported.message);
  }
  ABSL_ASSIGN_OR_RETURN(config->client_certificate_data,
                        user.Base64("client-certificate-data"));
  ABSL_ASSIGN_OR_RETURN(std::string certificate_file,
                        user.String("client-certificate"));
  config->client_certificate_file = Resolve(file, std::move(certificate_file));
  ABSL_ASSIGN_OR_RETURN(std::string key, user.Base64("client-key-data"));
  config->client_key_data = Secret::FromString(std::move(key));
  ABSL_ASSIGN_OR_RETURN(std::string key_file, user.String("client-key"));
  config->client_key_file = Resolve(file, std::move(key_file));
  ABSL_ASSIGN_OR_RETURN(std::string token, user.String("token"));
  config->token = Secret::FromString(std::move(token));
  ABSL_ASSIGN_OR_RETURN(std::string token_file, user.String("tokenFile"));
  config->token_file = Resolve(file, std::move(token_file));

  const bool has_certificate = !config->client_certificate_data.empty() ||
                               !config->client_certificate_file.empty();
  const bool has_key =
      !config->client_key_data.empty() || !config->client_key_file.empty();
  if (has_certificate != has_key) {
    return user.Error(has_key ? "a client key without a client certificate"
                              : "a client certificate without a client key");
  }
  return absl::OkStatus();
}

absl::StatusOr<ClientConfig> Read(const Reader& root, absl::string_view file,
                                  absl::string_view context) {
  ABSL_ASSIGN_OR_RETURN(const Reader kind, root.Field("kind"));
  ABSL_ASSIGN_OR_RETURN(const std::string kind_name, root.String("kind"));
  if (kind.present() && kind_name != "Config") {
    return kind.Error(absl::StrCat("expected Config, found \"",
                                   absl::Utf8SafeCHexEscape(kind_name), "\""));
  }

  ClientConfig config;
  config.context = std::string(context);
  if (context.empty()) {
    ABSL_ASSIGN_OR_RETURN(config.context, root.String("current-context"));
    if (config.context.empty()) {
      return root.Error("current-context: missing");
    }
  }
  ABSL_ASSIGN_OR_RETURN(const Reader chosen,
                        root.Named("contexts", "context", config.context,
                                   absl::StrCat("context \"", config.context,
                                                "\" does not exist")));
  ABSL_ASSIGN_OR_RETURN(const std::string cluster_name,
                        chosen.String("cluster"));
  ABSL_ASSIGN_OR_RETURN(const std::string user_name, chosen.String("user"));
  ABSL_ASSIGN_OR_RETURN(const std::string namespace_name,
                        chosen.String("namespace"));
  if (!namespace_name.empty()) config.namespace_name = namespace_name;

  ABSL_ASSIGN_OR_RETURN(
      const Reader cluster,
      root.Named(
          "clusters", "cluster", cluster_name,
          absl::StrCat("context \"", config.context, "\" names the cluster \"",
                       cluster_name, "\", which does not exist")));
  ABSL_RETURN_IF_ERROR(ReadCluster(cluster, file, &config));
  // Nobody in particular: anonymous, as in client-go.
  if (user_name.empty()) return config;
  ABSL_ASSIGN_OR_RETURN(
      const Reader user,
      root.Named(
          "users", "user", user_name,
          absl::StrCat("context \"", config.context, "\" names the user \"",
                       user_name, "\", which does not exist")));
  ABSL_RETURN_IF_ERROR(ReadUser(user, file, &config));
  return config;
}

// A YAML scalar as go-yaml writes it, for what a URL or a path may be (it folds
// long texts with spaces, and has block scalars for line breaks; we do not).
std::string Scalar(absl::string_view text) {
  const auto is_control = [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
  };
  if (std::any_of(text.begin(), text.end(), is_control)) {
    std::string out = "\"";
    for (const char c : text) {
      if (is_control(c)) {
        absl::StrAppend(&out, "\\x", absl::Hex(c, absl::kZeroPad2));
      } else {
        absl::StrAppend(&out, c == '"' || c == '\\' ? "\\" : "",
                        absl::string_view(&c, 1));
      }
    }
    return out + "\"";
  }
  const bool plain =
      (absl::StartsWith(text, "/") || absl::StartsWith(text, "http")) &&
      !absl::StrContains(text, ": ") && !absl::StrContains(text, " #") &&
      !absl::EndsWith(text, ":") && !absl::EndsWith(text, " ");
  if (plain) return std::string(text);
  return absl::StrCat("'", absl::StrReplaceAll(text, {{"'", "''"}}), "'");
}

}  // namespace

ClientConfig ClientConfig::Clone() const {
  ClientConfig copy;
  copy.server = server;
  copy.tls_server_name = tls_server_name;
  copy.insecure_skip_tls_verify = insecure_skip_tls_verify;
  copy.proxy_url = proxy_url;
  copy.certificate_authority_data = certificate_authority_data;
  copy.certificate_authority_file = certificate_authority_file;
  copy.client_certificate_data = client_certificate_data;
  copy.client_certificate_file = client_certificate_file;
  copy.client_key_data = client_key_data.Clone();
  copy.client_key_file = client_key_file;
  copy.token = token.Clone();
  copy.token_file = token_file;
  copy.namespace_name = namespace_name;
  copy.context = context;
  return copy;
}

absl::StatusOr<ClientConfig> ParseKubeconfig(absl::string_view text,
                                             absl::string_view path,
                                             absl::string_view context) {
  const auto error = [path](absl::string_view message) {
    return absl::InvalidArgumentError(
        absl::StrCat("kubeconfig \"", path, "\": ", message));
  };
  if (text.size() > kMaxKubeconfigBytes) {
    return error(absl::StrCat("has ", text.size(), " bytes; at most ",
                              kMaxKubeconfigBytes, " are taken"));
  }
  try {
    const YAML::Node document = YAML::Load(std::string(text));
    if (!document.IsDefined() || document.IsNull()) return error("is empty");
    return Read(Reader(path, document), path, context);
  } catch (const YAML::Exception& e) {
    if (e.mark.is_null()) return error(e.msg);
    return error(absl::StrCat("line ", e.mark.line + 1, ", column ",
                              e.mark.column + 1, ": ", e.msg));
  }
}

absl::StatusOr<ClientConfig> LoadKubeconfig(FileSystem& files,
                                            absl::string_view path,
                                            absl::string_view context) {
  ABSL_ASSIGN_OR_RETURN(const std::string text,
                        files.Read(path, kMaxKubeconfigBytes));
  return ParseKubeconfig(text, path, context);
}

std::string RenderNodeKubeconfig(const ClientConfig& bootstrap,
                                 absl::string_view current_path) {
  std::string out =
      "apiVersion: v1\n"
      "clusters:\n"
      "- cluster:\n";
  if (!bootstrap.certificate_authority_file.empty() &&
      bootstrap.certificate_authority_data.empty()) {
    absl::StrAppend(&out, "    certificate-authority: ",
                    Scalar(bootstrap.certificate_authority_file), "\n");
  } else if (!bootstrap.certificate_authority_data.empty()) {
    absl::StrAppend(&out, "    certificate-authority-data: ",
                    absl::Base64Escape(bootstrap.certificate_authority_data),
                    "\n");
  }
  if (bootstrap.insecure_skip_tls_verify) {
    absl::StrAppend(&out, "    insecure-skip-tls-verify: true\n");
  }
  const std::string pem = Scalar(current_path);
  absl::StrAppend(&out, "    server: ", Scalar(bootstrap.server),
                  "\n"
                  "  name: default-cluster\n"
                  "contexts:\n"
                  "- context:\n"
                  "    cluster: default-cluster\n"
                  "    namespace: default\n"
                  "    user: default-auth\n"
                  "  name: default-context\n"
                  "current-context: default-context\n"
                  "kind: Config\n"
                  "users:\n"
                  "- name: default-auth\n"
                  "  user:\n"
                  "    client-certificate: ",
                  pem, "\n    client-key: ", pem, "\n");
  return out;
}

}  // namespace signet::k8s
