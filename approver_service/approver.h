#ifndef SIGNET_APPROVER_SERVICE_APPROVER_H_
#define SIGNET_APPROVER_SERVICE_APPROVER_H_

#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock_interface.h"
#include "approver_service/approver_flags.h"
#include "approver_service/decision_journal.h"
#include "approver_service/housekeeper.h"
#include "approver_service/judge.h"
#include "approver_service/kubelet_dialer.h"
#include "approver_service/reconciler.h"
#include "approver_service/request_history.h"
#include "approver_service/review_cache.h"
#include "approver_service/settings.h"
#include "approver_service/task_pool.h"
#include "approver_service/witness_bench.h"
#include "core/api/authorization.pb.h"
#include "core/api/core.pb.h"
#include "core/base/rng.h"
#include "core/controller/loop.h"
#include "core/k8s/resource_api.h"
#include "core/service/audit_log.h"
#include "core/service/background.h"
#include "core/service/csr_service.h"
#include "core/service/event_recorder.h"
#include "core/sys/resolver.h"

namespace signet::approver {

// What an approver gets from outside. All must outlive it.
struct ApproverParts {
  SettingsSource& settings;
  RequestHistory& history;
  service::AuditLog* audit;  // May be null.
  absl::Clock& clock;
  Rng& rng;
  sys::Resolver& resolver;
};

// Approver is the reconciler and all that it works with, put together.
class Approver : public controller::Reconciler {
 public:
  Approver(const ApproverParts& own, const service::CsrServiceParts& shared,
           const ApproverFlags& flags);

  absl::Status Reconcile(absl::string_view name) override {
    return reconciler_.Reconcile(name);
  }

  // What is to run beside it; it must not outlive the approver. Call once.
  std::unique_ptr<service::Background> TakeHousekeeper() {
    return std::move(housekeeper_);
  }

 private:
  const std::unique_ptr<k8s::ResourceApi<api::SubjectAccessReview>> reviews_;
  const std::unique_ptr<k8s::ResourceApi<api::SelfSubjectAccessReview>>
      own_reviews_;
  const std::unique_ptr<k8s::ResourceApi<api::Node>> nodes_;
  const std::unique_ptr<k8s::ResourceApi<api::Event>> event_api_;
  ReviewCache cache_;
  TlsKubeletDialer kubelets_;
  TaskPool pool_;
  WitnessBench bench_;
  Judge judge_;
  service::EventRecorder events_;
  DecisionJournal journal_;
  approver::Reconciler reconciler_;
  std::unique_ptr<Housekeeper> housekeeper_;
};

}  // namespace signet::approver

#endif  // SIGNET_APPROVER_SERVICE_APPROVER_H_
