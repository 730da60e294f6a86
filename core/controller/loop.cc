#include "core/controller/loop.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "core/controller/backoff.h"
#include "core/controller/gate.h"
#include "core/controller/work_queue.h"

namespace signet::controller {

Loop::Loop(Reconciler& reconciler, WorkQueue& queue, absl::Clock& clock,
           LoopOptions options)
    : reconciler_(reconciler),
      queue_(queue),
      clock_(clock),
      options_(std::move(options)),
      gate_(clock, options_.outage_backoff) {}

Loop::~Loop() { Stop(); }

void Loop::Start() {
  absl::MutexLock lock(mutex_);
  for (int i = 0; i < options_.workers; ++i) {
    workers_.emplace_back([this] { Work(); });
  }
}

void Loop::Stop() {
  queue_.Shutdown();
  gate_.Shutdown();
  std::vector<std::thread> workers;
  {
    absl::MutexLock lock(mutex_);
    workers.swap(workers_);
  }
  for (std::thread& worker : workers) worker.join();
}

void Loop::Forget(absl::string_view name) {
  absl::MutexLock lock(mutex_);
  failures_.erase(name);
}

void Loop::Work() {
  while (const std::optional<std::string> name = queue_.Get()) {
    const std::optional<uint64_t> pass = gate_.Enter();
    if (!pass) {
      queue_.Done(*name);
      return;
    }
    const absl::Time start = clock_.TimeNow();
    const absl::Status result = reconciler_.Reconcile(*name);
    const absl::Duration took = clock_.TimeNow() - start;
    gate_.Leave(*pass, IsOutage(result), RetryAfter(result));
    if (const auto delay = Account(*name, result)) {
      queue_.AddAfter(*name, *delay);
    }
    queue_.Done(*name);
    if (options_.on_result) options_.on_result(*name, result, took);
  }
}

std::optional<absl::Duration> Loop::Account(absl::string_view name,
                                            const absl::Status& result) {
  if (result.ok()) {
    Forget(name);
    return std::nullopt;
  }
  int failures;
  {
    absl::MutexLock lock(mutex_);
    failures = ++failures_[name];
  }
  absl::Duration backoff = BackoffDelay(options_.backoff, failures);
  if (IsOutage(result)) {
    backoff = std::min(backoff, options_.outage_backoff.maximum);
  }
  return std::max(backoff, RetryAfter(result));
}

bool Loop::IsOutage(const absl::Status& result) const {
  return options_.is_outage && options_.is_outage(result);
}

absl::Duration Loop::RetryAfter(const absl::Status& result) const {
  if (!options_.retry_after) return absl::ZeroDuration();
  return options_.retry_after(result).value_or(absl::ZeroDuration());
}

}  // namespace signet::controller
