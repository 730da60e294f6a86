#include "core/http/beast_transport.h"

#include <algorithm>
#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/optional/optional.hpp>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "core/http/body_parser.h"
#include "core/http/connection.h"
#include "core/http/message.h"
#include "core/http/tls_context.h"
#include "core/http/transport.h"
#include "core/http/url.h"
#include "core/http/wire.h"

namespace signet::http {
namespace {

namespace asio = boost::asio;
namespace beast_http = boost::beast::http;
using Tcp = asio::ip::tcp;
using ErrorCode = boost::system::error_code;
using Parser = BodyParser</*kIsRequest=*/false>;

constexpr uint32_t kMaxHeaderBytes = 1 << 20;

// How long to listen for what the server has to say about a request that it
// did not let us finish.
constexpr absl::Duration kLastWords = absl::Seconds(2);

// A request as it goes over the wire.
struct EncodedRequest {
  std::string text;
  bool head = false;        // The response has no body.
  bool repeatable = false;  // Nothing changes if it is done twice.
  bool stream = false;      // The body of a 2xx response has no limit.
};

// A connection, and what was read from it too early.
struct Link {
  std::shared_ptr<Connection> connection;
  std::string unread;
  Deadline idle_until = kNoDeadline;  // While in the pool.
};

// A response whose header has been read.
struct Reply {
  Link link;
  std::unique_ptr<Parser> parser;
};

// The state of a stream; but for `closed`, for the I/O thread only.
struct StreamState {
  Reply reply;
  bool ended = false;
  absl::Status error;  // Sticky.
  std::atomic<bool> closed = false;
};

// All there is to a transport. Its users' threads call the public functions;
// everything else happens on the one I/O thread, so it needs no locks.
class Core {
 public:
  Core(TransportOptions options, Url server, std::optional<Url> proxy,
       std::shared_ptr<const TlsContext> tls)
      : options_(std::move(options)),
        server_(std::move(server)),
        proxy_(std::move(proxy)),
        tls_(std::move(tls)),
        name_(HostPort(server_.host, server_.port)),
        io_(1),
        work_(io_.get_executor()),
        sweeper_(io_),
        identity_timer_(io_),
        thread_([this] { io_.run(); }) {
    if (tls_ != nullptr && options_.identity != nullptr) {
      asio::post(io_, [this] {
        IdentityHasChanged();
        WatchIdentity();
      });
    }
  }

  ~Core() {
    Shutdown();
    io_.stop();  // Not waiting for the resolver.
    thread_.join();
  }

  absl::StatusOr<Response> Send(const Request& request,
                                absl::Duration timeout) {
    ABSL_ASSIGN_OR_RETURN(const EncodedRequest encoded, Encode(request));
    return Await(SendOnThread(encoded, DeadlineAfter(timeout)));
  }

  // `state` gets the stream, if there is one.
  absl::StatusOr<StreamResponse> Open(
      const Request& request, absl::Duration timeout,
      const std::shared_ptr<StreamState>& state) {
    ABSL_ASSIGN_OR_RETURN(EncodedRequest encoded, Encode(request));
    encoded.stream = true;
    return Await(OpenOnThread(encoded, DeadlineAfter(timeout), state));
  }

  absl::StatusOr<std::string> ReadStream(
      const std::shared_ptr<StreamState>& state, absl::Duration timeout) {
    return Await(ReadStreamOnThread(state, DeadlineAfter(timeout)));
  }

  void CloseStream(const std::shared_ptr<StreamState>& state) {
    state->closed = true;
    asio::post(io_, [state] {
      if (state->reply.link.connection != nullptr) {
        state->reply.link.connection->Close(
            absl::CancelledError("the stream was closed"));
      }
    });
  }

  void CloseConnections() {
    RunOnThread([this] {
      if (options_.identity != nullptr) IdentityHasChanged();
      CloseAll(absl::UnavailableError(
          absl::StrCat("the connections to ", name_, " were closed")));
    });
  }

  void Shutdown() {
    RunOnThread([this] {
      shut_down_ = true;
      CloseAll(ShutDownError());
    });
  }

 private:
  static absl::Status ShutDownError() {
    return absl::CancelledError("the transport is shut down");
  }

