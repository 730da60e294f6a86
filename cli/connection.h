#ifndef SIGNET_CLI_CONNECTION_H_
#define SIGNET_CLI_CONNECTION_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock_interface.h"
#include "core/base/file_system.h"
#include "core/http/transport.h"
#include "core/k8s/api_client.h"
#include "core/k8s/kubeconfig.h"

namespace signet::cli {

struct ConnectionFlags {
  std::string kubeconfig;
  std::string context;
};

using Environment = std::function<std::string(absl::string_view name)>;

// FindClientConfig looks up how to reach the API server, as kubectl does: the
// flag, else $KUBECONFIG, else ~/.kube/config if it is there, else the pod's
// service account. $KUBECONFIG may list several files, of which one must
// exist: they are not merged (kInvalidArgument).
absl::StatusOr<k8s::ClientConfig> FindClientConfig(
    const ConnectionFlags& flags, FileSystem& files,
    const Environment& environment);

// Connection is the way to one API server.
class Connection {
 public:
  // Sets up TLS; it does not connect yet. `files` and `clock` must outlive it.
  static absl::StatusOr<std::unique_ptr<Connection>> Open(
      const ConnectionFlags& flags, FileSystem& files, absl::Clock& clock,
      const Environment& environment);

  k8s::ApiClient& client() { return client_; }
  // Of the kubeconfig's context.
  const std::string& namespace_name() const { return namespace_name_; }
  // The name or address of the API server, without the port.
  const std::string& server_host() const { return server_host_; }

 private:
  Connection(std::unique_ptr<http::Transport> transport,
             std::shared_ptr<k8s::TokenSource> token,
             std::string namespace_name, std::string server_host)
      : transport_(std::move(transport)),
        client_(*transport_, std::move(token)),
        namespace_name_(std::move(namespace_name)),
        server_host_(std::move(server_host)) {}

  const std::unique_ptr<http::Transport> transport_;
  k8s::ApiClient client_;
  const std::string namespace_name_, server_host_;
};

}  // namespace signet::cli

#endif  // SIGNET_CLI_CONNECTION_H_
