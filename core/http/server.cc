#include "core/http/server.h"

#include <algorithm>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/log/log.h"
#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "core/http/body_parser.h"
#include "core/http/connection.h"
#include "core/http/message.h"
#include "core/http/tls_context.h"
#include "core/http/wire.h"

namespace signet::http {
namespace {

namespace asio = boost::asio;
namespace beast_http = boost::beast::http;
using Tcp = asio::ip::tcp;
using ErrorCode = boost::system::error_code;
using Parser = BodyParser</*kIsRequest=*/true>;

constexpr auto kUseTuple = asio::as_tuple(asio::use_awaitable);

// After a failed accept (mostly: no file descriptors left).
constexpr std::chrono::milliseconds kAcceptPause(50);

Response TextResponse(int status, absl::string_view text) {
  Response response;
  response.status = status;
  response.headers.Set("Content-Type", "text/plain; charset=utf-8");
  response.body = absl::StrCat(text, "\n");
  return response;
}

// Runs, on the connection's strand, what other threads ask for.
class Waker : public std::enable_shared_from_this<Waker> {
 public:
  Waker(const asio::any_io_executor& executor,
        std::shared_ptr<Connection> connection)
      : timer_(executor), connection_(std::move(connection)) {}

  void Wake() {
    asio::post(timer_.get_executor(),
               [self = shared_from_this()] { self->timer_.cancel(); });
  }
  void Cut() {
    asio::post(timer_.get_executor(), [self = shared_from_this()] {
      self->connection_->Close(absl::UnavailableError("response abandoned"));
    });
  }
  // The rest is for the strand only.
  void WakeNow() { timer_.cancel(); }
  asio::awaitable<void> Sleep() {
    timer_.expires_at(kNoDeadline);
    co_await timer_.async_wait(kUseTuple);
  }

 private:
  asio::steady_timer timer_;
  const std::shared_ptr<Connection> connection_;
};

// One request's response on its way from the handler's threads to the strand.
// It may outlive the server: once detached it posts nothing.
class Exchange {
 public:
  struct Traits {
    bool head = false;    // The request is HEAD: no body.
    bool http10 = false;  // No chunks.
    bool keep_alive = true;
    size_t max_queued_bytes = 0;
    std::string date;
  };

  Exchange(Traits traits, std::shared_ptr<Waker> waker)
      : traits_(std::move(traits)), waker_(std::move(waker)) {}

  void Send(const Response& response) ABSL_LOCKS_EXCLUDED(mutex_) {
    Callbacks dropped;  // After the lock: they may own the Responder.
    absl::MutexLock lock(mutex_);
    if (state_ != State::kNew) return;
    AppendHead(response.status, response.headers);
    if (MayHaveBody(response.status)) {
      AppendField(pending_, "Content-Length",
                  absl::StrCat(response.body.size()));
    }
    pending_.append("\r\n");
    if (MayHaveBody(response.status) && !traits_.head) {
      pending_.append(response.body);
    }
    state_ = State::kFinished;
    dropped.swap(callbacks_);
    Wake();
  }

  void Start(int status, const Headers& headers) ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(mutex_);
    if (state_ != State::kNew) return;
    state_ = State::kStreaming;
    body_ = MayHaveBody(status) && !traits_.head;
    chunked_ = !traits_.http10;
    if (!chunked_) traits_.keep_alive = false;
    AppendHead(status, headers);
    if (MayHaveBody(status) && chunked_) {
      AppendField(pending_, "Transfer-Encoding", "chunked");
    }
    pending_.append("\r\n");
    Wake();
  }

  bool Write(absl::string_view chunk) ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(mutex_);
    if (state_ != State::kStreaming || waker_ == nullptr || cut_) return false;
    if (chunk.empty() || !body_) return true;
    if (pending_.size() + in_flight_ + chunk.size() >
        traits_.max_queued_bytes) {
      cut_ = true;
      waker_->Cut();
      return false;
    }
    if (chunked_) {
      absl::StrAppend(&pending_, absl::Hex(chunk.size()), "\r\n", chunk,
                      "\r\n");
    } else {
      pending_.append(chunk);
    }
    Wake();
    return true;
  }

  void Finish() ABSL_LOCKS_EXCLUDED(mutex_) {
    Callbacks dropped;  // After the lock: they may own the Responder.
    absl::MutexLock lock(mutex_);
    if (state_ != State::kStreaming) return;
    if (body_ && chunked_) pending_.append("0\r\n\r\n");
    state_ = State::kFinished;
    dropped.swap(callbacks_);
    Wake();
  }

