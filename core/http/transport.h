#ifndef SIGNET_CORE_HTTP_TRANSPORT_H_
#define SIGNET_CORE_HTTP_TRANSPORT_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/http/message.h"

namespace signet::http {

// Stream is the body of a response that is read as it arrives (a watch).
class Stream {
 public:
  // Destroying a stream closes its connection.
  virtual ~Stream() = default;
  // Read blocks until some bytes arrive and returns them; "" is the regular
  // end. kDeadlineExceeded after `timeout` without any (the stream stays
  // usable); kUnavailable if the connection broke; kCancelled after Close.
  virtual absl::StatusOr<std::string> Read(absl::Duration timeout) = 0;
  // Close ends a Read that is under way in another thread. Thread-safe.
  virtual void Close() = 0;
};

struct StreamResponse {
  int status = 0;
  Headers headers;
  std::string body;                // The whole body if status is not 2xx,
  std::unique_ptr<Stream> stream;  // else this.
};

// Transport sends requests to one server. Implementations are thread-safe.
// Only failures to get an answer are errors: kUnavailable (refused, reset,
// unreachable, name not found: retry), kDeadlineExceeded, kUnauthenticated (the
// TLS handshake failed because one side rejects the other's certificate),
// kInvalidArgument (the answer is no HTTP or over the size limit), kCancelled
// (after Shutdown). A response of any HTTP status is OK.
class Transport {
 public:
  virtual ~Transport() = default;
  // Send sends and waits for the whole response. A connection from the pool
  // that turns out dead before a byte of the answer is retried once on a new
  // one, if the request is GET, HEAD or OPTIONS or none of it was sent (any
  // other might be done twice).
  virtual absl::StatusOr<Response> Send(const Request& request,
                                        absl::Duration timeout) = 0;
  // Open waits, at most `timeout`, for the response's header.
  virtual absl::StatusOr<StreamResponse> Open(const Request& request,
                                              absl::Duration timeout) = 0;
  // CloseConnections closes every connection, idle or busy, streams too; what
  // was under way fails with kUnavailable. New requests open new connections
  // (SPEC A-44: after the client certificate changed).
  virtual void CloseConnections() = 0;
  // Shutdown is CloseConnections for good: later requests are kCancelled.
  virtual void Shutdown() = 0;
};

}  // namespace signet::http

#endif  // SIGNET_CORE_HTTP_TRANSPORT_H_
