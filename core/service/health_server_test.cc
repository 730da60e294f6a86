#include "core/service/health_server.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/http/beast_transport.h"
#include "core/http/message.h"
#include "core/http/tls_identity.h"
#include "core/service/serving_tls.h"
#include "core/testing/fake_file_system.h"
#include "core/testing/test_ca.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "prometheus/counter.h"
#include "prometheus/registry.h"

namespace signet::service {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::StatusIs;
using ::testing::HasSubstr;

class HealthServerTest : public ::testing::Test {
 protected:
  http::Response Get(const std::string& target) {
    http::Request request;
    request.target = target;
    return AnswerHealthRequest(
        request, [this] { return ready_; }, registry_, standing_);
  }

  absl::Status ready_;
  std::function<std::string()> standing_;
  prometheus::Registry registry_;
};

TEST_F(HealthServerTest, IsAliveHoweverReady) {
  ready_ = absl::UnavailableError("no list of requests yet");
  EXPECT_EQ(Get("/healthz").status, 200);
  EXPECT_EQ(Get("/healthz").body, "ok");
  EXPECT_EQ(Get("/livez?verbose").status, 200);
}

TEST_F(HealthServerTest, SaysWhyItIsNotReady) {
  EXPECT_EQ(Get("/readyz").status, 200);
  EXPECT_EQ(Get("/readyz").body, "ok");
  ready_ = absl::UnavailableError("no list of requests yet");
  EXPECT_EQ(Get("/readyz").status, 503);
  EXPECT_EQ(Get("/readyz").body, "not ready: no list of requests yet\n");
}

TEST_F(HealthServerTest, SaysThatItStandsBy) {
  standing_ = [] { return "stands by; host_1 leads"; };
  EXPECT_EQ(Get("/readyz").status, 200);
  EXPECT_EQ(Get("/readyz").body, "ok: stands by; host_1 leads\n");
  ready_ = absl::UnavailableError("no list of requests yet");
  EXPECT_EQ(Get("/readyz").status, 503);
}

TEST_F(HealthServerTest, ServesMetricsAsText) {
  prometheus::BuildCounter()
      .Name("signet_things_total")
      .Help("Things.")
      .Register(registry_)
      .Add({{"kind", "a"}})
      .Increment(3);
  const http::Response response = Get("/metrics");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.Get("content-type"),
            "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_THAT(response.body, HasSubstr("# TYPE signet_things_total counter"));
  EXPECT_THAT(response.body, HasSubstr("signet_things_total{kind=\"a\"} 3"));
}

TEST_F(HealthServerTest, RefusesTheRest) {
  EXPECT_EQ(Get("/").status, 404);
  EXPECT_EQ(Get("/healthz/x").status, 404);
  http::Request request;
  request.method = "POST";
  request.target = "/healthz";
  EXPECT_EQ(AnswerHealthRequest(
                request, [this] { return ready_; }, registry_)
                .status,
            405);
}

TEST_F(HealthServerTest, AnswersOverTheNetwork) {
  const auto server =
      HealthServer::Start("127.0.0.1:0", [this] { return ready_; }, registry_);
  ASSERT_TRUE(server.ok()) << server.status();
  http::TransportOptions options;
  options.server = absl::StrCat("http://127.0.0.1:", (*server)->port());
  const auto transport = http::NewBeastTransport(options);
  ASSERT_TRUE(transport.ok()) << transport.status();
  http::Request request;
  request.target = "/readyz";
  const auto response = (*transport)->Send(request, absl::Seconds(30));
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "ok");
}

class TlsHealthServerTest : public HealthServerTest {
 protected:
  TlsHealthServerTest() {
    Write("tls.crt", ca_.Server());
    EXPECT_THAT(files_.Write("/ca.crt", ca_.certificate_pem(), 0644), IsOk());
  }
  // Certificate and key.
  void Write(absl::string_view name, const testing::TestIdentity& identity) {
    EXPECT_THAT(
        files_.Write(absl::StrCat("/", name), identity.certificate_pem, 0644),
        IsOk());
    EXPECT_THAT(files_.Write("/tls.key", identity.key_pem, 0600), IsOk());
  }
  void Start(bool demand_certificate) {
    HealthServerOptions options;
    options.address = "127.0.0.1:0";
    options.ready = [this] { return ready_; };
    const auto identity = WatchIdentity(files_, "/tls.crt", "/tls.key");
    ASSERT_THAT(identity, IsOk());
    options.identity = *identity;
    if (demand_certificate) {
      const auto trust = WatchTrust(files_, "/ca.crt");
      ASSERT_THAT(trust, IsOk());
      options.client_trust = *trust;
    }
    auto server = HealthServer::Start(std::move(options), registry_);
    ASSERT_THAT(server, IsOk());
    server_ = *std::move(server);
  }
  // Asks for /healthz on a new connection.
  absl::StatusOr<http::Response> Ask(
      const testing::TestCa& trusted,
      std::shared_ptr<http::IdentitySource> identity = nullptr) {
    http::TransportOptions options;
    options.server = absl::StrCat("https://127.0.0.1:", server_->port());
    options.trust = trusted.trust();
    options.identity = std::move(identity);
    const auto transport = http::NewBeastTransport(options);
    if (!transport.ok()) return transport.status();
    http::Request request;
    request.target = "/healthz";
    return (*transport)->Send(request, absl::Seconds(30));
  }