  // Runs a coroutine on the I/O thread and waits for its result.
  template <class T>
  T Await(asio::awaitable<T> coroutine) {
    struct Slot {
      absl::Notification done;
      T value = absl::InternalError("an exception was thrown");
    };
    const auto slot = std::make_shared<Slot>();
    asio::co_spawn(io_, std::move(coroutine),
                   [slot](const std::exception_ptr& exception, T value) {
                     if (exception == nullptr) slot->value = std::move(value);
                     slot->done.Notify();
                   });
    slot->done.WaitForNotification();
    return std::move(slot->value);
  }

  template <class F>
  void RunOnThread(F function) {
    absl::Notification done;
    asio::post(io_, [&] {
      function();
      done.Notify();
    });
    done.WaitForNotification();
  }

  absl::StatusOr<EncodedRequest> Encode(const Request& request) const {
    if (!IsToken(request.method)) {
      return absl::InvalidArgumentError(
          absl::StrCat("bad method \"", request.method, "\""));
    }
    if (!IsTargetText(request.target) || request.target[0] != '/') {
      return absl::InvalidArgumentError(
          absl::StrCat("bad target \"", request.target,
                       "\": it must begin with a slash and be escaped"));
    }
    EncodedRequest encoded;
    encoded.head = request.method == "HEAD";
    encoded.repeatable =
        encoded.head || request.method == "GET" || request.method == "OPTIONS";
    std::string& text = encoded.text;
    const bool through_proxy = proxy_.has_value() && tls_ == nullptr;
    absl::StrAppend(&text, request.method, " ");
    if (through_proxy) absl::StrAppend(&text, "http://", server_.authority);
    absl::StrAppend(&text, server_.path, request.target, " HTTP/1.1\r\n");
    AppendField(text, "Host", server_.authority);
    if (!request.headers.Has("User-Agent")) {
      AppendField(text, "User-Agent", options_.user_agent);
    }
    if (through_proxy) AppendProxyAuthorization(text);
    for (const auto& [name, value] : request.headers.fields()) {
      if (!IsToken(name) || !IsFieldValue(value)) {
        // Without the value: it may be a token.
        return absl::InvalidArgumentError(
            absl::StrCat("bad header \"", name, "\""));
      }
      if (absl::EqualsIgnoreCase(name, "Host") ||
          absl::EqualsIgnoreCase(name, "Content-Length") ||
          absl::EqualsIgnoreCase(name, "Transfer-Encoding") ||
          absl::EqualsIgnoreCase(name, "Connection")) {
        continue;  // Ours to say.
      }
      AppendField(text, name, value);
    }
    if (!request.body.empty() || request.method == "POST" ||
        request.method == "PUT" || request.method == "PATCH") {
      AppendField(text, "Content-Length", absl::StrCat(request.body.size()));
    }
    absl::StrAppend(&text, "\r\n", request.body);
    return encoded;
  }

  void AppendProxyAuthorization(std::string& text) const {
    if (proxy_->user_info.empty()) return;
    AppendField(text, "Proxy-Authorization",
                absl::StrCat("Basic ", absl::Base64Escape(proxy_->user_info)));
  }

  // What follows runs on the I/O thread.

  void CloseAll(const absl::Status& reason) {
    idle_.clear();
    const std::vector<std::shared_ptr<Connection>> open(open_.begin(),
                                                        open_.end());
    for (const auto& connection : open) connection->Close(reason);
  }

  // Whether the certificate to present is another than when this was last
  // asked. One that has gone without a successor changes nothing.
  bool IdentityHasChanged() {
    std::shared_ptr<const TlsIdentity> now = options_.identity->Current();
    if (now == nullptr || now == identity_) return false;
    const bool changed =
        identity_ == nullptr ||
        now->chain.front().der() != identity_->chain.front().der();
    identity_ = std::move(now);
    return changed;
  }

  // Closes, from time to time, what was made with another certificate than the
  // present one: so that a watch, which would never ask for a new one by
  // itself, does not outlive the old (SPEC ).
  void WatchIdentity() {
    identity_timer_.expires_at(DeadlineAfter(options_.identity_check));
    identity_timer_.async_wait([this](ErrorCode error) {
      if (error || shut_down_) return;
      if (IdentityHasChanged()) {
        CloseAll(absl::UnavailableError(
            absl::StrCat("the client certificate for ", name_, " changed")));
      }
      WatchIdentity();
    });
  }