  // The handler let go of its Responder.
  void Drop() ABSL_LOCKS_EXCLUDED(mutex_) {
    {
      absl::MutexLock lock(mutex_);
      if (state_ == State::kFinished) return;
      if (state_ == State::kStreaming) {
        cut_ = true;
        if (waker_ != nullptr) waker_->Cut();
        return;
      }
    }
    Send(TextResponse(500, "the handler gave no answer"));
  }

  void OnClosed(std::function<void()> callback) ABSL_LOCKS_EXCLUDED(mutex_) {
    {
      absl::MutexLock lock(mutex_);
      if (state_ == State::kFinished) return;
      if (waker_ != nullptr) {
        callbacks_.push_back(std::move(callback));
        return;
      }
    }
    callback();
  }

  // The rest is called on the strand.

  // Moves what waits to be written into `out`, whose old contents are written.
  // False if there is nothing; then the next addition wakes.
  bool Take(std::string& out) ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(mutex_);
    out.clear();
    out.swap(pending_);
    in_flight_ = out.size();
    asleep_ = out.empty();
    return !out.empty();
  }
  // True once all of the response has been taken.
  bool finished() const ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(mutex_);
    return state_ == State::kFinished && pending_.empty();
  }
  bool keep_alive() const ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(mutex_);
    return traits_.keep_alive;
  }
  // The connection is done with it: finished, gone or stopped.
  void Detach() ABSL_LOCKS_EXCLUDED(mutex_) {
    Callbacks callbacks;
    {
      absl::MutexLock lock(mutex_);
      waker_ = nullptr;
      pending_ = std::string();
      callbacks.swap(callbacks_);
    }
    for (const std::function<void()>& callback : callbacks) callback();
  }

 private:
  enum class State { kNew, kStreaming, kFinished };
  using Callbacks = std::vector<std::function<void()>>;

  static bool MayHaveBody(int status) {
    return status >= 200 && status != 204 && status != 304;
  }
  static bool IsOurs(absl::string_view name) {
    return absl::EqualsIgnoreCase(name, "Content-Length") ||
           absl::EqualsIgnoreCase(name, "Transfer-Encoding") ||
           absl::EqualsIgnoreCase(name, "Connection") ||
           absl::EqualsIgnoreCase(name, "Date");
  }

  void AppendHead(int status, const Headers& headers)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (absl::EqualsIgnoreCase(headers.Get("Connection"), "close")) {
      traits_.keep_alive = false;
    }
    absl::StrAppend(&pending_, "HTTP/1.1 ", status, " ", ReasonPhrase(status),
                    "\r\n");
    AppendField(pending_, "Date", traits_.date);
    for (const auto& [name, value] : headers.fields()) {
      if (!IsToken(name) || !IsFieldValue(value) || IsOurs(name)) continue;
      AppendField(pending_, name, value);
    }
    if (!traits_.keep_alive) AppendField(pending_, "Connection", "close");
  }

  void Wake() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (!asleep_ || waker_ == nullptr) return;
    asleep_ = false;
    waker_->Wake();
  }

  mutable absl::Mutex mutex_;
  Traits traits_ ABSL_GUARDED_BY(mutex_);
  // Null once detached.
  std::shared_ptr<Waker> waker_ ABSL_GUARDED_BY(mutex_);
  State state_ ABSL_GUARDED_BY(mutex_) = State::kNew;
  bool body_ ABSL_GUARDED_BY(mutex_) = true;
  bool chunked_ ABSL_GUARDED_BY(mutex_) = false;
  bool cut_ ABSL_GUARDED_BY(mutex_) = false;
  bool asleep_ ABSL_GUARDED_BY(mutex_) = false;  // The strand waits for Wake.
  std::string pending_ ABSL_GUARDED_BY(mutex_);
  size_t in_flight_ ABSL_GUARDED_BY(mutex_) = 0;  // Taken, not yet written.
  Callbacks callbacks_ ABSL_GUARDED_BY(mutex_);
};

class ResponderImpl : public Responder {
 public:
  explicit ResponderImpl(std::shared_ptr<Exchange> exchange)
      : exchange_(std::move(exchange)) {}
  ~ResponderImpl() override { exchange_->Drop(); }

