#include "core/policy/client_guards.h"

#include <functional>
#include <string>
#include <vector>

#include "core/policy/decision.h"
#include "core/policy/pattern.h"
#include "core/testing/csr_builder.h"
#include "core/testing/raw_request.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::policy {
namespace {

using testing::CsrFields;
using ::testing::ElementsAreArray;
using testing::MakeCsr;
using testing::MakeRawRequestPem;

struct Case {
  CsrFields csr;  // A token's, for node-a.
  std::string subresource = "nodeclient";
  ClientPolicy policy;
  ClientEvidence evidence;
};

TEST(CheckClientGuardsTest, B19B26B27ObjectOnlyWhereSwitchedOn) {
  const struct {
    std::string name;
    std::function<void(Case&)> change;
    Verdict want;
    std::string want_rule;
    std::string want_message;
    bool want_may_change = false;
  } kTests[] = {
      {"B-19: by default none does, whatever is known or not", [](Case&) {},
       Verdict::kApprove, "", "No guard objects."},
      {"B-26: by default any key, as upstream",
       [](Case& c) {
         c.csr.request_pem = MakeRawRequestPem(
             {.key = testing::RawKey::kRsa1024, .sha1 = true});
       },
       Verdict::kApprove, "", "No guard objects."},
      {"B-19: a Node that is Ready",
       [](Case& c) {
         c.policy.refuse_ready_node = true;
         c.evidence.node_is_ready = true;
       },
       Verdict::kLeave, "readyNode",
       "node \"node-a\" is Ready, so it needs no one to join for it", true},
      {"B-19: no such Node, or not Ready",
       [](Case& c) {
         c.policy.refuse_ready_node = true;
         c.evidence.node_is_ready = false;
       },
       Verdict::kApprove, "", "No guard objects."},
      {"B-19: the Node cannot be read",
       [](Case& c) { c.policy.refuse_ready_node = true; }, Verdict::kWait,
       "readyNode", "the Node cannot be read"},
      {"B-19: a node that renews its own may be Ready",
       [](Case& c) {
         c.subresource = "selfnodeclient";
         c.policy.refuse_ready_node = true;
         c.evidence.node_is_ready = true;
       },
       Verdict::kApprove, "", "No guard objects."},
      {"B-19: in the inventory",
       [](Case& c) {
         c.policy.require_inventory = true;
         c.evidence.in_inventory = true;
       },
       Verdict::kApprove, "", "No guard objects."},
      {"B-19: not in the inventory, yet",
       [](Case& c) {
         c.policy.require_inventory = true;
         c.evidence.in_inventory = false;
       },
       Verdict::kLeave, "inventory", "the inventory has no node \"node-a\"",
       true},
      {"B-19: the inventory cannot be read",
       [](Case& c) { c.policy.require_inventory = true; }, Verdict::kWait,
       "inventory", "the inventory cannot be read"},
      {"B-19: a token that is tied to other names",
       [](Case& c) {
         c.policy.bindings = {{*Pattern::Parse("system:bootstrap:abcdef"),
                               *Pattern::Parse("gpu-[0-9]+")}};
       },
       Verdict::kLeave, "bindings",
       "requester \"system:bootstrap:abcdef\" may not ask for node "
       "\"node-a\""},
      {"B-19: a token that is tied to this name",
       [](Case& c) {
         c.policy.bindings = {{*Pattern::Parse("system:bootstrap:abcdef"),
                               *Pattern::Parse("node-.")}};
       },
       Verdict::kApprove, "", "No guard objects."},
      {"B-27: too many want to join",
       [](Case& c) {
         c.policy.max_pending_joins = 2;
         c.evidence.pending_joins = 3;
       },
       Verdict::kLeave, "pendingJoins",
       "3 requests to join are pending, of at most 2: none is approved until "
       "a human has looked at them",
       true},
      {"B-27: as many as are expected",
       [](Case& c) {
         c.policy.max_pending_joins = 2;
         c.evidence.pending_joins = 2;
       },
       Verdict::kApprove, "", "No guard objects."},
      {"B-27: too often for one node",
       [](Case& c) {
         c.policy.max_approvals_per_hour = 1;
         c.evidence.approvals_in_last_hour = 1;
       },
       Verdict::kLeave, "rate",
       "the node had 1 approvals in the last hour, of at most 1", true},
      {"B-26: another's key",
       [](Case& c) {
         c.policy.refuse_key_reuse = true;
         c.evidence.other_holders_of_key = {"system:node:node-b"};
       },
       Verdict::kLeave, "keyReuse",
       "the same key was used by \"system:node:node-b\""},
      {"B-26: a weak key",
       [](Case& c) {
         c.policy.keys.emplace();
         c.csr.request_pem =
             MakeRawRequestPem({.key = testing::RawKey::kRsa1024});
       },
       Verdict::kLeave, "key",
       "an RSA key of 1024 bits, where 2048 are required"},
      {"B-26: keys of a kind that is switched off",
       [](Case& c) { c.policy.keys.emplace().ecdsa_bits = {}; },
       Verdict::kLeave, "key", "keys on P-256 are not allowed"},
      {"C-16: two common names",
       [](Case& c) {
         c.policy.strict = true;
         c.csr.request_pem =
             MakeRawRequestPem({.subject = {{"2.5.4.10", "system:nodes"},
                                            {"2.5.4.3", "system:node:b"},
                                            {"2.5.4.3", "system:node:a"}}});
       },
       Verdict::kLeave, "subject", "the subject has 2 common names"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    Case c;
    t.change(c);
    const Decision got =
        CheckClientGuards(MakeCsr(c.csr), c.subresource, c.policy, c.evidence);
    EXPECT_EQ(VerdictName(got.verdict), VerdictName(t.want));
    EXPECT_EQ(got.rule, t.want_rule);
    EXPECT_EQ(got.message, t.want_message);
    EXPECT_EQ(got.may_change, t.want_may_change);
    std::vector<std::string> rules;
    for (const RuleResult& result : got.rules) rules.push_back(result.rule);
    EXPECT_THAT(rules, ElementsAreArray(kClientGuardRules));
  }
}

}  // namespace
}  // namespace signet::policy
