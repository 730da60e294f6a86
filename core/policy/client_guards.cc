#include "core/policy/client_guards.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/api/certificates.pb.h"
#include "core/pki/certificate_request.h"
#include "core/policy/decision.h"
#include "core/policy/holder_rules.h"
#include "core/policy/key_policy.h"
#include "core/policy/pattern.h"
#include "core/policy/request_form.h"

namespace signet::policy {
namespace {

using Csr = api::CertificateSigningRequest;

void CheckBindings(const Csr& csr, absl::string_view node,
                   const ClientPolicy& policy, DecisionBuilder& decision) {
  if (policy.bindings.empty()) return decision.Off("bindings");
  const std::string& requester = csr.spec().username();
  for (const BootstrapBinding& binding : policy.bindings) {
    if (binding.requester.Matches(requester) &&
        binding.nodes.Matches(node, node)) {
      return decision.Pass("bindings", binding.requester.text());
    }
  }
  decision.Fail("bindings",
                absl::StrCat("requester ", Quoted(requester),
                             " may not ask for node ", Quoted(node)));
}

void CheckInventory(absl::string_view node, const ClientPolicy& policy,
                    const ClientEvidence& evidence, DecisionBuilder& decision) {
  if (!policy.require_inventory) return decision.Off("inventory");
  if (!evidence.in_inventory) {
    return decision.Unknown("inventory", "the inventory cannot be read");
  }
  if (*evidence.in_inventory) return decision.Pass("inventory");
  decision.Fail("inventory",
                absl::StrCat("the inventory has no node ", Quoted(node)),
                /*may_change=*/true);
}

void CheckReadyNode(absl::string_view node, const ClientPolicy& policy,
                    const ClientEvidence& evidence, DecisionBuilder& decision) {
  if (!policy.refuse_ready_node) return decision.Off("readyNode");
  if (!evidence.node_is_ready) {
    return decision.Unknown("readyNode", "the Node cannot be read");
  }
  if (!*evidence.node_is_ready) return decision.Pass("readyNode");
  decision.Fail("readyNode",
                absl::StrCat("node ", Quoted(node),
                             " is Ready, so it needs no one to join for it"),
                /*may_change=*/true);
}

void CheckPendingJoins(const ClientPolicy& policy,
                       const ClientEvidence& evidence,
                       DecisionBuilder& decision) {
  if (policy.max_pending_joins == 0) return decision.Off("pendingJoins");
  if (!evidence.pending_joins) {
    return decision.Unknown("pendingJoins", "other requests are not known");
  }
  if (*evidence.pending_joins <= policy.max_pending_joins) {
    return decision.Pass("pendingJoins");
  }
  decision.Fail("pendingJoins",
                absl::StrCat(*evidence.pending_joins,
                             " requests to join are pending, of at most ",
                             policy.max_pending_joins,
                             ": none is approved until a "
                             "human has looked at them"),
                /*may_change=*/true);
}

}  // namespace

Decision CheckClientGuards(const Csr& csr, absl::string_view subresource,
                           const ClientPolicy& policy,
                           const ClientEvidence& evidence) {
  DecisionBuilder decision;
  const absl::StatusOr<pki::CertificateRequest> request =
      pki::CertificateRequest::ParsePem(csr.spec().request());
  if (!request.ok()) {
    decision.Fail("subject", request.status().message());
    return std::move(decision).Finish("");
  }
  if (policy.strict) {
    decision.Check("subject", NodeSubjectFault(*request));
    decision.Check("extensions", NodeExtensionsFault(*request));
  } else {
    decision.Off("subject");
    decision.Off("extensions");
  }
  if (policy.keys) {
    decision.Check("key", KeyFault(*request, *policy.keys));
  } else {
    decision.Off("key");
  }
  if (policy.refuse_key_reuse) {
    CheckKeyReuse("keyReuse", request->subject().common_name,
                  evidence.other_holders_of_key, decision);
  } else {
    decision.Off("keyReuse");
  }
  CheckRate("rate", policy.max_approvals_per_hour,
            evidence.approvals_in_last_hour, decision);

  if (subresource == "nodeclient") {
    const absl::string_view node = NodeNameOf(*request);
    CheckBindings(csr, node, policy, decision);
    CheckInventory(node, policy, evidence, decision);
    CheckReadyNode(node, policy, evidence, decision);
    CheckPendingJoins(policy, evidence, decision);
  } else {
    for (const absl::string_view rule :
         {"bindings", "inventory", "readyNode", "pendingJoins"}) {
      decision.Off(rule);
    }
  }
  return std::move(decision).Finish("No guard objects.");
}

}  // namespace signet::policy
