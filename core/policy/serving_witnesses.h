#ifndef SIGNET_CORE_POLICY_SERVING_WITNESSES_H_
#define SIGNET_CORE_POLICY_SERVING_WITNESSES_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "core/pki/ip_address.h"
#include "core/policy/decision.h"
#include "core/policy/serving_policy.h"

// The rule "witnesses" of serving_approval.h. Pure.
namespace signet::policy {

// A node and the names it asks for, as in ServingPlan.
struct ServingSubject {
  std::string node_name;
  std::vector<std::string> dns_names;
  std::vector<pki::IpAddress> ip_addresses;
};

// Adds the rule's result for `subject` to `decision`: passed with each name's
// witnesses; failed with the first name that cannot have enough of them;
// unknown with the first that hangs on an unknown one.
void CheckWitnesses(absl::string_view rule, const ServingSubject& subject,
                    const ServingPolicy& policy,
                    const ServingEvidence& evidence, DecisionBuilder& decision);

}  // namespace signet::policy

#endif  // SIGNET_CORE_POLICY_SERVING_WITNESSES_H_
