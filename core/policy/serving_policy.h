#ifndef SIGNET_CORE_POLICY_SERVING_POLICY_H_
#define SIGNET_CORE_POLICY_SERVING_POLICY_H_

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/pki/ip_address.h"
#include "core/policy/ip_prefix.h"
#include "core/policy/key_policy.h"
#include "core/policy/pattern.h"

// What serving_approval.h judges by: the configuration, and what witnesses
// said. Values only.
namespace signet::policy {

// ---- Configuration.

// Who can vouch for a name or an address of a node.
enum class Witness {
  // Node.status.addresses. The kubelet's own word, unless a cloud controller
  // writes them (SPEC B-23).
  kNodeStatus,
  // What the kubelet's port shows now (SPEC B-16).
  kServedCertificate,
  // A file that the administrator keeps.
  kInventory,
  // A name that is the node's, alone or before a dot, and resolves to addresses
  // of the request only; an address that resolves back to such a name, and that
  // name to it.
  kDns,
  // `prefixes` contains the address.
  kPrefix,
  // `name_patterns` match the name.
  kNamePattern,
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
  // kPrefix, and kNamePattern without {node}, cannot tell one node's names from
  // another's. False: for each name they count only beside a witness that can.
  bool allow_unbound = false;
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

}  // namespace signet::policy

#endif  // SIGNET_CORE_POLICY_SERVING_POLICY_H_
