#ifndef SIGNET_CORE_K8S_KUBECONFIG_H_
#define SIGNET_CORE_K8S_KUBECONFIG_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock_interface.h"
#include "core/base/file_system.h"
#include "core/base/secret.h"
#include "core/http/beast_transport.h"

namespace signet::k8s {

// ClientConfig is what one kubeconfig context (or the in-cluster files) says
// about reaching an API server. Relative paths are made absolute against the
// kubeconfig's folder, as client-go does.
struct ClientConfig {
  std::string server;
  std::string tls_server_name;
  bool insecure_skip_tls_verify = false;
  std::string proxy_url;
  // Inline data wins over the file.
  std::string certificate_authority_data;  // PEM
  std::string certificate_authority_file;
  std::string client_certificate_data;  // PEM
  std::string client_certificate_file;
  Secret client_key_data;  // PEM
  std::string client_key_file;
  Secret token;
  std::string token_file;  // Wins over `token`; re-read every minute.
  std::string namespace_name = "default";
  std::string context;

  ClientConfig Clone() const;
};

// Parses a kubeconfig (YAML or JSON; at most 1 MiB). `path` is used in messages
// and for relative paths. `context` empty: current-context. kInvalidArgument
// names the file and the field; exec and auth-provider users are
// kUnimplemented `… not supported`; username/password likewise.
absl::StatusOr<ClientConfig> ParseKubeconfig(absl::string_view text,
                                             absl::string_view path,
                                             absl::string_view context = "");
absl::StatusOr<ClientConfig> LoadKubeconfig(FileSystem& files,
                                            absl::string_view path,
                                            absl::string_view context = "");

// Reads /var/run/secrets/kubernetes.io/serviceaccount (or `directory`).
// `env` looks up environment variables (KUBERNETES_SERVICE_HOST, _PORT).
absl::StatusOr<ClientConfig> InClusterConfig(
    FileSystem& files, const std::function<std::string(absl::string_view)>& env,
    absl::string_view directory =
        "/var/run/secrets/kubernetes.io/serviceaccount");

// The kubeconfig a kubelet writes for its rotating certificate (SPEC A-36):
// names default-cluster, default-auth, default-context; client-certificate and
// client-key both `current_path`; key order and layout byte for byte.
std::string RenderNodeKubeconfig(const ClientConfig& bootstrap,
                                 absl::string_view current_path);

// Turns a ClientConfig into transport options: loads CA and client certificate
// (files are watched by time: re-read when older than 5 min, SPEC A-47; a bad
// new file keeps the old one). `clock` and `files` must outlive the options.
// Errors name the file. `identity_override` replaces the config's client
// certificate (the node agent's rotating one).
absl::StatusOr<http::TransportOptions> MakeTransportOptions(
    const ClientConfig& config, FileSystem& files, absl::Clock& clock,
    std::shared_ptr<http::IdentitySource> identity_override = nullptr);

// TokenSource gives the bearer token for the next request; "" for none.
class TokenSource {
 public:
  virtual ~TokenSource() = default;
  virtual absl::StatusOr<Secret> Current() = 0;  // Thread-safe.
};
// From token_file (re-read every minute) or token; null if there is neither.
std::shared_ptr<TokenSource> MakeTokenSource(const ClientConfig& config,
                                             FileSystem& files,
                                             absl::Clock& clock);

}  // namespace signet::k8s

#endif  // SIGNET_CORE_K8S_KUBECONFIG_H_
