#include "core/controller/backoff.h"

#include <algorithm>

#include "absl/time/time.h"

namespace signet::controller {

absl::Duration BackoffDelay(const BackoffPolicy& policy, int failures) {
  absl::Duration delay = std::min(policy.initial, policy.maximum);
  // Multiplying step by step meets the maximum before anything can overflow.
  for (int i = 1; i < failures && delay < policy.maximum; ++i) {
    const absl::Duration next = delay * policy.factor;
    if (next <= delay) break;  // A factor of 1 or less never grows.
    delay = std::min(next, policy.maximum);
  }
  return delay;
}

absl::Duration Jittered(absl::Duration base, double spread, double fraction) {
  return base + base * (spread * fraction);
}

}  // namespace signet::controller
