#ifndef SIGNET_CORE_CONTROLLER_WORK_QUEUE_H_
#define SIGNET_CORE_CONTROLLER_WORK_QUEUE_H_

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "core/controller/fair_queue.h"

namespace signet::controller {

// WorkQueue holds names to be reconciled: each at most once, in the order of
// FairQueue; without turns that is the order in which they were added. A name
// added while it is being worked on comes again afterwards. Thread-safe.
class WorkQueue {
 public:
  // `clock` must outlive the queue; it times AddAfter.
  explicit WorkQueue(absl::Clock& clock) : clock_(clock) {}

  // A name that waits keeps the turn it has.
  void Add(absl::string_view name, const Turn& turn = {});
  // Adds `name` once `delay` has passed; an earlier time for it wins. Of a name
  // that is being worked on the turn is kept.
  void AddAfter(absl::string_view name, absl::Duration delay);
  // Blocks for the next name; nullopt after Shutdown. Done must follow.
  std::optional<std::string> Get();
  // Ends the work that Get began.
  void Done(absl::string_view name);
  // Ends every Get, now and later; what still waits is dropped.
  void Shutdown();
  // Names waiting, delayed ones included; not those being worked on.
  size_t size() const;

 private:
  // Something that Get may hand out now, or a due time earlier than `seen`.
  bool HasNews(absl::Time seen) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Time EarliestDue() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Adds the names whose time has come.
  void AddDue() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void AddLocked(absl::string_view name, const Turn& turn)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Unschedule(absl::string_view name) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  absl::Clock& clock_;
  mutable absl::Mutex mutex_;
  bool shutdown_ ABSL_GUARDED_BY(mutex_) = false;
  // Every waiting name is in exactly one of queued_ (and ready_, its order),
  // again_ and due_ (and schedule_, its order).
  FairQueue ready_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_set<std::string> queued_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<std::string, Turn> active_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<std::string, Turn> again_ ABSL_GUARDED_BY(mutex_);
  struct Delayed {
    absl::Time due;
    Turn turn;
  };
  absl::flat_hash_map<std::string, Delayed> due_ ABSL_GUARDED_BY(mutex_);
  std::set<std::pair<absl::Time, std::string>> schedule_
      ABSL_GUARDED_BY(mutex_);
};

}  // namespace signet::controller

#endif  // SIGNET_CORE_CONTROLLER_WORK_QUEUE_H_
