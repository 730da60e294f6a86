#include "node_agent/request_wait.h"

#include <string>

#include "absl/base/log_severity.h"
#include "absl/log/globals.h"
#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/api/certificates.pb.h"
#include "core/pki/certificate_request.h"
#include "core/pki/name.h"
#include "core/pki/pem.h"
#include "core/pki/private_key.h"
#include "core/rotation/next_step.h"
#include "core/testing/fake_key_generator.h"
#include "core/testing/self_advancing_clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "node_agent/scripted_csr_server.h"

namespace signet::node_agent {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::IsOkAndHolds;
using ::absl_testing::StatusIs;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const absl::Time kStart = absl::FromUnixSeconds(1'795'514'421);

class AwaitCertificateTest : public ::testing::Test {
 protected:
  AwaitCertificateTest() : clock_(kStart), server_(clock_) {
    absl::SetMinLogLevel(absl::LogSeverityAtLeast::kInfinity);
  }

  absl::StatusOr<std::string> Await(const Fate& fate) {
    server_.usual = fate;
    EXPECT_THAT(server_.ForAttempt(rotation::Credentials::kBootstrap), IsOk());
    api::CertificateSigningRequest request;
    request.mutable_metadata()->set_generate_name("csr-");
    request.mutable_spec()->set_request(Request());
    const auto created = server_.Create(request);
    EXPECT_THAT(created, IsOk());
    return AwaitCertificate(server_, *created, {absl::Minutes(15)}, clock_,
                            [this](absl::Time time) -> absl::Status {
                              clock_.SleepUntil(time);
                              if (clock_.TimeNow() < stop_at_) {
                                return absl::OkStatus();
                              }
                              return absl::CancelledError("stopped");
                            });
  }
  std::string Request();
  absl::Duration Elapsed() { return clock_.TimeNow() - kStart; }

  testing::SelfAdvancingClock clock_;
  ScriptedCsrServer server_;
  absl::Time stop_at_ = absl::InfiniteFuture();
};

std::string AwaitCertificateTest::Request() {
  pki::DistinguishedName subject;
  subject.common_name = "system:node:n1";
  const auto der = pki::CertificateRequest::Build(
      subject, {},
      *testing::FakeKeyGenerator::Key(pki::KeyAlgorithm::kEcdsaP256, 1));
  EXPECT_THAT(der, IsOk());
  return pki::EncodePem("CERTIFICATE REQUEST", *der);
}

TEST_F(AwaitCertificateTest, A19ListsThenWatchesTheOneObject) {
  EXPECT_THAT(Await({}),
              IsOkAndHolds(StartsWith("-----BEGIN CERTIFICATE-----")));
  EXPECT_EQ(Elapsed(), absl::Milliseconds(200));
  ASSERT_EQ(server_.lists.size(), 1);
  EXPECT_EQ(server_.lists[0].field_selector, "metadata.name=csr-0");
  ASSERT_EQ(server_.watches.size(), 1);
  EXPECT_EQ(server_.watches[0].field_selector, "metadata.name=csr-0");
  EXPECT_EQ(server_.watches[0].resource_version, "101");
}

TEST_F(AwaitCertificateTest, A19NeedsNoWatchIfItIsIssuedAlready) {
  EXPECT_THAT(
      Await({.approve = absl::ZeroDuration(), .issue = absl::ZeroDuration()}),
      IsOk());
  EXPECT_TRUE(server_.watches.empty());
}

TEST_F(AwaitCertificateTest, A19DoesNotTakeACertificateThatIsNotApproved) {
  EXPECT_THAT(Await({.approve = absl::Seconds(100), .issue = absl::Seconds(1)}),
              IsOk());
  EXPECT_EQ(Elapsed(), absl::Seconds(100));
}

TEST_F(AwaitCertificateTest, A19EndsWithTheRequest) {
  EXPECT_THAT(Await({.deny = absl::ZeroDuration()}),
              StatusIs(absl::StatusCode::kPermissionDenied,
                       "certificate signing request is denied, reason: "
                       "Scripted, message: so it is written"));
  EXPECT_THAT(Await({.fail = absl::Milliseconds(150)}),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       "certificate signing request failed, reason: Scripted, "
                       "message: so it is written"));
  EXPECT_THAT(
      Await({.remove = absl::Milliseconds(150)}),
      StatusIs(absl::StatusCode::kNotFound, "csr \"csr-2\" was deleted"));
  EXPECT_THAT(
      Await({.replace = absl::Milliseconds(150)}),
      StatusIs(absl::StatusCode::kAborted, "csr \"csr-3\" changed UIDs"));
}

// The kubelet waits for 15 minutes.
TEST_F(AwaitCertificateTest, A20SeesThatItWasDeletedBeforeTheFirstList) {
  EXPECT_THAT(
      Await({.remove = absl::ZeroDuration()}),
      StatusIs(absl::StatusCode::kNotFound, "csr \"csr-0\" was deleted"));
  EXPECT_EQ(Elapsed(), absl::ZeroDuration());
}

TEST_F(AwaitCertificateTest, A11EndsAfterItsTime) {
  EXPECT_THAT(Await({.approve = {}, .issue = {}}),
              StatusIs(absl::StatusCode::kDeadlineExceeded,
                       "csr \"csr-0\" was not approved within 15m"));
  EXPECT_EQ(Elapsed(), absl::Minutes(15));
  EXPECT_THAT(Await({.issue = {}}),
              StatusIs(absl::StatusCode::kDeadlineExceeded,
                       "csr \"csr-1\" was not signed within 15m"));
}

TEST_F(AwaitCertificateTest, ResumesAWatchThatEndsInTime) {
  server_.event_errors = {absl::DeadlineExceededError("nothing"),
                          absl::OkStatus(), absl::OkStatus(),
                          absl::OutOfRangeError("end")};
  EXPECT_THAT(Await({.approve = absl::Seconds(2), .issue = absl::Minutes(2)}),
              IsOk());
  EXPECT_EQ(server_.lists.size(), 1);
  EXPECT_EQ(server_.watches.size(), 2);
  // From where it ended: after the event of the approval.
  EXPECT_EQ(server_.watches[1].resource_version, "102");
}

TEST_F(AwaitCertificateTest, ListsAgainWhenTheVersionIsGone) {
  server_.event_errors = {HttpError(410, "Expired")};
  EXPECT_THAT(Await({.approve = absl::ZeroDuration(),
                     .issue = absl::Milliseconds(500)}),
              IsOk());
  EXPECT_EQ(server_.lists.size(), 2);
  EXPECT_EQ(Elapsed(), absl::Seconds(1));  // The pause.
}

TEST_F(AwaitCertificateTest, PausesLongerAfterEachTrouble) {
  server_.list_errors = {absl::UnavailableError("refused"),
                         absl::UnavailableError("refused"),
                         HttpError(429, "TooManyRequests", "", "7")};
  server_.watch_errors = {HttpError(500, "InternalError")};
  EXPECT_THAT(Await({.issue = absl::Seconds(12)}), IsOk());
  // 1 + 2 + the 7 the server asked for + 8.
  EXPECT_EQ(Elapsed(), absl::Seconds(18));
  EXPECT_EQ(server_.lists.size(), 5);
}

TEST_F(AwaitCertificateTest, DoesNotSpinOnAWatchThatEndsAtOnce) {
  server_.event_errors = {absl::OutOfRangeError("end"),
                          absl::OutOfRangeError("end"),
                          absl::OutOfRangeError("end")};
  EXPECT_THAT(Await({.issue = absl::Seconds(20)}), IsOk());
  EXPECT_EQ(server_.watches.size(), 4);
  EXPECT_EQ(Elapsed(), absl::Seconds(20));
}

TEST_F(AwaitCertificateTest, SaysWhatWasTheTroubleWhenTimeIsUp) {
  server_.list_errors.assign(1000,
                             absl::PermissionDeniedError("csrs is forbidden"));
  EXPECT_THAT(Await({}), StatusIs(absl::StatusCode::kDeadlineExceeded,
                                  "csr \"csr-0\" was not approved within 15m; "
                                  "last trouble: csrs is forbidden"));
  EXPECT_EQ(Elapsed(), absl::Minutes(15));
  EXPECT_LT(server_.lists.size(), 40);
}

// Another attempt, with other credentials, goes on with the same request.
TEST_F(AwaitCertificateTest, F13EndsAtOnceIfItsCredentialsAreNotAccepted) {
  server_.watch_errors = {HttpError(401, "Unauthorized")};
  EXPECT_THAT(Await({.issue = absl::Seconds(20)}),
              StatusIs(absl::StatusCode::kUnauthenticated,
                       "not accepted any more, perhaps expired: Unauthorized"));
  EXPECT_EQ(Elapsed(), absl::ZeroDuration());
}

TEST_F(AwaitCertificateTest, AClockThatIsSetBackDoesNotProlongTheWait) {
  bool set_back = false;
  server_.before = [&](absl::string_view) {
    if (!set_back && clock_.TimeNow() >= kStart + absl::Minutes(5)) {
      set_back = true;
      clock_.SetTime(kStart - absl::Hours(24));
    }
    return absl::OkStatus();
  };
  EXPECT_THAT(Await({.approve = {}, .issue = {}}),
              StatusIs(absl::StatusCode::kDeadlineExceeded,
                       "csr \"csr-0\" was not approved within 15m"));
  // Five minutes before, and ten after; a look is half a minute.
  const absl::Duration after = clock_.TimeNow() - (kStart - absl::Hours(24));
  EXPECT_GE(after, absl::Minutes(10));
  EXPECT_LE(after, absl::Seconds(630));
}

TEST_F(AwaitCertificateTest, StopsWhenTold) {
  stop_at_ = kStart + absl::Minutes(1);
  EXPECT_THAT(Await({.approve = {}, .issue = {}}),
              StatusIs(absl::StatusCode::kCancelled, "stopped"));
  EXPECT_LE(Elapsed(), absl::Minutes(1));
}

}  // namespace
}  // namespace signet::node_agent
