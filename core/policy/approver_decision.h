#ifndef SIGNET_CORE_POLICY_APPROVER_DECISION_H_
#define SIGNET_CORE_POLICY_APPROVER_DECISION_H_

#include <map>
#include <string>

#include "core/api/certificates.pb.h"
#include "core/policy/approver_config.h"
#include "core/policy/client_guards.h"
#include "core/policy/decision.h"
#include "core/policy/request_rules.h"
#include "core/policy/serving_policy.h"

// The approver's whole answer to one request, where all evidence is at hand:
// for `signet-approver check` and `replay`, and for tests. (The service asks
// for evidence step by step, and only for what it needs.) Pure.
namespace signet::policy {

struct ApproverEvidence {
  // What the API server says to PlanApproval's questions, by subresource
  // ("selfnodeclient", "nodeclient"). Absent: not asked.
  std::map<std::string, bool> access;
  ClientEvidence client;
  ServingEvidence serving;
};

// Beside the rules of its parts these: "decided" (SPEC B-1), "request" (parses,
// and is signed with its own key), "shape" (SPEC B-4), "access" (SPEC B-2), and
// "duty" (the configuration leaves this signer alone).
PolicyDecision DecideWithEvidence(const api::CertificateSigningRequest& csr,
                                  const ApproverConfig& config,
                                  const ApproverEvidence& evidence);

}  // namespace signet::policy

#endif  // SIGNET_CORE_POLICY_APPROVER_DECISION_H_
