#include "core/http/beast_transport.h"

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/simulated_clock.h"
#include "absl/time/time.h"
#include "core/http/message.h"
#include "core/http/raw_socket.h"
#include "core/http/server.h"
#include "core/http/tls_identity.h"
#include "core/http/transport.h"
#include "core/pki/private_key.h"
#include "core/pki/trust_bundle.h"
#include "core/testing/test_ca.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "openssl/ssl.h"

namespace signet::http {

namespace {

using ::absl_testing::IsOk;
using ::absl_testing::IsOkAndHolds;
using ::absl_testing::StatusIs;
using ::signet::testing::TestCa;
using ::signet::testing::TestIdentity;
using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::Eq;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;
using ::testing::SizeIs;
using ::testing::StartsWith;

// Nothing here should take that long.
constexpr absl::Duration kPatience = absl::Seconds(30);
// Of a timeout that a test waits for.
constexpr absl::Duration kShort = absl::Milliseconds(50);

// An identity, or roots, that change while connections are open.
class ChangingIdentity : public IdentitySource {
 public:
  void Set(std::shared_ptr<const TlsIdentity> identity) {
    absl::MutexLock lock(mutex_);
    identity_ = std::move(identity);
  }
  std::shared_ptr<const TlsIdentity> Current() override {
    absl::MutexLock lock(mutex_);
    return identity_;
  }

 private:
  absl::Mutex mutex_;
  std::shared_ptr<const TlsIdentity> identity_;
};

class ChangingTrust : public TrustSource {
 public:
  void Set(const TestCa& ca) {
    absl::MutexLock lock(mutex_);
    bundle_ = std::make_shared<const pki::TrustBundle>(ca.trust_bundle());
  }
  std::shared_ptr<const pki::TrustBundle> Current() override {
    absl::MutexLock lock(mutex_);
    return bundle_;
  }

 private:
  absl::Mutex mutex_;
  std::shared_ptr<const pki::TrustBundle> bundle_;
};

// What a server saw of a request.
struct Seen {
  Request request;
  std::string address;
  std::string common_name;  // Of the client's certificate, if any.
};

// A handler that answers with the request's body and remembers it all.
class Recorder {
 public:
  Handler handler() {
    return [this](const Request& request, const Peer& peer,
                  std::shared_ptr<Responder> responder) {
      {
        absl::MutexLock lock(mutex_);
        seen_.push_back({request, peer.address,
                         peer.certificates.empty()
                             ? ""
                             : peer.certificates[0].subject().common_name});
      }
      Response response;
      response.headers.Set("X-Method", request.method);
      response.body = request.body;
      responder->Send(std::move(response));
    };
  }
  std::vector<Seen> seen() const {
    absl::MutexLock lock(mutex_);
    return seen_;
  }
  std::set<std::string> addresses() const {
    std::set<std::string> addresses;
    for (const Seen& s : seen()) addresses.insert(s.address);
    return addresses;
  }

