#ifndef SIGNET_APPROVER_SERVICE_WITNESS_BENCH_H_
#define SIGNET_APPROVER_SERVICE_WITNESS_BENCH_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/clock_interface.h"
#include "approver_service/kubelet_dialer.h"
#include "approver_service/settings.h"
#include "approver_service/task_pool.h"
#include "core/api/core.pb.h"
#include "core/k8s/resource_api.h"
#include "core/policy/serving_approval.h"
#include "core/sys/resolver.h"

namespace signet::approver {

// WitnessBench asks the witnesses of a node's names all at once, and waits for
// them no longer than the configuration says: one that has not answered by then
// is unknown, and the request waits. It judges nothing. Thread-safe.
class WitnessBench {
 public:
  // The witnesses and the clock must outlive `pool`, and `pool` the bench.
  WitnessBench(k8s::ResourceApi<api::Node>& nodes, sys::Resolver& resolver,
               KubeletDialer& kubelets, absl::Clock& clock, TaskPool& pool)
      : nodes_(nodes),
        resolver_(resolver),
        kubelets_(kubelets),
        clock_(clock),
        pool_(pool) {}

  // What the witnesses of `settings` say of `plan`'s names. Not the other
  // holders of the key and the approvals, of which it knows nothing.
  policy::ServingEvidence Ask(const policy::ServingPlan& plan,
                              const Settings& settings);

  // Whether a Node of that name exists and is Ready; nullopt if that could not
  // be found out in time.
  std::optional<bool> NodeIsReady(absl::string_view node,
                                  const Settings& settings);

 private:
  k8s::ResourceApi<api::Node>& nodes_;
  sys::Resolver& resolver_;
  KubeletDialer& kubelets_;
  absl::Clock& clock_;
  TaskPool& pool_;
};

}  // namespace signet::approver

#endif  // SIGNET_APPROVER_SERVICE_WITNESS_BENCH_H_
