#include "approver_service/reconciler.h"

#include <string>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "approver_service/reconciler_fixture.h"
#include "core/api/authorization.pb.h"
#include "core/api/core.pb.h"
#include "core/testing/csr_builder.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::approver {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::StatusIs;
using testing::CsrFields;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::MakeCsr;
using testing::Verb;

constexpr char kSelfMessage[] =
    "Auto approving self kubelet client certificate after "
    "SubjectAccessReview.";

TEST_F(ReconcilerTest, ApprovesANodeThatMayJoin) {
  csrs_.Put(MakeCsr());
  EXPECT_EQ(Reconcile(), absl::OkStatus());
  EXPECT_THAT(Conditions(), ElementsAre(Approved(kNodeMessage)));
  EXPECT_THAT(asked_, ElementsAre("system:bootstrap:abcdef nodeclient"));
  EXPECT_EQ(csrs_.writes(), 1);
  // B-3: the server's time, since the approver gave none.
  EXPECT_EQ(csrs_.Get("", "csr-1")
                ->status()
                .conditions(0)
                .last_update_time()
                .seconds(),
            1767225600);
}

TEST_F(ReconcilerTest, ApprovesANodeThatMayRenewItsOwn) {
  csrs_.Put(MakeCsr({.username = "system:node:node-a"}));
  allowed_ = "selfnodeclient";
  EXPECT_EQ(Reconcile(), absl::OkStatus());
  EXPECT_THAT(Conditions(), ElementsAre(Approved(kSelfMessage)));
  EXPECT_THAT(asked_, ElementsAre("system:node:node-a selfnodeclient"));
}

TEST_F(ReconcilerTest, AsksFurtherWhenTheFirstIsRefused) {  // B-2
  csrs_.Put(MakeCsr({.username = "system:node:node-a"}));
  EXPECT_EQ(Reconcile(), absl::OkStatus());
  EXPECT_THAT(asked_, ElementsAre("system:node:node-a selfnodeclient",
                                  "system:node:node-a nodeclient"));
  EXPECT_THAT(Conditions(), ElementsAre(Approved(kNodeMessage)));
}

TEST_F(ReconcilerTest, LeavesARefusedRequestAndComesBack) {  // B-3
  csrs_.Put(MakeCsr({.username = "system:node:node-a"}));
  allowed_ = "";
  EXPECT_THAT(Reconcile(),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       "recognized as [selfnodeclient nodeclient] but subject "
                       "access review was not approved"));
  EXPECT_EQ(csrs_.writes(), 0);
  allowed_ = "nodeclient";  // An administrator grants it at last.
  EXPECT_EQ(Reconcile(), absl::OkStatus());
  EXPECT_THAT(Conditions(), ElementsAre(Approved(kNodeMessage)));
  EXPECT_THAT(Metrics(), HasSubstr("verdict=\"refused\"} 1"));
  EXPECT_THAT(Metrics(), HasSubstr("verdict=\"approved\"} 1"));
}

