#include "signer_service/request_limiter.h"

#include <cstdint>
#include <vector>

#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "core/testing/self_advancing_clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::signer {
namespace {

// When each of `count` requests may be sent, since the first, in milliseconds.
std::vector<int64_t> Times(absl::Clock& clock, RequestLimiter& limiter,
                           int count) {
  std::vector<int64_t> times;
  const absl::Time start = clock.TimeNow();
  for (int i = 0; i < count; ++i) {
    limiter.Wait();
    times.push_back(absl::ToInt64Milliseconds(clock.TimeNow() - start));
  }
  return times;
}

TEST(RequestLimiterTest, SpacesRequestsAfterABurst) {
  testing::SelfAdvancingClock clock;
  RequestLimiter limiter(clock, 10, 3);
  EXPECT_THAT(Times(clock, limiter, 6),
              ::testing::ElementsAre(0, 0, 0, 100, 200, 300));
  clock.Sleep(absl::Seconds(100));  // Earns a burst of three again, no more.
  EXPECT_THAT(Times(clock, limiter, 5),
              ::testing::ElementsAre(0, 0, 0, 100, 200));
}

TEST(RequestLimiterTest, ZeroIsNoLimit) {
  testing::SelfAdvancingClock clock;
  RequestLimiter limiter(clock, 0, 1);
  EXPECT_THAT(Times(clock, limiter, 100), ::testing::Each(0));
}

}  // namespace
}  // namespace signet::signer
