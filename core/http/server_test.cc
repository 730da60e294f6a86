#include "core/http/server.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/simulated_clock.h"
#include "absl/time/time.h"
#include "core/http/message.h"
#include "core/http/raw_socket.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

// The server in plain HTTP, as bytes on the wire. TLS is in
// beast_transport_test.cc, where our own client stands at the other end.
namespace signet::http {
namespace {

using ::absl_testing::StatusIs;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

constexpr absl::Duration kPatience = absl::Seconds(30);
// Of a timeout that a test waits for.
constexpr absl::Duration kShort = absl::Milliseconds(50);

std::unique_ptr<Server> Start(Handler handler, ServerOptions options = {}) {
  absl::StatusOr<std::unique_ptr<Server>> server =
      StartServer(std::move(options), std::move(handler));
  CHECK_OK(server.status());
  return *std::move(server);
}

// Answers with what was asked.
void Echo(const Request& request, const Peer&,
          std::shared_ptr<Responder> responder) {
  Response response;
  response.headers.Set("Content-Type", "text/plain");
  response.body =
      absl::StrCat(request.method, " ", request.target, " ", request.body);
  responder->Send(std::move(response));
}

// A handler that only keeps the responders, in order.
class Inbox {
 public:
  Handler handler() {
    return [this](const Request&, const Peer&,
                  std::shared_ptr<Responder> responder) {
      absl::MutexLock lock(mutex_);
      responders_.push_back(std::move(responder));
    };
  }
  // Waits for the next one.
  std::shared_ptr<Responder> Take() {
    absl::MutexLock lock(mutex_);
    const auto some = [this] { return !responders_.empty(); };
    CHECK(mutex_.AwaitWithTimeout(absl::Condition(&some), kPatience));
    std::shared_ptr<Responder> first = std::move(responders_.front());
    responders_.erase(responders_.begin());
    return first;
  }

