#include "core/service/health_server.h"

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/http/beast_transport.h"
#include "core/http/message.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "prometheus/counter.h"
#include "prometheus/registry.h"

namespace signet::service {
namespace {

using ::absl_testing::StatusIs;
using ::testing::HasSubstr;

class HealthServerTest : public ::testing::Test {
 protected:
  http::Response Get(const std::string& target) {
    http::Request request;
    request.target = target;
    return AnswerHealthRequest(request, [this] { return ready_; }, registry_);
  }

  absl::Status ready_;
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