 private:
  mutable absl::Mutex mutex_;
  std::vector<Seen> seen_;
};

std::unique_ptr<Server> Start(Handler handler, ServerOptions options = {}) {
  absl::StatusOr<std::unique_ptr<Server>> server =
      StartServer(std::move(options), std::move(handler));
  CHECK_OK(server.status());
  return *std::move(server);
}

std::unique_ptr<Server> StartTls(const TestIdentity& identity, Handler handler,
                                 ServerOptions options = {}) {
  options.identity = std::make_shared<FixedIdentity>(identity.tls);
  return Start(std::move(handler), std::move(options));
}

std::unique_ptr<Transport> NewTransport(TransportOptions options) {
  absl::StatusOr<std::unique_ptr<Transport>> transport =
      NewBeastTransport(std::move(options));
  CHECK_OK(transport.status());
  return *std::move(transport);
}

TransportOptions Plain(uint16_t port) {
  TransportOptions options;
  options.server = absl::StrCat("http://127.0.0.1:", port);
  return options;
}

TransportOptions Tls(uint16_t port, const TestCa& ca) {
  TransportOptions options;
  options.server = absl::StrCat("https://127.0.0.1:", port);
  options.trust = ca.trust();
  return options;
}

Request Get(absl::string_view target = "/") {
  Request request;
  request.target = std::string(target);
  return request;
}

Request Post(absl::string_view body) {
  Request request;
  request.method = "POST";
  request.body = std::string(body);
  return request;
}

auto HasBody(absl::string_view body) {
  return IsOkAndHolds(Field("body", &Response::body, std::string(body)));
}

auto HasStatus(int status) {
  return IsOkAndHolds(Field("status", &Response::status, status));
}

// Requests and connections.

TEST(BeastTransportTest, CarriesTheRequestAndTheResponse) {
  const TestCa ca;
  const TestIdentity identity = ca.Server();
  for (const bool tls : {false, true}) {
    SCOPED_TRACE(tls ? "with TLS" : "plain");
    Recorder recorder;
    const auto server = tls ? StartTls(identity, recorder.handler())
                            : Start(recorder.handler());
    TransportOptions options =
        tls ? Tls(server->port(), ca) : Plain(server->port());
    options.user_agent = "signet/test";
    const auto transport = NewTransport(options);
    Request request = Post("body\0with a NUL");
    request.method = "PATCH";
    request.target = "/apis/x?fieldManager=a%20b";
    request.headers.Add("Accept", "application/json");
    request.headers.Add("X-Twice", "1");
    request.headers.Add("X-Twice", "2");
    const auto response = transport->Send(request, kPatience);
    ASSERT_THAT(response, HasBody(request.body));
    EXPECT_EQ(response->status, 200);
    EXPECT_EQ(response->headers.Get("x-method"), "PATCH");
    ASSERT_THAT(recorder.seen(), SizeIs(1));
    const Request got = recorder.seen()[0].request;
    EXPECT_EQ(got.method, "PATCH");
    EXPECT_EQ(got.target, "/apis/x?fieldManager=a%20b");
    EXPECT_EQ(got.body, request.body);
    EXPECT_THAT(
        got.headers.fields(),
        ElementsAre(Pair("Host", absl::StrCat("127.0.0.1:", server->port())),
                    Pair("User-Agent", "signet/test"),
                    Pair("Accept", "application/json"), Pair("X-Twice", "1"),
                    Pair("X-Twice", "2"),
                    Pair("Content-Length", absl::StrCat(request.body.size()))));
  }
}

TEST(BeastTransportTest, RefusesRequestsThatWouldBreakTheProtocol) {
  const auto transport = NewTransport(Plain(1));
  const struct {
    std::string name;
    std::function<void(Request&)> spoil;
  } kTests[] = {
      {"no method", [](Request& r) { r.method = ""; }},
      {"a method of two words", [](Request& r) { r.method = "GET /x"; }},
      {"a target with a space", [](Request& r) { r.target = "/a b"; }},
      {"a target with a line break", [](Request& r) { r.target = "/\r\nA:"; }},
      {"a relative target", [](Request& r) { r.target = "a"; }},
      {"no target", [](Request& r) { r.target = ""; }},
      {"a header with a line break in its value",
       [](Request& r) { r.headers.Add("A", "secret\r\nB: c"); }},
      {"a header with a colon in its name",
       [](Request& r) { r.headers.Add("A:", "secret"); }},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    Request request;
    t.spoil(request);
    EXPECT_THAT(
        transport->Send(request, kPatience).status(),
        StatusIs(absl::StatusCode::kInvalidArgument, Not(HasSubstr("secret"))));
  }
}

TEST(BeastTransportTest, UsesOneConnectionForRequestsInARow) {
  const TestCa ca;
  Recorder recorder;
  const auto server = StartTls(ca.Server(), recorder.handler());
  const auto transport = NewTransport(Tls(server->port(), ca));
  for (int i = 0; i < 10; ++i) {
    ASSERT_THAT(transport->Send(Post("x"), kPatience), HasBody("x"));
  }
  EXPECT_THAT(recorder.seen(), SizeIs(10));
  EXPECT_THAT(recorder.addresses(), SizeIs(1));
}

TEST(BeastTransportTest, ServesManyThreads) {
  const TestCa ca;
  Recorder recorder;
  const auto server = StartTls(ca.Server(), recorder.handler());
  const auto transport = NewTransport(Tls(server->port(), ca));
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      for (int j = 0; j < 20; ++j) {
        const std::string body = absl::StrCat(i, "/", j);
        EXPECT_THAT(transport->Send(Post(body), kPatience), HasBody(body));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(recorder.seen(), SizeIs(160));
  EXPECT_LE(recorder.addresses().size(), 8);
}

TEST(BeastTransportTest, MovesBigBodies) {
  const TestCa ca;
  Recorder recorder;
  const auto server = StartTls(ca.Server(), recorder.handler());
  const auto transport = NewTransport(Tls(server->port(), ca));
  std::string body(3 << 20, 'x');
  for (size_t i = 0; i < body.size(); i += 1000) body[i] = 'y';
  EXPECT_THAT(transport->Send(Post(body), kPatience), HasBody(body));
}

TEST(BeastTransportTest, KeepsThePathOfTheServersUrl) {
  Recorder recorder;
  const auto server = Start(recorder.handler());
  TransportOptions options = Plain(server->port());
  options.server += "/cluster-a/";
  const auto transport = NewTransport(options);
  ASSERT_THAT(transport->Send(Get("/api?x"), kPatience), IsOk());
  EXPECT_EQ(recorder.seen()[0].request.target, "/cluster-a/api?x");
}

TEST(BeastTransportTest, SpeaksIpv6) {
  const TestCa ca;
  Recorder recorder;
  ServerOptions server_options;
  server_options.address = "::1";
  server_options.identity = std::make_shared<FixedIdentity>(ca.Server().tls);
  const auto server = StartServer(server_options, recorder.handler());
  if (!server.ok()) GTEST_SKIP() << "no IPv6 here: " << server.status();
  TransportOptions options = Tls((*server)->port(), ca);
  options.server = absl::StrCat("https://[::1]:", (*server)->port());
  const auto transport = NewTransport(options);
  ASSERT_THAT(transport->Send(Get(), kPatience), IsOk());
  EXPECT_THAT(recorder.seen()[0].address, StartsWith("[::1]:"));
}

TEST(BeastTransportTest, KnowsLocalhostWithoutAHostsFile) {
  const TestCa ca;
  Recorder recorder;
  const auto server = StartTls(ca.Server(), recorder.handler());
  TransportOptions options = Tls(server->port(), ca);
  options.server = absl::StrCat("https://localhost:", server->port());
  // ::1 comes first; nobody listens there.
  EXPECT_THAT(NewTransport(options)->Send(Get(), kPatience), IsOk());
}

TEST(BeastTransportTest, BadOptionsAreInvalid) {
  const TestCa ca;
  const struct {
    std::string name;
    std::function<void(TransportOptions&)> spoil;
    std::string want;
  } kTests[] = {
      {"no URL", [](TransportOptions& o) { o.server = ""; }, "bad URL \"\""},
      {"another scheme", [](TransportOptions& o) { o.server = "ftp://a"; },
       "must begin with http:// or https://"},
      {"a user in the URL",
       [](TransportOptions& o) { o.server = "https://a:secret@b"; },
       "must not have a user name"},
      {"no roots", [](TransportOptions& o) { o.trust = nullptr; },
       "no roots to verify 127.0.0.1:1 by"},
      {"a proxy with TLS", [](TransportOptions& o) { o.proxy = "https://p"; },
       "only http:// proxies are supported"},
      {"a proxy that is no URL", [](TransportOptions& o) { o.proxy = "p"; },
       "bad URL \"p\""},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    TransportOptions options = Tls(1, ca);
    t.spoil(options);
    EXPECT_THAT(NewBeastTransport(options),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         AllOf(HasSubstr(t.want), Not(HasSubstr("secret")))));
  }
}

// Certificates.

TEST(BeastTransportTest, RotatesTheClientCertificate) {  // SPEC A-44.
  const TestCa ca;
  Recorder recorder;
  absl::Notification watch_cut;
  std::shared_ptr<Responder> watch;
  ServerOptions server_options;
  server_options.client_trust = ca.trust();
  const auto server = StartTls(
      ca.Server(),
      [&](const Request& request, const Peer& peer,
          std::shared_ptr<Responder> responder) {
        if (request.target == "/watch") {
          watch = responder;
          watch->OnClosed([&] { watch_cut.Notify(); });
          watch->Start(200, Headers());
          return;
        }
        recorder.handler()(request, peer, std::move(responder));
      },
      server_options);
  const auto identity = std::make_shared<ChangingIdentity>();
  identity->Set(ca.Client("old").tls);
  TransportOptions options = Tls(server->port(), ca);
  options.identity = identity;
  const auto transport = NewTransport(options);

  auto stream = transport->Open(Get("/watch"), kPatience);
  ASSERT_THAT(stream, IsOk());
  ASSERT_THAT(transport->Send(Get(), kPatience), IsOk());
  identity->Set(ca.Client("new").tls);
  ASSERT_THAT(transport->Send(Get(), kPatience), IsOk());  // Still the old one.
  transport->CloseConnections();
  ASSERT_THAT(transport->Send(Get(), kPatience), IsOk());

  const std::vector<Seen> seen = recorder.seen();
  ASSERT_THAT(seen, SizeIs(3));
  EXPECT_EQ(seen[0].common_name, "old");
  EXPECT_EQ(seen[1].common_name, "old");
  EXPECT_EQ(seen[1].address, seen[0].address);
  EXPECT_EQ(seen[2].common_name, "new");
  EXPECT_NE(seen[2].address, seen[0].address);
  EXPECT_TRUE(watch_cut.WaitForNotificationWithTimeout(kPatience));
  EXPECT_THAT(stream->stream->Read(kPatience),
              StatusIs(absl::StatusCode::kUnavailable));
}

TEST(BeastTransportTest, A44A47ClosesAWatchWhenTheCertificateChanges) {
  const TestCa ca;
  Recorder recorder;
  ServerOptions server_options;
  server_options.identity = std::make_shared<FixedIdentity>(ca.Server().tls);
  server_options.request_client_certificate = true;
  const auto server = Start(
      [&](const Request& request, const Peer& peer,
          std::shared_ptr<Responder> responder) {
        if (request.target == "/watch") {
          responder->Start(200, {});
          responder->Write("event");
          responder->OnClosed([responder] {});  // Never finished.
          return;
        }
        recorder.handler()(request, peer, std::move(responder));
      },
      server_options);
  const auto identity = std::make_shared<ChangingIdentity>();
  const TestIdentity old_identity = ca.Client("old");
  identity->Set(old_identity.tls);
  TransportOptions options = Tls(server->port(), ca);
  options.identity = identity;
  options.identity_check = absl::Milliseconds(5);
  const auto transport = NewTransport(options);

  auto stream = transport->Open(Get("/watch"), kPatience);
  ASSERT_THAT(stream, IsOk());
  ASSERT_THAT(stream->stream->Read(kPatience), IsOkAndHolds("event"));
  // The same certificate, read anew, is no change; nor is none at all.
  identity->Set(std::make_shared<const TlsIdentity>(*old_identity.tls));
  EXPECT_THAT(stream->stream->Read(absl::Milliseconds(50)),
              StatusIs(absl::StatusCode::kDeadlineExceeded));
  identity->Set(nullptr);
  EXPECT_THAT(stream->stream->Read(absl::Milliseconds(50)),
              StatusIs(absl::StatusCode::kDeadlineExceeded));
  // Nobody asks for a new connection, and yet:
  identity->Set(ca.Client("new").tls);
  EXPECT_THAT(stream->stream->Read(kPatience),
              StatusIs(absl::StatusCode::kUnavailable));
  ASSERT_THAT(transport->Send(Get(), kPatience), IsOk());
  ASSERT_THAT(recorder.seen(), SizeIs(1));
  EXPECT_EQ(recorder.seen()[0].common_name, "new");
}

TEST(BeastTransportTest, A47ReloadsTheServersCertificateAndTheRoots) {
  const TestCa old_ca, new_ca;
  const auto identity = std::make_shared<ChangingIdentity>();
  identity->Set(old_ca.Server().tls);
  ServerOptions server_options;
  server_options.identity = identity;
  Recorder recorder;
  const auto server = Start(recorder.handler(), server_options);
  const auto trust = std::make_shared<ChangingTrust>();
  trust->Set(old_ca);
  TransportOptions options = Tls(server->port(), old_ca);
  options.trust = trust;
  const auto transport = NewTransport(options);
  EXPECT_THAT(transport->Send(Get(), kPatience), IsOk());

  identity->Set(new_ca.Server().tls);
  EXPECT_THAT(transport->Send(Get(), kPatience), IsOk());  // The connection
                                                           // lives on.
  transport->CloseConnections();
  EXPECT_THAT(transport->Send(Get(), kPatience).status(),
              StatusIs(absl::StatusCode::kUnauthenticated));
  trust->Set(new_ca);
  EXPECT_THAT(transport->Send(Get(), kPatience), IsOk());
}

TEST(BeastTransportTest, RefusesServersThatAreNotToBeTrusted) {
  const TestCa ca, other_ca("other-ca");
  const struct {
    std::string name;
    TestIdentity identity;
    std::function<void(TransportOptions&)> change;
    std::string want;
  } kTests[] = {
      {"another CA",
       other_ca.Server(),
       {},
       "certificate signed by unknown authority"},
      {"another CA of the same name", TestCa().Server(), {}, "x509: "},
      {"another address",
       ca.Server({.ip_addresses = {"192.0.2.1"}}),
       {},
       "certificate is valid for 192.0.2.1, not 127.0.0.1"},
      {"another name", ca.Server({.dns_names = {"a.example"}}),
       [](TransportOptions& o) { o.tls_server_name = "b.example"; },
       "certificate is valid for a.example, not b.example"},
      {"no names at all", ca.Client("127.0.0.1"), {}, "127.0.0.1"},
      {"expired",
       ca.Server({.validity = testing::Expired()}),
       {},
       "certificate has expired or is not yet valid"},
      {"a client's certificate",
       ca.Client({.common_name = "x", .ip_addresses = {"127.0.0.1"}}),
       {},
       "certificate specifies an incompatible key usage"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    Recorder recorder;
    const auto server = StartTls(t.identity, recorder.handler());
    TransportOptions options = Tls(server->port(), ca);
    if (t.change) t.change(options);
    EXPECT_THAT(
        NewTransport(options)->Send(Get(), kPatience).status(),
        StatusIs(
            absl::StatusCode::kUnauthenticated,
            AllOf(StartsWith(absl::StrCat("server certificate of 127.0.0.1:",
                                          server->port(), " is not trusted: ")),
                  HasSubstr(t.want))));
    EXPECT_THAT(recorder.seen(), SizeIs(0));

    options.insecure_skip_tls_verify = true;
    options.trust = nullptr;
    EXPECT_THAT(NewTransport(options)->Send(Get(), kPatience), IsOk());
  }
}

TEST(BeastTransportTest, JudgesByTheClockItWasGiven) {
  const TestCa ca;
  Recorder recorder;
  const auto server = StartTls(ca.Server(), recorder.handler());
  absl::SimulatedClock clock(ca.validity().not_after);
  TransportOptions options = Tls(server->port(), ca);
  options.clock = &clock;
  const auto transport = NewTransport(options);
  EXPECT_THAT(transport->Send(Get(), kPatience), IsOk());
  transport->CloseConnections();
  clock.AdvanceTime(absl::Seconds(1));
  EXPECT_THAT(transport->Send(Get(), kPatience).status(),
              StatusIs(absl::StatusCode::kUnauthenticated));
}

TEST(BeastTransportTest, TrustsByNameIfToldTo) {
  const TestCa ca;
  Recorder recorder;
  const auto server = StartTls(ca.Server({.dns_names = {"kubernetes.default"}}),
                               recorder.handler());
  TransportOptions options = Tls(server->port(), ca);
  options.tls_server_name = "kubernetes.default";
  EXPECT_THAT(NewTransport(options)->Send(Get(), kPatience), IsOk());
}

TEST(BeastTransportTest, TakesIntermediatesFromThePeer) {
  const TestCa root;
  const TestCa issuing = root.Intermediate("issuing");
  Recorder recorder;
  ServerOptions server_options;
  server_options.client_trust = root.trust();
  const auto server =
      StartTls(issuing.Server(), recorder.handler(), server_options);
  TransportOptions options = Tls(server->port(), root);
  options.identity = std::make_shared<FixedIdentity>(issuing.Client("a").tls);
  EXPECT_THAT(NewTransport(options)->Send(Get(), kPatience), IsOk());
  EXPECT_EQ(recorder.seen()[0].common_name, "a");
}

TEST(BeastTransportTest, WorksWithEveryKindOfKey) {
  for (const auto algorithm :
       {pki::KeyAlgorithm::kEcdsaP256, pki::KeyAlgorithm::kEcdsaP384,
        pki::KeyAlgorithm::kEcdsaP521, pki::KeyAlgorithm::kRsa2048,
        pki::KeyAlgorithm::kEd25519}) {
    SCOPED_TRACE(static_cast<int>(algorithm));
    const TestCa ca("ca", testing::ValidNow(), algorithm);
    Recorder recorder;
    ServerOptions server_options;
    server_options.client_trust = ca.trust();
    const auto server = StartTls(ca.Server({.key_algorithm = algorithm}),
                                 recorder.handler(), server_options);
    TransportOptions options = Tls(server->port(), ca);
    options.identity = std::make_shared<FixedIdentity>(
        ca.Client({.common_name = "a", .key_algorithm = algorithm}).tls);
    EXPECT_THAT(NewTransport(options)->Send(Get(), kPatience), IsOk());
  }
}

TEST(BeastTransportTest, AServerMayOnlyAskForAClientCertificate) {
  const TestCa ca, other_ca;
  Recorder recorder;
  ServerOptions server_options;
  server_options.request_client_certificate = true;
  const auto server = StartTls(ca.Server(), recorder.handler(), server_options);
  TransportOptions options = Tls(server->port(), ca);
  EXPECT_THAT(NewTransport(options)->Send(Get(), kPatience), IsOk());
  options.identity = std::make_shared<FixedIdentity>(
      other_ca
          .Client({.common_name = "whoever", .validity = testing::Expired()})
          .tls);
  EXPECT_THAT(NewTransport(options)->Send(Get(), kPatience), IsOk());
  ASSERT_THAT(recorder.seen(), SizeIs(2));
  EXPECT_EQ(recorder.seen()[0].common_name, "");
  EXPECT_EQ(recorder.seen()[1].common_name, "whoever");
}

TEST(BeastTransportTest, AServerThatVerifiesClientsRefusesThem) {
  const TestCa ca, other_ca;
  Recorder recorder;
  ServerOptions server_options;
  server_options.client_trust = ca.trust();
  const auto server = StartTls(ca.Server(), recorder.handler(), server_options);
  const struct {
    std::string name;
    std::shared_ptr<const TlsIdentity> identity;
  } kTests[] = {
      {"no certificate", nullptr},
      {"one of another CA", other_ca.Client("x").tls},
      {"an expired one",
       ca.Client({.common_name = "x", .validity = testing::Expired()}).tls},
      {"a server's", ca.Server().tls},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    TransportOptions options = Tls(server->port(), ca);
    options.identity = std::make_shared<FixedIdentity>(t.identity);
    const auto transport = NewTransport(options);
    // TLS 1.3 tells only after the handshake, so the request is on its way.
    for (const Request& request : {Get(), Post(std::string(1 << 20, 'x'))}) {
      EXPECT_THAT(
          transport->Send(request, kPatience).status(),
          StatusIs(absl::StatusCode::kUnauthenticated,
                   StartsWith(absl::StrCat("127.0.0.1:", server->port(),
                                           " rejected our certificate"))));
    }
  }
  EXPECT_THAT(recorder.seen(), SizeIs(0));
}

TEST(BeastTransportTest, AServerWithoutACertificateRefusesTheHandshake) {
  const TestCa ca;
  const auto identity = std::make_shared<ChangingIdentity>();
  ServerOptions server_options;
  server_options.identity = identity;
  Recorder recorder;
  const auto server = Start(recorder.handler(), server_options);
  const auto transport = NewTransport(Tls(server->port(), ca));
  EXPECT_THAT(transport->Send(Get(), kPatience).status(),
              StatusIs(absl::StatusCode::kUnavailable));
  identity->Set(ca.Server().tls);
  EXPECT_THAT(transport->Send(Get(), kPatience), IsOk());
}

// Old protocols, by BoringSSL itself on the other side.

bssl::UniquePtr<SSL> OldTls(const RawSocket& socket, const TestIdentity* server,
                            bssl::UniquePtr<SSL_CTX>& ctx, uint16_t version) {
  ctx.reset(SSL_CTX_new(TLS_method()));
  CHECK(SSL_CTX_set_min_proto_version(ctx.get(), TLS1_VERSION));
  CHECK(SSL_CTX_set_max_proto_version(ctx.get(), version));
  bssl::UniquePtr<SSL> ssl(SSL_new(ctx.get()));
  if (server != nullptr) {
    const std::string& der = server->certificate().der();
    CHECK(SSL_use_certificate_ASN1(
        ssl.get(), reinterpret_cast<const uint8_t*>(der.data()), der.size()));
    CHECK(SSL_use_PrivateKey(ssl.get(), server->tls->key.evp()));
  }
  CHECK(SSL_set_fd(ssl.get(), socket.fd()));
  return ssl;
}

TEST(BeastTransportTest, RefusesOldTls) {
  const TestCa ca;
  const TestIdentity identity = ca.Server();
  const struct {
    uint16_t version;
    bool want_ok;
  } kTests[] = {{TLS1_1_VERSION, false}, {TLS1_2_VERSION, true}};
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.version);
    {
      SCOPED_TRACE("of a server");
      RawListener listener;
      std::thread server([&] {
        RawSocket socket = listener.Accept();
        bssl::UniquePtr<SSL_CTX> ctx;
        const auto ssl = OldTls(socket, &identity, ctx, t.version);
        EXPECT_EQ(SSL_accept(ssl.get()) == 1, t.want_ok);
        socket.Close();
      });
      const auto got =
          NewTransport(Tls(listener.port(), ca))->Send(Get(), kPatience);
      server.join();
      if (t.want_ok) {  // But there is no answer.
        EXPECT_THAT(got, StatusIs(absl::StatusCode::kUnavailable));
      } else {
        EXPECT_THAT(got, StatusIs(absl::StatusCode::kInvalidArgument,
                                  HasSubstr("protocol version")));
      }
    }
    {
      SCOPED_TRACE("of a client");
      Recorder recorder;
      const auto server = StartTls(identity, recorder.handler());
      RawSocket socket = RawSocket::Connect(server->port());
      bssl::UniquePtr<SSL_CTX> ctx;
      const auto ssl = OldTls(socket, nullptr, ctx, t.version);
      EXPECT_EQ(SSL_connect(ssl.get()) == 1, t.want_ok);
    }
  }
}

TEST(BeastTransportTest, SaysWhenThePeerSpeaksNoTls) {
  const TestCa ca;
  Recorder recorder;
  const auto plain_server = Start(recorder.handler());
  EXPECT_THAT(
      NewTransport(Tls(plain_server->port(), ca))
          ->Send(Get(), kPatience)
          .status(),
      StatusIs(absl::StatusCode::kInvalidArgument,
               StartsWith(absl::StrCat(
                   "TLS with 127.0.0.1:", plain_server->port(), " failed: "))));
  const auto tls_server = StartTls(ca.Server(), recorder.handler());
  EXPECT_THAT(
      NewTransport(Plain(tls_server->port()))->Send(Get(), kPatience).status(),
      StatusIs(AnyOf(absl::StatusCode::kUnavailable,
                     absl::StatusCode::kInvalidArgument)));
}

// Servers that misbehave.

TEST(BeastTransportTest, NobodyListens) {
  uint16_t port;
  {
    port = RawListener().port();
  }
  EXPECT_THAT(
      NewTransport(Plain(port))->Send(Get(), kPatience).status(),
      StatusIs(absl::StatusCode::kUnavailable,
               absl::StrCat("dial 127.0.0.1:", port, ": Connection refused")));
}

TEST(BeastTransportTest, NobodyHasThatName) {
  TransportOptions options;
  options.server = "http://no-such-host.invalid";
  EXPECT_THAT(NewTransport(options)->Send(Get(), kPatience).status(),
              StatusIs(absl::StatusCode::kUnavailable,
                       StartsWith("looking up no-such-host.invalid: ")));
}

TEST(BeastTransportTest, DiallingHasATimeout) {
  // With a full backlog Linux drops what else comes.
  RawListener listener(/*backlog=*/0);
  const RawSocket waits = RawSocket::Connect(listener.port());
  TransportOptions options = Plain(listener.port());
  options.dial_timeout = kShort;
  EXPECT_THAT(NewTransport(options)->Send(Get(), kPatience).status(),
              StatusIs(absl::StatusCode::kDeadlineExceeded,
                       absl::StrCat("dial 127.0.0.1:", listener.port(),
                                    ": timed out")));
}

TEST(BeastTransportTest, ASilentServerRunsOutOfTime) {
  const TestCa ca;
  RawListener listener;  // The system accepts for it.
  {
    SCOPED_TRACE("no answer");
    EXPECT_THAT(
        NewTransport(Plain(listener.port()))->Send(Get(), kShort).status(),
        StatusIs(absl::StatusCode::kDeadlineExceeded,
                 absl::StrCat("127.0.0.1:", listener.port(),
                              " did not answer in time")));
  }
  {
    SCOPED_TRACE("no TLS handshake, and time for it");
    TransportOptions options = Tls(listener.port(), ca);
    options.tls_handshake_timeout = kShort;
    EXPECT_THAT(NewTransport(options)->Send(Get(), kPatience).status(),
                StatusIs(absl::StatusCode::kDeadlineExceeded,
                         absl::StrCat("TLS handshake with 127.0.0.1:",
                                      listener.port(), " timed out")));
  }
  {
    SCOPED_TRACE("no TLS handshake, and no time left for the request");
    EXPECT_THAT(
        NewTransport(Tls(listener.port(), ca))->Send(Get(), kShort).status(),
        StatusIs(absl::StatusCode::kDeadlineExceeded));
  }
  {
    SCOPED_TRACE("no time at all");
    EXPECT_THAT(NewTransport(Plain(listener.port()))
                    ->Send(Get(), absl::ZeroDuration())
                    .status(),
                StatusIs(absl::StatusCode::kDeadlineExceeded));
  }
  {
    SCOPED_TRACE("a body that the server does not take");
    EXPECT_THAT(NewTransport(Plain(listener.port()))
                    ->Send(Post(std::string(32 << 20, 'x')), kShort)
                    .status(),
                StatusIs(absl::StatusCode::kDeadlineExceeded));
  }
}

TEST(BeastTransportTest, BadAnswers) {
  const std::string chunked =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  constexpr auto kBroken = absl::StatusCode::kUnavailable;
  constexpr auto kBad = absl::StatusCode::kInvalidArgument;
  const struct {
    std::string name;
    std::string answer;
    absl::StatusCode want_code;
    std::string want;
  } kTests[] = {
      {"none", "", kBroken, "closed the connection before it answered"},
      {"half a header", "HTTP/1.1 200 OK\r\nConte", kBroken,
       "closed the connection before it answered"},
      {"half a body", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab", kBroken,
       "closed the connection in the middle of its response"},
      {"half a chunk", chunked + "4\r\nab", kBroken,
       "closed the connection in the middle of its response"},
      {"no last chunk", chunked + "2\r\nab\r\n", kBroken,
       "closed the connection in the middle of its response"},
      {"nonsense", "nonsense\r\n\r\n", kBad, "is no HTTP response"},
      {"another protocol", "220 mail.example ESMTP\r\n", kBad,
       "is no HTTP response"},
      {"HTTP/2 frames",
       std::string("\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x80", 15), kBad,
       "is no HTTP response"},
      {"a bad status", "HTTP/1.1 2x0 OK\r\n\r\n", kBad, "is no HTTP response"},
      {"a bad chunk", chunked + "x\r\n", kBad, "is no HTTP response"},
      {"two lengths",
       "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
       kBad, "is no HTTP response"},
      {"an unknown transfer encoding",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", kBad,
       "unknown transfer encoding"},
      {"an upgrade", "HTTP/1.1 101 Switching Protocols\r\n\r\n", kBad,
       "switched protocols"},
      {"a Content-Length over the limit",
       "HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n", kBad,
       "is over 100 bytes"},
      {"a Content-Length that is far over it",
       "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\n", kBad,
       "is over 100 bytes"},
      {"a chunk over the limit", chunked + "fffffff\r\n", kBad,
       "is over 100 bytes"},
      {"chunks over the limit",
       absl::StrCat(chunked, "40\r\n", std::string(64, 'x'), "\r\n40\r\n"),
       kBad, "is over 100 bytes"},
      {"a body over the limit, until the end of the connection",
       "HTTP/1.1 200 OK\r\n\r\n" + std::string(101, 'x'), kBad,
       "is over 100 bytes"},
      {"a chunk's extension without end",
       chunked + "1;" + std::string(20000, 'x'), kBad, "is no HTTP response"},
      {"a header without end",
       "HTTP/1.1 200 OK\r\nA: " + std::string(2 << 20, 'x'), kBad,
       "the header of the response"},
  };
  for (const auto& t : kTests) {
    for (const bool open : {false, true}) {
      SCOPED_TRACE(absl::StrCat(t.name, open ? ", by Open" : ""));
      // Open has no limit for a 2xx, so here it gets an error.
      const std::string answer =
          open && absl::StrContains(t.want, "over 100")
              ? absl::StrCat("HTTP/1.1 500", t.answer.substr(12))
              : t.answer;
      RawListener listener;
      std::thread server([&] {
        RawSocket socket = listener.Accept();
        socket.ReadMessage();
        socket.Write(answer);
        socket.ShutdownWrite();
        socket.ReadAll();
      });
      TransportOptions options = Plain(listener.port());
      options.max_response_bytes = 100;
      auto transport = NewTransport(options);
      absl::Status status;
      if (!open) {
        status = transport->Send(Get(), kPatience).status();
      } else if (auto response = transport->Open(Get(), kPatience);
                 !response.ok()) {
        status = response.status();
      } else if (response->stream != nullptr) {
        absl::StatusOr<std::string> got = "start";
        while (got.ok() && !got->empty()) {
          got = response->stream->Read(kPatience);
        }
        status = got.status();
        // It stays broken.
        EXPECT_EQ(response->stream->Read(kPatience).status(), status);
      }
      EXPECT_THAT(status, StatusIs(t.want_code,
                                   AllOf(HasSubstr(t.want),
                                         HasSubstr(absl::StrCat(
                                             "127.0.0.1:", listener.port())))));
      transport.reset();
      server.join();
    }
  }
}

TEST(BeastTransportTest, GoodAnswersOfEveryShape) {
  const struct {
    std::string name;
    std::string method;
    std::string answer;
    int want_status;
    std::string want_body;
  } kTests[] = {
      {"a length", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab", 200,
       "ab"},
      {"chunks", "GET",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
       "1\r\na\r\n1;x=y\r\nb\r\n0\r\nTrailer: x\r\n\r\n",
       200, "ab"},
      {"until the end", "GET", "HTTP/1.1 200 OK\r\n\r\nab", 200, "ab"},
      {"HTTP/1.0", "GET", "HTTP/1.0 200 OK\r\n\r\nab", 200, "ab"},
      {"nothing", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200,
       ""},
      {"no content", "GET", "HTTP/1.1 204 No Content\r\n\r\n", 204, ""},
      {"not modified", "GET",
       "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 304, ""},
      {"HEAD", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 200, ""},
      {"an interim answer first", "GET",
       "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n"
       "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab",
       200, "ab"},
      {"no reason", "GET", "HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nab", 200,
       "ab"},
      {"an unknown status", "GET",
       "HTTP/1.1 599 Whatever\r\nContent-Length: 2\r\n\r\nab", 599, "ab"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    RawListener listener;
    std::thread server([&] {
      RawSocket socket = listener.Accept();
      socket.ReadMessage();
      for (const char c : t.answer) socket.Write(absl::string_view(&c, 1));
      socket.ShutdownWrite();
      socket.ReadAll();
    });
    auto transport = NewTransport(Plain(listener.port()));
    Request request = Get();
    request.method = t.method;
    const auto response = transport->Send(request, kPatience);
    EXPECT_THAT(response, HasBody(t.want_body));
    EXPECT_THAT(response, HasStatus(t.want_status));
    transport.reset();
    server.join();
  }
}

// A server that answers before it has read all, as for a 413.
TEST(BeastTransportTest, HearsAnAnswerThatComesTooEarly) {
  const TestCa ca;
  for (const bool tls : {false, true}) {
    SCOPED_TRACE(tls ? "with TLS" : "plain");
    Recorder recorder;
    const auto server = tls ? StartTls(ca.Server(), recorder.handler())
                            : Start(recorder.handler());
    const auto transport =
        NewTransport(tls ? Tls(server->port(), ca) : Plain(server->port()));
    EXPECT_THAT(transport->Send(Post(std::string(4 << 20, 'x')), kPatience),
                HasStatus(413));
    EXPECT_THAT(transport->Send(Post("x"), kPatience), HasStatus(200));
  }
}

// The pool.

constexpr char kOk[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

TEST(BeastTransportTest, ADeadConnectionFromThePoolIsRetriedOnce) {
  const struct {
    std::string name;
    Request request;
    bool want_retry;
  } kTests[] = {
      {"GET", Get(), true},
      {"POST might be done twice", Post("x"), false},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    RawListener listener;
    auto transport = NewTransport(Plain(listener.port()));
    std::thread server([&] {
      RawSocket first = listener.Accept();
      first.ReadMessage();
      first.Write(kOk);
      first.ReadMessage();  // The second request: no answer.
      first.Close();
      if (!t.want_retry) return;
      RawSocket second = listener.Accept();
      second.ReadMessage();
      second.Write(kOk);
      second.ReadAll();
    });
    EXPECT_THAT(transport->Send(t.request, kPatience), HasBody("ok"));
    if (t.want_retry) {
      EXPECT_THAT(transport->Send(t.request, kPatience), HasBody("ok"));
    } else {
      EXPECT_THAT(transport->Send(t.request, kPatience).status(),
                  StatusIs(absl::StatusCode::kUnavailable));
    }
    transport.reset();
    server.join();
    EXPECT_TRUE(listener.StaysAlone(absl::ZeroDuration()));
  }
}

TEST(BeastTransportTest, ThereIsNoSecondRetry) {
  RawListener listener;
  const auto transport = NewTransport(Plain(listener.port()));
  std::thread server([&] {
    RawSocket first = listener.Accept();
    first.ReadMessage();
    first.Write(kOk);
    first.ReadMessage();
    first.Close();
    RawSocket second = listener.Accept();
    second.ReadMessage();
  });
  EXPECT_THAT(transport->Send(Get(), kPatience), HasBody("ok"));
  EXPECT_THAT(transport->Send(Get(), kPatience).status(),
              StatusIs(absl::StatusCode::kUnavailable));
  server.join();
  EXPECT_TRUE(listener.StaysAlone(absl::ZeroDuration()));
}

TEST(BeastTransportTest, SurvivesARestartOfTheServer) {
  const TestCa ca;
  const TestIdentity identity = ca.Server();
  Recorder recorder;
  auto server = StartTls(identity, recorder.handler());
  const auto transport = NewTransport(Tls(server->port(), ca));
  ServerOptions options;
  options.port = server->port();
  for (int i = 0; i < 3; ++i) {
    ASSERT_THAT(transport->Send(Post("x"), kPatience), HasBody("x"));
    server.reset();
    ASSERT_THAT(transport->Send(Post("x"), kPatience).status(),
                StatusIs(absl::StatusCode::kUnavailable));
    server = StartTls(identity, recorder.handler(), options);
  }
  ASSERT_THAT(transport->Send(Post("x"), kPatience), HasBody("x"));
}

TEST(BeastTransportTest, ServerThatSendsWithoutBeingAskedIsNotReused) {
  RawListener listener;
  auto transport = NewTransport(Plain(listener.port()));
  std::thread server([&] {
    RawSocket first = listener.Accept();
    first.ReadMessage();
    first.Write(absl::StrCat(kOk, kOk));
    RawSocket second = listener.Accept();
    second.ReadMessage();
    second.Write("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nnew");
    second.ReadAll();
    first.ReadAll();
  });
  EXPECT_THAT(transport->Send(Get(), kPatience), HasBody("ok"));
  EXPECT_THAT(transport->Send(Get(), kPatience), HasBody("new"));
  transport.reset();
  server.join();
}

TEST(BeastTransportTest, IdleConnectionsAreClosedInTime) {
  RawListener listener;
  TransportOptions options = Plain(listener.port());
  options.idle_timeout = kShort;
  const auto transport = NewTransport(options);
  std::thread server([&] {
    RawSocket socket = listener.Accept();
    socket.ReadMessage();
    socket.Write(kOk);
    EXPECT_EQ(socket.ReadAll(), "");  // The transport closes it.
  });
  EXPECT_THAT(transport->Send(Get(), kPatience), HasBody("ok"));
  server.join();
}

TEST(BeastTransportTest, ThePoolHasALimit) {
  RawListener listener;
  TransportOptions options = Plain(listener.port());
  options.max_idle_connections = 0;
  const auto transport = NewTransport(options);
  std::thread server([&] {
    RawSocket socket = listener.Accept();
    socket.ReadMessage();
    socket.Write(kOk);
    EXPECT_EQ(socket.ReadAll(), "");
  });
  EXPECT_THAT(transport->Send(Get(), kPatience), HasBody("ok"));
  server.join();
}

TEST(BeastTransportTest, CloseConnectionsEndsWhatIsUnderWay) {
  RawListener listener;
  auto transport = NewTransport(Plain(listener.port()));
  absl::Notification asked;
  std::thread server([&] {
    RawSocket busy = listener.Accept();
    busy.ReadMessage();
    asked.Notify();
    EXPECT_EQ(busy.ReadAll(), "");
    RawSocket next = listener.Accept();
    next.ReadMessage();
    next.Write(kOk);
    next.ReadAll();
  });
  std::thread caller([&] {
    EXPECT_THAT(transport->Send(Get(), absl::InfiniteDuration()).status(),
                StatusIs(absl::StatusCode::kUnavailable,
                         absl::StrCat("the connections to 127.0.0.1:",
                                      listener.port(), " were closed")));
  });
  asked.WaitForNotification();
  transport->CloseConnections();
  caller.join();
  EXPECT_THAT(transport->Send(Get(), kPatience), HasBody("ok"));
  transport.reset();
  server.join();
}

TEST(BeastTransportTest, ShutdownIsForGood) {
  RawListener listener;
  const auto transport = NewTransport(Plain(listener.port()));
  absl::Notification asked;
  std::thread server([&] {
    RawSocket busy = listener.Accept();
    busy.ReadMessage();
    asked.Notify();
    EXPECT_EQ(busy.ReadAll(), "");
  });
  std::thread caller([&] {
    EXPECT_THAT(transport->Send(Get(), absl::InfiniteDuration()).status(),
                StatusIs(absl::StatusCode::kCancelled));
  });
  asked.WaitForNotification();
  transport->Shutdown();
  caller.join();
  server.join();
  EXPECT_THAT(transport->Send(Get(), kPatience).status(),
              StatusIs(absl::StatusCode::kCancelled));
  EXPECT_THAT(transport->Open(Get(), kPatience),
              StatusIs(absl::StatusCode::kCancelled));
  transport->CloseConnections();
  transport->Shutdown();
}

// Streams.

// A handler that keeps the responder, for the test to play with.
class Watched {
 public:
  Handler handler() {
    return [this](const Request&, const Peer&,
                  std::shared_ptr<Responder> responder) {
      responder->Start(200, Headers());
      absl::MutexLock lock(mutex_);
      responder_ = std::move(responder);
    };
  }
  std::shared_ptr<Responder> Take() {
    absl::MutexLock lock(mutex_);
    const auto some = [this] { return responder_ != nullptr; };
    CHECK(mutex_.AwaitWithTimeout(absl::Condition(&some), kPatience));
    return std::move(responder_);
  }

 private:
  absl::Mutex mutex_;
  std::shared_ptr<Responder> responder_;
};

TEST(BeastTransportStreamTest, GivesWhatComesWhenItComes) {
  const TestCa ca;
  for (const bool tls : {false, true}) {
    SCOPED_TRACE(tls ? "with TLS" : "plain");
    Watched watched;
    const auto server = tls ? StartTls(ca.Server(), watched.handler())
                            : Start(watched.handler());
    const auto transport =
        NewTransport(tls ? Tls(server->port(), ca) : Plain(server->port()));
    auto response = transport->Open(Get(), kPatience);
    ASSERT_THAT(response, IsOk());
    EXPECT_EQ(response->status, 200);
    ASSERT_NE(response->stream, nullptr);
    Stream& stream = *response->stream;
    const auto responder = watched.Take();
    for (int i = 0; i < 3; ++i) {
      const std::string event = absl::StrCat("event ", i);
      ASSERT_TRUE(responder->Write(event));
      EXPECT_THAT(stream.Read(kPatience), IsOkAndHolds(event));
      // Nothing comes: no harm done.
      EXPECT_THAT(stream.Read(kShort),
                  StatusIs(absl::StatusCode::kDeadlineExceeded));
      EXPECT_THAT(stream.Read(absl::ZeroDuration()),
                  StatusIs(absl::StatusCode::kDeadlineExceeded));
    }
    const std::string big(1 << 20, 'x');
    ASSERT_TRUE(responder->Write(big));
    std::string got;
    while (got.size() < big.size()) {
      const auto part = stream.Read(kPatience);
      ASSERT_THAT(part, IsOk());
      got += *part;
    }
    EXPECT_EQ(got, big);
    responder->Finish();
    EXPECT_THAT(stream.Read(kPatience), IsOkAndHolds(""));
    EXPECT_THAT(stream.Read(kPatience), IsOkAndHolds(""));
  }
}

TEST(BeastTransportStreamTest, AStreamThatEndedLeavesItsConnection) {
  RawListener listener;
  auto transport = NewTransport(Plain(listener.port()));
  std::thread server([&] {
    RawSocket socket = listener.Accept();
    for (int i = 0; i < 2; ++i) {
      socket.ReadMessage();
      socket.Write(kOk);
    }
    socket.ReadAll();
  });
  auto response = transport->Open(Get(), kPatience);
  ASSERT_THAT(response, IsOk());
  EXPECT_THAT(response->stream->Read(kPatience), IsOkAndHolds("ok"));
  EXPECT_THAT(response->stream->Read(kPatience), IsOkAndHolds(""));
  response->stream.reset();
  EXPECT_THAT(transport->Send(Get(), kPatience), HasBody("ok"));
  transport.reset();
  server.join();
}

TEST(BeastTransportStreamTest, EndsWithTheConnectionIfNothingElseSaysWhere) {
  RawListener listener;
  const auto transport = NewTransport(Plain(listener.port()));
  std::thread server([&] {
    RawSocket socket = listener.Accept();
    socket.ReadMessage();
    socket.Write("HTTP/1.1 200 OK\r\n\r\nab");
  });
  auto response = transport->Open(Get(), kPatience);
  ASSERT_THAT(response, IsOk());
  EXPECT_THAT(response->stream->Read(kPatience), IsOkAndHolds("ab"));
  EXPECT_THAT(response->stream->Read(kPatience), IsOkAndHolds(""));
  server.join();
}

TEST(BeastTransportStreamTest, HasNoLimit) {
  RawListener listener;
  TransportOptions options = Plain(listener.port());
  options.max_response_bytes = 10;
  auto transport = NewTransport(options);
  std::thread server([&] {
    RawSocket socket = listener.Accept();
    socket.ReadMessage();
    // Nor does the promise of a lot take memory.
    socket.Write(
        "HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n"
        "0123456789abcdef");
    socket.ReadAll();
  });
  auto response = transport->Open(Get(), kPatience);
  ASSERT_THAT(response, IsOk());
  EXPECT_THAT(response->stream->Read(kPatience),
              IsOkAndHolds("0123456789abcdef"));
  response->stream.reset();
  transport.reset();
  server.join();
}

TEST(BeastTransportStreamTest, AnErrorComesWithItsWholeBody) {
  const auto server = Start(
      [](const Request&, const Peer&, std::shared_ptr<Responder> responder) {
        responder->Send({.status = 410, .headers = {}, .body = "too old"});
      });
  const auto transport = NewTransport(Plain(server->port()));
  const auto response = transport->Open(Get(), kPatience);
  ASSERT_THAT(response, IsOk());
  EXPECT_EQ(response->status, 410);
  EXPECT_EQ(response->body, "too old");
  EXPECT_EQ(response->stream, nullptr);
}

TEST(BeastTransportStreamTest, CloseFromAnotherThreadEndsARead) {
  const TestCa ca;
  Watched watched;
  const auto server = StartTls(ca.Server(), watched.handler());
  const auto transport = NewTransport(Tls(server->port(), ca));
  auto response = transport->Open(Get(), kPatience);
  ASSERT_THAT(response, IsOk());
  const auto responder = watched.Take();
  absl::Notification cut;
  responder->OnClosed([&] { cut.Notify(); });
  absl::Notification reading;
  std::thread reader([&] {
    reading.Notify();
    EXPECT_THAT(response->stream->Read(absl::InfiniteDuration()),
                StatusIs(absl::StatusCode::kCancelled));
  });
  reading.WaitForNotification();
  response->stream->Close();
  reader.join();
  EXPECT_TRUE(cut.WaitForNotificationWithTimeout(kPatience));
  EXPECT_THAT(response->stream->Read(kPatience),
              StatusIs(absl::StatusCode::kCancelled));
  response->stream->Close();
}

TEST(BeastTransportStreamTest, DestroyingAStreamClosesItsConnection) {
  Watched watched;
  const auto server = Start(watched.handler());
  const auto transport = NewTransport(Plain(server->port()));
  auto response = transport->Open(Get(), kPatience);
  ASSERT_THAT(response, IsOk());
  const auto responder = watched.Take();
  absl::Notification cut;
  responder->OnClosed([&] { cut.Notify(); });
  response->stream.reset();
  EXPECT_TRUE(cut.WaitForNotificationWithTimeout(kPatience));
}

TEST(BeastTransportStreamTest, BreaksWithItsServer) {
  const TestCa ca;
  Watched watched;
  auto server = StartTls(ca.Server(), watched.handler());
  const auto transport = NewTransport(Tls(server->port(), ca));
  auto response = transport->Open(Get(), kPatience);
  ASSERT_THAT(response, IsOk());
  const auto responder = watched.Take();
  ASSERT_TRUE(responder->Write("x"));
  EXPECT_THAT(response->stream->Read(kPatience), IsOkAndHolds("x"));
  server.reset();
  EXPECT_THAT(response->stream->Read(kPatience),
              StatusIs(absl::StatusCode::kUnavailable));
}

TEST(BeastTransportStreamTest, MayOutliveTheTransport) {
  Watched watched;
  const auto server = Start(watched.handler());
  auto transport = NewTransport(Plain(server->port()));
  auto response = transport->Open(Get(), kPatience);
  ASSERT_THAT(response, IsOk());
  transport.reset();
  EXPECT_THAT(response->stream->Read(kPatience),
              StatusIs(absl::StatusCode::kCancelled));
  response->stream->Close();
}

// Proxies.

// Answers one CONNECT and then passes bytes on in both directions.
class Proxy {
 public:
  explicit Proxy(std::string answer) : answer_(std::move(answer)) {
    thread_ = std::thread([this] { Run(); });
  }
  ~Proxy() { thread_.join(); }
  uint16_t port() const { return listener_.port(); }
  std::string request() const {
    absl::MutexLock lock(mutex_);
    return request_;
  }

 private:
  void Run() {
    RawSocket client = listener_.Accept();
    const std::string request = client.ReadMessage();
    {
      absl::MutexLock lock(mutex_);
      request_ = request;
    }
    client.Write(answer_);
    if (!absl::StartsWith(answer_, "HTTP/1.1 200 Connection")) {
      client.ShutdownWrite();
      client.ReadAll();
      return;
    }
    const std::vector<std::string> words = absl::StrSplit(request, ' ');
    uint32_t port = 0;
    CHECK(absl::SimpleAtoi(words[1].substr(words[1].rfind(':') + 1), &port));
    RawSocket server = RawSocket::Connect(static_cast<uint16_t>(port));
    std::thread back([&] { Pump(server, client); });
    Pump(client, server);
    back.join();
  }

  static void Pump(RawSocket& from, RawSocket& to) {
    char buffer[4096];
    while (true) {
      const ssize_t n = recv(from.fd(), buffer, sizeof buffer, 0);
      if (n <= 0) break;
      to.Write(absl::string_view(buffer, static_cast<size_t>(n)));
    }
    to.ShutdownWrite();
  }

  const std::string answer_;
  RawListener listener_;
  std::thread thread_;
  mutable absl::Mutex mutex_;
  std::string request_;
};

TEST(BeastTransportProxyTest, ConnectsThroughAProxy) {
  const TestCa ca;
  Recorder recorder;
  const auto server = StartTls(ca.Server(), recorder.handler());
  Proxy proxy("HTTP/1.1 200 Connection established\r\n\r\n");
  TransportOptions options = Tls(server->port(), ca);
  options.proxy = absl::StrCat("http://user:p%40ss@127.0.0.1:", proxy.port());
  options.user_agent = "test";
  auto transport = NewTransport(options);
  EXPECT_THAT(transport->Send(Post("x"), kPatience), HasBody("x"));
  EXPECT_THAT(transport->Send(Post("y"), kPatience), HasBody("y"));
  EXPECT_EQ(proxy.request(),
            absl::StrCat("CONNECT 127.0.0.1:", server->port(), " HTTP/1.1\r\n",
                         "Host: 127.0.0.1:", server->port(), "\r\n",
                         "User-Agent: test\r\n",
                         "Proxy-Authorization: Basic dXNlcjpwQHNz\r\n\r\n"));
  EXPECT_FALSE(recorder.seen()[0].request.headers.Has("Proxy-Authorization"));
  transport.reset();
}

TEST(BeastTransportProxyTest, SaysWhyTheProxyWillNot) {
  const TestCa ca;
  const struct {
    std::string answer;
    absl::StatusCode want_code;
    std::string want;
  } kTests[] = {
      {"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno",
       absl::StatusCode::kUnavailable,
       "it refused to connect to a.example:443: 403 Forbidden"},
      {"HTTP/1.1 407 Whatever\r\n\r\n", absl::StatusCode::kUnavailable,
       "407 Proxy Authentication Required"},
      {"nonsense", absl::StatusCode::kInvalidArgument, "bad version"},
      {"", absl::StatusCode::kUnavailable, "it closed the connection"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.answer);
    Proxy proxy(t.answer);
    TransportOptions options;
    options.server = "https://a.example";
    options.trust = ca.trust();
    options.proxy = absl::StrCat("http://127.0.0.1:", proxy.port());
    EXPECT_THAT(NewTransport(options)->Send(Get(), kPatience).status(),
                StatusIs(t.want_code,
                         AllOf(StartsWith(absl::StrCat(
                                   "proxy 127.0.0.1:", proxy.port(), ": ")),
                               HasSubstr(t.want))));
  }
}

TEST(BeastTransportProxyTest, AsksAProxyToPassPlainRequestsOn) {
  Proxy proxy(kOk);
  TransportOptions options;
  options.server = "http://a.example:81/prefix";
  options.proxy = absl::StrCat("http://127.0.0.1:", proxy.port());
  options.user_agent = "test";
  EXPECT_THAT(NewTransport(options)->Send(Get("/x"), kPatience), HasBody("ok"));
  EXPECT_EQ(proxy.request(),
            "GET http://a.example:81/prefix/x HTTP/1.1\r\n"
            "Host: a.example:81\r\nUser-Agent: test\r\n\r\n");
}

}  // namespace
}  // namespace signet::http
