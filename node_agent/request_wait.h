#ifndef SIGNET_NODE_AGENT_REQUEST_WAIT_H_
#define SIGNET_NODE_AGENT_REQUEST_WAIT_H_

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "core/api/certificates.pb.h"
#include "core/k8s/resource_api.h"

namespace signet::node_agent {

// Sleeper waits until a time; false, at once, if the work is to stop.
using Sleeper = std::function<bool(absl::Time)>;

// AwaitCertificate waits, at most `timeout`, until the request `created` has
// been issued (SPEC A-19) and returns the certificate (PEM). It lists, then
// watches that one object; what breaks is resumed after a pause that grows to
// 30 seconds. Errors are final for the request: those of
// rotation::RequestOutcome; kNotFound if it was deleted, also before the first
// list (where the kubelet waits in vain, A-20); kDeadlineExceeded after
// `timeout`, with the last trouble in reaching the server; kCancelled if
// `sleep_until` says to stop.
absl::StatusOr<std::string> AwaitCertificate(
    k8s::ResourceApi<api::CertificateSigningRequest>& requests,
    const api::CertificateSigningRequest& created, absl::Duration timeout,
    absl::Clock& clock, const Sleeper& sleep_until);

}  // namespace signet::node_agent

#endif  // SIGNET_NODE_AGENT_REQUEST_WAIT_H_