  asio::awaitable<absl::StatusOr<Response>> SendOnThread(
      const EncodedRequest& request, Deadline deadline) {
    absl::StatusOr<Reply> reply = co_await RoundTrip(request, deadline);
    if (!reply.ok()) co_return reply.status();
    if (absl::Status status = co_await ReadBody(*reply, deadline);
        !status.ok()) {
      co_return status;
    }
    Response response;
    response.status = static_cast<int>(reply->parser->get().result_int());
    response.headers = ToHeaders(reply->parser->get());
    response.body = std::move(reply->parser->get().body());
    co_return response;
  }

  asio::awaitable<absl::StatusOr<StreamResponse>> OpenOnThread(
      const EncodedRequest& request, Deadline deadline,
      std::shared_ptr<StreamState> state) {
    absl::StatusOr<Reply> reply = co_await RoundTrip(request, deadline);
    if (!reply.ok()) co_return reply.status();
    StreamResponse response;
    response.status = static_cast<int>(reply->parser->get().result_int());
    response.headers = ToHeaders(reply->parser->get());
    if (response.status / 100 == 2) {
      state->reply = *std::move(reply);
      co_return response;
    }
    reply->parser->body_limit(options_.max_response_bytes);
    if (reply->parser->content_length().value_or(0) >
        options_.max_response_bytes) {
      absl::Status status = BadResponse(beast_http::error::body_limit);
      reply->link.connection->Close(status);
      co_return status;
    }
    if (absl::Status status = co_await ReadBody(*reply, deadline);
        !status.ok()) {
      co_return status;
    }
    response.body = std::move(reply->parser->get().body());
    co_return response;
  }

  // Sends a request and reads the header of its response.
  asio::awaitable<absl::StatusOr<Reply>> RoundTrip(
      const EncodedRequest& request, Deadline deadline) {
    Link link = TakeIdle();
    const bool reused = link.connection != nullptr;
    if (!reused) {
      absl::StatusOr<Link> dialled = co_await Dial(deadline);
      if (!dialled.ok()) co_return dialled.status();
      link = *std::move(dialled);
    }
    const std::shared_ptr<Connection> connection = link.connection;
    bool may_repeat = false;
    absl::StatusOr<Reply> reply =
        co_await Exchange(std::move(link), request, deadline, may_repeat);
    if (reply.ok()) co_return reply;
    // A connection that we closed ourselves says so; else the server did.
    const bool retry = reused && may_repeat && !connection->closed() &&
                       absl::IsUnavailable(reply.status());
    connection->Close(reply.status());
    if (!retry) co_return reply;

    absl::StatusOr<Link> dialled = co_await Dial(deadline);
    if (!dialled.ok()) co_return dialled.status();
    link = *std::move(dialled);
    const std::shared_ptr<Connection> second = link.connection;
    reply = co_await Exchange(std::move(link), request, deadline, may_repeat);
    if (!reply.ok()) second->Close(reply.status());
    co_return reply;
  }

  // `may_repeat` tells after a failure whether the server cannot have acted on
  // the request, or can act on it again without harm.
  asio::awaitable<absl::StatusOr<Reply>> Exchange(Link link,
                                                  const EncodedRequest& request,
                                                  Deadline deadline,
                                                  bool& may_repeat) {
    Connection& connection = *link.connection;
    size_t written = 0;
    const absl::Status sent = co_await connection.Write(
        request.text, deadline, absl::InfiniteDuration(), &written);
    if (!sent.ok()) {
      may_repeat = request.repeatable || written == 0;
      if (absl::IsDeadlineExceeded(sent) || connection.closed()) {
        co_return Explain(sent);
      }
      // The server may have said why before it hung up.
      deadline = std::min(deadline, DeadlineAfter(kLastWords));
    }
    Reply reply;
    reply.link = std::move(link);
    bool heard = false;
    absl::Status status = co_await ReadHeader(reply, request, deadline, heard);
    may_repeat = !heard && (request.repeatable || written == 0);
    if (!status.ok()) {
      // Of two complaints about a broken connection the first is the better.
      co_return !sent.ok() && absl::IsUnavailable(status) ? sent : status;
    }
    co_return reply;
  }

