#include "core/controller/gate.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "absl/synchronization/mutex.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "core/controller/backoff.h"

namespace signet::controller {

std::optional<uint64_t> Gate::Enter() {
  absl::MutexLock lock(mutex_);
  while (!shutdown_ && !MayEnter()) {
    // While another tries, only its result is news.
    const absl::Time until = trying_ ? absl::InfiniteFuture() : next_try_;
    const bool waits_for_other = trying_;
    const auto has_news = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return shutdown_ || !closed_ || trying_ != waits_for_other;
    };
    clock_.AwaitWithDeadline(&mutex_, absl::Condition(&has_news), until);
  }
  if (shutdown_) return std::nullopt;
  if (closed_) trying_ = true;
  return closings_;
}

bool Gate::MayEnter() const {
  return !closed_ || (!trying_ && clock_.TimeNow() >= next_try_);
}

void Gate::Leave(uint64_t pass, bool outage, absl::Duration retry_after) {
  absl::MutexLock lock(mutex_);
  if (pass != closings_) return;
  if (outage) {
    ++failures_;
    ++closings_;
    closed_ = true;
    next_try_ = clock_.TimeNow() +
                std::max(retry_after, BackoffDelay(policy_, failures_));
  } else {
    failures_ = 0;
    closed_ = false;
  }
  trying_ = false;
}

void Gate::Shutdown() {
  absl::MutexLock lock(mutex_);
  shutdown_ = true;
}

bool Gate::IsOpen() const {
  absl::MutexLock lock(mutex_);
  return !closed_;
}

}  // namespace signet::controller
