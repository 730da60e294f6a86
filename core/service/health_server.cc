#include "core/service/health_server.h"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "core/http/message.h"
#include "core/http/server.h"
#include "prometheus/collectable.h"
#include "prometheus/text_serializer.h"

namespace signet::service {
namespace {

constexpr absl::string_view kPlain = "text/plain; charset=utf-8";
constexpr absl::string_view kMetrics =
    "text/plain; version=0.0.4; charset=utf-8";

http::Response Answer(int status, std::string body,
                      absl::string_view content_type = kPlain) {
  http::Response response;
  response.status = status;
  response.headers.Set("Content-Type", content_type);
  response.headers.Set("X-Content-Type-Options", "nosniff");
  response.body = std::move(body);
  return response;
}

}  // namespace

absl::StatusOr<HostPort> ParseHostPort(absl::string_view text) {
  const absl::Status invalid = absl::InvalidArgumentError(
      absl::StrCat("\"", text, "\" is not an address such as 127.0.0.1:8081"));
  const size_t colon = text.rfind(':');
  if (colon == absl::string_view::npos) return invalid;
  absl::string_view host = text.substr(0, colon);
  const bool bracketed = absl::ConsumePrefix(&host, "[");
  if (bracketed != absl::ConsumeSuffix(&host, "]")) return invalid;
  // An IPv6 address without brackets: which colon begins the port?
  if (!bracketed && host.find(':') != absl::string_view::npos) return invalid;
  const absl::string_view digits = text.substr(colon + 1);
  uint32_t port = 0;
  if (host.empty() || digits.size() > 5 ||
      digits.find_first_not_of("0123456789") != absl::string_view::npos ||
      !absl::SimpleAtoi(digits, &port) || port > 65535) {
    return invalid;
  }
  return HostPort{std::string(host), static_cast<uint16_t>(port)};
}

http::Response AnswerHealthRequest(
    const http::Request& request, const Readiness& ready,
    const prometheus::Collectable& metrics,
    const std::function<std::string()>& standing) {
  if (request.method != "GET" && request.method != "HEAD") {
    http::Response response = Answer(405, "method not allowed\n");
    response.headers.Set("Allow", "GET, HEAD");
    return response;
  }
  const std::string path = http::ParseTarget(request.target).path;
  if (path == "/healthz" || path == "/livez") return Answer(200, "ok");
  if (path == "/readyz") {
    const absl::Status status = ready();
    if (status.ok()) {
      if (!standing) return Answer(200, "ok");
      return Answer(200, absl::StrCat("ok: ", standing(), "\n"));
    }
    return Answer(503, absl::StrCat("not ready: ", status.message(), "\n"));
  }
  if (path == "/metrics") {
    return Answer(200,
                  prometheus::TextSerializer().Serialize(metrics.Collect()),
                  kMetrics);
  }
  return Answer(404, "not found\n");
}

absl::StatusOr<std::unique_ptr<HealthServer>> HealthServer::Start(
    HealthServerOptions options, const prometheus::Collectable& metrics) {
  ABSL_ASSIGN_OR_RETURN(HostPort host_port, ParseHostPort(options.address));
  http::ServerOptions server_options;
  server_options.address = std::move(host_port.host);
  server_options.port = host_port.port;
  server_options.identity = options.identity;
  server_options.request_client_certificate = options.client_trust != nullptr;
  server_options.client_trust = options.client_trust;
  server_options.threads = 1;
  server_options.max_connections = 64;
  server_options.max_body_bytes = 0;
  ABSL_ASSIGN_OR_RETURN(
      std::unique_ptr<http::Server> server,
      http::StartServer(std::move(server_options),
                        [options = std::move(options), &metrics](
                            const http::Request& request, const http::Peer&,
                            std::shared_ptr<http::Responder> responder) {
                          responder->Send(
                              AnswerHealthRequest(request, options.ready,
                                                  metrics, options.standing));
                        }));
  return absl::WrapUnique(new HealthServer(std::move(server)));
}

absl::StatusOr<std::unique_ptr<HealthServer>> HealthServer::Start(
    absl::string_view address, Readiness ready,
    const prometheus::Collectable& metrics) {
  HealthServerOptions options;
  options.address = std::string(address);
  options.ready = std::move(ready);
  return Start(std::move(options), metrics);
}

}  // namespace signet::service
