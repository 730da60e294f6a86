#include "core/policy/approver_config.h"

#include <string>

#include "absl/algorithm/container.h"
#include "core/api/certificates.pb.h"
#include "core/policy/serving_policy.h"
#include "core/policy/signer_names.h"

namespace signet::policy {

Duty DutyFor(const api::CertificateSigningRequest& csr,
             const ApproverConfig& config) {
  const std::string& signer_name = csr.spec().signer_name();
  if (signer_name == kKubeApiserverClientKubelet) {
    return config.client.approve ? Duty::kClient : Duty::kNone;
  }
  if (signer_name == kKubeletServing) {
    return config.serving ? Duty::kServing : Duty::kNone;
  }
  return Duty::kPolicies;
}

bool UsesInventory(const ApproverConfig& config) {
  return config.client.require_inventory || Asks(config, Witness::kInventory);
}

bool Asks(const ApproverConfig& config, Witness witness) {
  return config.serving &&
         absl::c_linear_search(config.serving->witnesses, witness);
}

}  // namespace signet::policy
