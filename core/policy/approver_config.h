#ifndef SIGNET_CORE_POLICY_APPROVER_CONFIG_H_
#define SIGNET_CORE_POLICY_APPROVER_CONFIG_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "core/api/certificates.pb.h"
#include "core/policy/client_guards.h"
#include "core/policy/request_rules.h"
#include "core/policy/serving_policy.h"

// What `kind: ApproverConfiguration` says, as values.
// approver_service/approver_config_reader.h reads it; docs/approver.md explains
// it.
namespace signet::policy {

// How the witnesses are asked. Not part of any decision.
struct WitnessSettings {
  absl::Duration timeout = absl::Seconds(2);  // For each witness and request.
  int kubelet_port = 10250;
  // Roots of the certificates that kubelets serve, PEM. Required for
  // Witness::kServedCertificate.
  std::string kubelet_ca_file;
  // Required for Witness::kInventory and ClientPolicy::require_inventory.
  std::string inventory_file;
};

// As it stands here it is what runs without a configuration file: Kubernetes'
// own approval of kubelets' clients, and nothing else.
struct ApproverConfig {
  ClientPolicy client;
  std::optional<ServingPolicy> serving;  // Absent: left alone, as upstream.
  WitnessSettings witnesses;
  std::vector<RequestPolicy> policies;
};

// Which part of a configuration is in charge of a request.
enum class Duty {
  kClient,    // PlanApproval, then CheckClientGuards.
  kServing,   // PlanServingApproval, then DecideServingApproval.
  kPolicies,  // EvaluateRequestPolicies.
  kNone,      // Nothing to decide: `client.approve` is false, no `serving`.
};
Duty DutyFor(const api::CertificateSigningRequest& csr,
             const ApproverConfig& config);

// True if a rule of `config` needs what the inventory file says.
bool UsesInventory(const ApproverConfig& config);
// True if `config.serving` asks `witness`.
bool Asks(const ApproverConfig& config, Witness witness);

}  // namespace signet::policy

#endif  // SIGNET_CORE_POLICY_APPROVER_CONFIG_H_
