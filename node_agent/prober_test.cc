#include "node_agent/prober.h"

#include <memory>
#include <string>
#include <thread>

#include "absl/base/log_severity.h"
#include "absl/log/globals.h"
#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/notification.h"
#include "absl/time/simulated_clock.h"
#include "absl/time/time.h"
#include "core/api/core.pb.h"
#include "core/k8s/api_client.h"
#include "core/k8s/resource_api.h"
#include "core/pki/certificate.h"
#include "core/testing/fake_transport.h"
#include "core/testing/test_ca.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "node_agent/current_certificate.h"

namespace signet::node_agent {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::StatusIs;
using ::testing::HasSubstr;

constexpr absl::string_view kJson = "application/json";
constexpr absl::string_view kNode =
    R"({"kind":"Node","apiVersion":"v1","metadata":{"name":"n1"}})";

// Counts how often connections are closed.
class Transport : public testing::FakeTransport {
 public:
  void CloseConnections() override {
    ++closed;
    FakeTransport::CloseConnections();
  }
  int closed = 0;
};

class ProberTest : public ::testing::Test {
 protected:
  ProberTest()
      : clock_(ca_.validity().not_before + absl::Hours(1)),
        current_(clock_),
        client_(transport_, nullptr),
        nodes_(client_.Api<api::Node>()),
        prober_(*nodes_, transport_, current_, "n1", absl::Seconds(10),
                clock_) {
    absl::SetMinLogLevel(absl::LogSeverityAtLeast::kInfinity);
  }
  std::string Rotate() {
    const testing::TestIdentity identity = ca_.Client("system:node:n1");
    current_.Set(identity.tls);
    return pki::SerialToHex(identity.certificate().serial_number());
  }
  static std::string Error(int code, absl::string_view reason) {
    return absl::StrCat(R"({"kind":"Status","apiVersion":"v1","message":")",
                        reason, R"(","reason":")", reason, R"(","code":)", code,
                        "}");
  }

  testing::TestCa ca_;
  absl::SimulatedClock clock_;
  CurrentCertificate current_;
  Transport transport_;
  k8s::ApiClient client_;
  std::unique_ptr<k8s::ResourceApi<api::Node>> nodes_;
  Prober prober_;
};

TEST_F(ProberTest, WaitsForACertificate) {
  EXPECT_THAT(prober_.Probe(), IsOk());
  EXPECT_TRUE(transport_.calls().empty());
  EXPECT_EQ(prober_.State().count, 0);
}

TEST_F(ProberTest, ReadsTheNodesOwnObject) {
  const std::string serial = Rotate();
  transport_.AddResponse(200, kJson, kNode);
  EXPECT_THAT(prober_.Probe(), IsOk());
  EXPECT_EQ(transport_.calls().at(0).request.method, "GET");
  EXPECT_EQ(transport_.calls().at(0).request.target, "/api/v1/nodes/n1");
  EXPECT_EQ(prober_.State().count, 1);
  EXPECT_EQ(prober_.State().result, "ok");
  EXPECT_EQ(prober_.State().serial, serial);
  EXPECT_EQ(prober_.State().at, clock_.TimeNow());
}

TEST_F(ProberTest, TakesANodeThatIsNotRegisteredForAnAnswer) {
  Rotate();
  transport_.AddResponse(404, kJson, Error(404, "NotFound"));
  EXPECT_THAT(prober_.Probe(), IsOk());
  EXPECT_EQ(prober_.State().result, "ok, not registered");
}

TEST_F(ProberTest, TellsOfARefusal) {
  Rotate();
  const int closed = transport_.closed;
  transport_.AddResponse(401, kJson, Error(401, "Unauthorized"));
  EXPECT_THAT(prober_.Probe(), StatusIs(absl::StatusCode::kUnauthenticated));
  EXPECT_THAT(prober_.State().result, HasSubstr("Unauthorized"));
  EXPECT_EQ(transport_.closed, closed);
}

TEST_F(ProberTest, A44ClosesConnectionsWhenTheCertificateChanges) {
  EXPECT_EQ(transport_.closed, 0);
  Rotate();
  EXPECT_EQ(transport_.closed, 1);
  Rotate();
  EXPECT_EQ(transport_.closed, 2);
}

TEST_F(ProberTest, A46ClosesConnectionsWhenThereIsNoAnswer) {
  Rotate();
  const int closed = transport_.closed;
  transport_.AddError(absl::UnavailableError("connection reset"));
  EXPECT_THAT(prober_.Probe(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(transport_.closed, closed + 1);
}

TEST_F(ProberTest, ProbesAtOnceWhenTheCertificateChanges) {
  absl::Notification first, second;
  prober_.OnProbe(
      [&] { (prober_.State().count == 1 ? first : second).Notify(); });
  const std::string old = Rotate();
  transport_.AddResponse(200, kJson, kNode);
  transport_.AddResponse(200, kJson, kNode);
  std::thread thread([&] { prober_.Run(); });
  first.WaitForNotification();
  EXPECT_EQ(prober_.State().serial, old);
  // No time goes by.
  const std::string serial = Rotate();
  second.WaitForNotification();
  EXPECT_EQ(prober_.State().serial, serial);
  prober_.Stop();
  thread.join();
}

}  // namespace
}  // namespace signet::node_agent
