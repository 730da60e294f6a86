#include "node_agent/agent_server.h"

#include <functional>
#include <memory>
#include <utility>

#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock_interface.h"
#include "core/http/message.h"
#include "core/http/server.h"
#include "core/http/tls_identity.h"
#include "core/service/health_server.h"
#include "node_agent/agent_report.h"

namespace signet::node_agent {

absl::StatusOr<std::unique_ptr<http::Server>> StartAgentServer(
    absl::string_view address, std::shared_ptr<http::IdentitySource> identity,
    service::Readiness ready, std::function<NodeReport()> report,
    absl::Clock& clock) {
  ABSL_ASSIGN_OR_RETURN(service::HostPort host_port,
                        service::ParseHostPort(address));
  http::ServerOptions options;
  options.address = std::move(host_port.host);
  options.port = host_port.port;
  options.identity = std::move(identity);
  options.threads = 1;
  options.max_connections = 64;
  options.max_body_bytes = 0;
  options.clock = &clock;
  const auto metrics = std::make_shared<AgentMetrics>(report, clock);
  return http::StartServer(
      std::move(options),
      [ready = std::move(ready), report = std::move(report), metrics](
          const http::Request& request, const http::Peer&,
          std::shared_ptr<http::Responder> responder) {
        if (http::ParseTarget(request.target).path != "/status") {
          responder->Send(
              service::AnswerHealthRequest(request, ready, *metrics));
          return;
        }
        http::Response response;
        response.headers.Set("Content-Type", "application/json");
        response.body = StatusJson(report());
        responder->Send(std::move(response));
      });
}

}  // namespace signet::node_agent
