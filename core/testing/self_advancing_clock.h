#ifndef SIGNET_CORE_TESTING_SELF_ADVANCING_CLOCK_H_
#define SIGNET_CORE_TESTING_SELF_ADVANCING_CLOCK_H_

#include "absl/synchronization/mutex.h"
#include "absl/time/simulated_clock.h"
#include "absl/time/time.h"

namespace signet::testing {

// SelfAdvancingClock is a simulated clock for tests of one thread: whoever
// waits on it moves it on to the end of the wait at once, as nobody else would.
class SelfAdvancingClock : public absl::SimulatedClock {
 public:
  using absl::SimulatedClock::SimulatedClock;

  void Sleep(absl::Duration d) override;
  void SleepUntil(absl::Time wakeup_time) override;
  // A condition that doesn't hold now never will: waits until `deadline`, which
  // must be finite.
  bool AwaitWithDeadline(absl::Mutex* mu, const absl::Condition& cond,
                         absl::Time deadline) override
      ABSL_SHARED_LOCKS_REQUIRED(mu);
};

}  // namespace signet::testing

#endif  // SIGNET_CORE_TESTING_SELF_ADVANCING_CLOCK_H_
