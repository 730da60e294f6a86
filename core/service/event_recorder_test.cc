#include "core/service/event_recorder.h"

#include <string>

#include "absl/base/log_severity.h"
#include "absl/log/scoped_mock_log.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/simulated_clock.h"
#include "absl/time/time.h"
#include "core/api/core.pb.h"
#include "core/testing/fake_resource_api.h"
#include "core/testing/fake_rng.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::service {
namespace {

using ::testing::_;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using testing::Verb;

const absl::Time kStart = absl::FromUnixSeconds(1700000000);

api::ObjectReference Csr(absl::string_view name) {
  api::ObjectReference about;
  about.set_api_version("certificates.k8s.io/v1");
  about.set_kind("CertificateSigningRequest");
  about.set_name(name);
  about.set_uid("u1");
  return about;
}

class EventRecorderTest : public ::testing::Test {
 protected:
  absl::SimulatedClock clock_{kStart};
  testing::FakeResourceApi<api::Event> events_{clock_};
  testing::SeededRng rng_{1};
  EventRecorder recorder_{events_, clock_, rng_, "signet-approver", "host-1"};
};

TEST_F(EventRecorderTest, WritesWhatKubectlShows) {
  recorder_.Record(Csr("csr-1"), EventType::kWarning, "Waiting",
                   "no witness for node-a");
  ASSERT_THAT(events_.objects(), SizeIs(1));
  const api::Event event = events_.objects()[0];
  EXPECT_THAT(event.metadata().name(),
              ::testing::MatchesRegex("csr-1\\.[0-9a-f]{16}"));
  EXPECT_EQ(event.metadata().namespace_(), "default");
  EXPECT_EQ(event.involved_object().name(), "csr-1");
  EXPECT_EQ(event.involved_object().uid(), "u1");
  EXPECT_EQ(event.involved_object().namespace_(), "");
  EXPECT_EQ(event.type(), "Warning");
  EXPECT_EQ(event.reason(), "Waiting");
  EXPECT_EQ(event.message(), "no witness for node-a");
  EXPECT_EQ(event.source().component(), "signet-approver");
  EXPECT_EQ(event.source().host(), "host-1");
  EXPECT_EQ(event.reporting_component(), "signet-approver");
  EXPECT_EQ(event.count(), 1);
  EXPECT_EQ(event.first_timestamp().seconds(), 1700000000);
  EXPECT_EQ(event.last_timestamp().seconds(), 1700000000);
}

TEST_F(EventRecorderTest, AnEventIsInTheNamespaceOfItsObject) {
  api::ObjectReference about = Csr("x");
  about.set_namespace_("kube-system");
  recorder_.Record(about, EventType::kNormal, "R", "m");
  EXPECT_EQ(events_.objects()[0].metadata().namespace_(), "kube-system");
}

TEST_F(EventRecorderTest, RepeatsRaiseTheCountOncein5Minutes) {
  for (int i = 0; i < 3; ++i) {
    recorder_.Record(Csr("csr-1"), EventType::kNormal, "R", "m");
  }
  EXPECT_EQ(events_.writes(), 1);
  clock_.AdvanceTime(absl::Minutes(5));
  for (int i = 0; i < 3; ++i) {
    recorder_.Record(Csr("csr-1"), EventType::kNormal, "R", "m");
  }
  EXPECT_EQ(events_.writes(), 2);
  ASSERT_THAT(events_.objects(), SizeIs(1));
  EXPECT_EQ(events_.objects()[0].count(), 4);
  EXPECT_EQ(events_.objects()[0].first_timestamp().seconds(), 1700000000);
  EXPECT_EQ(events_.objects()[0].last_timestamp().seconds(), 1700000300);
}

TEST_F(EventRecorderTest, AnotherObjectTypeReasonOrMessageIsAnotherEvent) {
  recorder_.Record(Csr("csr-1"), EventType::kNormal, "R", "m");
  recorder_.Record(Csr("csr-2"), EventType::kNormal, "R", "m");
  recorder_.Record(Csr("csr-1"), EventType::kWarning, "R", "m");
  recorder_.Record(Csr("csr-1"), EventType::kNormal, "S", "m");
  recorder_.Record(Csr("csr-1"), EventType::kNormal, "R", "n");
  api::ObjectReference again = Csr("csr-1");
  again.set_uid("u2");
  recorder_.Record(again, EventType::kNormal, "R", "m");
  EXPECT_THAT(events_.objects(), SizeIs(6));
}

TEST_F(EventRecorderTest, AnEventThatTheServerHasDroppedIsWrittenAgain) {
  recorder_.Record(Csr("csr-1"), EventType::kNormal, "R", "m");
  const api::Event event = events_.objects()[0];
  events_.Remove("default", event.metadata().name());
  clock_.AdvanceTime(absl::Hours(1));
  recorder_.Record(Csr("csr-1"), EventType::kNormal, "R", "m");
  ASSERT_THAT(events_.objects(), SizeIs(1));
  EXPECT_EQ(events_.objects()[0].count(), 2);
}

TEST_F(EventRecorderTest, AnEventWhoseAnswerWasLostIsNotWrittenTwice) {
  events_.LoseAnswer(Verb::kCreate, absl::UnavailableError("reset"));
  recorder_.Record(Csr("csr-1"), EventType::kNormal, "R", "m");
  clock_.AdvanceTime(absl::Minutes(5));
  recorder_.Record(Csr("csr-1"), EventType::kNormal, "R", "m");
  clock_.AdvanceTime(absl::Minutes(5));
  recorder_.Record(Csr("csr-1"), EventType::kNormal, "R", "m");
  ASSERT_THAT(events_.objects(), SizeIs(1));
  EXPECT_EQ(events_.objects()[0].count(), 3);
}

TEST_F(EventRecorderTest, AServerThatForbidsIsToldOnceAndAskedSeldom) {
  events_.FailNext(Verb::kCreate, absl::PermissionDeniedError("no right"), 100);
  absl::ScopedMockLog log(absl::MockLogDefault::kDisallowUnexpected);
  EXPECT_CALL(log, Log(absl::LogSeverity::kWarning, _, HasSubstr("no right")))
      .Times(1);
  log.StartCapturingLogs();
  for (int i = 0; i < 10; ++i) {
    recorder_.Record(Csr("csr-1"), EventType::kNormal, "R", "m");
  }
  recorder_.Record(Csr("csr-2"), EventType::kNormal, "R", "m");
  EXPECT_EQ(events_.calls(Verb::kCreate), 2);
}

TEST_F(EventRecorderTest, LongMessagesAndNamesAreCut) {
  std::string message(1023, 'a');
  message += "ä";  // Two bytes, the second beyond the limit.
  const std::string name = std::string(235, 'n') + ".." + std::string(16, 'x');
  recorder_.Record(Csr(name), EventType::kNormal, "R", message);
  const api::Event event = events_.objects()[0];
  EXPECT_EQ(event.message(), std::string(1023, 'a'));
  EXPECT_THAT(event.metadata().name(),
              ::testing::MatchesRegex("n{235}\\.[0-9a-f]{16}"));
}

}  // namespace
}  // namespace signet::service
