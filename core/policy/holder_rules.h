#ifndef SIGNET_CORE_POLICY_HOLDER_RULES_H_
#define SIGNET_CORE_POLICY_HOLDER_RULES_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "core/policy/decision.h"

// Rules that look at what else was asked for and approved. Pure.
namespace signet::policy {

// Fails if `others`, the common names of other requests seen with this key,
// hold another than `common_name` (SPEC B-26); unknown if absent.
void CheckKeyReuse(absl::string_view rule, absl::string_view common_name,
                   const std::optional<std::vector<std::string>>& others,
                   DecisionBuilder& decision);

// Fails, until later, if `recent` approvals for this node reach `limit` (SPEC
// B-27); off if `limit` is 0.
void CheckRate(absl::string_view rule, int limit, std::optional<int> recent,
               DecisionBuilder& decision);

}  // namespace signet::policy

#endif  // SIGNET_CORE_POLICY_HOLDER_RULES_H_
