#ifndef SIGNET_CORE_SERVICE_BACKGROUND_H_
#define SIGNET_CORE_SERVICE_BACKGROUND_H_

#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"

namespace signet::service {

// When a service does something.
enum class When {
  kAlways,   // On standby too: what keeps it warm.
  kLeading,  // Only the replica that leads: what writes.
};

// Background is what a service does beside its queue: a watch of another kind,
// a cleaner, a look at a file.
class Background {
 public:
  virtual ~Background() = default;
  // Blocks until Stop. Called once, on a thread of its own.
  virtual void Run() = 0;
  // Thread-safe; may come before Run, and more than once.
  virtual void Stop() = 0;
};

// Periodic calls `round` at once and then each `period` after it returned.
class Periodic : public Background {
 public:
  // `clock` must outlive the object.
  Periodic(absl::Clock& clock, absl::Duration period,
           std::function<void()> round);
  void Run() override;
  void Stop() override;

 private:
  absl::Clock& clock_;
  const absl::Duration period_;
  const std::function<void()> round_;
  absl::Mutex mutex_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
};

// Backgrounds runs each Background on a thread. Thread-safe.
class Backgrounds {
 public:
  ~Backgrounds();  // Stops.
  void Add(When when, std::unique_ptr<Background> work);
  // Starts those of `when`, once; what is added later is not.
  void Start(When when);
  // Stops all, and waits for what is under way.
  void Stop();

 private:
  struct Entry {
    When when;
    std::unique_ptr<Background> work;
    std::thread thread;
  };
  absl::Mutex mutex_;
  std::vector<Entry> entries_ ABSL_GUARDED_BY(mutex_);
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace signet::service

#endif  // SIGNET_CORE_SERVICE_BACKGROUND_H_