  // Reads a response's header, and skips 1xx ones before it.
  asio::awaitable<absl::Status> ReadHeader(Reply& reply,
                                           const EncodedRequest& request,
                                           Deadline deadline, bool& heard) {
    Connection& connection = *reply.link.connection;
    std::string& unread = reply.link.unread;
    while (true) {
      reply.parser = std::make_unique<Parser>();
      Parser& parser = *reply.parser;
      parser.header_limit(kMaxHeaderBytes);
      parser.skip(request.head);
      if (request.stream) {
        parser.body_limit(boost::none);
      } else {
        parser.body_limit(options_.max_response_bytes);
      }
      ErrorCode error;
      while (true) {
        if (!Feed(parser, unread, error)) co_return BadResponse(error);
        if (parser.is_header_done()) break;
        const absl::StatusOr<size_t> n =
            co_await connection.Read(unread, deadline);
        if (!n.ok()) co_return Explain(n.status());
        if (*n == 0) {
          co_return absl::UnavailableError(
              absl::StrCat(name_, " closed the connection before it answered"));
        }
        heard = true;
      }
      const unsigned status = parser.get().result_int();
      if (status == 101) {
        co_return absl::InvalidArgumentError(
            absl::StrCat(name_, " switched protocols without being asked"));
      }
      if (status / 100 != 1) break;
    }
    if (!HasKnownEncoding(reply.parser->get())) {
      co_return absl::InvalidArgumentError(absl::StrCat(
          "the response of ", name_, " has an unknown transfer encoding"));
    }
    co_return absl::OkStatus();
  }

  // Reads the rest of a response into its parser and gives the connection back.
  asio::awaitable<absl::Status> ReadBody(Reply& reply, Deadline deadline) {
    absl::Status status;
    while (status.ok() && !reply.parser->is_done()) {
      status = co_await ReadMore(reply, deadline);
    }
    if (status.ok()) {
      Recycle(std::move(reply.link), *reply.parser);
    } else {
      reply.link.connection->Close(status);
    }
    co_return status;
  }

  // One step towards the end of a body.
  asio::awaitable<absl::Status> ReadMore(Reply& reply, Deadline deadline) {
    Parser& parser = *reply.parser;
    ErrorCode error;
    if (!reply.link.unread.empty()) {
      const size_t before = reply.link.unread.size();
      if (!Feed(parser, reply.link.unread, error)) co_return BadResponse(error);
      if (parser.is_done() || reply.link.unread.size() < before) {
        co_return absl::OkStatus();
      }
    }
    const absl::StatusOr<size_t> n =
        co_await reply.link.connection->Read(reply.link.unread, deadline);
    if (!n.ok()) co_return Explain(n.status());
    if (*n > 0) co_return absl::OkStatus();
    parser.put_eof(error);
    if (error) {
      co_return absl::UnavailableError(absl::StrCat(
          name_, " closed the connection in the middle of its response"));
    }
    co_return absl::OkStatus();
  }

  asio::awaitable<absl::StatusOr<std::string>> ReadStreamOnThread(
      std::shared_ptr<StreamState> state, Deadline deadline) {
    Reply& reply = state->reply;
    while (true) {
      if (state->closed) {
        co_return absl::CancelledError("the stream was closed");
      }
      if (!state->error.ok()) co_return state->error;
      if (state->ended) co_return "";
      std::string& body = reply.parser->get().body();
      if (!body.empty()) co_return std::exchange(body, std::string());
      if (reply.parser->is_done()) {
        state->ended = true;
        Recycle(std::move(reply.link), *reply.parser);
        continue;
      }
      absl::Status status = co_await ReadMore(reply, deadline);
      if (status.ok()) continue;
      if (state->closed) continue;
      if (absl::IsDeadlineExceeded(status)) co_return status;
      state->error = status;
      reply.link.connection->Close(status);
    }
  }

  // "timed out" is no news by itself.
  absl::Status Explain(const absl::Status& status) const {
    if (!absl::IsDeadlineExceeded(status)) return status;
    return absl::DeadlineExceededError(
        absl::StrCat(name_, " did not answer in time"));
  }

  absl::Status BadResponse(const ErrorCode& error) const {
    if (error == beast_http::error::body_limit) {
      return absl::InvalidArgumentError(
          absl::StrCat("the response of ", name_, " is over ",
                       options_.max_response_bytes, " bytes"));
    }
    if (error == beast_http::error::header_limit) {
      return absl::InvalidArgumentError(
          absl::StrCat("the header of the response of ", name_, " is over ",
                       kMaxHeaderBytes, " bytes"));
    }
    return absl::InvalidArgumentError(absl::StrCat(
        "the answer of ", name_, " is no HTTP response: ", error.message()));
  }

