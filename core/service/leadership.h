#ifndef SIGNET_CORE_SERVICE_LEADERSHIP_H_
#define SIGNET_CORE_SERVICE_LEADERSHIP_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock_interface.h"
#include "core/api/coordination.pb.h"
#include "core/base/rng.h"
#include "core/k8s/resource_api.h"
#include "core/service/leader_elector.h"
#include "core/service/service_flags.h"
#include "prometheus/gauge.h"
#include "prometheus/registry.h"

namespace signet::service {

// How the work of a leader begins and ends. Called on threads of Leadership.
struct LeaderWork {
  std::function<void()> start;   // Once, when it leads.
  std::function<void()> finish;  // In good order: what is under way is ended.
  std::function<void()> cut;     // At once: another may lead in a moment.
};

// Leadership lets a process work while it leads. A leader that loses the Lease
// ends with an error, as kube-controller-manager does, for its supervisor to
// start it afresh: see docs/decisions/0010-leader-election.md. With
// --leader-elect=false it always leads. Thread-safe.
class Leadership {
 public:
  // References must outlive the object, and calls of `leases` be shorter than
  // LeaderElector allows: see LeaseRequestTimeout. Registers the gauge
  // leader_election_master_status{name}, as client-go names it.
  Leadership(const LeaderFlags& flags, std::string identity,
             k8s::ResourceApi<api::Lease>& leases, absl::Clock& clock, Rng& rng,
             prometheus::Registry& registry);

  // Runs until `stop`: OK; then `finish` was called if `start` was, and the
  // Lease was given up after it. kAborted: it was lost, and `cut` was called.
  absl::Status Run(const LeaderWork& work, const absl::Notification& stop);

  // kUnavailable, with the reason, if it neither leads nor could lead: it may
  // not have the Lease, or the server does not answer.
  absl::Status Ready() const;
  // "leads", or "stands by; host_1 leads".
  std::string Standing() const;

 private:
  // Waits until it leads, works and returns when that is over.
  absl::Status Lead(const LeaderWork& work);
  void SetLeads(bool leads);

  const LeaderFlags flags_;
  LeaderElector elector_;
  prometheus::Gauge& gauge_;

  mutable absl::Mutex mutex_;
  bool leads_ ABSL_GUARDED_BY(mutex_) = false;
  bool started_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
};

// How long one request about the Lease may take.
absl::Duration LeaseRequestTimeout(const controller::LeaseTiming& timing);

// "host_0a1b…": unique, and tells where the process runs.
std::string LeaderIdentity(absl::string_view host, Rng& rng);

}  // namespace signet::service

#endif  // SIGNET_CORE_SERVICE_LEADERSHIP_H_
