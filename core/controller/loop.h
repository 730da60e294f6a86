#ifndef SIGNET_CORE_CONTROLLER_LOOP_H_
#define SIGNET_CORE_CONTROLLER_LOOP_H_

#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "core/controller/backoff.h"
#include "core/controller/gate.h"
#include "core/controller/work_queue.h"

namespace signet::controller {

// Reconciler makes the world right for one name: look, decide, act. It is
// called for different names in parallel, never for the same name twice at
// once. An error is retried with backoff, and not before the server's
// Retry-After.
class Reconciler {
 public:
  virtual ~Reconciler() = default;
  virtual absl::Status Reconcile(absl::string_view name) = 0;
};

struct LoopOptions {
  int workers = 5;  // SPEC C-22.
  BackoffPolicy backoff;
  // How long the server asked to wait, out of an error; may be empty.
  std::function<std::optional<absl::Duration>(const absl::Status&)> retry_after;
  // True for an error of the server as a whole, which no request can get round
  // (k8s::IsOutage): then nothing is asked of it for a while, as Gate says. May
  // be empty: then none is.
  std::function<bool(const absl::Status&)> is_outage;
  // Pauses between tries during an outage. A name that found the outage is
  // tried again after the longest of them at the latest: it is not to blame.
  BackoffPolicy outage_backoff = {.initial = absl::Milliseconds(200),
                                  .factor = 2,
                                  .maximum = absl::Seconds(5)};
  // Told of every result, e.g. for logs and metrics; may be empty.
  std::function<void(absl::string_view name, const absl::Status& result,
                     absl::Duration took)>
      on_result;
};

// Loop runs a Reconciler over a WorkQueue. Feeding the queue (from a Reflector)
// is the service's. Thread-safe.
class Loop {
 public:
  // References must outlive the loop.
  Loop(Reconciler& reconciler, WorkQueue& queue, absl::Clock& clock,
       LoopOptions options);
  ~Loop();  // Stops.
  // Starts the workers. Call once.
  void Start();
  // Shuts the queue down and joins the workers; reconciliations under way are
  // finished first. Not to be called by a worker.
  void Stop();
  // Drops the failure count of a name that is gone.
  void Forget(absl::string_view name);

 private:
  void Work();
  // When to come back to `name` after `result`; nullopt if never.
  std::optional<absl::Duration> Account(absl::string_view name,
                                        const absl::Status& result);

  bool IsOutage(const absl::Status& result) const;
  absl::Duration RetryAfter(const absl::Status& result) const;

  Reconciler& reconciler_;
  WorkQueue& queue_;
  absl::Clock& clock_;
  const LoopOptions options_;
  Gate gate_;
  absl::Mutex mutex_;
  absl::flat_hash_map<std::string, int> failures_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::thread> workers_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace signet::controller

#endif  // SIGNET_CORE_CONTROLLER_LOOP_H_
