#ifndef SIGNET_CORE_SERVICE_LEADER_ELECTOR_H_
#define SIGNET_CORE_SERVICE_LEADER_ELECTOR_H_

#include <functional>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "core/api/coordination.pb.h"
#include "core/base/rng.h"
#include "core/controller/leader_lease.h"
#include "core/k8s/resource_api.h"

namespace signet::service {

struct LeaderElectorOptions {
  std::string namespace_name;      // "kube-system"
  std::string name;                // "signet-approver"
  std::string identity;            // Unique to the process: "host_<random>".
  controller::LeaseTiming timing;  // Valid: ValidateLeaseTiming.
};

// LeaderElector makes one of several replicas the active one, as client-go's
// does; two differences: a replica that waits looks every 0.8 to 1 retry
// periods, not 1 to 2.2, and the moment the Lease runs out; and a leader that
// sees the Lease with another gives up at once. Thread-safe, but one thread
// calls Acquire and then Hold, once.
class LeaderElector {
 public:
  // References must outlive the object. A call of `leases` must not take
  // longer than timing.lease - timing.renew_deadline: then Hold has returned
  // before another replica may take over.
  LeaderElector(LeaderElectorOptions options,
                k8s::ResourceApi<api::Lease>& leases, absl::Clock& clock,
                Rng& rng);

  // Acquire blocks until this replica leads: OK. kCancelled after Stop. Errors
  // of the server are told in the log, and retried.
  absl::Status Acquire();
  // Hold renews the Lease until Stop (it is then given up: OK) or until it
  // could not be renewed within the renew deadline or belongs to another
  // (kAborted, with the reason): the caller must have stopped acting by the
  // time it returns, so `lost` is called first. Call Stop when nothing acts any
  // more: the next replica takes over at once.
  absl::Status Hold(const std::function<void()>& lost);
  // Ends Acquire and Hold, but for a request under way.
  void Stop();

  bool IsLeader() const;
  std::string Holder() const;  // The identity last seen; empty: none.
  // Why it could not try to lead when it tried last: no such right, no answer.
  // OK if another leads, or it does.
  absl::Status Trouble() const;

 private:
  // Tries to get or to renew the Lease. kFailedPrecondition: another has it.
  absl::Status Try();
  void Release();
  // Takes in what the server said, and tells who leads if that is new.
  void Saw(std::optional<api::Lease> lease);
  controller::ObservedLease observed() const;
  absl::Time renew_before() const;
  // Tells an error that was not told just before.
  void Tell(const absl::Status& error);
  // True after Stop, which may come before `until`.
  bool StoppedBefore(absl::Time until);

  const LeaderElectorOptions options_;
  k8s::ResourceApi<api::Lease>& leases_;
  absl::Clock& clock_;
  Rng& rng_;

  mutable absl::Mutex mutex_;
  controller::ObservedLease observed_ ABSL_GUARDED_BY(mutex_);
  bool leads_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  // When the request was sent by which the Lease is held.
  absl::Time renewed_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  std::string told_ ABSL_GUARDED_BY(mutex_);  // The last error.
  absl::Status trouble_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace signet::service

#endif  // SIGNET_CORE_SERVICE_LEADER_ELECTOR_H_
