#ifndef SIGNET_CORE_HTTP_SERVER_H_
#define SIGNET_CORE_HTTP_SERVER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "core/http/message.h"
#include "core/http/tls_identity.h"
#include "core/pki/certificate.h"

namespace signet::http {

struct Peer {
  std::string address;  // "127.0.0.1:50412"
  // What the client presented, leaf first. Proof of possession is TLS's; trust
  // is NOT checked unless ServerOptions::client_trust is set.
  std::vector<pki::Certificate> certificates;
};

// Responder answers one request, from any thread. Dropping it unanswered sends
// 500; dropping it between Start and Finish cuts the connection. Either Send
// once, or Start, any number of Write, then Finish; calls out of this order do
// nothing. It may outlive the server. Content-Length, Transfer-Encoding,
// Connection and Date are the server's: such headers are left out, except that
// "Connection: close" is obeyed.
class Responder {
 public:
  virtual ~Responder() = default;
  virtual void Send(Response response) = 0;
  // Starts a chunked response.
  virtual void Start(int status, const Headers& headers) = 0;
  // Queues a chunk. False once the client has gone or when more than
  // ServerOptions::max_queued_bytes wait for it (the connection is then cut).
  virtual bool Write(absl::string_view chunk) = 0;
  virtual void Finish() = 0;
  // `callback` runs once when the client goes away or the server stops before
  // the response is finished, on a server thread; at once, in this one, if that
  // has happened. Several may be set.
  virtual void OnClosed(std::function<void()> callback) = 0;
};

// Called on one of the server's threads; must not block for long.
using Handler = std::function<void(const Request&, const Peer&,
                                   std::shared_ptr<Responder>)>;

struct ServerOptions {
  std::string address = "127.0.0.1";
  uint16_t port = 0;                         // 0: any free one.
  std::shared_ptr<IdentitySource> identity;  // Null: plain HTTP.
  // Ask clients for a certificate (they may have none). With `client_trust` it
  // is required and must verify for client auth.
  bool request_client_certificate = false;
  std::shared_ptr<TrustSource> client_trust;
  int threads = 2;
  int max_connections = 4096;          // More are closed at once.
  size_t max_header_bytes = 64 << 10;  // Over it: 431.
  size_t max_body_bytes = 3 << 20;     // SPEC A-48b; over it: 413.
  size_t max_queued_bytes = 16 << 20;
  // From the first byte of a request to the end of its header; TLS handshake.
  absl::Duration header_timeout = absl::Seconds(30);
  // Between requests; for a whole body; without progress in sending.
  absl::Duration idle_timeout = absl::Minutes(3);
  // Judges certificates, writes Date. Not owned; must outlive the server.
  absl::Clock* clock = &absl::Clock::GetRealClock();
};

class Server {
 public:
  virtual ~Server() = default;  // Stops.
  virtual uint16_t port() const = 0;
  // Cuts every connection, waits for handlers that run and joins the threads.
  // Not to be called from a handler. Idempotent.
  virtual void Stop() = 0;
};

// HTTP/1.1, keep-alive, on threads of its own. A request that is no good HTTP
// is refused without asking the handler. kInvalidArgument for a bad address,
// kUnavailable if the port cannot be bound.
absl::StatusOr<std::unique_ptr<Server>> StartServer(ServerOptions options,
                                                    Handler handler);

}  // namespace signet::http

#endif  // SIGNET_CORE_HTTP_SERVER_H_
