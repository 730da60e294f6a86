#include "core/service/background.h"

#include <functional>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"

namespace signet::service {

Periodic::Periodic(absl::Clock& clock, absl::Duration period,
                   std::function<void()> round)
    : clock_(clock), period_(period), round_(std::move(round)) {}

void Periodic::Run() {
  absl::MutexLock lock(mutex_);
  while (!stopped_) {
    mutex_.unlock();
    round_();
    mutex_.lock();
    clock_.AwaitWithDeadline(&mutex_, absl::Condition(&stopped_),
                             clock_.TimeNow() + period_);
  }
}

void Periodic::Stop() {
  absl::MutexLock lock(mutex_);
  stopped_ = true;
}

Backgrounds::~Backgrounds() { Stop(); }

void Backgrounds::Add(When when, std::unique_ptr<Background> work) {
  absl::MutexLock lock(mutex_);
  entries_.push_back({when, std::move(work), std::thread()});
}

void Backgrounds::Start(When when) {
  absl::MutexLock lock(mutex_);
  if (stopped_) return;
  for (Entry& entry : entries_) {
    if (entry.when != when || entry.thread.joinable()) continue;
    entry.thread = std::thread([work = entry.work.get()] { work->Run(); });
  }
}

void Backgrounds::Stop() {
  std::vector<std::thread> threads;
  {
    absl::MutexLock lock(mutex_);
    stopped_ = true;
    for (Entry& entry : entries_) {
      entry.work->Stop();
      if (entry.thread.joinable()) threads.push_back(std::move(entry.thread));
    }
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace signet::service
