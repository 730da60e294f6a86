#include "node_agent/failure_events.h"

#include <string>
#include <vector>

#include "absl/base/log_severity.h"
#include "absl/log/globals.h"
#include "absl/time/simulated_clock.h"
#include "absl/time/time.h"
#include "core/api/core.pb.h"
#include "core/service/event_recorder.h"
#include "core/testing/fake_resource_api.h"
#include "core/testing/fake_rng.h"
#include "core/testing/test_ca.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "node_agent/agent_report.h"
#include "node_agent/current_certificate.h"

namespace signet::node_agent {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

class FailureEventsTest : public ::testing::Test {
 protected:
  FailureEventsTest()
      : clock_(ca_.validity().not_before + absl::Hours(1)),
        client_(clock_),
        api_(clock_),
        recorder_(api_, clock_, rng_, "signet-node-agent", "n1"),
        events_(recorder_, client_) {
    absl::SetMinLogLevel(absl::LogSeverityAtLeast::kInfinity);
    report_.node = "n1";
    report_.certificates.push_back({.name = "kubelet-server"});
  }

  testing::TestCa ca_;
  absl::SimulatedClock clock_;
  testing::SeededRng rng_{1};
  CurrentCertificate client_;
  testing::FakeResourceApi<api::Event> api_;
  service::EventRecorder recorder_;
  FailureEvents events_;
  NodeReport report_;
};

TEST_F(FailureEventsTest, TellsOfEachKindOfFailureAtTheNode) {
  client_.Set(ca_.Client("system:node:n1").tls);
  events_.Look(report_);
  EXPECT_THAT(api_.objects(), IsEmpty());

  AgentState& state = report_.certificates[0].state;
  state.renew_errors = 1;
  state.last_error = "denied";
  events_.Look(report_);
  events_.Look(report_);  // Nothing new.
  ASSERT_THAT(api_.objects(), SizeIs(1));
  const api::Event event = api_.objects()[0];
  EXPECT_EQ(event.reason(), "CertificateRenewalFailed");
  EXPECT_EQ(event.message(), "kubelet-server: denied");
  EXPECT_EQ(event.type(), "Warning");
  EXPECT_EQ(event.involved_object().kind(), "Node");
  EXPECT_EQ(event.involved_object().name(), "n1");
  EXPECT_EQ(event.involved_object().uid(), "n1");
  EXPECT_EQ(event.source().component(), "signet-node-agent");
  EXPECT_EQ(event.metadata().namespace_(), "default");

  report_.certificates[0].delivery =
      DeliveryState{.failures = 1, .last_error = "no disk"};
  events_.Look(report_);
  ASSERT_THAT(api_.objects(), SizeIs(2));
}

TEST_F(FailureEventsTest, WritesNothingWithoutACertificate) {
  report_.certificates[0].state.renew_errors = 1;
  events_.Look(report_);
  EXPECT_THAT(api_.objects(), IsEmpty());
}

}  // namespace
}  // namespace signet::node_agent
