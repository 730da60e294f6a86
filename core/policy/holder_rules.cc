#include "core/policy/holder_rules.h"

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/policy/decision.h"

namespace signet::policy {

void CheckKeyReuse(absl::string_view rule, absl::string_view common_name,
                   const std::optional<std::vector<std::string>>& others,
                   DecisionBuilder& decision) {
  if (!others) return decision.Unknown(rule, "other requests are not known");
  for (const std::string& other : *others) {
    if (other != common_name) {
      return decision.Fail(
          rule, absl::StrCat("the same key was used by ", Quoted(other)));
    }
  }
  decision.Pass(rule);
}

void CheckRate(absl::string_view rule, int limit, std::optional<int> recent,
               DecisionBuilder& decision) {
  if (limit == 0) return decision.Off(rule);
  if (!recent) return decision.Unknown(rule, "past approvals are not known");
  if (*recent >= limit) {
    return decision.Fail(
        rule,
        absl::StrCat("the node had ", *recent,
                     " approvals in the last hour, of at most ", limit),
        /*may_change=*/true);
  }
  decision.Pass(rule);
}

}  // namespace signet::policy
