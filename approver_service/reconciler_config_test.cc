// Serving certificates and other signers: what the configuration adds.

#include <string>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/time/time.h"
#include "approver_service/reconciler_fixture.h"
#include "core/testing/csr_builder.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::approver {
namespace {

using ::absl_testing::StatusIs;
using ::testing::AllOf;
using testing::CsrFields;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::MakeCsr;
using ::testing::SizeIs;
using testing::Verb;

// ---- Kubelets' serving certificates.

constexpr char kByNode[] = "kubeletServing: {witnesses: [nodeStatus]}\n";

TEST_F(ReconcilerTest, B13LeavesServingRequestsAloneUnlessConfigured) {
  csrs_.Put(MakeCsr(Serving()));
  PutNode("node-a", "192.0.2.7");
  EXPECT_EQ(Reconcile(), absl::OkStatus());
  EXPECT_THAT(Conditions(), IsEmpty());
  EXPECT_THAT(Events(), IsEmpty());  // It is none of ours.
}

TEST_F(ReconcilerTest, B13ApprovesWhatWitnessesBack) {
  Configure(kByNode);
  csrs_.Put(MakeCsr(Serving()));
  PutNode("node-a", "192.0.2.7");
  EXPECT_EQ(Reconcile(), absl::OkStatus());
  EXPECT_THAT(Conditions(),
              ElementsAre(Approved(
                  "Auto approving kubelet serving certificate: each of its 1 "
                  "DNS names and 1 IP addresses is backed by at least 1 "
                  "witness.")));
  EXPECT_EQ(csrs_.writes(), 1);
  EXPECT_EQ(Reconcile(), absl::OkStatus());
  EXPECT_EQ(csrs_.writes(), 1);
}

TEST_F(ReconcilerTest, B13WithholdsAnAddressThatIsAnothers) {
  Configure(kByNode);
  csrs_.Put(MakeCsr(Serving()));
  PutNode("node-a", "192.0.2.8");
  EXPECT_THAT(Reconcile(), StatusIs(absl::StatusCode::kFailedPrecondition,
                                    HasSubstr("192.0.2.7")));
  EXPECT_THAT(Conditions(), IsEmpty());
  EXPECT_THAT(Events(),
              ElementsAre(AllOf(HasSubstr("Warning ApprovalWithheld witnesses"),
                                HasSubstr("IP address 192.0.2.7"))));
  EXPECT_THAT(Metrics(),
              HasSubstr("signet_csr_decisions_total{rule=\"witnesses\",signer="
                        "\"kubernetes.io/kubelet-serving\",verdict=\"left\"}"
                        " 1"));
  // The node tells its address at last.
  PutNode("node-a", "192.0.2.7");
  EXPECT_EQ(Reconcile(), absl::OkStatus());
  EXPECT_THAT(Conditions(), SizeIs(1));
}

TEST_F(ReconcilerTest, B14AWitnessThatCannotBeAskedMeansWaitingNotDenial) {
  Configure("kubeletServing: {witnesses: [nodeStatus], deny: [witnesses]}\n");
  csrs_.Put(MakeCsr(Serving()));
  PutNode("node-a", "192.0.2.7");
  nodes_.FailNext(Verb::kGet, absl::UnavailableError("connection refused"));
  EXPECT_THAT(Reconcile(), StatusIs(absl::StatusCode::kUnavailable,
                                    HasSubstr("connection refused")));
  EXPECT_THAT(Conditions(), IsEmpty());
  EXPECT_THAT(Events(), ElementsAre(HasSubstr("Normal ApprovalWaits")));
  EXPECT_THAT(Metrics(), HasSubstr("verdict=\"waiting\"} 1"));
  EXPECT_EQ(Reconcile(), absl::OkStatus());
  EXPECT_THAT(Conditions(), SizeIs(1));
}

TEST_F(ReconcilerTest, B23DoesNotAskWitnessesForAnotherNodesName) {
  Configure(kByNode);
  CsrFields fields = Serving("node-b");
  fields.username = "system:node:node-a";
  csrs_.Put(MakeCsr(fields));
  PutNode("node-b", "192.0.2.7");
  EXPECT_EQ(Reconcile(), absl::OkStatus());  // Nothing can change it.
  EXPECT_THAT(Conditions(), IsEmpty());
  EXPECT_EQ(nodes_.calls(Verb::kGet), 0);
  EXPECT_THAT(Events(), ElementsAre(HasSubstr("requester")));
}

TEST_F(ReconcilerTest, DeniesOnlyWhatTheConfigurationSays) {
  Configure("kubeletServing: {witnesses: [nodeStatus], deny: [requester]}\n");
  CsrFields fields = Serving("node-b");
  fields.username = "system:node:node-a";
  csrs_.Put(MakeCsr(fields));
  EXPECT_EQ(Reconcile(), absl::OkStatus());
  EXPECT_THAT(Conditions(),
              ElementsAre(HasSubstr("Denied AutoDenied subject common name")));
  EXPECT_THAT(Metrics(), HasSubstr("rule=\"requester\""));
  EXPECT_THAT(Metrics(), HasSubstr("verdict=\"denied\"} 1"));
}

TEST_F(ReconcilerTest, B26HoldsAKeyThatAnotherNodeHas) {
  Configure(kByNode);
  CsrFields other = Serving("node-b");
  other.name = "csr-b";
  history_.Seen(MakeCsr(other));
  csrs_.Put(MakeCsr(Serving()));
  PutNode("node-a", "192.0.2.7");
  EXPECT_EQ(Reconcile(), absl::OkStatus());
  EXPECT_THAT(Conditions(), IsEmpty());
  EXPECT_THAT(Events(), ElementsAre(HasSubstr("keyReuse")));
}

TEST_F(ReconcilerTest, B27CountsItsOwnApprovals) {
  Configure(
      "kubeletServing: {witnesses: [nodeStatus], maxApprovalsPerHour: 2}\n");
  PutNode("node-a", "192.0.2.7");
  for (const char* name : {"1", "2", "3"}) {
    CsrFields fields = Serving();
    fields.name = name;
    csrs_.Put(MakeCsr(fields));
  }
  EXPECT_EQ(Reconcile("1"), absl::OkStatus());
  EXPECT_EQ(Reconcile("2"), absl::OkStatus());
  // Although no watch has told of them.
  EXPECT_THAT(Reconcile("3"), StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(Conditions("3"), IsEmpty());
  clock_.AdvanceTime(absl::Minutes(61));
  EXPECT_EQ(Reconcile("3"), absl::OkStatus());
  EXPECT_THAT(Conditions("3"), SizeIs(1));
}

// ---- Other signers.

constexpr char kPolicy[] =
    "policies:\n"
    "- name: web\n"
    "  match: {signerName: example.com/web}\n"
    "  require:\n"
    "    usages: [digital signature, server auth]\n"
    "    subject: {commonName: 'web-[0-9]+'}\n"
    "  decide: approve\n"
    "  otherwise: deny\n";

CsrFields Web(const std::string& common_name) {
  CsrFields fields;
  fields.signer_name = "example.com/web";
  fields.subject = {};
  fields.subject.common_name = common_name;
  fields.usages = {"digital signature", "server auth"};
  return fields;
}

TEST_F(ReconcilerTest, DecidesByThePolicyOfAnotherSigner) {
  Configure(kPolicy);
  csrs_.Put(MakeCsr(Web("web-1")));
  EXPECT_EQ(Reconcile(), absl::OkStatus());
  EXPECT_THAT(Conditions(), ElementsAre(HasSubstr("Approved AutoApproved")));
  CsrFields evil = Web("web-1.evil");
  evil.name = "evil";
  csrs_.Put(MakeCsr(evil));
  EXPECT_EQ(Reconcile("evil"), absl::OkStatus());
  EXPECT_THAT(Conditions("evil"), ElementsAre(HasSubstr("Denied AutoDenied")));
  EXPECT_THAT(Metrics(), HasSubstr("rule=\"web/subject\""));
  ASSERT_THAT(audit_.records, SizeIs(2));
  EXPECT_EQ(Field(audit_.records[0], "policy"), "web");
}

TEST_F(ReconcilerTest, ASignerThatNoPolicyNamesIsNoneOfOurs) {
  Configure(kPolicy);
  CsrFields fields = Web("web-1");
  fields.signer_name = "example.com/other";
  csrs_.Put(MakeCsr(fields));
  EXPECT_EQ(Reconcile(), absl::OkStatus());
  EXPECT_THAT(Conditions(), IsEmpty());
  EXPECT_THAT(Events(), IsEmpty());
}

}  // namespace
}  // namespace signet::approver
