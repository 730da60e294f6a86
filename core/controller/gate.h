#ifndef SIGNET_CORE_CONTROLLER_GATE_H_
#define SIGNET_CORE_CONTROLLER_GATE_H_

#include <cstdint>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "core/controller/backoff.h"

namespace signet::controller {

// Gate keeps workers from asking a server that cannot answer. It is open until
// one of them finds an outage; then all wait, one tries again after a while,
// and the first that gets an answer opens the gate for the others. So the rate
// of requests during an outage does not depend on how many there are to make.
// Thread-safe.
class Gate {
 public:
  // `clock` must outlive the gate. `policy` gives the pauses between tries.
  Gate(absl::Clock& clock, const BackoffPolicy& policy)
      : clock_(clock), policy_(policy) {}

  // Blocks until the server may be asked. Leave must follow, with the pass.
  // nullopt after Shutdown.
  std::optional<uint64_t> Enter();
  // Says what came of it. `outage`: the server could not be asked, and not
  // before `retry_after`. What was begun before the gate closed last does not
  // count.
  void Leave(uint64_t pass, bool outage,
             absl::Duration retry_after = absl::ZeroDuration());
  // Ends every Enter, now and later.
  void Shutdown();
  bool IsOpen() const;

 private:
  bool MayEnter() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  absl::Clock& clock_;
  const BackoffPolicy policy_;
  mutable absl::Mutex mutex_;
  bool shutdown_ ABSL_GUARDED_BY(mutex_) = false;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  bool trying_ ABSL_GUARDED_BY(mutex_) = false;  // One is through, to try.
  int failures_ ABSL_GUARDED_BY(mutex_) = 0;     // In a row.
  absl::Time next_try_ ABSL_GUARDED_BY(mutex_);
  uint64_t closings_ ABSL_GUARDED_BY(mutex_) = 0;  // The pass of now.
};

}  // namespace signet::controller

#endif  // SIGNET_CORE_CONTROLLER_GATE_H_
