#include "core/policy/approver_decision.h"

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/api/certificates.pb.h"
#include "core/policy/approval.h"
#include "core/policy/approver_config.h"
#include "core/policy/client_guards.h"
#include "core/policy/decision.h"
#include "core/policy/request_rules.h"
#include "core/policy/serving_approval.h"

namespace signet::policy {
namespace {

using Csr = api::CertificateSigningRequest;

Decision Leave(absl::string_view rule, absl::string_view why) {
  DecisionBuilder decision;
  decision.Fail(rule, why);
  return std::move(decision).Finish("");
}

// The candidate that the API server allows first; null if there is none, with
// the reason in `decision`.
const ApprovalCandidate* Allowed(const ApprovalPlan& plan,
                                 const ApproverEvidence& evidence,
                                 DecisionBuilder& decision) {
  for (const ApprovalCandidate& candidate : plan.candidates) {
    const auto answer = evidence.access.find(candidate.subresource);
    if (answer == evidence.access.end()) {
      decision.Unknown("access",
                       absl::StrCat("whether the requester may create "
                                    "certificatesigningrequests/",
                                    candidate.subresource, " is not known"));
      return nullptr;
    }
    if (answer->second) {
      decision.Pass("access", candidate.subresource);
      return &candidate;
    }
  }
  decision.Fail("access",
                absl::StrCat("the requester may not create "
                             "certificatesigningrequests/",
                             plan.candidates.back().subresource),
                /*may_change=*/true);
  return nullptr;
}

Decision DecideClient(const Csr& csr, const ClientPolicy& policy,
                      const ApproverEvidence& evidence) {
  const absl::StatusOr<ApprovalPlan> plan = PlanApproval(csr);
  if (!plan.ok()) return Leave("request", plan.status().message());
  DecisionBuilder decision;
  decision.Pass("request");
  decision.Check("shape", plan->reason);
  if (plan->candidates.empty()) return std::move(decision).Finish("");
  const ApprovalCandidate* allowed = Allowed(*plan, evidence, decision);
  Decision guards =
      CheckClientGuards(csr,
                        allowed == nullptr ? plan->candidates.back().subresource
                                           : allowed->subresource,
                        policy, evidence.client);
  decision.Append(guards);
  return std::move(decision).Finish(
      allowed == nullptr ? "" : allowed->approval.message());
}

}  // namespace

PolicyDecision DecideWithEvidence(const Csr& csr, const ApproverConfig& config,
                                  const ApproverEvidence& evidence) {
  if (!AwaitsApproval(csr)) {
    return {"", Leave("decided", "it is approved, denied or issued")};
  }
  switch (DutyFor(csr, config)) {
    case Duty::kClient:
      return {"kubeletClient", DecideClient(csr, config.client, evidence)};
    case Duty::kServing:
      return {"kubeletServing",
              DecideServingApproval(csr, *config.serving, evidence.serving)};
    case Duty::kPolicies:
      return EvaluateRequestPolicies(csr, config.policies);
    case Duty::kNone:
      break;
  }
  return {"",
          Leave("duty", absl::StrCat("the configuration leaves requests to ",
                                     csr.spec().signer_name(), " alone"))};
}

}  // namespace signet::policy
