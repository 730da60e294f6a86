#ifndef SIGNET_CORE_SERVICE_CLUSTER_H_
#define SIGNET_CORE_SERVICE_CLUSTER_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock_interface.h"
#include "core/base/file_system.h"
#include "core/http/transport.h"
#include "core/k8s/api_client.h"
#include "core/service/service_flags.h"

namespace signet::service {

// Cluster is the way to one API server: a transport and a client on it.
// Thread-safe.
class Cluster {
 public:
  // Looks up how to reach the server (flags.kubeconfig and flags.context, or
  // the pod's service account) and sets up TLS; it does not connect yet.
  // `environment` looks up environment variables, those of proxies among them.
  // `files` and `clock` must outlive the object. Errors name the file, or the
  // flag to give.
  static absl::StatusOr<std::unique_ptr<Cluster>> FromFlags(
      const ServiceFlags& flags, FileSystem& files, absl::Clock& clock,
      const std::function<std::string(absl::string_view)>& environment,
      absl::string_view program, k8s::ApiClientOptions options = {});

  k8s::ApiClient& client() { return client_; }
  http::Transport& transport() { return *transport_; }
  const std::string& server() const { return server_; }

 private:
  Cluster(std::string server, std::unique_ptr<http::Transport> transport,
          std::shared_ptr<k8s::TokenSource> token,
          k8s::ApiClientOptions options);

  const std::string server_;
  const std::unique_ptr<http::Transport> transport_;
  k8s::ApiClient client_;
};

}  // namespace signet::service

#endif  // SIGNET_CORE_SERVICE_CLUSTER_H_
