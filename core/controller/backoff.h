#ifndef SIGNET_CORE_CONTROLLER_BACKOFF_H_
#define SIGNET_CORE_CONTROLLER_BACKOFF_H_

#include "absl/time/time.h"

namespace signet::controller {

// An exponential backoff, as arithmetic: no clock, no randomness.
struct BackoffPolicy {
  absl::Duration initial = absl::Milliseconds(200);  // SPEC C-22.
  double factor = 2.0;
  absl::Duration maximum = absl::Seconds(1000);  // SPEC C-22.
};

// The pause before the retry that follows `failures` failures in a row (>= 1).
absl::Duration BackoffDelay(const BackoffPolicy& policy, int failures);

// `base` x [1, 1 + spread), by `fraction` in [0, 1).
absl::Duration Jittered(absl::Duration base, double spread, double fraction);

}  // namespace signet::controller

#endif  // SIGNET_CORE_CONTROLLER_BACKOFF_H_
