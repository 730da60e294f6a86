#include "core/policy/serving_policy.h"

#include "absl/strings/string_view.h"

namespace signet::policy {

absl::string_view WitnessName(Witness witness) {
  switch (witness) {
    case Witness::kNodeStatus:
      return "nodeStatus";
    case Witness::kServedCertificate:
      return "servedCertificate";
    case Witness::kInventory:
      return "inventory";
    case Witness::kDns:
      return "dns";
    case Witness::kPrefix:
      return "prefix";
    case Witness::kNamePattern:
      return "namePattern";
  }
  return "";
}

}  // namespace signet::policy
