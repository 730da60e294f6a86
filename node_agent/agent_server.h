#ifndef SIGNET_NODE_AGENT_AGENT_SERVER_H_
#define SIGNET_NODE_AGENT_AGENT_SERVER_H_

#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock_interface.h"
#include "core/http/server.h"
#include "core/http/tls_identity.h"
#include "core/service/health_server.h"
#include "node_agent/agent_report.h"

namespace signet::node_agent {

// StartAgentServer serves /healthz, /livez, /readyz and /metrics, as
// service::AnswerHealthRequest does, and /status, the report as JSON. With
// `identity` it serves them by TLS only, with the certificate that this has at
// each handshake, and refuses the handshake while it has none (SPEC A-41). All
// references must outlive the server. kInvalidArgument for a bad address,
// kUnavailable if it cannot be bound.
absl::StatusOr<std::unique_ptr<http::Server>> StartAgentServer(
    absl::string_view address, std::shared_ptr<http::IdentitySource> identity,
    service::Readiness ready, std::function<NodeReport()> report,
    absl::Clock& clock);

}  // namespace signet::node_agent

#endif  // SIGNET_NODE_AGENT_AGENT_SERVER_H_
