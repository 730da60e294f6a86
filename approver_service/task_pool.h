#ifndef SIGNET_APPROVER_SERVICE_TASK_POOL_H_
#define SIGNET_APPROVER_SERVICE_TASK_POOL_H_

#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace signet::approver {

// TaskPool runs functions on a few threads, in order. Whoever waits for them
// waits no longer than it likes and may be gone when they end. Thread-safe.
class TaskPool {
 public:
  explicit TaskPool(int threads);
  // Drops what has not begun, and waits for what has.
  ~TaskPool();
  TaskPool(const TaskPool&) = delete;
  TaskPool& operator=(const TaskPool&) = delete;

  void Run(std::function<void()> task);

 private:
  void Work();

  absl::Mutex mutex_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  std::deque<std::function<void()>> tasks_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_;
};

}  // namespace signet::approver

#endif  // SIGNET_APPROVER_SERVICE_TASK_POOL_H_
