#include "core/policy/approver_decision.h"

#include <string>

#include "core/api/certificates.pb.h"
#include "core/policy/approver_config.h"
#include "core/policy/decision.h"
#include "core/policy/serving_policy.h"
#include "core/testing/csr_builder.h"
#include "gtest/gtest.h"

namespace signet::policy {
namespace {

using testing::CsrFields;
using testing::MakeCsr;

api::CertificateSigningRequest To(const std::string& signer_name) {
  api::CertificateSigningRequest csr;
  csr.mutable_spec()->set_signer_name(signer_name);
  return csr;
}

TEST(DutyForTest, B13LeavesServingAloneUnlessConfigured) {
  ApproverConfig config;
  EXPECT_EQ(DutyFor(To("kubernetes.io/kube-apiserver-client-kubelet"), config),
            Duty::kClient);
  EXPECT_EQ(DutyFor(To("kubernetes.io/kubelet-serving"), config), Duty::kNone);
  EXPECT_EQ(DutyFor(To("kubernetes.io/kube-apiserver-client"), config),
            Duty::kPolicies);
  EXPECT_EQ(DutyFor(To("example.com/x"), config), Duty::kPolicies);

  config.serving.emplace();
  config.client.approve = false;
  EXPECT_EQ(DutyFor(To("kubernetes.io/kube-apiserver-client-kubelet"), config),
            Duty::kNone);
  EXPECT_EQ(DutyFor(To("kubernetes.io/kubelet-serving"), config),
            Duty::kServing);
}

TEST(UsesInventoryTest, B19IsToldByTheRulesThatNeedIt) {
  ApproverConfig config;
  EXPECT_FALSE(UsesInventory(config));
  config.client.require_inventory = true;
  EXPECT_TRUE(UsesInventory(config));
  config.client.require_inventory = false;
  config.serving.emplace().witnesses = {Witness::kInventory};
  EXPECT_TRUE(UsesInventory(config));
}

// What the configuration without a file says of kubelets' clients is what
// csrapproving says.
TEST(DecideWithEvidenceTest, B1ToB3DecideAboutClientsAsUpstream) {
  const struct {
    std::string name;
    CsrFields csr;
    ApproverEvidence evidence;
    Verdict want;
    std::string want_rule;
    std::string want_message;
  } kTests[] = {
      {"B-1: a decided request",
       {.conditions = {"Approved"}},
       {},
       Verdict::kLeave,
       "decided",
       "it is approved, denied or issued"},
      {"B-2: a node that renews its own",
       {.username = "system:node:node-a"},
       {.access = {{"selfnodeclient", true}}},
       Verdict::kApprove,
       "",
       "Auto approving self kubelet client certificate after "
       "SubjectAccessReview."},
      {"B-2: denied first, so the second is tried",
       {.username = "system:node:node-a"},
       {.access = {{"selfnodeclient", false}, {"nodeclient", true}}},
       Verdict::kApprove,
       "",
       "Auto approving kubelet client certificate after SubjectAccessReview."},
      {"B-3: recognised but not allowed, for now",
       {},
       {.access = {{"nodeclient", false}}},
       Verdict::kLeave,
       "access",
       "the requester may not create certificatesigningrequests/nodeclient"},
      {"B-2: the API server was not asked",
       {},
       {},
       Verdict::kWait,
       "access",
       "whether the requester may create "
       "certificatesigningrequests/nodeclient is not known"},
      {"B-4: not recognised",
       {.usages = {"client auth"}},
       {},
       Verdict::kLeave,
       "shape",
       "usages did not match [client auth digital signature key "
       "encipherment]"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    const PolicyDecision got =
        DecideWithEvidence(MakeCsr(t.csr), ApproverConfig(), t.evidence);
    EXPECT_EQ(VerdictName(got.decision.verdict), VerdictName(t.want));
    EXPECT_EQ(got.decision.rule, t.want_rule);
    EXPECT_EQ(got.decision.message, t.want_message);
  }
}

}  // namespace
}  // namespace signet::policy
