#include "node_agent/status_command.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/simulated_clock.h"
#include "absl/time/time.h"
#include "core/http/beast_transport.h"
#include "core/http/transport.h"
#include "core/testing/fake_file_system.h"
#include "core/testing/fake_transport.h"
#include "core/testing/test_ca.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "node_agent/agent_report.h"

namespace signet::node_agent {
namespace {

using ::absl_testing::IsOkAndHolds;
using ::absl_testing::StatusIs;
using ::testing::HasSubstr;

const absl::Time kNow = absl::FromUnixSeconds(1'795'514'421);

constexpr absl::string_view kStatus =
    R"({"node":"n1","probe":{"count":3,"result":"ok","serial":"0a",)"
    R"("at":"2026-11-24T10:00:18Z"},"certificates":[{"name":"kubelet-client",)"
    R"("kind":"client","signer":"kubernetes.io/kube-apiserver-client-kubelet",)"
    R"("phase":"waiting","serial":"0a","subject":"CN=system:node:n1",)"
    R"("not_before":"2026-11-24T09:00:21Z","not_after":"2026-11-24T11:00:21Z",)"
    R"("certificate_sha256":"00","rotation_deadline":"2026-11-24T10:42:21Z",)"
    R"("next_attempt":null,"request":null,"issued":1,"rotations":2,)"
    R"("renew_errors":0,"failed_attempts":0,"last_error":null,)"
    R"("server_healthy":true,"delivery":null},{"name":"web","kind":"other",)"
    R"("signer":"example.com/web","phase":"retrying","serial":null,)"
    R"("subject":null,"not_before":null,"not_after":null,)"
    R"("rotation_deadline":null,"next_attempt":"2026-11-24T10:00:29Z",)"
    R"("request":null,"issued":0,"rotations":0,"renew_errors":4,)"
    R"("failed_attempts":4,"last_error":"denied\u001b[2J",)"
    R"("server_healthy":true,"delivery":{"delivered":0,"failures":1,)"
    R"("last_error":"no disk","next_attempt":"2026-11-24T10:00:26Z"}}]})";

TEST(StatusCommandTest, PrintsStateDeadlineAndLastError) {
  EXPECT_THAT(RenderStatus(kStatus, kNow), IsOkAndHolds(
                                               R"(node n1
API server: ok, asked 2026-11-24T10:00:18Z (3s ago)

kubelet-client
  signer          kubernetes.io/kube-apiserver-client-kubelet
  phase           waiting
  subject         CN=system:node:n1
  serial          0a
  expires         2026-11-24T11:00:21Z (in 60m)
  next rotation   2026-11-24T10:42:21Z (in 42m)
  rotations       2 since the start, 0 failed attempts

web
  signer          example.com/web
  phase           retrying
  expires         -
  next rotation   -
  next attempt    2026-11-24T10:00:29Z (in 8s)
  rotations       0 since the start, 4 failed attempts
  last error      denied\x1b[2J
  delivery        failed, next attempt 2026-11-24T10:00:26Z (in 5s)
  delivery error  no disk
)"));
}

TEST(StatusCommandTest, ReadsWhatAnAgentWrites) {
  const testing::TestCa ca;
  NodeReport report;
  report.node = "n1";
  report.certificates.push_back({.name = "kubelet-client"});
  report.certificates[0].state.pair = ca.Client("system:node:n1").tls;
  const absl::StatusOr<std::string> text =
      RenderStatus(StatusJson(report), kNow);
  EXPECT_THAT(text, IsOkAndHolds(HasSubstr("CN=system:node:n1")));
}

TEST(StatusCommandTest, RefusesWhatIsNoStatus) {
  for (const absl::string_view text :
       {"", "[]", "{}", R"({"certificates":{}})", "{\"a\":"}) {
    EXPECT_THAT(RenderStatus(text, kNow),
                StatusIs(absl::StatusCode::kInvalidArgument))
        << text;
  }
}

class GetStatusTest : public ::testing::Test {
 protected:
  absl::StatusOr<std::string> Get() {
    return GetStatus(flags_, files_, clock_, [this](http::TransportOptions o) {
      server_ = o.server;
      return absl::StatusOr<std::unique_ptr<http::Transport>>(
          std::move(transport_));
    });
  }
  StatusFlags flags_;
  testing::FakeFileSystem files_;
  absl::SimulatedClock clock_{kNow};
  std::unique_ptr<testing::FakeTransport> transport_ =
      std::make_unique<testing::FakeTransport>();
  std::string server_;
};

TEST_F(GetStatusTest, AsksTheAgent) {
  transport_->AddResponse(200, "application/json", kStatus);
  EXPECT_THAT(Get(), IsOkAndHolds(HasSubstr("next rotation")));
  EXPECT_EQ(server_, "http://127.0.0.1:8083");
}

TEST_F(GetStatusTest, PassesJsonOn) {
  flags_.output = "json";
  transport_->AddResponse(200, "application/json", kStatus);
  EXPECT_THAT(Get(), IsOkAndHolds(std::string(kStatus)));
}

TEST_F(GetStatusTest, NamesTheAddressOfWhatIsNoAgent) {
  transport_->AddResponse(404, "text/plain", "not found");
  EXPECT_THAT(Get(), StatusIs(absl::StatusCode::kInvalidArgument,
                              HasSubstr("http://127.0.0.1:8083/status")));
  transport_ = std::make_unique<testing::FakeTransport>();
  transport_->AddResponse(200, "text/html", "<html>");
  EXPECT_THAT(Get(), StatusIs(absl::StatusCode::kInvalidArgument,
                              HasSubstr("http://127.0.0.1:8083/status")));
}

}  // namespace
}  // namespace signet::node_agent
