#ifndef SIGNET_NODE_AGENT_REQUEST_CLIENTS_H_
#define SIGNET_NODE_AGENT_REQUEST_CLIENTS_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/api/certificates.pb.h"
#include "core/k8s/resource_api.h"
#include "core/rotation/next_step.h"

namespace signet::node_agent {

// RequestClient is the way to the API server for one attempt. Thread-safe.
class RequestClient {
 public:
  virtual ~RequestClient() = default;
  virtual k8s::ResourceApi<api::CertificateSigningRequest>& requests() = 0;
  // GET /healthz, which must be answered within `timeout`.
  virtual absl::Status CheckHealth(absl::Duration timeout) = 0;
  // What it authenticates with, for messages:
  // `bootstrap kubeconfig "/etc/kubernetes/bootstrap-kubelet.conf"`.
  virtual const std::string& credentials() const = 0;
  // Cancel ends what is under way, and all that comes, with an error.
  virtual void Cancel() = 0;
};

// RequestClients makes them. A new one for each attempt, so that credentials
// which were replaced in the meantime are read anew (SPEC A-32).
class RequestClients {
 public:
  virtual ~RequestClients() = default;
  virtual absl::StatusOr<std::unique_ptr<RequestClient>> ForAttempt(
      rotation::Credentials credentials) = 0;
};

}  // namespace signet::node_agent

#endif  // SIGNET_NODE_AGENT_REQUEST_CLIENTS_H_
