#include "core/rotation/retry_ladder.h"

#include <algorithm>
#include <cstdint>

#include "absl/time/time.h"

namespace signet::rotation {
namespace {

constexpr double kSpread = 0.1;
constexpr absl::Duration kTick = absl::Seconds(32);

}  // namespace

void FailedAttempts::Add(absl::Time now) {
  ++count;
  last_ended = now;
  if (count == kFast) fast_ended = now;
}

absl::Time NextAttempt(const FailedAttempts& failed, double fraction) {
  if (failed.count <= 0) return absl::InfinitePast();
  if (failed.count < FailedAttempts::kFast) {
    const absl::Duration pause = absl::Seconds(int64_t{1} << failed.count);
    return failed.last_ended + pause * (1 + kSpread * fraction);
  }
  // A clock that was set back must not stretch the wait beyond one tick.
  const absl::Duration since =
      std::max(failed.last_ended - failed.fast_ended, absl::ZeroDuration());
  absl::Duration into_tick;
  absl::IDivDuration(since, kTick, &into_tick);
  return failed.last_ended + (kTick - into_tick);
}

}  // namespace signet::rotation
