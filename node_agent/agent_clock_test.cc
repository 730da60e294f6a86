// The wall clock is set, and the agent does the right thing (SPEC A1, A-7,
// F-13).

#include <algorithm>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/pki/certificate.h"
#include "core/rotation/next_step.h"
#include "core/testing/test_ca.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "node_agent/agent.h"
#include "node_agent/agent_harness.h"
#include "node_agent/scripted_csr_server.h"

namespace signet::node_agent {
namespace {

using ::absl_testing::IsOk;
using rotation::Credentials;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsNull;
using ::testing::NotNull;
using ::testing::SizeIs;

class AgentClockTest : public ::testing::Test, protected AgentHarness {
 protected:
  // A process with a certificate of a week, issued by the server.
  void Join() {
    server.usual.lifetime = absl::Hours(24 * 7);
    ASSERT_THAT(StartProcess(), IsOk());
    ASSERT_TRUE(RunUntilIssued(1));
  }
  absl::Time Deadline() { return State().deadline; }
  absl::Time NotAfter() {
    return State().pair->chain.front().validity().not_after;
  }
};

TEST_F(AgentClockTest, A1AJumpByAnHourOrADayBeforeTheDeadlineChangesNothing) {
  for (absl::Duration jump :
       {absl::Hours(1), -absl::Hours(1), absl::Hours(24), -absl::Hours(24)}) {
    SCOPED_TRACE(absl::FormatDuration(jump));
    AgentHarness h;
    h.server.usual.lifetime = absl::Hours(24 * 7);
    ASSERT_THAT(h.StartProcess(), IsOk());
    ASSERT_TRUE(h.RunUntilIssued(1));
    h.RunUntil(h.StartTime() + absl::Hours(2));
    const absl::Time deadline = h.State().deadline;
    h.clock.SetTime(h.clock.TimeNow() + jump);
    h.RunUntil(h.clock.TimeNow() + absl::Hours(1));
    EXPECT_THAT(h.server.created, SizeIs(1));
    EXPECT_EQ(h.State().deadline, deadline);
    EXPECT_EQ(h.State().renew_errors, 0);
    // It renews when the clock says so: once, and not late.
    h.clock.SetTime(deadline - absl::Minutes(2));
    h.RunUntil(deadline + absl::Minutes(5));
    EXPECT_THAT(h.server.created, SizeIs(2));
    EXPECT_LE(h.server.attempts.back().at, deadline + absl::Minutes(1));
  }
}

TEST_F(AgentClockTest, A1AJumpOverTheDeadlineIsSeenWithinAMinute) {
  Join();
  clock.SetTime(Deadline() + absl::Hours(1));
  RunOnce();
  EXPECT_EQ(State().rotations, 1);
  // And back again: the new one is good, however the clock stands.
  clock.SetTime(StartTime());
  RunUntil(StartTime() + absl::Hours(2));
  EXPECT_THAT(server.created, SizeIs(2));
  EXPECT_THAT(current->Current(), NotNull());
}

TEST_F(AgentClockTest, A8AJumpBackOnTheLadderDoesNotStopIt) {
  for (absl::Duration jump : {absl::Hours(1), absl::Hours(24)}) {
    SCOPED_TRACE(absl::FormatDuration(jump));
    AgentHarness h;
    h.server.usual.create = absl::UnavailableError("connection refused");
    ASSERT_THAT(h.StartProcess(), IsOk());
    h.RunUntil(h.StartTime() + absl::Minutes(3));
    const size_t before = h.server.attempts.size();
    h.clock.SetTime(h.clock.TimeNow() - jump);
    h.RunUntil(h.clock.TimeNow() + absl::Minutes(5));
    // As before: one about every half minute.
    EXPECT_GE(h.server.attempts.size() - before, 8);
    EXPECT_LE(h.server.attempts.size() - before, 12);
    h.server.usual.create = absl::OkStatus();
    EXPECT_TRUE(h.RunUntilIssued(1));
    EXPECT_EQ(h.busy_loops, 0);
  }
}

TEST_F(AgentClockTest, A8AJumpForwardOnTheLadderMakesOneAttempt) {
  server.usual.create = absl::UnavailableError("connection refused");
  ASSERT_THAT(StartProcess(), IsOk());
  RunUntil(StartTime() + absl::Minutes(3));
  const size_t before = server.attempts.size();
  clock.AdvanceTime(absl::Hours(24));
  RunOnce();
  EXPECT_EQ(server.attempts.size(), before + 1);
  RunUntil(clock.TimeNow() + absl::Minutes(4));
  EXPECT_LE(server.attempts.size() - before, 10);
  EXPECT_EQ(busy_loops, 0);
}

// A day's jump in the middle of a wait: the request is given up or not, but no
// other is filed.
TEST_F(AgentClockTest, A11AJumpWhileARequestIsPendingFilesNoOther) {
  for (absl::Duration jump :
       {absl::Hours(1), -absl::Hours(1), absl::Hours(24), -absl::Hours(24)}) {
    SCOPED_TRACE(absl::FormatDuration(jump));
    AgentHarness h;
    h.server.usual = {.approve = {}, .issue = {}};
    bool jumped = false;
    h.server.before = [&](absl::string_view) {
      if (!jumped &&
          h.clock.TimeNow() > AgentHarness::StartTime() + absl::Minutes(5)) {
        jumped = true;
        h.clock.SetTime(h.clock.TimeNow() + jump);
      }
      return absl::OkStatus();
    };
    ASSERT_THAT(h.StartProcess(), IsOk());
    h.RunOnce();
    EXPECT_TRUE(jumped);
    // The wait was not prolonged: 15 minutes and a look, and what was jumped.
    EXPECT_LE(h.clock.TimeNow() - h.StartTime(),
              absl::Minutes(18) + std::max(jump, absl::ZeroDuration()));
    for (int i = 0; i < 3; ++i) h.RunOnce();
    EXPECT_THAT(h.server.created, SizeIs(1));
  }
}

TEST_F(AgentClockTest, A32F13ExpiryWhileARequestIsPendingLeadsToBootstrap) {
  Keep(MakePair(-absl::Hours(9), absl::Minutes(2)));
  server.usual = {.approve = absl::Minutes(10), .issue = absl::Minutes(10)};
  ASSERT_THAT(StartProcess(), IsOk());
  ASSERT_TRUE(RunUntilIssued(1));
  ASSERT_THAT(server.attempts, SizeIs(2));
  EXPECT_EQ(server.attempts[0].credentials, Credentials::kCurrent);
  EXPECT_EQ(server.attempts[1].credentials, Credentials::kBootstrap);
  // At once, and with the request that there was.
  EXPECT_LE(server.attempts[1].at - StartTime(), absl::Minutes(3));
  EXPECT_THAT(server.created, SizeIs(1));
  EXPECT_EQ(State().last_error,
            "csr \"csr-0\" brought no certificate: the certificate that it is "
            "requested with has expired");
}

// Our clock is behind the server's, which knows that it has expired.
TEST_F(AgentClockTest, F13ACertificateThatIsRefusedLeadsToBootstrap) {
  Keep(MakePair(-absl::Hours(9), absl::Hours(1)));
  server.before = [&](absl::string_view call) {
    const bool refused =
        call != "client" &&
        server.attempts.back().credentials == Credentials::kCurrent;
    return refused ? HttpError(401, "Unauthorized") : absl::OkStatus();
  };
  ASSERT_THAT(StartProcess(), IsOk());
  ASSERT_TRUE(RunUntilIssued(1));
  ASSERT_THAT(server.attempts, SizeIs(2));
  EXPECT_EQ(server.attempts[1].credentials, Credentials::kFallback);
  EXPECT_LE(server.attempts[1].at - server.attempts[0].at, absl::Seconds(3));
}

// If bootstrap helps no more than the certificate, both get their turns.
TEST_F(AgentClockTest, F13AlternatesWhileNeitherIsAccepted) {
  Keep(MakePair(-absl::Hours(9), absl::Hours(1)));
  server.usual.create = HttpError(401, "Unauthorized");
  ASSERT_THAT(StartProcess(), IsOk());
  RunUntil(StartTime() + absl::Minutes(2));
  ASSERT_GE(server.attempts.size(), 6);
  for (size_t i = 0; i < server.attempts.size(); ++i) {
    EXPECT_EQ(server.attempts[i].credentials,
              i % 2 == 0 ? Credentials::kCurrent : Credentials::kFallback);
  }
}

TEST_F(AgentClockTest, A7ANewCertificateThatIsNotValidYetWaitsForItsTime) {
  const testing::TestIdentity old = MakePair(-absl::Hours(9), absl::Hours(1));
  Keep(old);
  // The signer's clock is ten minutes ahead (and it backdates by five).
  server.usual.lifetime = absl::Hours(24);
  server.usual.ahead = absl::Minutes(15);
  ASSERT_THAT(StartProcess(), IsOk());
  ASSERT_TRUE(RunUntilIssued(1));
  const pki::Certificate leaf = State().pair->chain.front();
  ASSERT_GT(leaf.validity().not_before, clock.TimeNow());
  // Until then the old one is presented.
  EXPECT_EQ(current->Current()->chain.front().der(), old.certificate().der());
  RunUntil(leaf.validity().not_before);
  EXPECT_EQ(current->Current()->chain.front().der(), leaf.der());
  EXPECT_THAT(server.created, SizeIs(1));
}

TEST_F(AgentClockTest, A7ACertificateThatIsNotValidYetIsUsedIfThereIsNoOther) {
  server.usual.ahead = absl::Minutes(15);
  ASSERT_THAT(StartProcess(), IsOk());
  ASSERT_TRUE(RunUntilIssued(1));
  // Our clock may be the one that is wrong.
  EXPECT_THAT(current->Current(), NotNull());
  RunUntil(StartTime() + absl::Minutes(20));
  EXPECT_THAT(server.created, SizeIs(1));
}

TEST_F(AgentClockTest, ALeapPastTheYear2038AndBack) {
  Join();
  const absl::Time leap = absl::FromUnixSeconds(2'500'000'000);  // 2049.
  clock.SetTime(leap);
  EXPECT_THAT(current->Current(), IsNull());
  ASSERT_TRUE(RunUntilIssued(2));
  EXPECT_EQ(server.attempts.back().credentials, Credentials::kBootstrap);
  EXPECT_GT(NotAfter(), leap);
  EXPECT_THAT(files.ReadLink(store->current_path()),
              absl_testing::IsOkAndHolds(HasSubstr("kubelet-client-2049-")));
  // Rotation goes on there, and after the year 2050 (GeneralizedTime).
  clock.SetTime(
      absl::FromCivil(absl::CivilSecond(2050, 3, 1), absl::UTCTimeZone()));
  ASSERT_TRUE(RunUntilIssued(3));
  EXPECT_GT(NotAfter(), clock.TimeNow());
  // Back again: what it has is not valid yet, but nothing spins.
  clock.SetTime(StartTime() + absl::Hours(3));
  const size_t before = server.created.size();
  RunUntil(clock.TimeNow() + absl::Hours(1));
  EXPECT_EQ(server.created.size(), before);
  EXPECT_EQ(busy_loops, 0);
  // A process that starts then uses it, too.
  ASSERT_THAT(StartProcess(), IsOk());
  EXPECT_THAT(current->Current(), NotNull());
}

TEST_F(AgentClockTest, A45AJumpPastTheEndWantsToExitOnlyIfItStaysSo) {
  Join();
  server.usual.create = HttpError(401, "Unauthorized");
  clock.SetTime(NotAfter() + absl::Minutes(6));
  EXPECT_TRUE(agent->ShouldExit());  // The server was well when last asked.
  // Nobody looked; it asks, and the server gives it another.
  server.usual.create = absl::OkStatus();
  ASSERT_TRUE(RunUntilIssued(2));
  EXPECT_FALSE(agent->ShouldExit());
}

}  // namespace
}  // namespace signet::node_agent
