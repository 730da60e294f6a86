#include "core/rotation/retry_ladder.h"

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::rotation {
namespace {

using ::testing::ElementsAre;

const absl::Time kStart = absl::FromUnixSeconds(1'795'514'421);

// The starts of the first `n` attempts, in seconds since kStart, if each fails
// after `takes`.
std::vector<double> Starts(int n, absl::Duration takes, double fraction) {
  std::vector<double> starts;
  FailedAttempts failed;
  absl::Time now = kStart;
  for (int i = 0; i < n; ++i) {
    starts.push_back(absl::ToDoubleSeconds(now - kStart));
    failed.Add(now + takes);
    now = NextAttempt(failed, fraction);
  }
  return starts;
}

// SPEC A-8.
TEST(NextAttemptTest, A8PausesTwoFourEightSixteenThenEvery32Seconds) {
  EXPECT_THAT(Starts(9, absl::ZeroDuration(), 0),
              ElementsAre(0, 2, 6, 14, 30, 62, 94, 126, 158));
}

TEST(NextAttemptTest, A8StretchesTheFirstPausesByUpToTenPercent) {
  EXPECT_THAT(Starts(6, absl::ZeroDuration(), 0.5),
              ElementsAre(0, 2.1, 6.3, 14.7, 31.5, 63.5));
}

TEST(NextAttemptTest, A8CountsTheFirstPausesFromTheEndOfAnAttempt) {
  EXPECT_THAT(Starts(5, absl::Seconds(10), 0), ElementsAre(0, 12, 26, 44, 70));
}

// The fifth ends at 80: ticks at 112, 144, 176, ...
TEST(NextAttemptTest, A8DropsTicksThatFallIntoARunningAttempt) {
  const struct {
    std::string name;
    absl::Duration takes;
    std::vector<double> want;  // The sixth attempt and on.
  } kTests[] = {
      {"shorter than a tick", absl::Seconds(10), {112, 144, 176}},
      {"just a tick", absl::Seconds(32), {222, 286, 350}},
      {"15 minutes (A-11)", absl::Minutes(15), {4562, 5490, 6418}},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    std::vector<double> got = Starts(8, t.takes, 0);
    got.erase(got.begin(), got.begin() + 5);
    EXPECT_EQ(got, t.want);
  }
}

TEST(NextAttemptTest, IsDueAtOnceWithoutAFailure) {
  EXPECT_EQ(NextAttempt({}, 0.5), absl::InfinitePast());
}

TEST(NextAttemptTest, WaitsAtMostOneTickIfTheClockWasSetBack) {
  FailedAttempts failed;
  for (int i = 0; i < 5; ++i) failed.Add(kStart);
  failed.Add(kStart - absl::Hours(1));
  EXPECT_EQ(NextAttempt(failed, 0),
            kStart - absl::Hours(1) + absl::Seconds(32));
}

}  // namespace
}  // namespace signet::rotation
