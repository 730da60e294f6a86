#ifndef SIGNET_NODE_AGENT_REQUEST_WAIT_H_
#define SIGNET_NODE_AGENT_REQUEST_WAIT_H_

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "core/api/certificates.pb.h"
#include "core/k8s/resource_api.h"

namespace signet::node_agent {

// Sleeper waits until a time. Not OK, at once: the wait is to end with that.
using Sleeper = std::function<absl::Status(absl::Time)>;

struct WaitLimits {
  absl::Duration timeout;
  // How often the sleeper is asked, with the time it is, while nothing happens.
  absl::Duration look = absl::Seconds(30);
};

// AwaitCertificate waits until the request `created` has been issued (SPEC
// A-19) and returns the certificate (PEM). It lists, then watches that one
// object; what breaks is resumed after a pause that grows to 30 seconds. A
// clock that is set back does not prolong the wait. Errors:
//   those of rotation::RequestOutcome, and kNotFound if it was deleted, also
//     before the first list (where the kubelet waits in vain, A-20): final for
//     the request;
//   kDeadlineExceeded after the timeout, with the last trouble in reaching the
//     server;
//   kUnauthenticated if the server does not accept our credentials (401);
//   what `sleep_until` returns.
absl::StatusOr<std::string> AwaitCertificate(
    k8s::ResourceApi<api::CertificateSigningRequest>& requests,
    const api::CertificateSigningRequest& created, const WaitLimits& limits,
    absl::Clock& clock, const Sleeper& sleep_until);

}  // namespace signet::node_agent

#endif  // SIGNET_NODE_AGENT_REQUEST_WAIT_H_