  asio::awaitable<absl::StatusOr<Link>> Dial(Deadline deadline) {
    if (shut_down_) co_return ShutDownError();
    Link link;
    link.connection = std::make_shared<Connection>(io_.get_executor(), name_);
    Connection& connection = *link.connection;
    open_.insert(link.connection);
    connection.NotifyClosed([this, raw = link.connection.get()] {
      open_.erase(raw->shared_from_this());
    });
    absl::Status status = co_await Connect(connection, deadline);
    if (!status.ok()) {
      connection.Close(status);
      co_return status;
    }
    co_return link;
  }

  asio::awaitable<absl::Status> Connect(Connection& connection,
                                        Deadline deadline) {
    const Deadline dial_deadline =
        std::min(deadline, DeadlineAfter(options_.dial_timeout));
    const Url& where = proxy_.has_value() ? *proxy_ : server_;
    absl::StatusOr<std::vector<Tcp::endpoint>> endpoints =
        co_await connection.Resolve(where.host, absl::StrCat(where.port),
                                    dial_deadline);
    if (!endpoints.ok()) co_return endpoints.status();
    absl::Status status =
        co_await connection.Connect(*std::move(endpoints), dial_deadline);
    if (!status.ok() || tls_ == nullptr) co_return status;
    if (proxy_.has_value()) {
      status = co_await ConnectThroughProxy(connection, dial_deadline);
      if (!status.ok()) co_return status;
    }
    co_return co_await connection.StartTls(
        tls_,
        std::min(deadline, DeadlineAfter(options_.tls_handshake_timeout)));
  }

  asio::awaitable<absl::Status> ConnectThroughProxy(Connection& connection,
                                                    Deadline deadline) {
    const std::string proxy = HostPort(proxy_->host, proxy_->port);
    std::string text = absl::StrCat("CONNECT ", name_, " HTTP/1.1\r\n");
    AppendField(text, "Host", name_);
    AppendField(text, "User-Agent", options_.user_agent);
    AppendProxyAuthorization(text);
    text.append("\r\n");
    const auto failed = [&](absl::StatusCode code, absl::string_view why) {
      return absl::Status(code, absl::StrCat("proxy ", proxy, ": ", why));
    };
    const absl::Status sent = co_await connection.Write(
        text, deadline, absl::InfiniteDuration(), nullptr);
    if (!sent.ok()) co_return failed(sent.code(), sent.message());
    Parser parser;
    parser.header_limit(kMaxHeaderBytes);
    parser.skip(true);
    std::string unread;
    ErrorCode error;
    while (true) {
      if (!Feed(parser, unread, error)) {
        co_return failed(absl::StatusCode::kInvalidArgument, error.message());
      }
      if (parser.is_header_done()) break;
      const absl::StatusOr<size_t> n =
          co_await connection.Read(unread, deadline);
      if (!n.ok()) co_return failed(n.status().code(), n.status().message());
      if (*n == 0) {
        co_return failed(absl::StatusCode::kUnavailable,
                         "it closed the connection");
      }
    }
    const int status = static_cast<int>(parser.get().result_int());
    if (status / 100 != 2) {
      co_return failed(absl::StatusCode::kUnavailable,
                       absl::StrCat("it refused to connect to ", name_, ": ",
                                    status, " ", ReasonPhrase(status)));
    }
    if (!unread.empty()) {
      co_return failed(absl::StatusCode::kInvalidArgument,
                       "it sent more than it was asked for");
    }
    co_return absl::OkStatus();
  }

  // The pool. The connection used last is the likeliest to be alive.

  Link TakeIdle() {
    while (!idle_.empty()) {
      Link link = std::move(idle_.back());
      idle_.pop_back();
      if (std::chrono::steady_clock::now() < link.idle_until &&
          link.connection->Probe() == Connection::Liveness::kIdle) {
        return link;
      }
      link.connection->Close(absl::UnavailableError("no longer of use"));
    }
    return Link();
  }

