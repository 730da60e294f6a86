#include "node_agent/agent_server.h"

#include <memory>
#include <string>

#include "absl/base/log_severity.h"
#include "absl/log/globals.h"
#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "core/http/beast_transport.h"
#include "core/http/message.h"
#include "core/http/server.h"
#include "core/http/transport.h"
#include "core/testing/test_ca.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "node_agent/agent_report.h"
#include "node_agent/current_certificate.h"

namespace signet::node_agent {
namespace {

using ::absl_testing::IsOk;
using ::testing::HasSubstr;

class AgentServerTest : public ::testing::Test {
 protected:
  AgentServerTest() {
    absl::SetMinLogLevel(absl::LogSeverityAtLeast::kInfinity);
    report_.node = "n1";
    report_.certificates.push_back(
        {.name = "kubelet-client", .kind = CertificateKind::kClient});
  }

  void Start(std::shared_ptr<http::IdentitySource> identity) {
    auto server = StartAgentServer(
        "127.0.0.1:0", std::move(identity), [this] { return ready_; },
        [this] { return report_; }, absl::Clock::GetRealClock());
    ASSERT_THAT(server.status(), IsOk());
    server_ = *std::move(server);
  }

  // A client of its own, that trusts `ca` alone.
  std::unique_ptr<http::Transport> Client(const testing::TestCa* ca) {
    http::TransportOptions options;
    options.server = absl::StrCat(ca == nullptr ? "http" : "https",
                                  "://127.0.0.1:", server_->port());
    if (ca != nullptr) options.trust = ca->trust();
    auto transport = http::NewBeastTransport(std::move(options));
    EXPECT_THAT(transport.status(), IsOk());
    return *std::move(transport);
  }
  static absl::StatusOr<http::Response> Get(http::Transport& client,
                                            absl::string_view target) {
    http::Request request;
    request.target = std::string(target);
    return client.Send(request, absl::Seconds(20));
  }

  NodeReport report_;
  absl::Status ready_;
  std::unique_ptr<http::Server> server_;
};

TEST_F(AgentServerTest, ServesHealthMetricsAndStatus) {
  Start(nullptr);
  const std::unique_ptr<http::Transport> client = Client(nullptr);
  const struct {
    std::string target;
    absl::Status ready;
    int status;
    std::string body;
  } kTests[] = {
      {"/healthz", absl::UnavailableError("x"), 200, "ok"},
      {"/readyz", absl::OkStatus(), 200, "ok"},
      {"/readyz", absl::UnavailableError("no valid certificate"), 503,
       "no valid certificate"},
      {"/metrics", absl::OkStatus(), 200,
       "kubelet_certificate_manager_client_ttl_seconds +Inf"},
      {"/status", absl::OkStatus(), 200, "\"node\":\"n1\""},
      {"/other", absl::OkStatus(), 404, "not found"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.target);
    ready_ = t.ready;
    const absl::StatusOr<http::Response> response = Get(*client, t.target);
    ASSERT_THAT(response.status(), IsOk());
    EXPECT_EQ(response->status, t.status);
    EXPECT_THAT(response->body, HasSubstr(t.body));
  }
}

TEST_F(AgentServerTest, A41RefusesTheHandshakeUntilThereIsACertificate) {
  const auto current =
      std::make_shared<CurrentCertificate>(absl::Clock::GetRealClock());
  Start(current);
  const testing::TestCa ca;
  const std::unique_ptr<http::Transport> client = Client(&ca);
  EXPECT_FALSE(Get(*client, "/healthz").ok());
  current->Set(ca.Server().tls);
  EXPECT_THAT(Get(*client, "/healthz").status(), IsOk());
}

TEST_F(AgentServerTest, ServesARotatedCertificateFromTheNextConnectionOn) {
  const auto current =
      std::make_shared<CurrentCertificate>(absl::Clock::GetRealClock());
  const testing::TestCa old_ca("old"), new_ca("new");
  current->Set(old_ca.Server().tls);
  Start(current);
  const std::unique_ptr<http::Transport> old_client = Client(&old_ca);
  ASSERT_THAT(Get(*old_client, "/healthz").status(), IsOk());
  current->Set(new_ca.Server().tls);
  // The listener was never closed: what is open goes on, what is new sees the
  // new one.
  EXPECT_THAT(Get(*old_client, "/healthz").status(), IsOk());
  EXPECT_THAT(Get(*Client(&new_ca), "/healthz").status(), IsOk());
  EXPECT_FALSE(Get(*Client(&old_ca), "/healthz").ok());
}

TEST_F(AgentServerTest, A7RefusesTheHandshakeOnceTheCertificateHasExpired) {
  const auto current =
      std::make_shared<CurrentCertificate>(absl::Clock::GetRealClock());
  const testing::TestCa ca;
  current->Set(ca.Server({.validity = testing::Expired()}).tls);
  Start(current);
  EXPECT_FALSE(Get(*Client(&ca), "/healthz").ok());
}

TEST_F(AgentServerTest, NamesAnAddressThatIsNone) {
  const auto server = StartAgentServer(
      "here", nullptr, [] { return absl::OkStatus(); },
      [this] { return report_; }, absl::Clock::GetRealClock());
  EXPECT_EQ(server.status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace signet::node_agent
