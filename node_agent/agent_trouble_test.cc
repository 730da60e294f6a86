// What API servers do to the agent: it recovers, and never hurries (SPEC G-5).

#include <algorithm>
#include <cstdint>
#include <functional>
#include <iostream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/api/certificates.pb.h"
#include "core/testing/test_ca.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "node_agent/agent.h"
#include "node_agent/agent_harness.h"
#include "node_agent/scripted_csr_server.h"

namespace signet::node_agent {
namespace {

using ::absl_testing::IsOk;
using ::testing::HasSubstr;
using ::testing::SizeIs;

// For ten minutes the server answers so to one kind of call, or to all; then it
// is well again.
struct Trouble {
  std::string name;
  std::string call;  // Empty: to every one.
  absl::Status answer;
  // In any minute of the trouble: at most so many calls.
  int most_per_minute = 20;
  // At least so many attempts, and at most so many created objects.
  size_t attempts = 1;
  size_t created = 1;
};

// What no answer looks like, after the time it took.
absl::Status Late(absl::string_view text) {
  return absl::DeadlineExceededError(text);
}

TEST(AgentTroubleTest, G5RecoversFromEachAnswerWithoutHaste) {
  const absl::Status refused = absl::UnavailableError("connection refused");
  const Trouble kTests[] = {
      {"401", "create", HttpError(401, "Unauthorized")},
      {"403", "create", HttpError(403, "Forbidden")},
      {"409", "create", HttpError(409, "AlreadyExists")},
      {"409 conflict", "create", HttpError(409, "Conflict")},
      {"410", "create", HttpError(410, "Expired")},
      {"422", "create", HttpError(422, "Invalid")},
      {"429", "create", HttpError(429, "TooManyRequests", "", "1")},
      {"429, come again in two minutes", "create",
       HttpError(429, "TooManyRequests", "", "120"), 6},
      {"429, come again in a year: not believed", "create",
       HttpError(429, "TooManyRequests", "", "31536000"), 6},
      {"500", "create", HttpError(500, "InternalError")},
      {"503", "create", HttpError(503, "ServiceUnavailable")},
      {"refused", "", refused},
      {"half-open TCP", "", Late("no answer within 32s")},
      {"slow TLS", "",
       absl::UnavailableError("TLS handshake timeout after 10s")},
      {"401 to the list", "list", HttpError(401, "Unauthorized")},
      {"403 to the list", "list", HttpError(403, "Forbidden")},
      {"410 to the list", "list", HttpError(410, "Expired")},
      {"429 to the list", "list", HttpError(429, "TooManyRequests", "", "7")},
      {"500 to the list", "list", HttpError(500, "InternalError")},
      {"refused at the list", "list", refused},
      {"401 to the watch", "watch", HttpError(401, "Unauthorized")},
      {"403 to the watch", "watch", HttpError(403, "Forbidden")},
      {"410 to the watch", "watch", HttpError(410, "Expired")},
      {"429 to the watch", "watch", HttpError(429, "TooManyRequests", "", "7")},
      {"500 to the watch", "watch", HttpError(500, "InternalError")},
      {"410 as an event", "next", HttpError(410, "Expired")},
      {"500 as an event", "next", HttpError(500, "InternalError")},
      {"a watch that ends at once", "next", absl::OutOfRangeError("end")},
      {"a watch that breaks", "next", absl::UnavailableError("reset")},
  };
  int most = 0;
  for (const Trouble& t : kTests) {
    SCOPED_TRACE(t.name);
    AgentHarness h;
    // Long enough for a watch to be needed, short enough not to wait for.
    h.server.usual.approve = absl::Seconds(2);
    h.server.usual.issue = absl::Seconds(3);
    const absl::Time ends = h.StartTime() + absl::Minutes(10);
    const auto count = h.server.before;
    h.server.before = [&](absl::string_view call) -> absl::Status {
      count(call).IgnoreError();
      const bool hit = call != "client" && (t.call.empty() || call == t.call) &&
                       h.clock.TimeNow() < ends;
      if (hit && absl::IsDeadlineExceeded(t.answer)) {
        h.clock.Sleep(absl::Seconds(32));
      }
      return hit ? t.answer : absl::OkStatus();
    };
    ASSERT_THAT(h.StartProcess(), IsOk());
    h.RunUntil(ends);
    EXPECT_TRUE(h.RunUntilIssued(1));
    // Not later than the ladder's longest step, or the server's wish.
    EXPECT_LE(h.clock.TimeNow(), ends + absl::Minutes(17));
    EXPECT_LE(h.MostCallsPerMinute(), t.most_per_minute);
    EXPECT_GE(h.server.attempts.size(), t.attempts);
    EXPECT_LE(h.server.created.size(), t.created);
    EXPECT_EQ(h.busy_loops, 0);
    most = std::max(most, h.MostCallsPerMinute());
    // Once well it is well: no calls but for the next rotation.
    EXPECT_EQ(h.State().phase == Phase::kRetrying, false);
  }
  std::cout << "most requests per minute in any trouble: " << most << " of "
            << std::size(kTests) << " kinds\n";
}

TEST(AgentTroubleTest, G5WaitsAsLongAsTheServerAsks) {
  AgentHarness h;
  h.server.fates = {{.create = HttpError(429, "TooManyRequests", "", "100")}};
  ASSERT_THAT(h.StartProcess(), IsOk());
  ASSERT_TRUE(h.RunUntilIssued(1));
  ASSERT_THAT(h.server.attempts, SizeIs(2));
  EXPECT_EQ(h.server.attempts[1].at, h.StartTime() + absl::Seconds(100));

  AgentHarness greedy;
  greedy.server.fates = {
      {.create = HttpError(429, "TooManyRequests", "", "31536000")}};
  ASSERT_THAT(greedy.StartProcess(), IsOk());
  ASSERT_TRUE(greedy.RunUntilIssued(1));
  EXPECT_EQ(greedy.server.attempts[1].at,
            greedy.StartTime() + absl::Minutes(15));
}

// What becomes of the request itself, again and again for an hour.
TEST(AgentTroubleTest, A11bA19FilesAnewWithoutHasteWhateverBecomesOfRequests) {
  const struct {
    std::string name;
    Fate fate;
    std::string want;
  } kTests[] = {
      {"denied", {.deny = absl::ZeroDuration()}, "is denied"},
      {"denied later", {.approve = {}, .deny = absl::Minutes(3)}, "is denied"},
      {"failed", {.issue = {}, .fail = absl::Seconds(1)}, "failed, reason"},
      {"deleted", {.issue = {}, .remove = absl::Seconds(1)}, "was deleted"},
      {"another UID",
       {.issue = {}, .replace = absl::Seconds(1)},
       "changed UIDs"},
      {"issued for another key",
       {.for_another_key = true},
       "refused the certificate"},
      {"issued for another name",
       {.common_name = "system:node:n2"},
       "of no use"},
      {"issued for too short a time",
       {.lifetime = absl::Minutes(5)},
       "of no use"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    AgentHarness h;
    h.server.usual = t.fate;
    ASSERT_THAT(h.StartProcess(), IsOk());
    h.RunUntil(h.StartTime() + absl::Hours(1));
    EXPECT_THAT(h.State().last_error, HasSubstr(t.want));
    // Five in half a minute, then one every 32 seconds: at most 118.
    EXPECT_GE(h.server.created.size(), 15);
    EXPECT_LE(h.server.created.size(), 118);
    EXPECT_LE(h.MostCallsPerMinute(), 30);
    EXPECT_EQ(h.busy_loops, 0);
    h.server.usual = {};
    const int64_t issued = h.State().issued;
    EXPECT_TRUE(h.RunUntilDone([&] {
      return h.State().issued > issued && h.State().failed_attempts == 0;
    }));
  }
}

TEST(AgentTroubleTest, RefusesACertificateForAnotherKeyAndKeepsTheOldOne) {
  AgentHarness h;
  const testing::TestIdentity old = h.MakePair(-absl::Hours(9), absl::Hours(2));
  h.Keep(old);
  h.server.usual.for_another_key = true;
  ASSERT_THAT(h.StartProcess(), IsOk());
  h.RunUntil(h.StartTime() + absl::Hours(1));
  EXPECT_EQ(h.State().issued, 0);
  const auto stored = h.store->Current();
  ASSERT_THAT(stored, IsOk());
  EXPECT_EQ((*stored)->chain.front().der(), old.certificate().der());
}

// The API server goes away in the middle of the wait and comes back: with its
// objects, or without them.
TEST(AgentTroubleTest, G4SurvivesARestartOfTheApiServerMidWait) {
  for (bool loses_objects : {false, true}) {
    SCOPED_TRACE(loses_objects);
    AgentHarness h;
    h.server.fates = {{.approve = absl::Minutes(5), .issue = absl::Minutes(5)}};
    const absl::Time from = h.StartTime() + absl::Minutes(1);
    const auto count = h.server.before;
    bool lost = false;
    h.server.before = [&](absl::string_view call) -> absl::Status {
      if (call == "client") return absl::OkStatus();
      count(call).IgnoreError();
      const absl::Time now = h.clock.TimeNow();
      if (now >= from && now < from + absl::Minutes(2)) {
        return absl::UnavailableError("connection refused");
      }
      if (loses_objects && !lost && now >= from) {
        lost = true;
        EXPECT_THAT(h.server.Delete("", "csr-0"), IsOk());
      }
      return absl::OkStatus();
    };
    ASSERT_THAT(h.StartProcess(), IsOk());
    ASSERT_TRUE(h.RunUntilIssued(1));
    EXPECT_THAT(h.server.created, SizeIs(loses_objects ? 2 : 1));
    EXPECT_LE(h.MostCallsPerMinute(), 10);
    EXPECT_LE(h.clock.TimeNow() - h.StartTime(), absl::Minutes(7));
  }
}

}  // namespace
}  // namespace signet::node_agent
