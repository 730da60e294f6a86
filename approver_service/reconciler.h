#ifndef SIGNET_APPROVER_SERVICE_RECONCILER_H_
#define SIGNET_APPROVER_SERVICE_RECONCILER_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "approver_service/decision_journal.h"
#include "approver_service/judge.h"
#include "approver_service/judgement.h"
#include "approver_service/request_history.h"
#include "approver_service/settings.h"
#include "core/api/certificates.pb.h"
#include "core/controller/loop.h"
#include "core/k8s/resource_api.h"

namespace signet::approver {

// Reconciler decides about one CertificateSigningRequest: it approves, or, only
// where the configuration says so, denies. What is in doubt waits. Thread-safe.
class Reconciler : public controller::Reconciler {
 public:
  // References must outlive the reconciler. In a dry run it writes nothing.
  Reconciler(k8s::ResourceApi<api::CertificateSigningRequest>& csrs,
             const SettingsSource& settings, Judge& judge,
             RequestHistory& history, DecisionJournal& journal, bool dry_run)
      : csrs_(csrs),
        settings_(settings),
        judge_(judge),
        history_(history),
        journal_(journal),
        dry_run_(dry_run) {}

  // At most one decision is written. The error says what to do next:
  //   kAborted             the request changed meanwhile: decide afresh;
  //   kFailedPrecondition  left alone for something that may change, a right
  //                        that is missing for one: come back (SPEC B-3);
  //   kUnavailable         something could not be found out: come back;
  //   others               from the API server, or for a bad spec.request.
  absl::Status Reconcile(absl::string_view name) override;

 private:
  absl::Status Act(api::CertificateSigningRequest csr,
                   const Judgement& judgement, const Settings& settings);

  k8s::ResourceApi<api::CertificateSigningRequest>& csrs_;
  const SettingsSource& settings_;
  Judge& judge_;
  RequestHistory& history_;
  DecisionJournal& journal_;
  const bool dry_run_;
  // Held from the look at the history to the write, where approvals are
  // counted: two at once would both be the last that is allowed.
  absl::Mutex counting_;
};

}  // namespace signet::approver

#endif  // SIGNET_APPROVER_SERVICE_RECONCILER_H_