  void Send(Response response) override { exchange_->Send(response); }
  void Start(int status, const Headers& headers) override {
    exchange_->Start(status, headers);
  }
  bool Write(absl::string_view chunk) override {
    return exchange_->Write(chunk);
  }
  void Finish() override { exchange_->Finish(); }
  void OnClosed(std::function<void()> callback) override {
    exchange_->OnClosed(std::move(callback));
  }

 private:
  const std::shared_ptr<Exchange> exchange_;
};

// What came of waiting for a request.
struct Incoming {
  enum Kind {
    kRequest,
    kRefused,  // Say `refusal` and close.
    kClosed,
  };
  Kind kind = kClosed;
  Request request;
  bool http10 = false;
  bool keep_alive = true;
  Response refusal;
};

Incoming Refuse(int status, absl::string_view text) {
  Incoming incoming;
  incoming.kind = Incoming::kRefused;
  incoming.refusal = TextResponse(status, text);
  return incoming;
}

Incoming RefuseFor(const ErrorCode& error, const ServerOptions& options) {
  if (error == beast_http::error::header_limit) {
    return Refuse(431, absl::StrCat("the header is over ",
                                    options.max_header_bytes, " bytes"));
  }
  if (error == beast_http::error::body_limit) {
    return Refuse(413, absl::StrCat("the body is over ", options.max_body_bytes,
                                    " bytes"));
  }
  if (error == beast_http::error::bad_version) {
    return Refuse(505, "only HTTP/1.1 is spoken here");
  }
  return Refuse(400, absl::StrCat("bad request: ", error.message()));
}

// A request that asks for what we do not do, or is ambiguous about where it
// ends (RFC 9112, 6.1 and 7.2).
std::optional<Incoming> CheckHeader(const Parser::value_type& message) {
  if (!HasKnownEncoding(message)) {
    return Refuse(501, "the only transfer encoding known here is chunked");
  }
  if (message.version() == 11 && message.count(beast_http::field::host) != 1) {
    return Refuse(400, "bad request: there must be one Host header");
  }
  return std::nullopt;
}

// The origin form of a target, or "".
absl::string_view OriginForm(absl::string_view method,
                             absl::string_view target) {
  if (absl::StartsWith(target, "/")) return target;
  if (method == "OPTIONS" && target == "*") return target;
  for (const absl::string_view scheme : {"http://", "https://"}) {
    if (absl::StartsWithIgnoreCase(target, scheme)) {
      const size_t slash = target.find('/', scheme.size());
      return slash == absl::string_view::npos ? "/" : target.substr(slash);
    }
  }
  return "";
}

class ServerImpl : public Server {
 public:
  ServerImpl(ServerOptions options, Handler handler)
      : options_(std::move(options)),
        handler_(std::move(handler)),
        io_(options_.threads),
        acceptor_(asio::make_strand(io_)),
        accept_pause_(acceptor_.get_executor()) {}

  ~ServerImpl() override { Stop(); }

