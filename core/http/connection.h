#ifndef SIGNET_CORE_HTTP_CONNECTION_H_
#define SIGNET_CORE_HTTP_CONNECTION_H_

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/http/tls_context.h"
#include "core/pki/certificate.h"

// For this folder only: what client and server have in common below HTTP.
namespace signet::http {

// Deadlines are of the monotonic clock.
using Deadline = std::chrono::steady_clock::time_point;
inline constexpr Deadline kNoDeadline = Deadline::max();
// Now + `timeout`; kNoDeadline if that is beyond what can be said.
Deadline DeadlineAfter(absl::Duration timeout);

// "127.0.0.1:6443", "[::1]:6443".
std::string EndpointText(const boost::asio::ip::tcp::endpoint& endpoint);

// Connection is a TCP connection, with or without TLS, whose every wait has a
// deadline. It belongs to one executor that runs one thing at a time (a strand
// or a single thread): all calls are made there. One read and one write may be
// under way at the same time. No memory is held for bytes while it waits.
//
// Errors: kDeadlineExceeded; kUnavailable (broken); the status given to Close;
// and those of TlsSession.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  // `name` is what messages call the peer.
  Connection(const boost::asio::any_io_executor& executor, std::string name);
  // Takes over an accepted socket.
  Connection(boost::asio::ip::tcp::socket socket, std::string name);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Resolves a host name, or takes an address as it is. The system's resolver
  // cannot be interrupted: after the deadline it is left to itself.
  boost::asio::awaitable<
      absl::StatusOr<std::vector<boost::asio::ip::tcp::endpoint>>>
  Resolve(std::string host, std::string port, Deadline deadline);
  // Tries the endpoints in order; each gets its share of the time that is left.
  boost::asio::awaitable<absl::Status> Connect(
      std::vector<boost::asio::ip::tcp::endpoint> endpoints, Deadline deadline);
  boost::asio::awaitable<absl::Status> StartTls(
      std::shared_ptr<const TlsContext> context, Deadline deadline);

  // Waits for at least a byte, appends what there is (at most 64 KiB) to `out`
  // and returns how many bytes that was; 0 at the end.
  boost::asio::awaitable<absl::StatusOr<size_t>> Read(std::string& out,
                                                      Deadline deadline);
  // Writes all. `bytes` must live until it returns. The deadline is moved on to
  // `progress` from now whenever a part was taken, unless that is infinite.
  // `*written` (may be null) counts the bytes that the socket took.
  boost::asio::awaitable<absl::Status> Write(absl::string_view bytes,
                                             Deadline deadline,
                                             absl::Duration progress,
                                             size_t* written);

  enum class Liveness { kIdle, kReadable, kGone };
  // What a read would find now, without taking any of it.
  Liveness Probe();
  // Calls `callback` once, when a read would find something or the connection
  // is closed; replaces what was set before, null takes it away.
  void NotifyReadable(std::function<void()> callback);
  // Calls `callback` in Close; null takes it away. It must not call Close.
  void NotifyClosed(std::function<void()> callback);

  // Sends the rest of the goodbyes, then reads and drops what still comes, for
  // a moment: the peer gets to read our last words before it sees a reset.
  boost::asio::awaitable<void> CloseGently();
  // Ends all that is under way with `reason`, which is not OK. Idempotent.
  void Close(absl::Status reason);
  bool closed() const { return !close_reason_.ok(); }

  const std::string& name() const { return name_; }
  // Null without TLS.
  const TlsSession* tls() const { return tls_.get(); }

 private:
  enum Direction { kRead, kWrite };
  // One direction's readiness. The coroutine that waits sleeps on the timer,
  // which the socket's callback cancels; so a deadline cancels nothing.
  struct Readiness {
    explicit Readiness(const boost::asio::any_io_executor& executor)
        : timer(executor) {}
    boost::asio::steady_timer timer;
    bool armed = false;  // The socket's callback is outstanding.
    bool ready = false;
    std::function<void()> callback;
  };

  absl::Status Prepare();  // Socket options.
  void Arm(Direction direction);
  boost::asio::awaitable<absl::Status> Wait(Direction direction,
                                            Deadline deadline);
  // Sleeps until `timer` is cancelled or the deadline passes.
  boost::asio::awaitable<void> Sleep(boost::asio::steady_timer& timer,
                                     Deadline deadline);
  absl::Status SystemError(int error) const;
  TlsResult TryRead(std::string& out, absl::Status& error);
  TlsResult TryWrite(absl::string_view bytes, absl::Status& error);

  const std::string name_;
  boost::asio::ip::tcp::socket socket_;
  Readiness read_;
  Readiness write_;
  std::unique_ptr<TlsSession> tls_;
  std::function<void()> closed_callback_;
  absl::Status close_reason_;
};

}  // namespace signet::http

#endif  // SIGNET_CORE_HTTP_CONNECTION_H_