 private:
  absl::Mutex mutex_;
  std::vector<std::shared_ptr<Responder>> responders_;
};

std::string Get(absl::string_view target) {
  return absl::StrCat("GET ", target, " HTTP/1.1\r\nHost: x\r\n\r\n");
}

TEST(ServerTest, AnswersAndKeepsTheConnection) {
  absl::SimulatedClock clock(absl::FromUnixSeconds(784111777));
  ServerOptions options;
  options.clock = &clock;
  const auto server = Start(Echo, options);
  RawSocket client = RawSocket::Connect(server->port());
  for (int i = 0; i < 3; ++i) {
    client.Write(
        "POST /a?b=c HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi");
    EXPECT_EQ(client.ReadMessage(),
              "HTTP/1.1 200 OK\r\n"
              "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
              "Content-Type: text/plain\r\n"
              "Content-Length: 14\r\n"
              "\r\n"
              "POST /a?b=c hi");
  }
}

TEST(ServerTest, TellsTheHandlerOfTheRequestAndThePeer) {
  Request got;
  Peer peer;
  const auto server = Start([&](const Request& request, const Peer& from,
                                std::shared_ptr<Responder> responder) {
    got = request;
    peer = from;
    responder->Send(Response());
  });
  RawSocket client = RawSocket::Connect(server->port());
  client.Write(
      "PATCH /%61/b?c HTTP/1.1\r\nHost: x\r\nX-A: 1\r\nx-a:  2 \r\n"
      "Transfer-Encoding: chunked\r\n\r\n"
      "3;ext=1\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: x\r\n\r\n");
  EXPECT_THAT(client.ReadMessage(), StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_EQ(got.method, "PATCH");
  EXPECT_EQ(got.target, "/%61/b?c");
  EXPECT_EQ(got.body, "abcde");
  EXPECT_EQ(got.headers.Get("X-A"), "1");
  EXPECT_TRUE(got.headers.Has("host"));
  EXPECT_THAT(peer.address, StartsWith("127.0.0.1:"));
  EXPECT_THAT(peer.certificates, IsEmpty());
}

TEST(ServerTest, RefusesWhatIsNoGoodRequest) {
  ServerOptions options;
  options.max_header_bytes = 1000;
  options.max_body_bytes = 10;
  bool called = false;
  const auto server = Start(
      [&](const Request&, const Peer&, std::shared_ptr<Responder> responder) {
        called = true;
        responder->Send(Response());
      },
      options);
  const std::string long_value(1001, 'x');
  const struct {
    std::string name;
    std::string request;
    std::string want_status;
  } kTests[] = {
      {"nonsense", "nonsense\r\n\r\n", "400"},
      {"bytes of TLS", std::string("\x16\x03\x01\x02\x00\x01\x00\xfc", 8),
       "400"},
      {"no version", "GET /\r\n\r\n", "400"},
      {"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "505"},
      {"HTTP/1.2", "GET / HTTP/1.2\r\nHost: x\r\n\r\n", "505"},
      {"no Host", "GET / HTTP/1.1\r\n\r\n", "400"},
      {"two Hosts", "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", "400"},
      {"a relative target", "GET a HTTP/1.1\r\nHost: x\r\n\r\n", "400"},
      {"CONNECT", "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", "400"},
      {"a space in the target", "GET /a b HTTP/1.1\r\nHost: x\r\n\r\n", "505"},
      {"a space after a header's name",
       "GET / HTTP/1.1\r\nHost: x\r\nA : b\r\n\r\n", "400"},
      {"a header without a colon", "GET / HTTP/1.1\r\nHost: x\r\nA\r\n\r\n",
       "400"},
      {"a NUL in a header",
       absl::StrCat("GET / HTTP/1.1\r\nHost: x\r\nA: ",
                    absl::string_view("\0", 1), "\r\n\r\n"),
       "400"},
      {"a long header",
       absl::StrCat("GET / HTTP/1.1\r\nHost: x\r\nA: ", long_value, "\r\n\r\n"),
       "431"},
      {"a long target",
       absl::StrCat("GET /", long_value, " HTTP/1.1\r\nHost: x\r\n\r\n"),
       "431"},
      {"a Content-Length over the limit",
       "PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n", "413"},
      {"a Content-Length beyond any number",
       "PUT / HTTP/1.1\r\nHost: x\r\n"
       "Content-Length: 99999999999999999999\r\n\r\n",
       "400"},
      {"a negative Content-Length",
       "PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", "400"},
      {"two Content-Lengths",
       "PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n"
       "Content-Length: 2\r\n\r\n",
       "400"},
      {"a Content-Length and chunks",
       "PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n"
       "Transfer-Encoding: chunked\r\n\r\n",
       "400"},
      {"chunks over the limit",
       "PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
       "6\r\nabcdef\r\n6\r\n",
       "413"},
      {"a chunk of a bad size",
       "PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
       "x\r\n",
       "400"},
      {"a chunk extension without end",
       absl::StrCat("PUT / HTTP/1.1\r\nHost: x\r\n"
                    "Transfer-Encoding: chunked\r\n\r\n1;",
                    std::string(20000, 'x')),
       "400"},
      {"another transfer encoding",
       "PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", "501"},
      {"another transfer encoding before chunked",
       "PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
       "501"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    RawSocket client = RawSocket::Connect(server->port());
    client.Write(t.request);
    const std::string answer = client.ReadAll();  // It closes the connection.
    EXPECT_THAT(answer, StartsWith(absl::StrCat("HTTP/1.1 ", t.want_status)));
    EXPECT_THAT(answer, HasSubstr("\r\nConnection: close\r\n"));
  }
  EXPECT_FALSE(called);
}

// The client is not reset before it has read why.
TEST(ServerTest, A413ReachesAClientThatIsStillSending) {
  const auto server = Start(Echo);
  RawSocket client = RawSocket::Connect(server->port());
  client.Write("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 4194304\r\n\r\n");
  client.Write(std::string(4194304, 'x'));
  client.ShutdownWrite();
  EXPECT_THAT(client.ReadAll(), StartsWith("HTTP/1.1 413 "));
}

TEST(ServerTest, TakesABodyOfExactlyTheLimit) {
  ServerOptions options;
  options.max_body_bytes = 10;
  const auto server = Start(Echo, options);
  RawSocket client = RawSocket::Connect(server->port());
  client.Write("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n");
  client.Write("0123456789");
  EXPECT_THAT(client.ReadMessage(), EndsWith("PUT / 0123456789"));
}

TEST(ServerTest, AnswersRequestsThatCameTogetherInOrder) {
  const auto server = Start(Echo);
  RawSocket client = RawSocket::Connect(server->port());
  client.Write(absl::StrCat("\r\n", Get("/1"), "\r\n", Get("/2"), Get("/3")));
  EXPECT_THAT(client.ReadMessage(), EndsWith("GET /1 "));
  EXPECT_THAT(client.ReadMessage(), EndsWith("GET /2 "));
  EXPECT_THAT(client.ReadMessage(), EndsWith("GET /3 "));
}

TEST(ServerTest, AnswersARequestThatComesByteByByte) {
  const auto server = Start(Echo);
  RawSocket client = RawSocket::Connect(server->port());
  for (const char c : std::string(
           "PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
           "3\r\nabc\r\n0\r\n\r\n")) {
    client.Write(absl::string_view(&c, 1));
  }
  EXPECT_THAT(client.ReadMessage(), EndsWith("PUT / abc"));
}

TEST(ServerTest, GivesProxysTargetsTheirOriginForm) {
  const auto server = Start(Echo);
  const struct {
    std::string target;
    std::string want;
  } kTests[] = {
      {"http://host:1/a?b", "/a?b"},
      {"HTTPS://host/a", "/a"},
      {"http://host", "/"},
  };
  RawSocket client = RawSocket::Connect(server->port());
  for (const auto& t : kTests) {
    client.Write(Get(t.target));
    EXPECT_THAT(client.ReadMessage(),
                EndsWith(absl::StrCat("\nGET ", t.want, " ")));
  }
}

TEST(ServerTest, ClosesWhenEitherSideSaysSo) {
  const auto server = Start([](const Request& request, const Peer&,
                               std::shared_ptr<Responder> responder) {
    Response response;
    if (request.target == "/close") response.headers.Set("Connection", "close");
    responder->Send(std::move(response));
  });
  const std::string kRequests[] = {
      "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
      "GET / HTTP/1.0\r\n\r\n",
      Get("/close"),
  };
  for (const std::string& request : kRequests) {
    SCOPED_TRACE(request);
    RawSocket client = RawSocket::Connect(server->port());
    client.Write(request);
    EXPECT_THAT(client.ReadAll(), HasSubstr("\r\nConnection: close\r\n"));
  }
}

TEST(ServerTest, SaysContinueToWhoWaitsForIt) {
  ServerOptions options;
  options.max_body_bytes = 10;
  const auto server = Start(Echo, options);
  RawSocket client = RawSocket::Connect(server->port());
  client.Write(
      "PUT / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
      "Content-Length: 2\r\n\r\n");
  EXPECT_EQ(client.ReadUntil("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.Write("hi");
  EXPECT_THAT(client.ReadMessage(), EndsWith("PUT / hi"));

  client.Write(
      "PUT / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
      "Content-Length: 11\r\n\r\n");
  EXPECT_THAT(client.ReadAll(), StartsWith("HTTP/1.1 413 "));
}

TEST(ServerTest, SendsNoBodyWhereThereMustBeNone) {
  const auto server = Start([](const Request& request, const Peer&,
                               std::shared_ptr<Responder> responder) {
    Response response;
    if (request.target == "/204") response.status = 204;
    if (request.target == "/304") response.status = 304;
    response.body = "body";
    responder->Send(std::move(response));
  });
  RawSocket client = RawSocket::Connect(server->port());
  client.Write("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(client.ReadUntil("\r\n\r\n"), HasSubstr("Content-Length: 4\r\n"));
  for (const absl::string_view target : {"/204", "/304"}) {
    client.Write(Get(target));
    EXPECT_THAT(client.ReadUntil("\r\n\r\n"), Not(HasSubstr("Content-Length")));
  }
  client.Write(Get("/"));
  EXPECT_THAT(client.ReadMessage(), EndsWith("\r\n\r\nbody"));
}

TEST(ServerTest, LeavesOutHeadersThatAreNoneOrItsOwn) {
  const auto server = Start(
      [](const Request&, const Peer&, std::shared_ptr<Responder> responder) {
        Response response;
        response.headers.Add("A", "1");
        response.headers.Add("B", "2\r\nInjected: 1");
        response.headers.Add("C D", "3");
        response.headers.Add("Content-Length", "1000");
        response.headers.Add("Transfer-Encoding", "chunked");
        responder->Send(std::move(response));
      });
  RawSocket client = RawSocket::Connect(server->port());
  client.Write(Get("/"));
  const std::string answer = client.ReadMessage();
  EXPECT_THAT(answer, EndsWith("\r\nA: 1\r\nContent-Length: 0\r\n\r\n"));
}

TEST(ServerTest, AHandlerThatDoesNotAnswerIsA500) {
  const auto server =
      Start([](const Request&, const Peer&, std::shared_ptr<Responder>) {});
  RawSocket client = RawSocket::Connect(server->port());
  for (int i = 0; i < 2; ++i) {  // The connection lives on.
    client.Write(Get("/"));
    EXPECT_THAT(client.ReadMessage(),
                StartsWith("HTTP/1.1 500 Internal Server Error\r\n"));
  }
}

TEST(ServerTest, OnlyTheFirstAnswerCounts) {
  const auto server = Start(
      [](const Request&, const Peer&, std::shared_ptr<Responder> responder) {
        Response response;
        response.body = "one";
        responder->Send(response);
        response.body = "two";
        responder->Send(response);
        responder->Start(200, Headers());
        EXPECT_FALSE(responder->Write("three"));
        responder->Finish();
      });
  RawSocket client = RawSocket::Connect(server->port());
  client.Write(absl::StrCat(Get("/"), Get("/")));
  EXPECT_THAT(client.ReadMessage(), EndsWith("\r\n\r\none"));
  EXPECT_THAT(client.ReadMessage(), EndsWith("\r\n\r\none"));
}

TEST(ServerTest, AnswersFromAnyThreadAtAnyTime) {
  Inbox inbox;
  const auto server = Start(inbox.handler());
  RawSocket one = RawSocket::Connect(server->port());
  RawSocket two = RawSocket::Connect(server->port());
  one.Write(Get("/1"));
  const auto first = inbox.Take();
  two.Write(Get("/2"));
  const auto second = inbox.Take();
  second->Send({.status = 202, .headers = {}, .body = ""});
  EXPECT_THAT(two.ReadMessage(), StartsWith("HTTP/1.1 202 Accepted\r\n"));
  first->Send({.status = 201, .headers = {}, .body = ""});
  EXPECT_THAT(one.ReadMessage(), StartsWith("HTTP/1.1 201 Created\r\n"));
}

TEST(ServerTest, StreamsChunks) {
  Inbox inbox;
  const auto server = Start(inbox.handler());
  RawSocket client = RawSocket::Connect(server->port());
  client.Write(Get("/"));
  const auto responder = inbox.Take();
  Headers headers;
  headers.Set("Content-Type", "application/json");
  responder->Start(200, headers);
  EXPECT_THAT(client.ReadUntil("\r\n\r\n"),
              EndsWith("\r\nContent-Type: application/json\r\n"
                       "Transfer-Encoding: chunked\r\n\r\n"));
  EXPECT_TRUE(responder->Write("one"));
  EXPECT_EQ(client.ReadUntil("one\r\n"), "3\r\none\r\n");
  EXPECT_TRUE(responder->Write(""));  // Would be the end, on the wire.
  EXPECT_TRUE(responder->Write(std::string(17, 'x')));
  EXPECT_EQ(client.ReadUntil("x\r\n"), "11\r\nxxxxxxxxxxxxxxxxx\r\n");
  responder->Finish();
  EXPECT_EQ(client.ReadUntil("\r\n\r\n"), "0\r\n\r\n");
  // And the connection lives on.
  client.Write(Get("/"));
  inbox.Take()->Send(Response());
  EXPECT_THAT(client.ReadMessage(), StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST(ServerTest, StreamsToHttp10UntilTheEndOfTheConnection) {
  Inbox inbox;
  const auto server = Start(inbox.handler());
  RawSocket client = RawSocket::Connect(server->port());
  client.Write("GET / HTTP/1.0\r\n\r\n");
  const auto responder = inbox.Take();
  responder->Start(200, Headers());
  EXPECT_TRUE(responder->Write("one"));
  EXPECT_TRUE(responder->Write("two"));
  responder->Finish();
  EXPECT_THAT(client.ReadAll(),
              EndsWith("\r\nConnection: close\r\n\r\nonetwo"));
}

TEST(ServerTest, AStreamThatIsDroppedIsCut) {
  Inbox inbox;
  const auto server = Start(inbox.handler());
  RawSocket client = RawSocket::Connect(server->port());
  client.Write(Get("/"));
  auto responder = inbox.Take();
  responder->Start(200, Headers());
  EXPECT_TRUE(responder->Write("one"));
  client.ReadUntil("one\r\n");
  responder.reset();
  EXPECT_EQ(client.ReadAll(), "");
}

TEST(ServerTest, TellsWhenTheClientHasGone) {
  const struct {
    std::string name;
    bool stream;
    std::function<void(RawSocket&)> leave;
  } kTests[] = {
      {"closed while it waits for the answer", false,
       [](RawSocket& client) { client.Close(); }},
      {"closed while it reads a stream", true,
       [](RawSocket& client) { client.Close(); }},
      {"reset while it reads a stream", true,
       [](RawSocket& client) { client.Reset(); }},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    Inbox inbox;
    const auto server = Start(inbox.handler());
    RawSocket client = RawSocket::Connect(server->port());
    client.Write(Get("/"));
    const auto responder = inbox.Take();
    if (t.stream) responder->Start(200, Headers());
    absl::Notification one, two, late;
    responder->OnClosed([&] { one.Notify(); });
    responder->OnClosed([&] { two.Notify(); });
    EXPECT_FALSE(one.HasBeenNotified());
    t.leave(client);
    EXPECT_TRUE(one.WaitForNotificationWithTimeout(kPatience));
    EXPECT_TRUE(two.WaitForNotificationWithTimeout(kPatience));
    responder->OnClosed([&] { late.Notify(); });
    EXPECT_TRUE(late.HasBeenNotified());
    EXPECT_FALSE(responder->Write("x"));
    responder->Send(Response());
    responder->Finish();
  }
}

TEST(ServerTest, ACallbackMayOwnItsResponder) {
  Inbox inbox;
  const auto server = Start(inbox.handler());
  RawSocket client = RawSocket::Connect(server->port());
  const auto alive = std::make_shared<int>();
  client.Write(Get("/"));
  auto responder = inbox.Take();
  responder->OnClosed([responder, alive] {});
  responder->Send(Response());
  responder.reset();
  EXPECT_THAT(client.ReadMessage(), StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_EQ(alive.use_count(), 1);  // Finished: the callback is gone.
}

TEST(ServerTest, AClientThatDoesNotReadIsCut) {
  Inbox inbox;
  ServerOptions options;
  options.max_queued_bytes = 1 << 20;
  const auto server = Start(inbox.handler(), options);
  RawSocket client = RawSocket::Connect(server->port());
  client.Write(Get("/"));
  const auto responder = inbox.Take();
  responder->Start(200, Headers());
  absl::Notification closed;
  responder->OnClosed([&] { closed.Notify(); });
  // Two buffers of the system stand between us and it.
  const std::string chunk(100 << 10, 'x');
  int written = 0;
  while (written < 1000 && responder->Write(chunk)) ++written;
  EXPECT_GT(written, 5);
  EXPECT_LT(written, 1000);
  EXPECT_TRUE(closed.WaitForNotificationWithTimeout(kPatience));
  EXPECT_FALSE(responder->Write("x"));
}

TEST(ServerTest, AClientThatTakesNoAnswerInTimeIsCut) {
  Inbox inbox;
  ServerOptions options;
  options.idle_timeout = kShort;
  const auto server = Start(inbox.handler(), options);
  RawSocket client = RawSocket::Connect(server->port());
  client.Write(Get("/"));
  const auto responder = inbox.Take();
  responder->Start(200, Headers());
  absl::Notification closed;
  responder->OnClosed([&] { closed.Notify(); });
  EXPECT_TRUE(responder->Write(std::string(10 << 20, 'x')));
  EXPECT_TRUE(closed.WaitForNotificationWithTimeout(kPatience));
}

TEST(ServerTest, SlowClientsRunOutOfTime) {
  ServerOptions options;
  options.header_timeout = kShort;
  options.idle_timeout = absl::Minutes(1);
  const auto server = Start(Echo, options);
  {
    SCOPED_TRACE("half a header");
    RawSocket client = RawSocket::Connect(server->port());
    client.Write("GET / HTTP/1.1\r\nHost:");
    EXPECT_THAT(client.ReadAll(), StartsWith("HTTP/1.1 408 "));
  }
  {
    SCOPED_TRACE("half a second header");
    RawSocket client = RawSocket::Connect(server->port());
    client.Write(absl::StrCat(Get("/"), "GET"));
    EXPECT_THAT(client.ReadMessage(), EndsWith("GET / "));
    EXPECT_THAT(client.ReadAll(), StartsWith("HTTP/1.1 408 "));
  }
}

TEST(ServerTest, SlowBodiesAndIdleConnectionsRunOutOfTime) {
  ServerOptions options;
  options.idle_timeout = kShort;
  const auto server = Start(Echo, options);
  {
    SCOPED_TRACE("no request at all");
    RawSocket client = RawSocket::Connect(server->port());
    EXPECT_EQ(client.ReadAll(), "");
  }
  {
    SCOPED_TRACE("no second request");
    RawSocket client = RawSocket::Connect(server->port());
    client.Write(Get("/"));
    EXPECT_THAT(client.ReadAll(), EndsWith("GET / "));
  }
  {
    SCOPED_TRACE("half a body");
    RawSocket client = RawSocket::Connect(server->port());
    client.Write("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nh");
    EXPECT_THAT(client.ReadAll(), StartsWith("HTTP/1.1 408 "));
  }
}

TEST(ServerTest, TurnsAwayWhoIsTooMany) {
  ServerOptions options;
  options.max_connections = 2;
  const auto server = Start(Echo, options);
  RawSocket one = RawSocket::Connect(server->port());
  RawSocket two = RawSocket::Connect(server->port());
  one.Write(Get("/"));
  one.ReadMessage();
  two.Write(Get("/"));
  two.ReadMessage();
  RawSocket three = RawSocket::Connect(server->port());
  EXPECT_EQ(three.ReadAll(), "");
  // When one goes, there is room again; how soon is the server's affair.
  one.Close();
  std::string answer;
  while (answer.empty()) {
    RawSocket four = RawSocket::Connect(server->port());
    four.Write("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    answer = four.ReadAll();
  }
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST(ServerTest, ManyIdleConnectionsDoNotStandInTheWay) {
  const auto server = Start(Echo);
  std::vector<RawSocket> idle;
  for (int i = 0; i < 300; ++i) {
    idle.push_back(RawSocket::Connect(server->port()));
  }
  for (RawSocket& client : idle) client.Write(Get("/"));
  for (RawSocket& client : idle) {
    EXPECT_THAT(client.ReadMessage(), EndsWith("GET / "));
  }
}

TEST(ServerTest, StopCutsEverythingAndTells) {
  Inbox inbox;
  const auto server = Start(inbox.handler());
  RawSocket idle = RawSocket::Connect(server->port());
  RawSocket half = RawSocket::Connect(server->port());
  half.Write("GET / HT");
  RawSocket waiting = RawSocket::Connect(server->port());
  waiting.Write(Get("/"));
  const auto unanswered = inbox.Take();
  RawSocket watching = RawSocket::Connect(server->port());
  watching.Write(Get("/"));
  const auto stream = inbox.Take();
  stream->Start(200, Headers());
  absl::Notification one, two;
  unanswered->OnClosed([&] { one.Notify(); });
  stream->OnClosed([&] { two.Notify(); });

  server->Stop();
  EXPECT_TRUE(one.HasBeenNotified());
  EXPECT_TRUE(two.HasBeenNotified());
  EXPECT_EQ(idle.ReadAll(), "");
  EXPECT_EQ(half.ReadAll(), "");
  EXPECT_EQ(waiting.ReadAll(), "");
  watching.ReadAll();
  server->Stop();  // Again: nothing happens.
  EXPECT_FALSE(stream->Write("x"));
}

TEST(ServerTest, AResponderMayOutliveTheServer) {
  Inbox inbox;
  auto server = Start(inbox.handler());
  RawSocket one = RawSocket::Connect(server->port());
  one.Write(Get("/"));
  const auto unanswered = inbox.Take();
  RawSocket two = RawSocket::Connect(server->port());
  two.Write(Get("/"));
  auto stream = inbox.Take();
  stream->Start(200, Headers());
  server.reset();
  unanswered->Send(Response());
  EXPECT_FALSE(stream->Write("x"));
  stream->Finish();
  stream.reset();
}

TEST(ServerTest, WritersAndTheEndMayCollide) {
  Inbox inbox;
  auto server = Start(inbox.handler());
  RawSocket client = RawSocket::Connect(server->port());
  client.Write(Get("/"));
  const auto stream = inbox.Take();
  stream->Start(200, Headers());
  std::thread writer([&] {
    while (stream->Write("event")) {
    }
  });
  client.ReadUntil("event");
  server.reset();
  writer.join();
}

TEST(ServerTest, SaysWhyItCannotListen) {
  const auto server = Start(Echo);
  ServerOptions options;
  options.port = server->port();
  EXPECT_THAT(
      StartServer(options, Echo),
      StatusIs(absl::StatusCode::kUnavailable,
               absl::StrCat("cannot listen on 127.0.0.1:", server->port(),
                            ": Address already in use")));
  options.address = "localhost";
  EXPECT_THAT(StartServer(options, Echo),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "\"localhost\" is no IP address"));
}

TEST(ServerTest, APortIsFreeAgainAtOnce) {
  auto server = Start(Echo);
  ServerOptions options;
  options.port = server->port();
  RawSocket client = RawSocket::Connect(server->port());
  client.Write(Get("/"));
  client.ReadMessage();
  server.reset();
  server = Start(Echo, options);
  EXPECT_EQ(server->port(), options.port);
}

}  // namespace
}  // namespace signet::http