  absl::Status Listen() {
    ErrorCode error;
    const asio::ip::address address =
        asio::ip::make_address(options_.address, error);
    if (error) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", options_.address, "\" is no IP address"));
    }
    if (options_.identity != nullptr) {
      ABSL_ASSIGN_OR_RETURN(
          tls_, TlsContext::ForServer({.identity = options_.identity,
                                       .request_client_certificate =
                                           options_.request_client_certificate,
                                       .client_trust = options_.client_trust,
                                       .clock = options_.clock}));
    }
    const Tcp::endpoint endpoint(address, options_.port);
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(Tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(Tcp::acceptor::max_listen_connections, error);
    if (!error) port_ = acceptor_.local_endpoint(error).port();
    if (error) {
      return absl::UnavailableError(absl::StrCat(
          "cannot listen on ", EndpointText(endpoint), ": ", error.message()));
    }
    asio::co_spawn(acceptor_.get_executor(), Accept(),
                   [](std::exception_ptr) {});
    for (int i = 0; i < std::max(options_.threads, 1); ++i) {
      threads_.emplace_back([this] { io_.run(); });
    }
    return absl::OkStatus();
  }

  uint16_t port() const override { return port_; }

  void Stop() override {
    {
      absl::MutexLock lock(mutex_);
      if (!stopping_) {
        stopping_ = true;
        asio::post(acceptor_.get_executor(), [this] {
          ErrorCode ignored;
          acceptor_.close(ignored);
          accept_pause_.cancel();
        });
        for (const auto& [connection, strand] : connections_) {
          asio::post(strand, [closing = connection] {
            closing->Close(absl::CancelledError("the server stops"));
          });
        }
      }
    }
    for (std::thread& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
  }

 private:
  bool stopping() const ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(mutex_);
    return stopping_;
  }

  asio::awaitable<void> Accept() {
    while (!stopping()) {
      const asio::any_io_executor strand = asio::make_strand(io_);
      Tcp::socket socket(strand);
      Tcp::endpoint peer;
      const auto [error] =
          co_await acceptor_.async_accept(socket, peer, kUseTuple);
      if (error) {
        if (stopping()) break;
        LOG_EVERY_N_SEC(WARNING, 10)
            << "cannot accept a connection: " << error.message();
        accept_pause_.expires_after(kAcceptPause);
        co_await accept_pause_.async_wait(kUseTuple);
        continue;
      }
      auto connection =
          std::make_shared<Connection>(std::move(socket), EndpointText(peer));
      {
        absl::MutexLock lock(mutex_);
        if (stopping_) break;
        if (connections_.size() >=
            static_cast<size_t>(options_.max_connections)) {
          LOG_EVERY_N_SEC(WARNING, 10)
              << "more than " << options_.max_connections
              << " connections: " << connection->name() << " is turned away";
          // Nobody else knows it yet, so this need not be on its strand.
          connection->Close(absl::ResourceExhaustedError("turned away"));
          continue;
        }
        connections_.emplace(connection, strand);
      }
      asio::co_spawn(strand, Serve(connection),
                     [this, connection](std::exception_ptr) {
                       connection->Close(absl::UnavailableError("served"));
                       absl::MutexLock lock(mutex_);
                       connections_.erase(connection);
                     });
    }
  }

  asio::awaitable<void> Serve(std::shared_ptr<Connection> connection) {
    Peer peer;
    peer.address = connection->name();
    if (tls_ != nullptr) {
      const absl::Status status = co_await connection->StartTls(
          tls_, DeadlineAfter(options_.header_timeout));
      if (!status.ok()) {
        VLOG(1) << "TLS handshake with " << peer.address
                << " failed: " << status;
        co_await connection->CloseGently();
        co_return;
      }
      peer.certificates = connection->tls()->peer_chain();
    }
    std::string unread;
    bool keep_alive = true;
    while (keep_alive) {
      Incoming incoming = co_await Receive(connection, unread);
      if (incoming.kind == Incoming::kClosed) co_return;
      keep_alive = co_await Answer(connection, peer, std::move(incoming));
    }
    co_await connection->CloseGently();
  }

  asio::awaitable<Incoming> Receive(std::shared_ptr<Connection> connection,
                                    std::string& unread) {
    Parser parser;
    parser.header_limit(static_cast<uint32_t>(options_.max_header_bytes));
    parser.body_limit(options_.max_body_bytes);
    ErrorCode error;

    bool begun = !unread.empty();
    Deadline deadline =
        DeadlineAfter(begun ? options_.header_timeout : options_.idle_timeout);
    while (true) {
      // A client may send an empty line after a body (RFC 9112, 2.2).
      if (!parser.got_some() && absl::StartsWith(unread, "\r\n")) {
        unread.erase(0, 2);
      }
      if (!Feed(parser, unread, error)) co_return RefuseFor(error, options_);
      if (parser.is_header_done()) break;
      if (unread.empty()) unread = std::string();  // Gives the memory back.
      const absl::StatusOr<size_t> n =
          co_await connection->Read(unread, deadline);
      if (absl::IsDeadlineExceeded(n.status()) && begun) {
        co_return Refuse(408, "the request did not come in time");
      }
      if (!n.ok() || *n == 0) co_return Incoming();
      if (!begun) {
        begun = true;
        deadline = DeadlineAfter(options_.header_timeout);
      }
    }
    if (std::optional<Incoming> refused = CheckHeader(parser.get())) {
      co_return *std::move(refused);
    }

    deadline = DeadlineAfter(options_.idle_timeout);
    if (!parser.is_done() && unread.empty() &&
        boost::beast::iequals(parser.get()[beast_http::field::expect],
                              "100-continue")) {
      const absl::Status written =
          co_await connection->Write("HTTP/1.1 100 Continue\r\n\r\n", deadline,
                                     absl::InfiniteDuration(), nullptr);
      if (!written.ok()) co_return Incoming();
    }
    while (true) {
      if (!Feed(parser, unread, error)) co_return RefuseFor(error, options_);
      if (parser.is_done()) break;
      const absl::StatusOr<size_t> n =
          co_await connection->Read(unread, deadline);
      if (absl::IsDeadlineExceeded(n.status())) {
        co_return Refuse(408, "the body did not come in time");
      }
      if (!n.ok() || *n == 0) co_return Incoming();
    }

    Incoming incoming;
    incoming.kind = Incoming::kRequest;
    incoming.http10 = parser.get().version() < 11;
    incoming.keep_alive = parser.keep_alive() && !incoming.http10;
    Request& request = incoming.request;
    request.method = std::string(parser.get().method_string());
    const std::string target(parser.get().target());
    request.target = std::string(OriginForm(request.method, target));
    if (request.target.empty()) {
      co_return Refuse(400, "bad request: the target must begin with a slash");
    }
    request.headers = ToHeaders(parser.get());
    request.body = std::move(parser.get().body());
    co_return incoming;
  }

  // Calls the handler and writes what it answers. False: close the connection.
  asio::awaitable<bool> Answer(std::shared_ptr<Connection> connection,
                               const Peer& peer, Incoming incoming) {
    const bool refused = incoming.kind == Incoming::kRefused;
    const auto waker =
        std::make_shared<Waker>(co_await asio::this_coro::executor, connection);
    const auto exchange = std::make_shared<Exchange>(
        Exchange::Traits{.head = incoming.request.method == "HEAD",
                         .http10 = incoming.http10,
                         .keep_alive = incoming.keep_alive && !refused,
                         .max_queued_bytes = options_.max_queued_bytes,
                         .date = absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT",
                                                  options_.clock->TimeNow(),
                                                  absl::UTCTimeZone())},
        waker);
    // However this coroutine ends, the exchange learns of it.
    struct Detacher {
      Exchange& exchange;
      Connection& connection;
      ~Detacher() {
        connection.NotifyClosed(nullptr);
        connection.NotifyReadable(nullptr);
        exchange.Detach();
      }
    };
    const Detacher detacher{*exchange, *connection};
    connection->NotifyClosed([waker] { waker->WakeNow(); });

    if (refused) {
      exchange->Send(incoming.refusal);
    } else {
      handler_(incoming.request, peer,
               std::make_shared<ResponderImpl>(exchange));
      incoming.request = Request();
      if (!exchange->finished()) WatchForEnd(connection);
    }

    std::string batch;
    while (true) {
      if (connection->closed()) co_return false;
      if (exchange->Take(batch)) {
        const absl::Status written = co_await connection->Write(
            batch, DeadlineAfter(options_.idle_timeout), options_.idle_timeout,
            nullptr);
        if (!written.ok()) co_return false;
        continue;
      }
      if (exchange->finished()) co_return exchange->keep_alive();
      co_await waker->Sleep();
    }
  }

  // Closes the connection as soon as the client has. A client that sends its
  // next request early is watched no longer.
  static void WatchForEnd(const std::shared_ptr<Connection>& connection) {
    connection->NotifyReadable([weak = std::weak_ptr<Connection>(connection)] {
      const std::shared_ptr<Connection> locked = weak.lock();
      if (locked == nullptr || locked->closed()) return;
      switch (locked->Probe()) {
        case Connection::Liveness::kIdle:
          WatchForEnd(locked);
          break;
        case Connection::Liveness::kReadable:
          break;
        case Connection::Liveness::kGone:
          locked->Close(absl::UnavailableError("the client has gone"));
          break;
      }
    });
  }

  const ServerOptions options_;
  const Handler handler_;
  std::shared_ptr<const TlsContext> tls_;
  asio::io_context io_;
  Tcp::acceptor acceptor_;
  asio::steady_timer accept_pause_;
  uint16_t port_ = 0;
  std::vector<std::thread> threads_;
  mutable absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  absl::flat_hash_map<std::shared_ptr<Connection>, asio::any_io_executor>
      connections_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> StartServer(ServerOptions options,
                                                    Handler handler) {
  auto server =
      std::make_unique<ServerImpl>(std::move(options), std::move(handler));
  ABSL_RETURN_IF_ERROR(server->Listen());
  return server;
}

}  // namespace signet::http
