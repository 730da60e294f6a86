#ifndef SIGNET_CORE_POLICY_SERVING_APPROVAL_H_
#define SIGNET_CORE_POLICY_SERVING_APPROVAL_H_

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/api/certificates.pb.h"
#include "core/pki/ip_address.h"
#include "core/policy/decision.h"
#include "core/policy/ip_prefix.h"
#include "core/policy/key_policy.h"
#include "core/policy/pattern.h"

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

// ---- Configuration.

// Who can vouch for a name or an address of a node.
enum class Witness {
  kNodeStatus,         // Node.status.addresses. The kubelet's own word, unless
                       // a cloud controller writes them (SPEC B-23).
  kServedCertificate,  // What the kubelet's port shows now (SPEC B-16).
  kInventory,          // A file that the administrator keeps.
  kDns,                // A name resolves to what is asked for, an address
                       // resolves back to such a name and that one forward.
  kPrefix,             // `prefixes` contains the address.
  kNamePattern,        // `name_patterns` match the name.
};
// "nodeStatus", "servedCertificate", "inventory", "dns", "prefix",
// "namePattern".
absl::string_view WitnessName(Witness witness);

struct ServingPolicy {
  // Those asked. An address can be backed by all but kNamePattern, a name by
  // all but kPrefix.
  std::vector<Witness> witnesses = {Witness::kNodeStatus};
  // So many witnesses must back each name and each address; at least 1.
  int quorum = 1;
  std::vector<IpPrefix> prefixes;      // For kPrefix.
  std::vector<Pattern> name_patterns;  // For kNamePattern; may say {node}.

  // Beside the witnesses: every address must lie in one of these, every name
  // (in lower case) match one of these. Empty: no such limit.
  std::vector<IpPrefix> limit_prefixes;
  std::vector<Pattern> limit_name_patterns;

  // Never approved, beside kubernetes[.default[.svc[.<cluster_domain>]]] and
  // all other names of services (SPEC B-25).
  std::vector<std::string> api_server_names;
  std::vector<pki::IpAddress> api_server_addresses;
  std::vector<IpPrefix> service_prefixes;
  std::string cluster_domain = "cluster.local";

  size_t max_dns_names = 16;
  size_t max_ip_addresses = 16;
  KeyPolicy keys;
  // The longest spec.expirationSeconds. A request without one passes, as
  // kubelets' have none: the signer's own maximum holds then.
  std::optional<absl::Duration> max_lifetime;
  // So many approvals for one node in an hour (SPEC B-27); 0: no limit.
  int max_approvals_per_hour = 0;
  // Names of rules (kServingRules) for which a request that fails is denied,
  // not left. Nothing unknown is ever denied.
  std::vector<std::string> deny;
};

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

// ---- What the request alone tells.

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

// ---- Evidence.

// What one witness said. Unknown unless told otherwise: a witness that timed
// out, or that nobody asked.
struct Testimony {
  // False: it could not be asked; the request waits. True: what stands here is
  // all it knows, and what does not, it does not back.
  bool known = false;
  // For people: why it is unknown, or where it comes from
  // ("Node node-a, resourceVersion 17").
  std::string detail = "not asked";
  // Compared without case.
  std::vector<std::string> dns_names;
  std::vector<pki::IpAddress> ip_addresses;
};

struct ServingEvidence {
  Testimony node_status;         // Node.status.addresses. No such Node: known.
  Testimony served_certificate;  // core/policy/testimony.h judges it.
  Testimony inventory;           // What the file has for this node.
  // DNS. `forward`: for each name of the plan, and for each name that `reverse`
  // brought up, in lower case: its addresses. `reverse`: for each address of
  // the plan: its names. "No such name" is known.
  std::map<std::string, Testimony> forward;
  std::map<pki::IpAddress, Testimony> reverse;

  // Common names of other requests seen with the same key (SPEC B-26).
  std::optional<std::vector<std::string>> other_holders_of_key;
  // Approvals for this node in the last hour (SPEC B-27).
  std::optional<int> approvals_in_last_hour;
};

// ---- Judgement.

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
