#ifndef SIGNET_CORE_POLICY_APPROVAL_H_
#define SIGNET_CORE_POLICY_APPROVAL_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/api/authorization.pb.h"
#include "core/api/certificates.pb.h"

// Which CertificateSigningRequests may be approved without a human, and on
// whose word. Pure: the questions to the API server are asked by the caller.
//
// An approver has two duties. It makes sure that the requester holds the key:
// PlanApproval verifies the request's own signature. And it makes sure that the
// requester may act in the role asked for: that is the plan's questions. Where
// either is in doubt the request waits; it is never denied, for a denial is
// final and makes kubelets ask again and again (SPEC A-11b, B-14).
namespace signet::policy {

// A way for a request to be approved: if the server allows `review`, add
// `approval`.
struct ApprovalCandidate {
  // May the requester create certificatesigningrequests/<subresource>?
  std::string subresource;
  api::SubjectAccessReview review;
  // Without times: the server fills them in (SPEC B-3, D-13).
  api::CertificateSigningRequestCondition approval;
};

struct ApprovalPlan {
  // To be asked in this order; the first that is allowed decides (SPEC B-2).
  std::vector<ApprovalCandidate> candidates;
  // Without candidates: why the request is left alone.
  std::string reason;
  // Then: true if it is because nothing is left to decide (SPEC B-1).
  bool decided = false;
};

// Plans the approval of `csr`, as the table in approval.cc says (SPEC B-1 to
// B-4). kInvalidArgument if spec.request cannot be parsed or is not signed with
// its own key.
absl::StatusOr<ApprovalPlan> PlanApproval(
    const api::CertificateSigningRequest& csr);

// True unless the request is approved, denied or issued (SPEC B-1).
bool AwaitsApproval(const api::CertificateSigningRequest& csr);

}  // namespace signet::policy

#endif  // SIGNET_CORE_POLICY_APPROVAL_H_
