#include "signer_service/request_limiter.h"

#include <algorithm>

#include "absl/synchronization/mutex.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"

namespace signet::signer {

RequestLimiter::RequestLimiter(absl::Clock& clock, double qps, int burst)
    : clock_(clock),
      interval_(qps > 0 ? absl::Seconds(1) / qps : absl::ZeroDuration()),
      burst_(burst) {}

void RequestLimiter::Wait() {
  if (interval_ == absl::ZeroDuration()) return;
  const absl::Duration wait = Reserve(clock_.TimeNow());
  if (wait > absl::ZeroDuration()) clock_.Sleep(wait);
}

absl::Duration RequestLimiter::Reserve(absl::Time now) {
  absl::MutexLock lock(mutex_);
  // A pause earns no more than a burst.
  next_ = std::max(next_, now - interval_ * (burst_ - 1));
  const absl::Duration wait = next_ - now;
  next_ += interval_;
  return wait;
}

}  // namespace signet::signer
