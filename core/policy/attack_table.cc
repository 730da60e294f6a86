#include "core/policy/attack_table.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/pki/ip_address.h"
#include "core/policy/approver_config.h"
#include "core/policy/approver_decision.h"
#include "core/policy/ip_prefix.h"
#include "core/policy/pattern.h"
#include "core/policy/request_rules.h"
#include "core/policy/serving_policy.h"

namespace signet::policy {
namespace {

Pattern Re(absl::string_view text) { return *Pattern::Parse(text); }
IpPrefix Block(absl::string_view text) { return *IpPrefix::Parse(text); }

ApproverEvidence Evidence() {
  ApproverEvidence evidence;
  evidence.client = {.node_is_ready = false,
                     .in_inventory = true,
                     .other_holders_of_key = std::vector<std::string>(),
                     .approvals_in_last_hour = 0,
                     .pending_joins = 1};
  evidence.serving.node_status = Asked({"node-a"}, {Ip("10.0.0.1")});
  evidence.serving.other_holders_of_key = std::vector<std::string>();
  evidence.serving.approvals_in_last_hour = 0;
  return evidence;
}

}  // namespace

pki::IpAddress Ip(absl::string_view text) {
  return *pki::IpAddress::Parse(text);
}

Testimony Asked(std::vector<std::string> names,
                std::vector<pki::IpAddress> addresses) {
  return {true, "asked", std::move(names), std::move(addresses)};
}

ApproverConfig AttackedConfig() {
  ApproverConfig config;
  config.client.strict = true;
  config.client.keys.emplace();
  config.client.refuse_key_reuse = true;
  config.client.refuse_ready_node = true;
  config.client.max_approvals_per_hour = 5;
  config.client.max_pending_joins = 10;
  config.client.bindings = {{Re("system:bootstrap:.*"), Re("(?s)node.*|")}};

  ServingPolicy& serving = config.serving.emplace();
  serving.witnesses = {Witness::kNodeStatus, Witness::kDns, Witness::kPrefix};
  serving.prefixes = {Block("10.0.0.0/8")};
  serving.api_server_names = {"api.example.com"};
  serving.api_server_addresses = {Ip("192.0.2.10")};
  serving.service_prefixes = {Block("10.96.0.0/12")};
  serving.max_lifetime = absl::Hours(24 * 366);
  serving.max_approvals_per_hour = 5;

  // Two policies that are as open as a policy can be.
  RequestRequirements people;
  people.usages = {"client auth"};
  people.optional_usages = {"digital signature", "key encipherment"};
  people.common_name = Re("(?s).*");
  people.organizations = {Re("(?s).*")};
  config.policies.push_back({.name = "people",
                             .match = {Re("kubernetes.io/.*"), {}, {}},
                             .require = people,
                             .decide = PolicyAction::kApprove});
  RequestRequirements backend;
  backend.usages = {"server auth"};
  backend.optional_usages = {"digital signature", "key encipherment"};
  backend.common_name = Re("[a-z]*");
  backend.dns_names = {1, 4, {Re(R"([a-z]+\.example\.com)")}, {}};
  backend.max_lifetime = absl::Hours(24);
  config.policies.push_back({.name = "backend",
                             .match = {Re("example.com/.*"), {}, {}},
                             .require = backend,
                             .decide = PolicyAction::kApprove});
  return config;
}

Attack Join() {
  Attack attack{.evidence = Evidence()};
  attack.evidence.access = {{"selfnodeclient", false}, {"nodeclient", true}};
  return attack;
}

Attack Renew() {
  Attack attack{.evidence = Evidence()};
  attack.evidence.access = {{"selfnodeclient", true}, {"nodeclient", false}};
  attack.csr.username = "system:node:node-a";
  attack.csr.groups = {"system:nodes", "system:authenticated"};
  return attack;
}

Attack Serve() {
  Attack attack = Renew();
  attack.csr.signer_name = "kubernetes.io/kubelet-serving";
  attack.csr.usages = {"digital signature", "server auth"};
  attack.csr.sans = {.dns_names = {"node-a"}, .ip_addresses = {Ip("10.0.0.1")}};
  return attack;
}

Attack Person() {
  Attack attack{.evidence = Evidence()};
  attack.csr.signer_name = "kubernetes.io/kube-apiserver-client";
  attack.csr.usages = {"client auth"};
  attack.csr.username = "eve";
  attack.csr.groups = {"system:authenticated"};
  attack.csr.subject = {.common_name = "eve"};
  return attack;
}

Attack Backend() {
  Attack attack = Person();
  attack.csr.signer_name = "example.com/backend";
  attack.csr.usages = {"server auth"};
  attack.csr.subject = {.common_name = "web"};
  attack.csr.sans = {.dns_names = {"web.example.com"}};
  attack.csr.expiration_seconds = 3600;
  return attack;
}

}  // namespace signet::policy
