#include "core/policy/approval.h"

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "core/api/authorization.pb.h"
#include "core/api/certificates.pb.h"
#include "core/testing/csr_builder.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::policy {
namespace {

using ::absl_testing::StatusIs;
using testing::CsrFields;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::MakeCsr;

std::vector<std::string> Subresources(const ApprovalPlan& plan) {
  std::vector<std::string> result;
  for (const ApprovalCandidate& candidate : plan.candidates) {
    result.push_back(candidate.subresource);
  }
  return result;
}

TEST(PlanApprovalTest, RecognisesKubeletClientsOnly) {
  const struct {
    std::string name;
    std::function<void(CsrFields&)> change;
    std::vector<std::string> want;  // Subresources to ask about, in order.
    std::string want_reason;
  } kTests[] = {
      {"B-2: a bootstrapping node", [](CsrFields&) {}, {"nodeclient"}, ""},
      {"B-2: a node that renews its own is asked about both, its own first",
       [](CsrFields& f) { f.username = "system:node:node-a"; },
       {"selfnodeclient", "nodeclient"},
       ""},
      {"B-2: another node's name is not its own",
       [](CsrFields& f) { f.username = "system:node:node-ab"; },
       {"nodeclient"},
       ""},
      {"B-4: another signer",
       [](CsrFields& f) { f.signer_name = "kubernetes.io/kubelet-serving"; },
       {},
       "only requests to kubernetes.io/kube-apiserver-client-kubelet are "
       "approved automatically"},
      {"B-20: the client signer, whatever the subject",
       [](CsrFields& f) {
         f.signer_name = "kubernetes.io/kube-apiserver-client";
         f.username = "system:node:node-a";
       },
       {},
       "only requests to kubernetes.io/kube-apiserver-client-kubelet are "
       "approved automatically"},
      {"B-4: a wrong shape, with the first check that differs",
       [](CsrFields& f) {
         f.username = "system:node:node-a";
         f.sans.dns_names = {"node-a"};
       },
       {},
       "DNS subjectAltNames are not allowed"},
      {"B-4: wrong usages",
       [](CsrFields& f) { f.usages = {"client auth"}; },
       {},
       "usages did not match [client auth digital signature key "
       "encipherment]"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    CsrFields fields;
    t.change(fields);
    const absl::StatusOr<ApprovalPlan> plan = PlanApproval(MakeCsr(fields));
    ASSERT_TRUE(plan.ok()) << plan.status();
    EXPECT_FALSE(plan->decided);
    EXPECT_EQ(Subresources(*plan), t.want);
    EXPECT_EQ(plan->reason, t.want_reason);
  }
}

TEST(PlanApprovalTest, AsksAndApprovesInKubernetesWords) {  // B-2, B-3
  CsrFields fields;
  fields.username = "system:node:node-a";
  fields.groups = {"system:nodes", "system:authenticated"};
  api::CertificateSigningRequest csr = MakeCsr(fields);
  csr.mutable_spec()->set_uid("u-1");
  (*csr.mutable_spec()->mutable_extra())["credential-id"].add_items("X509");

  const absl::StatusOr<ApprovalPlan> plan = PlanApproval(csr);
  ASSERT_TRUE(plan.ok()) << plan.status();
  ASSERT_EQ(plan->candidates.size(), 2u);
  for (const ApprovalCandidate& candidate : plan->candidates) {
    SCOPED_TRACE(candidate.subresource);
    const api::SubjectAccessReviewSpec& spec = candidate.review.spec();
    EXPECT_EQ(spec.user(), "system:node:node-a");
    EXPECT_EQ(spec.uid(), "u-1");
    EXPECT_THAT(spec.groups(),
                ElementsAre("system:nodes", "system:authenticated"));
    ASSERT_EQ(spec.extra().count("credential-id"), 1u);
    EXPECT_THAT(spec.extra().at("credential-id").items(), ElementsAre("X509"));
    const api::ResourceAttributes& access = spec.resource_attributes();
    EXPECT_EQ(access.group(), "certificates.k8s.io");
    EXPECT_EQ(access.resource(), "certificatesigningrequests");
    EXPECT_EQ(access.subresource(), candidate.subresource);
    EXPECT_EQ(access.verb(), "create");
    EXPECT_EQ(access.version(), "*");
    EXPECT_FALSE(access.has_name());
    EXPECT_FALSE(access.has_namespace_());
    EXPECT_EQ(candidate.approval.type(), "Approved");
    EXPECT_EQ(candidate.approval.status(), "True");
    EXPECT_EQ(candidate.approval.reason(), "AutoApproved");
    EXPECT_FALSE(candidate.approval.has_last_update_time());
    EXPECT_FALSE(candidate.approval.has_last_transition_time());
  }
  EXPECT_EQ(plan->candidates[0].approval.message(),
            "Auto approving self kubelet client certificate after "
            "SubjectAccessReview.");
  EXPECT_EQ(
      plan->candidates[1].approval.message(),
      "Auto approving kubelet client certificate after SubjectAccessReview.");
}

TEST(PlanApprovalTest, LeavesTheDecidedAlone) {  // B-1
  const struct {
    std::string name;
    std::vector<std::string> conditions;
    std::string certificate;
    bool want;  // Decided?
  } kTests[] = {
      {"nothing yet", {}, "", false},
      {"approved", {"Approved"}, "", true},
      {"denied", {"Denied"}, "", true},
      {"issued", {}, "PEM", true},
      {"failed alone is no decision", {"Failed"}, "", false},
      {"conditions of unknown types are none", {"Witnessed"}, "", false},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    CsrFields fields;
    fields.conditions = t.conditions;
    api::CertificateSigningRequest csr = MakeCsr(fields);
    csr.mutable_status()->set_certificate(t.certificate);
    // Decided requests are not even parsed.
    if (t.want) csr.mutable_spec()->set_request("no PEM");
    const absl::StatusOr<ApprovalPlan> plan = PlanApproval(csr);
    ASSERT_TRUE(plan.ok()) << plan.status();
    EXPECT_EQ(plan->decided, t.want);
    EXPECT_EQ(plan->candidates.empty(), t.want);
    EXPECT_EQ(AwaitsApproval(csr), !t.want);
  }
}

TEST(PlanApprovalTest, DemandsARequestSignedWithItsOwnKey) {  // B-1, B-9
  CsrFields fields;
  const std::string good = testing::MakeRequestPem(fields.subject);

  fields.request_pem = testing::SpoilSignature(good);
  EXPECT_THAT(PlanApproval(MakeCsr(fields)),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("verification failure")));
  fields.request_pem = "no PEM";
  EXPECT_THAT(PlanApproval(MakeCsr(fields)),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "PEM block type must be CERTIFICATE REQUEST"));
}

}  // namespace
}  // namespace signet::policy
