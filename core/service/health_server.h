#ifndef SIGNET_CORE_SERVICE_HEALTH_SERVER_H_
#define SIGNET_CORE_SERVICE_HEALTH_SERVER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/http/message.h"
#include "core/http/server.h"
#include "prometheus/collectable.h"

namespace signet::service {

// "127.0.0.1:8081" or "[::1]:8081"; port 0 is any free one.
struct HostPort {
  std::string host;
  uint16_t port = 0;
};
// kInvalidArgument, naming the text, if it is no such thing.
absl::StatusOr<HostPort> ParseHostPort(absl::string_view text);

// Says whether a program can do its work now; otherwise why it cannot. Called
// on the server's threads.
using Readiness = std::function<absl::Status()>;

// HealthServer tells, in plain HTTP, how a program is:
//   /healthz, /livez  200 "ok": it runs;
//   /readyz           200 "ok", or 503 with the reason: it can do its work;
//   /metrics          its metrics in Prometheus' text format.
// What it tells is no secret, yet it listens on loopback unless told otherwise.
class HealthServer {
 public:
  // Listens on `address`. `metrics` must outlive the server, as must whatever
  // `ready` refers to. kInvalidArgument for a bad address, kUnavailable if it
  // cannot be bound.
  static absl::StatusOr<std::unique_ptr<HealthServer>> Start(
      absl::string_view address, Readiness ready,
      const prometheus::Collectable& metrics);

  uint16_t port() const { return server_->port(); }

 private:
  explicit HealthServer(std::unique_ptr<http::Server> server)
      : server_(std::move(server)) {}
  std::unique_ptr<http::Server> server_;
};

// The answer to one request; what HealthServer serves.
http::Response AnswerHealthRequest(const http::Request& request,
                                   const Readiness& ready,
                                   const prometheus::Collectable& metrics);

}  // namespace signet::service

#endif  // SIGNET_CORE_SERVICE_HEALTH_SERVER_H_
