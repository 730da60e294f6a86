#include "approver_service/reconciler.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "core/api/certificates.pb.h"
#include "core/policy/approval.h"
#include "core/policy/csr_conditions.h"
#include "core/service/csr_log.h"
#include "core/service/csr_metrics.h"

namespace signet::approver {

using service::Verdict;

absl::Status Reconciler::Reconcile(absl::string_view name) {
  // Look. The watch says only that something changed; this read says what.
  absl::StatusOr<api::CertificateSigningRequest> csr = csrs_.Get("", name);
  if (absl::IsNotFound(csr.status())) return absl::OkStatus();  // Deleted.
  ABSL_RETURN_IF_ERROR(csr.status()) << "reading the request";

  // Decide. The first duty, that the requester holds the key, is done here.
  ABSL_ASSIGN_OR_RETURN(const policy::ApprovalPlan plan,
                        policy::PlanApproval(*csr), _ << "spec.request");
  if (plan.decided) return absl::OkStatus();
  if (plan.candidates.empty()) {
    log_.Decided(*csr, Verdict::kUnrecognised, plan.reason);
    return absl::OkStatus();
  }

  // The second duty, that the requester may act in that role, is the API
  // server's to judge.
  std::vector<std::string> refused;
  for (const policy::ApprovalCandidate& candidate : plan.candidates) {
    ABSL_ASSIGN_OR_RETURN(const bool allowed, reviews_.Allows(candidate.review),
                          _ << "asking about " << candidate.subresource);
    if (!allowed) {
      refused.push_back(candidate.subresource);
      continue;
    }
    // Act, on the object that was judged: if it has changed since, the server
    // answers with a conflict and the decision is taken afresh (SPEC B-24).
    policy::SetCondition(candidate.approval, *csr);
    ABSL_RETURN_IF_ERROR(csrs_.UpdateSubresource("approval", *csr).status())
        << "approving";
    log_.Decided(*csr, Verdict::kApproved,
                 absl::StrCat("requester may create ", candidate.subresource));
    return absl::OkStatus();
  }

  const std::string why =
      absl::StrCat("recognized as [", absl::StrJoin(refused, " "),
                   "] but subject access review was not approved");
  log_.Decided(*csr, Verdict::kRefused, why);
  return absl::FailedPreconditionError(why);
}

}  // namespace signet::approver
