#include "core/controller/work_queue.h"

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"

namespace signet::controller {

void WorkQueue::Add(absl::string_view name) {
  absl::MutexLock lock(mutex_);
  if (shutdown_) return;
  Unschedule(name);
  AddLocked(name);
}

void WorkQueue::AddAfter(absl::string_view name, absl::Duration delay) {
  absl::MutexLock lock(mutex_);
  if (shutdown_) return;
  if (queued_.contains(name) || again_.contains(name)) return;  // Earlier.
  if (delay <= absl::ZeroDuration()) {
    Unschedule(name);
    AddLocked(name);
    return;
  }
  const absl::Time due = clock_.TimeNow() + delay;
  const auto scheduled = due_.find(name);
  if (scheduled != due_.end() && scheduled->second <= due) return;
  Unschedule(name);
  due_.emplace(name, due);
  schedule_.emplace(due, name);
}

std::optional<std::string> WorkQueue::Get() {
  absl::MutexLock lock(mutex_);
  while (!shutdown_) {
    AddDue();
    if (!ready_.empty()) {
      std::string name = std::move(ready_.front());
      ready_.pop_front();
      queued_.erase(name);
      active_.insert(name);
      return name;
    }
    const absl::Time due = EarliestDue();
    const auto has_news = [this, due]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return HasNews(due);
    };
    clock_.AwaitWithDeadline(&mutex_, absl::Condition(&has_news), due);
  }
  return std::nullopt;
}

void WorkQueue::Done(absl::string_view name) {
  absl::MutexLock lock(mutex_);
  active_.erase(name);
  if (again_.erase(name) > 0) AddLocked(name);
}

void WorkQueue::Shutdown() {
  absl::MutexLock lock(mutex_);
  shutdown_ = true;
  ready_.clear();
  queued_.clear();
  again_.clear();
  due_.clear();
  schedule_.clear();
}

size_t WorkQueue::size() const {
  absl::MutexLock lock(mutex_);
  return queued_.size() + again_.size() + due_.size();
}

bool WorkQueue::HasNews(absl::Time seen) const {
  return shutdown_ || !ready_.empty() || EarliestDue() < seen;
}

absl::Time WorkQueue::EarliestDue() const {
  return schedule_.empty() ? absl::InfiniteFuture() : schedule_.begin()->first;
}

void WorkQueue::AddDue() {
  const absl::Time now = clock_.TimeNow();
  while (EarliestDue() <= now) {
    const std::string name = schedule_.begin()->second;
    Unschedule(name);
    AddLocked(name);
  }
}

void WorkQueue::AddLocked(absl::string_view name) {
  if (active_.contains(name)) {
    again_.emplace(name);
  } else if (queued_.emplace(name).second) {
    ready_.emplace_back(name);
  }
}

void WorkQueue::Unschedule(absl::string_view name) {
  const auto scheduled = due_.find(name);
  if (scheduled == due_.end()) return;
  schedule_.erase({scheduled->second, scheduled->first});
  due_.erase(scheduled);
}

}  // namespace signet::controller