TEST_F(ReconcilerTest, DoubtIsNoApproval) {
  csrs_.Put(MakeCsr());
  reviews_.OnCreate([](api::SubjectAccessReview& review) {
    review.mutable_status()->set_allowed(true);
    review.mutable_status()->set_denied(true);
    return absl::OkStatus();
  });
  EXPECT_THAT(Reconcile(), StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_EQ(csrs_.writes(), 0);
}

TEST_F(ReconcilerTest, LeavesWhatItDoesNotRecogniseWithoutAsking) {
  csrs_.Put(MakeCsr({.usages = {"client auth"}}));
  EXPECT_EQ(Reconcile(), absl::OkStatus());
  EXPECT_THAT(asked_, IsEmpty());
  EXPECT_THAT(Conditions(), IsEmpty());
  EXPECT_EQ(csrs_.writes(), 0);
  EXPECT_THAT(Metrics(), HasSubstr("verdict=\"unrecognised\"} 1"));
}

TEST_F(ReconcilerTest, ApprovesOnceHoweverOftenItRuns) {
  csrs_.Put(MakeCsr());
  EXPECT_EQ(Reconcile(), absl::OkStatus());
  EXPECT_EQ(Reconcile(), absl::OkStatus());
  EXPECT_EQ(csrs_.writes(), 1);
  EXPECT_EQ(reviews_.calls(Verb::kCreate), 1);
}

TEST_F(ReconcilerTest, DoesNotApproveForAKeyThatTheRequesterDoesNotHold) {
  const CsrFields fields;
  csrs_.Put(MakeCsr({.request_pem = testing::SpoilSignature(
                         testing::MakeRequestPem(fields.subject))}));
  EXPECT_THAT(Reconcile(), StatusIs(absl::StatusCode::kInvalidArgument,
                                    HasSubstr("verification failure")));
  EXPECT_THAT(asked_, IsEmpty());
  EXPECT_EQ(csrs_.writes(), 0);
}

TEST_F(ReconcilerTest, ApprovesOnlyTheObjectItJudged) {  // B-24
  csrs_.Put(MakeCsr());
  // Somebody denies it between the reading and the writing.
  while_asked_ = [this] { csrs_.Put(MakeCsr({.conditions = {"Denied"}})); };
  EXPECT_THAT(Reconcile(), StatusIs(absl::StatusCode::kAborted));
  EXPECT_EQ(csrs_.writes(), 0);
  while_asked_ = nullptr;
  EXPECT_EQ(Reconcile(), absl::OkStatus());
  EXPECT_THAT(Conditions(), ElementsAre("Denied  "));
}

TEST_F(ReconcilerTest, KeepsTheConditionsOfOthers) {
  csrs_.Put(MakeCsr({.conditions = {"Witnessed"}}));
  EXPECT_EQ(Reconcile(), absl::OkStatus());
  EXPECT_THAT(Conditions(), ElementsAre("Witnessed  ", Approved(kNodeMessage)));
}

TEST_F(ReconcilerTest, AFailedCallIsAnErrorAndLeavesTheRequestWaiting) {
  csrs_.Put(MakeCsr());
  csrs_.FailNext(Verb::kGet, absl::UnavailableError("down"));
  EXPECT_THAT(Reconcile(), StatusIs(absl::StatusCode::kUnavailable));
  reviews_.FailNext(Verb::kCreate, absl::UnavailableError("down"));
  EXPECT_THAT(Reconcile(), StatusIs(absl::StatusCode::kUnavailable));
  csrs_.FailNext(Verb::kUpdateSubresource, absl::PermissionDeniedError("no"));
  EXPECT_THAT(Reconcile(), StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_THAT(Conditions(), IsEmpty());
  EXPECT_EQ(Reconcile(), absl::OkStatus());
  EXPECT_THAT(Conditions(), ElementsAre(Approved(kNodeMessage)));
}

TEST_F(ReconcilerTest, ALostAnswerDoesNotApproveTwice) {
  csrs_.Put(MakeCsr());
  csrs_.LoseAnswer(Verb::kUpdateSubresource, absl::UnavailableError("reset"));
  EXPECT_THAT(Reconcile(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(Reconcile(), absl::OkStatus());
  EXPECT_EQ(csrs_.writes(), 1);
  EXPECT_THAT(Conditions(), ElementsAre(Approved(kNodeMessage)));
}

TEST_F(ReconcilerTest, ADeletedRequestIsDone) {
  EXPECT_THAT(Reconcile(), IsOk());
}

// ---- Guards on clients.

TEST_F(ReconcilerTest, B19AGuardHoldsBackAJoinForALivingNode) {
  Configure("kubeletClient: {joins: {refuseReadyNode: true}}\n");
  csrs_.Put(MakeCsr());
  api::Node node;
  node.mutable_metadata()->set_name("node-a");
  auto& ready = *node.mutable_status()->add_conditions();
  ready.set_type("Ready");
  ready.set_status("True");
  nodes_.Put(node);
  EXPECT_THAT(Reconcile(), StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(Conditions(), IsEmpty());
  EXPECT_THAT(Events(), ElementsAre(HasSubstr("readyNode")));
  nodes_.Remove("node-a");
  EXPECT_EQ(Reconcile(), absl::OkStatus());
  EXPECT_THAT(Conditions(), ElementsAre(Approved(kNodeMessage)));
}

TEST_F(ReconcilerTest, B27StopsJoinsWhileTooManyArePending) {
  Configure("kubeletClient: {joins: {maxPending: 1}}\n");
  CsrFields second;
  second.name = "csr-2";
  history_.Seen(csrs_.Put(MakeCsr()));
  history_.Seen(csrs_.Put(MakeCsr(second)));
  EXPECT_THAT(Reconcile(), StatusIs(absl::StatusCode::kFailedPrecondition,
                                    HasSubstr("2 requests to join")));
  history_.Gone(MakeCsr(second));
  EXPECT_EQ(Reconcile(), absl::OkStatus());
}

}  // namespace
}  // namespace signet::approver
