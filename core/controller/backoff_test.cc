#include "core/controller/backoff.h"

#include <string>

#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace signet::controller {
namespace {

TEST(BackoffDelayTest, DoublesUpToTheMaximum) {
  const struct {
    std::string name;
    BackoffPolicy policy;
    int failures;
    absl::Duration want;
  } kTests[] = {
      {"C-22: the first retry comes after 200 ms",
       {},
       1,
       absl::Milliseconds(200)},
      {"C-22: then the pause doubles", {}, 2, absl::Milliseconds(400)},
      {"C-22: the 13th pause is the last below the maximum",
       {},
       13,
       absl::Milliseconds(819200)},
      {"C-22: and never exceeds 1000 s", {}, 14, absl::Seconds(1000)},
      {"a count that would overflow is the maximum",
       {},
       2000000000,
       absl::Seconds(1000)},
      {"no failure yet is treated as one", {}, 0, absl::Milliseconds(200)},
      {"a factor of one stands still",
       {absl::Seconds(1), 1.0, absl::Seconds(9)},
       2000000000,
       absl::Seconds(1)},
      {"a maximum below the initial pause wins",
       {absl::Seconds(5), 2.0, absl::Seconds(3)},
       1,
       absl::Seconds(3)},
      {"an infinite maximum does not overflow",
       {absl::Seconds(1), 2.0, absl::InfiniteDuration()},
       2000000000,
       absl::InfiniteDuration()},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    EXPECT_EQ(BackoffDelay(t.policy, t.failures), t.want);
  }
}

TEST(JitteredTest, StretchesByTheFractionOfTheSpread) {
  EXPECT_EQ(Jittered(absl::Seconds(10), 0.1, 0.0), absl::Seconds(10));
  EXPECT_EQ(Jittered(absl::Seconds(10), 0.5, 0.5), absl::Seconds(12.5));
  EXPECT_LT(Jittered(absl::Seconds(10), 0.1, 0.999999), absl::Seconds(11));
}

}  // namespace
}  // namespace signet::controller
