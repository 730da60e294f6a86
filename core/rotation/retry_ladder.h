#ifndef SIGNET_CORE_ROTATION_RETRY_LADDER_H_
#define SIGNET_CORE_ROTATION_RETRY_LADDER_H_

#include "absl/time/time.h"

// When to try again after failed attempts. Pure arithmetic.
namespace signet::rotation {

// The attempts that failed since the last success.
struct FailedAttempts {
  // Fast attempts: so many, with growing pauses between them.
  static constexpr int kFast = 5;

  int count = 0;
  absl::Time last_ended;  // When the latest failed.
  absl::Time fast_ended;  // When the kFast-th failed; unset before.

  // Records that an attempt failed at `now`.
  void Add(absl::Time now);
};

// NextAttempt returns when the next attempt is due: at the earliest after a
// pause of 2, 4, 8 and 16 s, each times [1, 1.1) by `fraction` in [0, 1); after
// the fifth failure on the ticks of a 32 s clock that started with that
// failure. A tick that falls into a running attempt is dropped, not made up for
// (SPEC A-8). With no failed attempt it is InfinitePast().
absl::Time NextAttempt(const FailedAttempts& failed, double fraction);

}  // namespace signet::rotation

#endif  // SIGNET_CORE_ROTATION_RETRY_LADDER_H_
