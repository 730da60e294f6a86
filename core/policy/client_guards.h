#ifndef SIGNET_CORE_POLICY_CLIENT_GUARDS_H_
#define SIGNET_CORE_POLICY_CLIENT_GUARDS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "core/api/certificates.pb.h"
#include "core/policy/decision.h"
#include "core/policy/key_policy.h"
#include "core/policy/pattern.h"

// Guards on kubelets' client certificates beside policy::PlanApproval, which
// alone does what Kubernetes does: there a bootstrap token is good for the name
// of any node, a living one's too (SPEC B-19). All guards are off by default.
// Pure: the caller collects the evidence.
namespace signet::policy {

// Which nodes a bootstrapper may ask for.
struct BootstrapBinding {
  Pattern requester;  // "system:bootstrap:abcdef".
  Pattern nodes;      // Names without "system:node:".
};

struct ClientPolicy {
  bool approve = true;  // False: requests of this signer are left alone.

  // For every request.
  bool strict = false;            // "subject" and "extensions", as for serving.
  std::optional<KeyPolicy> keys;  // SPEC B-26.
  bool refuse_key_reuse = false;  // SPEC B-26.
  int max_approvals_per_hour = 0;  // For one node (SPEC B-27); 0: no limit.

  // Only for nodes that join ("nodeclient").
  bool refuse_ready_node = false;  // A Node of that name is Ready (SPEC B-19).
  bool require_inventory = false;  // The inventory has the node (SPEC B-19).
  std::vector<BootstrapBinding> bindings;  // Empty: no rule. Else one must fit.
  // Stop while so many requests to join are pending, this one included, which
  // should be the nodes expected and a margin (SPEC B-27); 0: no limit.
  int max_pending_joins = 0;
};

// The rules in order.
inline constexpr absl::string_view kClientGuardRules[] = {
    "subject",  "extensions", "key",       "keyReuse",     "rate",
    "bindings", "inventory",  "readyNode", "pendingJoins",
};

// Absent: unknown, so that a guard which needs it waits.
struct ClientEvidence {
  std::optional<bool> node_is_ready;  // False too if there is no such Node.
  std::optional<bool> in_inventory;
  std::optional<std::vector<std::string>> other_holders_of_key;
  std::optional<int> approvals_in_last_hour;
  std::optional<int> pending_joins;
};

// Whether the guards let `csr` pass, which PlanApproval has recognised;
// `subresource` is the candidate's that the API server allowed. kApprove means
// only that no guard objects: the condition to write is the candidate's own.
// Never kDeny.
Decision CheckClientGuards(const api::CertificateSigningRequest& csr,
                           absl::string_view subresource,
                           const ClientPolicy& policy,
                           const ClientEvidence& evidence);

}  // namespace signet::policy

#endif  // SIGNET_CORE_POLICY_CLIENT_GUARDS_H_