  void Recycle(Link link, const Parser& parser) {
    if (!parser.keep_alive() || !link.unread.empty() ||
        link.connection->closed() ||
        idle_.size() >=
            static_cast<size_t>(std::max(options_.max_idle_connections, 0))) {
      link.connection->Close(absl::UnavailableError("done"));
      return;
    }
    link.unread = std::string();
    link.idle_until = DeadlineAfter(options_.idle_timeout);
    idle_.push_back(std::move(link));
    if (idle_.size() == 1) Sweep();
  }

  // Closes what has been idle for too long, now and later. The oldest come
  // first in the pool.
  void Sweep() {
    const Deadline now = std::chrono::steady_clock::now();
    while (!idle_.empty() && idle_.front().idle_until <= now) {
      idle_.front().connection->Close(absl::UnavailableError("idle"));
      idle_.erase(idle_.begin());
    }
    if (idle_.empty()) return;
    sweeper_.expires_at(idle_.front().idle_until);
    sweeper_.async_wait([this](ErrorCode error) {
      if (!error) Sweep();
    });
  }

  const TransportOptions options_;
  const Url server_;
  const std::optional<Url> proxy_;
  const std::shared_ptr<const TlsContext> tls_;  // Null: plain HTTP.
  const std::string name_;                       // "host:port"
  asio::io_context io_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  asio::steady_timer sweeper_;
  asio::steady_timer identity_timer_;
  std::shared_ptr<const TlsIdentity> identity_;  // The last one seen.
  bool shut_down_ = false;
  absl::flat_hash_set<std::shared_ptr<Connection>> open_;  // All of them.
  std::vector<Link> idle_;
  std::thread thread_;
};

class StreamImpl : public Stream {
 public:
  StreamImpl(std::shared_ptr<Core> core, std::shared_ptr<StreamState> state)
      : core_(std::move(core)), state_(std::move(state)) {}
  ~StreamImpl() override { Close(); }

  absl::StatusOr<std::string> Read(absl::Duration timeout) override {
    return core_->ReadStream(state_, timeout);
  }
  void Close() override { core_->CloseStream(state_); }

 private:
  const std::shared_ptr<Core> core_;
  const std::shared_ptr<StreamState> state_;
};

class BeastTransport : public Transport {
 public:
  explicit BeastTransport(std::shared_ptr<Core> core)
      : core_(std::move(core)) {}
  ~BeastTransport() override { core_->Shutdown(); }

  absl::StatusOr<Response> Send(const Request& request,
                                absl::Duration timeout) override {
    return core_->Send(request, timeout);
  }

  absl::StatusOr<StreamResponse> Open(const Request& request,
                                      absl::Duration timeout) override {
    const auto state = std::make_shared<StreamState>();
    ABSL_ASSIGN_OR_RETURN(StreamResponse response,
                          core_->Open(request, timeout, state));
    if (response.status / 100 == 2) {
      response.stream = std::make_unique<StreamImpl>(core_, state);
    }
    return response;
  }

  void CloseConnections() override { core_->CloseConnections(); }
  void Shutdown() override { core_->Shutdown(); }

 private:
  // Shared with the streams, which may live longer.
  const std::shared_ptr<Core> core_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Transport>> NewBeastTransport(
    TransportOptions options) {
  ABSL_ASSIGN_OR_RETURN(Url server, ParseUrl(options.server));
  if (!server.user_info.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the URL of ", HostPort(server.host, server.port),
                     " must not have a user name"));
  }
  std::optional<Url> proxy;
  if (!options.proxy.empty()) {
    ABSL_ASSIGN_OR_RETURN(proxy, ParseUrl(options.proxy));
    if (proxy->scheme != "http") {
      return absl::InvalidArgumentError(
          absl::StrCat("proxy ", HostPort(proxy->host, proxy->port),
                       ": only http:// proxies are supported"));
    }
  }
  std::shared_ptr<const TlsContext> tls;
  if (server.scheme == "https") {
    ABSL_ASSIGN_OR_RETURN(
        tls,
        TlsContext::ForClient(
            {.server = HostPort(server.host, server.port),
             .name = options.tls_server_name.empty() ? server.host
                                                     : options.tls_server_name,
             .trust = options.trust,
             .insecure_skip_verify = options.insecure_skip_tls_verify,
             .identity = options.identity,
             .clock = options.clock}));
  }
  return std::make_unique<BeastTransport>(std::make_shared<Core>(
      std::move(options), std::move(server), std::move(proxy), std::move(tls)));
}

}  // namespace signet::http
