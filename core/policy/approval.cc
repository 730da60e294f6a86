#include "core/policy/approval.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/api/authorization.pb.h"
#include "core/api/certificates.pb.h"
#include "core/pki/certificate_request.h"
#include "core/policy/csr_conditions.h"
#include "core/policy/kubelet_request.h"
#include "core/policy/signer_names.h"

namespace signet::policy {
namespace {

// A kubelet asks for a client certificate of some node (SPEC B-4).
absl::Status IsNodeClient(const api::CertificateSigningRequest& csr,
                          const pki::CertificateRequest& request) {
  if (csr.spec().signer_name() != kKubeApiserverClientKubelet) {
    return absl::InvalidArgumentError(
        absl::StrCat("only requests to ", kKubeApiserverClientKubelet,
                     " are approved automatically"));
  }
  const std::vector<std::string> usages(csr.spec().usages().begin(),
                                        csr.spec().usages().end());
  return CheckKubeletClientRequest(request, usages);
}

// A kubelet asks to renew its own: the requester is the subject (SPEC B-2).
absl::Status IsSelfNodeClient(const api::CertificateSigningRequest& csr,
                              const pki::CertificateRequest& request) {
  if (csr.spec().username() != request.subject().common_name) {
    return absl::InvalidArgumentError(
        "subject common name is not the requester's");
  }
  return IsNodeClient(csr, request);
}

// The whole policy. The first row whose check holds and whose access the server
// grants decides (SPEC B-2, B-3).
struct Recogniser {
  absl::string_view subresource;
  absl::Status (*check)(const api::CertificateSigningRequest&,
                        const pki::CertificateRequest&);
  absl::string_view message;
};
constexpr Recogniser kRecognisers[] = {
    {"selfnodeclient", IsSelfNodeClient,
     "Auto approving self kubelet client certificate after "
     "SubjectAccessReview."},
    {"nodeclient", IsNodeClient,
     "Auto approving kubelet client certificate after SubjectAccessReview."},
};

// May the requester of `csr` create this subresource?
api::SubjectAccessReview Review(const api::CertificateSigningRequest& csr,
                                absl::string_view subresource) {
  api::SubjectAccessReview review;
  api::SubjectAccessReviewSpec& spec = *review.mutable_spec();
  spec.set_user(csr.spec().username());
  spec.set_uid(csr.spec().uid());
  *spec.mutable_groups() = csr.spec().groups();
  *spec.mutable_extra() = csr.spec().extra();
  api::ResourceAttributes& access = *spec.mutable_resource_attributes();
  access.set_verb("create");
  access.set_group("certificates.k8s.io");
  access.set_version("*");
  access.set_resource("certificatesigningrequests");
  access.set_subresource(subresource);
  return review;
}

api::CertificateSigningRequestCondition Approval(absl::string_view message) {
  api::CertificateSigningRequestCondition condition;
  condition.set_type(kApproved);
  condition.set_status("True");
  condition.set_reason("AutoApproved");
  condition.set_message(message);
  return condition;
}

// Why there is nothing left to decide; empty if there is.
absl::string_view WhyDecided(const api::CertificateSigningRequest& csr) {
  if (HasCertificate(csr)) return "it has its certificate";
  if (HasCondition(csr, kApproved)) return "it is approved";
  if (HasCondition(csr, kDenied)) return "it is denied";
  return "";
}

}  // namespace

bool AwaitsApproval(const api::CertificateSigningRequest& csr) {
  return WhyDecided(csr).empty();
}

absl::StatusOr<ApprovalPlan> PlanApproval(
    const api::CertificateSigningRequest& csr) {
  ApprovalPlan plan;
  plan.reason = WhyDecided(csr);
  plan.decided = !plan.reason.empty();
  if (plan.decided) return plan;

  ABSL_ASSIGN_OR_RETURN(
      const pki::CertificateRequest request,
      pki::CertificateRequest::ParsePem(csr.spec().request()));
  ABSL_RETURN_IF_ERROR(request.VerifySignature());

  for (const Recogniser& recogniser : kRecognisers) {
    const absl::Status check = recogniser.check(csr, request);
    if (check.ok()) {
      plan.candidates.push_back({std::string(recogniser.subresource),
                                 Review(csr, recogniser.subresource),
                                 Approval(recogniser.message)});
    } else {
      plan.reason = check.message();  // In the end the most general row's.
    }
  }
  if (!plan.candidates.empty()) plan.reason.clear();
  return plan;
}

}  // namespace signet::policy
