#include "core/controller/work_queue.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "core/controller/fair_queue.h"

namespace signet::controller {

void WorkQueue::Add(absl::string_view name, const Turn& turn) {
  absl::MutexLock lock(mutex_);
  if (shutdown_) return;
  Unschedule(name);
  AddLocked(name, turn);
}

void WorkQueue::AddAfter(absl::string_view name, absl::Duration delay) {
  absl::MutexLock lock(mutex_);
  if (shutdown_) return;
  if (queued_.contains(name) || again_.contains(name)) return;  // Earlier.
  const auto scheduled = due_.find(name);
  const auto active = active_.find(name);
  Turn turn;
  if (active != active_.end()) {
    turn = active->second;
  } else if (scheduled != due_.end()) {
    turn = scheduled->second.turn;
  }
  if (delay <= absl::ZeroDuration()) {
    Unschedule(name);
    AddLocked(name, turn);
    return;
  }
  const absl::Time due = clock_.TimeNow() + delay;
  if (scheduled != due_.end() && scheduled->second.due <= due) return;
  Unschedule(name);
  due_.emplace(name, Delayed{due, std::move(turn)});
  schedule_.emplace(due, name);
}

std::optional<std::string> WorkQueue::Get() {
  absl::MutexLock lock(mutex_);
  while (!shutdown_) {
    AddDue();
    if (std::optional<FairQueue::Entry> entry = ready_.Pop()) {
      queued_.erase(entry->name);
      active_.insert_or_assign(entry->name, std::move(entry->turn));
      return std::move(entry->name);
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
  if (auto again = again_.extract(name)) AddLocked(name, again.mapped());
}

void WorkQueue::Shutdown() {
  absl::MutexLock lock(mutex_);
  shutdown_ = true;
  ready_.Clear();
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
    const Turn turn = due_.find(name)->second.turn;
    Unschedule(name);
    AddLocked(name, turn);
  }
}

void WorkQueue::AddLocked(absl::string_view name, const Turn& turn) {
  if (active_.contains(name)) {
    again_.try_emplace(name, turn);
  } else if (queued_.emplace(name).second) {
    ready_.Push(name, turn);
  }
}

void WorkQueue::Unschedule(absl::string_view name) {
  const auto scheduled = due_.find(name);
  if (scheduled == due_.end()) return;
  schedule_.erase({scheduled->second.due, scheduled->first});
  due_.erase(scheduled);
}

}  // namespace signet::controller
