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
#include "core/http/tls_identity.h"
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

struct HealthServerOptions {
  std::string address;  // See ParseHostPort.
  Readiness ready;
  // More about a program that is ready: "stands by; host_1 leads". May be
  // empty.
  std::function<std::string()> standing;
  // Null: plain HTTP.
  std::shared_ptr<http::IdentitySource> identity;
  // Not null: whoever asks must have a certificate by these roots. Needs
  // `identity`.
  std::shared_ptr<http::TrustSource> client_trust;
};

// HealthServer tells how a program is:
//   /healthz, /livez  200 "ok": it runs;
//   /readyz           200 "ok", with its standing, or 503 with the reason: it
//                     can do its work;
//   /metrics          its metrics in Prometheus' text format.
// What it tells is no secret, so that it is plain HTTP on loopback unless told
// otherwise.
class HealthServer {
 public:
  // `metrics` must outlive the server, as must whatever the options refer to.
  // kInvalidArgument for a bad address, kUnavailable if it cannot be bound.
  static absl::StatusOr<std::unique_ptr<HealthServer>> Start(
      HealthServerOptions options, const prometheus::Collectable& metrics);
  // In plain HTTP.
  static absl::StatusOr<std::unique_ptr<HealthServer>> Start(
      absl::string_view address, Readiness ready,
      const prometheus::Collectable& metrics);

  uint16_t port() const { return server_->port(); }

 private:
  explicit HealthServer(std::unique_ptr<http::Server> server)
      : server_(std::move(server)) {}
  std::unique_ptr<http::Server> server_;
};

// The answer to one request; what HealthServer serves. `standing` is
// HealthServerOptions'.
http::Response AnswerHealthRequest(
    const http::Request& request, const Readiness& ready,
    const prometheus::Collectable& metrics,
    const std::function<std::string()>& standing = nullptr);

}  // namespace signet::service

#endif  // SIGNET_CORE_SERVICE_HEALTH_SERVER_H_
