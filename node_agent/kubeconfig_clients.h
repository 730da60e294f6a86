#ifndef SIGNET_NODE_AGENT_KUBECONFIG_CLIENTS_H_
#define SIGNET_NODE_AGENT_KUBECONFIG_CLIENTS_H_

#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/clock_interface.h"
#include "core/base/file_system.h"
#include "core/http/beast_transport.h"
#include "core/http/tls_identity.h"
#include "core/http/transport.h"
#include "core/rotation/next_step.h"
#include "node_agent/request_clients.h"
#include "node_agent/start_up.h"

namespace signet::node_agent {

// Makes a transport: http::NewBeastTransport, or a test's.
using TransportFactory =
    std::function<absl::StatusOr<std::unique_ptr<http::Transport>>(
        http::TransportOptions)>;

// KubeconfigRequestClients makes clients from the node's kubeconfigs, which it
// reads anew for each attempt (SPEC A-32). With the current certificate, and
// the kubeconfig's server, as long as that certificate is valid; without one,
// by the same rule as at start: the kubeconfig if it is still valid,
// otherwise the bootstrap kubeconfig, if there is one. So a certificate that
// expired while the server was away leads back to bootstrap without a restart,
// which the kubelet needs; and so does, by Credentials::kFallback, one
// that the server refuses.
class KubeconfigRequestClients : public RequestClients {
 public:
  // `current` is what the agent holds. References must outlive the object and
  // the clients that it makes.
  KubeconfigRequestClients(KubeconfigPaths paths,
                           std::shared_ptr<http::IdentitySource> current,
                           FileSystem& files, absl::Clock& clock,
                           TransportFactory new_transport);

  absl::StatusOr<std::unique_ptr<RequestClient>> ForAttempt(
      rotation::Credentials credentials) override;

 private:
  const KubeconfigPaths paths_;
  const std::shared_ptr<http::IdentitySource> current_;
  FileSystem& files_;
  absl::Clock& clock_;
  const TransportFactory new_transport_;
};

}  // namespace signet::node_agent

#endif  // SIGNET_NODE_AGENT_KUBECONFIG_CLIENTS_H_
