#include "approver_service/reconciler.h"

#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "approver_service/judge.h"
#include "approver_service/judgement.h"
#include "approver_service/settings.h"
#include "core/api/certificates.pb.h"
#include "core/policy/approval.h"
#include "core/policy/approver_config.h"
#include "core/policy/csr_conditions.h"
#include "core/policy/decision.h"

namespace signet::approver {
namespace {

using policy::Verdict;

bool CountsApprovals(const policy::ApproverConfig& config) {
  return config.client.max_approvals_per_hour > 0 ||
         (config.serving && config.serving->max_approvals_per_hour > 0);
}

}  // namespace

absl::Status Reconciler::Reconcile(absl::string_view name) {
  // Look. The watch says only that something changed; this read says what.
  absl::StatusOr<api::CertificateSigningRequest> csr = csrs_.Get("", name);
  if (absl::IsNotFound(csr.status())) return absl::OkStatus();  // Deleted.
  ABSL_RETURN_IF_ERROR(csr.status()) << "reading the request";
  if (!policy::AwaitsApproval(*csr)) return absl::OkStatus();
  const std::shared_ptr<const Settings> settings = settings_.Current();
  ABSL_ASSIGN_OR_RETURN(const Findings findings,
                        judge_.Gather(*csr, *settings));

  // Decide, and act.
  absl::MutexLockMaybe lock(CountsApprovals(settings->config) ? &counting_
                                                              : nullptr);
  const Judgement judgement = judge_.Conclude(*csr, *settings, findings);
  return Act(*std::move(csr), judgement, *settings);
}

absl::Status Reconciler::Act(api::CertificateSigningRequest csr,
                             const Judgement& judgement,
                             const Settings& settings) {
  const policy::Decision& decision = judgement.decision;
  const bool decided = decision.verdict == Verdict::kApprove ||
                       decision.verdict == Verdict::kDeny;
  if (!decided || dry_run_) {
    ABSL_RETURN_IF_ERROR(journal_.NotWritten(csr, judgement, settings));
    if (decision.verdict == Verdict::kWait) {
      return absl::UnavailableError(decision.message);
    }
    if (decision.verdict == Verdict::kLeave && decision.may_change) {
      return absl::FailedPreconditionError(decision.message);
    }
    return absl::OkStatus();
  }

  ABSL_RETURN_IF_ERROR(journal_.BeforeWrite(csr, judgement, settings));
  // On the object that was judged: if it has changed since, the server answers
  // with a conflict and the decision is taken afresh (SPEC B-24).
  policy::SetCondition(judgement.condition, csr);
  const absl::StatusOr<api::CertificateSigningRequest> written =
      csrs_.UpdateSubresource("approval", csr);
  journal_.AfterWrite(csr, judgement, settings, written.status());
  ABSL_RETURN_IF_ERROR(written.status())
      << (decision.verdict == Verdict::kApprove ? "approving" : "denying");
  history_.Seen(*written);
  return absl::OkStatus();
}

}  // namespace signet::approver
