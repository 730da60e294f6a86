#ifndef SIGNET_CORE_POLICY_SERVING_APPROVAL_H_
#define SIGNET_CORE_POLICY_SERVING_APPROVAL_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "core/api/certificates.pb.h"
#include "core/pki/ip_address.h"
#include "core/policy/decision.h"
#include "core/policy/serving_policy.h"

// Which requests for kubelets' serving certificates may be approved. Kubernetes
// approves none (SPEC B-13): a certificate for a name is worth something only
// if the node has that name, and the request itself proves nothing of it. So
// each name and address must be backed by witnesses. Pure: the caller asks the
// witnesses and hands over what they said.
//
// In three steps: PlanServingApproval looks at the request alone; the caller
// collects ServingEvidence about what the plan names; DecideServingApproval
// judges.
namespace signet::policy {

// The rules in order, by the names that RuleResult gives them.
inline constexpr absl::string_view kServingRules[] = {
    "request",     // Parses (SPEC D-4, D-5).
    "signature",   // Signed with its own key (SPEC B-9).
    "shape",       // A kubelet's serving request (SPEC B-5, B-6).
    "requester",   // Is the node: CN equals spec.username, exactly; in
                   // system:nodes (SPEC B-14, B-23).
    "subject",     // One CN with a valid node name, one O, nothing else.
    "extensions",  // Asks for subject alternative names and nothing else.
    "counts",      // Not too many names and addresses (SPEC B-14).
    "names",       // None that no node has (SPEC B-25).
    "apiServer",   // None of the API server's or of services (SPEC B-25).
    "key",         // Strong enough (SPEC B-26).
    "lifetime",    // Not longer than allowed (SPEC B-14).
    "limits",      // limit_prefixes, limit_name_patterns (SPEC B-14).
    "keyReuse",    // Nobody else's key (SPEC B-26).
    "rate",        // Not too often (SPEC B-27).
    "witnesses",   // Each name and address is backed (SPEC B-13 to B-16).
};

struct ServingPlan {
  // Set: no evidence can change it, so none is to be collected.
  std::optional<Decision> decision;
  // Else: about whom and what to ask.
  std::string node_name;                     // Without "system:node:".
  std::vector<std::string> dns_names;        // Lower case, each once.
  std::vector<pki::IpAddress> ip_addresses;  // Each once.
  std::string spki_der;  // The public key, to look for other holders of it.
};

ServingPlan PlanServingApproval(const api::CertificateSigningRequest& csr,
                                const ServingPolicy& policy);

// Decides about `csr`. Approves only if every rule passes. One that fails
// leaves the request alone, or denies it if `policy.deny` names the rule. If
// none fails, but one hangs on evidence that is unknown, the request waits: a
// name fails "witnesses" only when the unknown ones could not make up the
// quorum.
Decision DecideServingApproval(const api::CertificateSigningRequest& csr,
                               const ServingPolicy& policy,
                               const ServingEvidence& evidence);

}  // namespace signet::policy

#endif  // SIGNET_CORE_POLICY_SERVING_APPROVAL_H_
