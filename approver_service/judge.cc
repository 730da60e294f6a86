#include "approver_service/judge.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "approver_service/judgement.h"
#include "approver_service/settings.h"
#include "core/api/certificates.pb.h"
#include "core/pki/certificate_request.h"
#include "core/policy/approval.h"
#include "core/policy/approver_config.h"
#include "core/policy/client_guards.h"
#include "core/policy/decision.h"
#include "core/policy/request_form.h"
#include "core/policy/request_rules.h"
#include "core/policy/serving_approval.h"
#include "core/policy/signer_names.h"
#include "core/service/csr_metrics.h"

namespace signet::approver {
namespace {

using api::CertificateSigningRequest;
using policy::Duty;
using policy::Verdict;

absl::string_view DutyName(Duty duty) {
  switch (duty) {
    case Duty::kClient:
      return "client";
    case Duty::kServing:
      return "serving";
    case Duty::kPolicies:
      return "policies";
    case Duty::kNone:
      break;
  }
  return "none";
}

// Left alone by one rule.
policy::Decision Leave(absl::string_view rule, std::string why,
                       bool may_change) {
  policy::DecisionBuilder decision;
  decision.Fail(rule, why, may_change);
  return std::move(decision).Finish("");
}

Judgement JudgeByPolicies(const CertificateSigningRequest& csr,
                          const Settings& settings) {
  policy::PolicyDecision by =
      policy::EvaluateRequestPolicies(csr, settings.config.policies);
  Judgement judgement;
  judgement.ours = !by.policy.empty();
  judgement.policy = std::move(by.policy);
  judgement.decision = std::move(by.decision);
  if (!judgement.ours) judgement.left_as = service::Verdict::kUnrecognised;
  if (judgement.decision.verdict == Verdict::kApprove ||
      judgement.decision.verdict == Verdict::kDeny) {
    judgement.condition = policy::ConditionOf(judgement.decision);
  }
  return judgement;
}

Judgement JudgeByNobody(const CertificateSigningRequest& csr) {
  Judgement judgement;
  judgement.decision =
      Leave("duty",
            absl::StrCat("the configuration leaves requests to ",
                         csr.spec().signer_name(), " alone"),
            /*may_change=*/false);
  judgement.left_as = service::Verdict::kUnrecognised;
  judgement.ours = false;
  return judgement;
}

}  // namespace

absl::StatusOr<Findings> Judge::Gather(const CertificateSigningRequest& csr,
                                       const Settings& settings) {
  Findings findings;
  const Duty duty = policy::DutyFor(csr, settings.config);
  switch (duty) {
    case Duty::kClient: {
      ABSL_ASSIGN_OR_RETURN(findings, GatherClient(csr, settings));
      break;
    }
    case Duty::kServing:
      findings.plan =
          policy::PlanServingApproval(csr, *settings.config.serving);
      if (findings.plan.decision) {
        Judgement& judgement = findings.judgement.emplace();
        judgement.decision = *findings.plan.decision;
        if (judgement.decision.verdict == Verdict::kDeny) {
          judgement.condition = policy::ConditionOf(judgement.decision);
        }
      } else {
        findings.serving = bench_.Ask(findings.plan, settings);
      }
      break;
    case Duty::kPolicies:
      findings.judgement = JudgeByPolicies(csr, settings);
      break;
    case Duty::kNone:
      findings.judgement = JudgeByNobody(csr);
      break;
  }
  if (findings.judgement) findings.judgement->duty = DutyName(duty);
  return findings;
}

absl::StatusOr<Findings> Judge::GatherClient(
    const CertificateSigningRequest& csr, const Settings& settings) {
  Findings findings;
  // The first duty, that the requester holds the key, is done here.
  ABSL_ASSIGN_OR_RETURN(const policy::ApprovalPlan plan,
                        policy::PlanApproval(csr), _ << "spec.request");
  if (plan.candidates.empty()) {
    Judgement& judgement = findings.judgement.emplace();
    judgement.decision = Leave("shape", plan.reason, /*may_change=*/false);
    judgement.left_as = service::Verdict::kUnrecognised;
    return findings;
  }

  // The second duty, that the requester may act in that role, is the API
  // server's to judge.
  std::vector<std::string> refused;
  const policy::ApprovalCandidate* allowed = nullptr;
  for (const policy::ApprovalCandidate& candidate : plan.candidates) {
    ABSL_ASSIGN_OR_RETURN(const bool allows, reviews_.Allows(candidate.review),
                          _ << "asking about " << candidate.subresource);
    if (allows) {
      allowed = &candidate;
      break;
    }
    refused.push_back(candidate.subresource);
  }
  if (allowed == nullptr) {
    Judgement& judgement = findings.judgement.emplace();
    judgement.decision =
        Leave("access",
              absl::StrCat("recognized as [", absl::StrJoin(refused, " "),
                           "] but subject access review was not approved"),
              /*may_change=*/true);
    judgement.left_as = service::Verdict::kRefused;
    return findings;
  }
  findings.candidate = *allowed;

  const policy::ClientPolicy& guards = settings.config.client;
  if (guards.refuse_ready_node || guards.require_inventory) {
    ABSL_ASSIGN_OR_RETURN(
        const pki::CertificateRequest request,
        pki::CertificateRequest::ParsePem(csr.spec().request()),
        _ << "spec.request");
    const absl::string_view node = policy::NodeNameOf(request);
    if (guards.refuse_ready_node) {
      findings.client.node_is_ready = bench_.NodeIsReady(node, settings);
    }
    if (settings.inventory) {
      findings.client.in_inventory = settings.inventory->Has(node);
    }
  }
  return findings;
}

Judgement Judge::Conclude(const CertificateSigningRequest& csr,
                          const Settings& settings,
                          const Findings& findings) const {
  if (findings.judgement) return *findings.judgement;
  const Duty duty = policy::DutyFor(csr, settings.config);
  Judgement judgement = duty == Duty::kServing
                            ? ConcludeServing(csr, settings, findings)
                            : ConcludeClient(csr, settings, findings);
  judgement.duty = DutyName(duty);
  return judgement;
}

Judgement Judge::ConcludeClient(const CertificateSigningRequest& csr,
                                const Settings& settings,
                                const Findings& findings) const {
  const policy::ClientPolicy& guards = settings.config.client;
  policy::ClientEvidence evidence = findings.client;
  const absl::StatusOr<pki::CertificateRequest> request =
      pki::CertificateRequest::ParsePem(csr.spec().request());
  if (history_.listed() && request.ok()) {
    if (guards.refuse_key_reuse) {
      evidence.other_holders_of_key = history_.OtherHoldersOfKey(
          request->public_key().spki_der(), csr.metadata().uid());
    }
    if (guards.max_approvals_per_hour > 0) {
      evidence.approvals_in_last_hour = history_.ApprovalsInLastHour(
          policy::kKubeApiserverClientKubelet, request->subject().common_name);
    }
    if (guards.max_pending_joins > 0) {
      evidence.pending_joins = history_.PendingJoins();
    }
  }
  Judgement judgement;
  judgement.decision = policy::CheckClientGuards(
      csr, findings.candidate.subresource, guards, evidence);
  if (judgement.decision.verdict == Verdict::kApprove) {
    judgement.condition = findings.candidate.approval;
    judgement.decision.message =
        absl::StrCat("requester may create ", findings.candidate.subresource);
  }
  return judgement;
}

Judgement Judge::ConcludeServing(const CertificateSigningRequest& csr,
                                 const Settings& settings,
                                 const Findings& findings) const {
  const policy::ServingPolicy& serving = *settings.config.serving;
  policy::ServingEvidence evidence = findings.serving;
  if (history_.listed()) {
    evidence.other_holders_of_key = history_.OtherHoldersOfKey(
        findings.plan.spki_der, csr.metadata().uid());
    if (serving.max_approvals_per_hour > 0) {
      evidence.approvals_in_last_hour = history_.ApprovalsInLastHour(
          policy::kKubeletServing,
          absl::StrCat(policy::kNodeUserPrefix, findings.plan.node_name));
    }
  }
  Judgement judgement;
  judgement.decision = policy::DecideServingApproval(csr, serving, evidence);
  if (judgement.decision.verdict == Verdict::kApprove ||
      judgement.decision.verdict == Verdict::kDeny) {
    judgement.condition = policy::ConditionOf(judgement.decision);
  }
  return judgement;
}

}  // namespace signet::approver
