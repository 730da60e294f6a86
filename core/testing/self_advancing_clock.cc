#include "core/testing/self_advancing_clock.h"

#include "absl/log/check.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace signet::testing {

void SelfAdvancingClock::Sleep(absl::Duration d) { SleepUntil(TimeNow() + d); }

void SelfAdvancingClock::SleepUntil(absl::Time wakeup_time) {
  CHECK(wakeup_time != absl::InfiniteFuture()) << "waits for ever";
  if (wakeup_time > TimeNow()) SetTime(wakeup_time);
}

bool SelfAdvancingClock::AwaitWithDeadline(absl::Mutex* /*mu*/,
                                           const absl::Condition& cond,
                                           absl::Time deadline) {
  if (cond.Eval()) return true;
  SleepUntil(deadline);
  return cond.Eval();
}

}  // namespace signet::testing