  const testing::TestCa ca_;
  const testing::TestCa other_{"other-ca"};
  testing::FakeFileSystem files_;
  std::unique_ptr<HealthServer> server_;
};

TEST_F(TlsHealthServerTest, ServesTheCertificateThatTheFilesHoldNow) {
  Start(/*demand_certificate=*/false);
  EXPECT_THAT(Ask(ca_), IsOk());
  EXPECT_THAT(Ask(other_), StatusIs(absl::StatusCode::kUnauthenticated));
  Write("tls.crt", other_.Server());
  EXPECT_THAT(Ask(other_), IsOk());
  // Half of a replacement: the old one stays.
  EXPECT_THAT(files_.Write("/tls.key", "no key", 0600), IsOk());
  EXPECT_THAT(Ask(other_), IsOk());
}

TEST_F(TlsHealthServerTest, DemandsACertificateOfTheClientIfTold) {
  Start(/*demand_certificate=*/true);
  EXPECT_THAT(Ask(ca_), StatusIs(absl::StatusCode::kUnauthenticated));
  EXPECT_THAT(Ask(ca_, std::make_shared<http::FixedIdentity>(
                           other_.Client("stranger").tls)),
              StatusIs(absl::StatusCode::kUnauthenticated));
  EXPECT_THAT(Ask(ca_, std::make_shared<http::FixedIdentity>(
                           ca_.Client("prometheus").tls)),
              IsOk());
}

TEST_F(TlsHealthServerTest, FilesThatAreNoGoodAreNamed) {
  EXPECT_THAT(WatchIdentity(files_, "/none.crt", "/tls.key"),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("/none.crt")));
  EXPECT_THAT(files_.Write("/tls.key", other_.key_pem(), 0600), IsOk());
  EXPECT_THAT(WatchIdentity(files_, "/tls.crt", "/tls.key"),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("/tls.crt and /tls.key: ")));
  EXPECT_THAT(
      WatchTrust(files_, "/tls.key"),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("/tls.key: ")));
}

TEST_F(HealthServerTest, APortInUseIsAnError) {
  const auto first =
      HealthServer::Start("127.0.0.1:0", [this] { return ready_; }, registry_);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_THAT(HealthServer::Start(
                  absl::StrCat("127.0.0.1:", (*first)->port()),
                  [this] { return ready_; }, registry_),
              StatusIs(absl::StatusCode::kUnavailable));
}

TEST(ParseHostPortTest, ReadsAddresses) {
  const struct {
    std::string text;
    std::string host;
    int port;  // -1: refused.
  } kTests[] = {
      {"127.0.0.1:8081", "127.0.0.1", 8081},
      {"127.0.0.1:0", "127.0.0.1", 0},
      {"[::1]:65535", "::1", 65535},
      {"localhost:80", "localhost", 80},
      {"127.0.0.1", "", -1},
      {"127.0.0.1:", "", -1},
      {":8081", "", -1},
      {"[]:8081", "", -1},
      {"::1:8081", "", -1},
      {"[::1:8081", "", -1},
      {"127.0.0.1:65536", "", -1},
      {"127.0.0.1:-1", "", -1},
      {"127.0.0.1: 1", "", -1},
      {"127.0.0.1:1x", "", -1},
      {"", "", -1},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.text);
    const auto got = ParseHostPort(t.text);
    if (t.port < 0) {
      EXPECT_THAT(got, StatusIs(absl::StatusCode::kInvalidArgument,
                                HasSubstr(absl::StrCat("\"", t.text, "\""))));
      continue;
    }
    ASSERT_TRUE(got.ok()) << got.status();
    EXPECT_EQ(got->host, t.host);
    EXPECT_EQ(got->port, t.port);
  }
}

}  // namespace
}  // namespace signet::service
