#include "core/http/connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "core/http/tls_context.h"

namespace signet::http {
namespace {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;
using ErrorCode = boost::system::error_code;
using Steady = std::chrono::steady_clock;

constexpr auto kUseTuple = asio::as_tuple(asio::use_awaitable);

// A peer that vanished is found after 30 s + 3 * 15 s without a word (client-go
// asks for keep-alive after 30 s, SPEC A-44).
constexpr int kKeepAliveIdleSeconds = 30;
constexpr int kKeepAliveIntervalSeconds = 15;
constexpr int kKeepAliveProbes = 3;

// How long, and how much, CloseGently listens.
constexpr std::chrono::milliseconds kLingerTime(500);
constexpr size_t kLingerBytes = 8 << 20;

// Longer waits are for ever: asio's timers overflow near the end of time.
constexpr std::chrono::hours kLongestWait(24 * 365 * 10);

}  // namespace

Deadline DeadlineAfter(absl::Duration timeout) {
  if (timeout >= absl::FromChrono(kLongestWait)) return kNoDeadline;
  return Steady::now() +
         absl::ToChronoNanoseconds(std::max(timeout, absl::ZeroDuration()));
}

std::string EndpointText(const Tcp::endpoint& endpoint) {
  const std::string address = endpoint.address().to_string();
  if (endpoint.address().is_v6()) {
    return absl::StrCat("[", address, "]:", endpoint.port());
  }
  return absl::StrCat(address, ":", endpoint.port());
}

Connection::Connection(const asio::any_io_executor& executor, std::string name)
    : name_(std::move(name)),
      socket_(executor),
      read_(executor),
      write_(executor) {}

Connection::Connection(Tcp::socket socket, std::string name)
    : name_(std::move(name)),
      socket_(std::move(socket)),
      read_(socket_.get_executor()),
      write_(socket_.get_executor()) {
  if (absl::Status status = Prepare(); !status.ok()) Close(std::move(status));
}

absl::Status Connection::SystemError(int error) const {
  return absl::UnavailableError(absl::StrCat(
      "connection to ", name_, ": ", std::generic_category().message(error)));
}

absl::Status Connection::Prepare() {
  ErrorCode error;
  socket_.non_blocking(true, error);
  if (error) return SystemError(error.value());
  const int fd = socket_.native_handle();
  const struct {
    int level, option, value;
  } kOptions[] = {
      {IPPROTO_TCP, TCP_NODELAY, 1},
      {SOL_SOCKET, SO_KEEPALIVE, 1},
      {IPPROTO_TCP, TCP_KEEPIDLE, kKeepAliveIdleSeconds},
      {IPPROTO_TCP, TCP_KEEPINTVL, kKeepAliveIntervalSeconds},
      {IPPROTO_TCP, TCP_KEEPCNT, kKeepAliveProbes},
  };
  for (const auto& o : kOptions) {
    if (setsockopt(fd, o.level, o.option, &o.value, sizeof o.value) != 0) {
      return SystemError(errno);
    }
  }
  return absl::OkStatus();
}

asio::awaitable<void> Connection::Sleep(asio::steady_timer& timer,
                                        Deadline deadline) {
  timer.expires_at(deadline);
  co_await timer.async_wait(kUseTuple);
}

asio::awaitable<absl::StatusOr<std::vector<Tcp::endpoint>>> Connection::Resolve(
    std::string host, std::string port, Deadline deadline) {
  if (closed()) co_return close_reason_;
  std::vector<Tcp::endpoint> endpoints;
  ErrorCode not_an_address;
  const asio::ip::address address =
      asio::ip::make_address(host, not_an_address);
  uint16_t number = 0;
  std::from_chars(port.data(), port.data() + port.size(), number);
  if (!not_an_address) {
    endpoints.emplace_back(address, number);
    co_return endpoints;
  }
  // This name is the loopback's whoever is asked (RFC 6761, 6.3): there may be
  // no /etc/hosts.
  if (absl::EqualsIgnoreCase(host, "localhost")) {
    endpoints.emplace_back(asio::ip::address_v6::loopback(), number);
    endpoints.emplace_back(asio::ip::address_v4::loopback(), number);
    co_return endpoints;
  }
  // The callback may come long after this coroutine is gone, if ever.
  struct Lookup {
    explicit Lookup(const asio::any_io_executor& executor)
        : resolver(executor) {}
    Tcp::resolver resolver;
    bool done = false;
    ErrorCode error;
    std::vector<Tcp::endpoint> endpoints;
  };
  auto lookup = std::make_shared<Lookup>(socket_.get_executor());
  lookup->resolver.async_resolve(
      host, port,
      [lookup, self = shared_from_this()](
          ErrorCode error, const Tcp::resolver::results_type& results) {
        lookup->done = true;
        lookup->error = error;
        for (const auto& entry : results) {
          lookup->endpoints.push_back(entry.endpoint());
        }
        self->write_.timer.cancel();
      });
  while (!lookup->done && !closed() && Steady::now() < deadline) {
    co_await Sleep(write_.timer, deadline);
  }
  if (closed()) co_return close_reason_;
  if (!lookup->done) {
    co_return absl::DeadlineExceededError(
        absl::StrCat("looking up ", host, " timed out"));
  }
  if (lookup->error || lookup->endpoints.empty()) {
    co_return absl::UnavailableError(
        absl::StrCat("looking up ", host, ": ", lookup->error.message()));
  }
  co_return std::move(lookup->endpoints);
}

asio::awaitable<absl::Status> Connection::Connect(
    std::vector<Tcp::endpoint> endpoints, Deadline deadline) {
  absl::Status last = absl::UnavailableError(
      absl::StrCat("dial ", name_, ": there is no address"));
  for (size_t i = 0; i < endpoints.size(); ++i) {
    if (closed()) co_return close_reason_;
    const Deadline now = Steady::now();
    if (now >= deadline) {
      co_return absl::DeadlineExceededError(
          absl::StrCat("dial ", name_, ": timed out"));
    }
    const Deadline until =
        deadline == kNoDeadline
            ? deadline
            : now + (deadline - now) / static_cast<int>(endpoints.size() - i);
    const std::string where = EndpointText(endpoints[i]);
    bool done = false;
    ErrorCode result;
    ErrorCode ignored;
    socket_.close(ignored);
    socket_.async_connect(endpoints[i],
                          [&done, &result, this](ErrorCode error) {
                            done = true;
                            result = error;
                            write_.timer.cancel();
                          });
    while (!done && !closed() && Steady::now() < until) {
      co_await Sleep(write_.timer, until);
    }
    if (!done) {
      // The callback refers to this frame: close, and wait until it has run.
      socket_.close(ignored);
      while (!done) co_await Sleep(write_.timer, kNoDeadline);
      if (closed()) co_return close_reason_;
      last = absl::DeadlineExceededError(
          absl::StrCat("dial ", where, ": timed out"));
      continue;
    }
    if (closed()) co_return close_reason_;
    if (result) {
      last = absl::UnavailableError(
          absl::StrCat("dial ", where, ": ", result.message()));
      continue;
    }
    co_return Prepare();
  }
  co_return last;
}

void Connection::Arm(Direction direction) {
  Readiness& r = direction == kRead ? read_ : write_;
  if (r.armed) return;
  r.armed = true;
  socket_.async_wait(
      direction == kRead ? Tcp::socket::wait_read : Tcp::socket::wait_write,
      [self = shared_from_this(), &r](ErrorCode) {
        r.armed = false;
        r.ready = true;
        r.timer.cancel();
        if (const std::function<void()> callback =
                std::exchange(r.callback, nullptr)) {
          callback();
        }
      });
}

asio::awaitable<absl::Status> Connection::Wait(Direction direction,
                                               Deadline deadline) {
  Readiness& r = direction == kRead ? read_ : write_;
  while (true) {
    if (closed()) co_return close_reason_;
    if (r.ready) break;
    if (Steady::now() >= deadline) {
      co_return absl::DeadlineExceededError(
          absl::StrCat("timed out waiting for ", name_));
    }
    Arm(direction);
    co_await Sleep(r.timer, deadline);
  }
  r.ready = false;
  co_return absl::OkStatus();
}

asio::awaitable<absl::Status> Connection::StartTls(
    std::shared_ptr<const TlsContext> context, Deadline deadline) {
  if (closed()) co_return close_reason_;
  absl::StatusOr<std::unique_ptr<TlsSession>> session =
      context->NewSession(socket_.native_handle());
  if (!session.ok()) co_return session.status();
  tls_ = *std::move(session);
  while (true) {
    const TlsResult result = tls_->Handshake();
    switch (result.state) {
      case TlsResult::kDone:
        co_return absl::OkStatus();
      case TlsResult::kWantRead:
      case TlsResult::kWantWrite: {
        const absl::Status ready = co_await Wait(
            result.state == TlsResult::kWantRead ? kRead : kWrite, deadline);
        if (absl::IsDeadlineExceeded(ready)) {
          co_return absl::DeadlineExceededError(
              absl::StrCat("TLS handshake with ", name_, " timed out"));
        }
        if (!ready.ok()) co_return ready;
        break;
      }
      case TlsResult::kEof:
        co_return absl::UnavailableError(absl::StrCat(
            name_, " closed the connection during the TLS handshake"));
      case TlsResult::kError:
        co_return tls_->error();
    }
  }
}

TlsResult Connection::TryRead(std::string& out, absl::Status& error) {
  // One per thread, not one per connection: most of them just wait.
  static thread_local char buffer[64 << 10];
  if (tls_ != nullptr) {
    const TlsResult result = tls_->Read(absl::MakeSpan(buffer));
    if (result.state == TlsResult::kError) error = tls_->error();
    out.append(buffer, result.size);
    return result;
  }
  const ssize_t n = recv(socket_.native_handle(), buffer, sizeof buffer, 0);
  if (n > 0) {
    out.append(buffer, static_cast<size_t>(n));
    return {TlsResult::kDone, static_cast<size_t>(n)};
  }
  if (n == 0) return {TlsResult::kEof};
  if (errno == EAGAIN || errno == EINTR) return {TlsResult::kWantRead};
  error = SystemError(errno);
  return {TlsResult::kError};
}

TlsResult Connection::TryWrite(absl::string_view bytes, absl::Status& error) {
  if (tls_ != nullptr) {
    const TlsResult result = tls_->Write(bytes);
    if (result.state == TlsResult::kError) error = tls_->error();
    return result;
  }
  const ssize_t n =
      send(socket_.native_handle(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (n >= 0) return {TlsResult::kDone, static_cast<size_t>(n)};
  if (errno == EAGAIN || errno == EINTR) return {TlsResult::kWantWrite};
  error = SystemError(errno);
  return {TlsResult::kError};
}

asio::awaitable<absl::StatusOr<size_t>> Connection::Read(std::string& out,
                                                         Deadline deadline) {
  while (true) {
    if (closed()) co_return close_reason_;
    absl::Status error;
    const TlsResult result = TryRead(out, error);
    switch (result.state) {
      case TlsResult::kDone:
        co_return result.size;
      case TlsResult::kEof:
        co_return size_t{0};
      case TlsResult::kError:
        co_return error;
      case TlsResult::kWantRead:
      case TlsResult::kWantWrite:
        break;
    }
    const absl::Status ready = co_await Wait(
        result.state == TlsResult::kWantRead ? kRead : kWrite, deadline);
    if (!ready.ok()) co_return ready;
  }
}

asio::awaitable<absl::Status> Connection::Write(absl::string_view bytes,
                                                Deadline deadline,
                                                absl::Duration progress,
                                                size_t* written) {
  while (!bytes.empty()) {
    if (closed()) co_return close_reason_;
    absl::Status error;
    const TlsResult result = TryWrite(bytes, error);
    switch (result.state) {
      case TlsResult::kDone:
        bytes.remove_prefix(result.size);
        if (written != nullptr) *written += result.size;
        if (progress != absl::InfiniteDuration()) {
          deadline = DeadlineAfter(progress);
        }
        continue;
      case TlsResult::kEof:
        co_return SystemError(EPIPE);
      case TlsResult::kError:
        co_return error;
      case TlsResult::kWantRead:
      case TlsResult::kWantWrite:
        break;
    }
    const absl::Status ready = co_await Wait(
        result.state == TlsResult::kWantRead ? kRead : kWrite, deadline);
    if (!ready.ok()) co_return ready;
  }
  co_return absl::OkStatus();
}

Connection::Liveness Connection::Probe() {
  if (closed()) return Liveness::kGone;
  if (tls_ != nullptr) {
    switch (tls_->Peek().state) {
      case TlsResult::kDone:
        return Liveness::kReadable;
      case TlsResult::kWantRead:
      case TlsResult::kWantWrite:
        return Liveness::kIdle;
      default:
        return Liveness::kGone;
    }
  }
  char byte;
  const ssize_t n = recv(socket_.native_handle(), &byte, 1, MSG_PEEK);
  if (n > 0) return Liveness::kReadable;
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return Liveness::kIdle;
  return Liveness::kGone;
}

void Connection::NotifyReadable(std::function<void()> callback) {
  read_.callback = std::move(callback);
  if (read_.callback != nullptr && !closed()) Arm(kRead);
}

void Connection::NotifyClosed(std::function<void()> callback) {
  closed_callback_ = std::move(callback);
}

asio::awaitable<void> Connection::CloseGently() {
  if (!closed()) {
    if (tls_ != nullptr) tls_->SendClose();
    shutdown(socket_.native_handle(), SHUT_WR);
    const Deadline deadline = Steady::now() + kLingerTime;
    std::vector<char> dropped(16 << 10);
    for (size_t total = 0; total < kLingerBytes;) {
      // Below TLS: the session may be broken, and nobody wants the contents.
      const ssize_t n =
          recv(socket_.native_handle(), dropped.data(), dropped.size(), 0);
      if (n > 0) {
        total += static_cast<size_t>(n);
        continue;
      }
      if (n == 0 || (errno != EAGAIN && errno != EINTR)) break;
      if (!(co_await Wait(kRead, deadline)).ok()) break;
    }
  }
  Close(absl::UnavailableError(
      absl::StrCat("connection to ", name_, " is closed")));
}

void Connection::Close(absl::Status reason) {
  if (closed()) return;
  const std::shared_ptr<Connection> alive = weak_from_this().lock();
  close_reason_ = std::move(reason);
  if (tls_ != nullptr && socket_.is_open()) tls_->SendClose();
  ErrorCode ignored;
  socket_.close(ignored);
  read_.timer.cancel();
  write_.timer.cancel();
  if (const std::function<void()> callback =
          std::exchange(closed_callback_, nullptr)) {
    callback();
  }
}

}  // namespace signet::http
