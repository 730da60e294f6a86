#include "approver_service/reconciler.h"

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/strings/string_view.h"
#include "absl/time/simulated_clock.h"
#include "absl/time/time.h"
#include "approver_service/review_cache.h"
#include "core/api/authorization.pb.h"
#include "core/api/certificates.pb.h"
#include "core/service/csr_log.h"
#include "core/service/csr_metrics.h"
#include "core/testing/csr_builder.h"
#include "core/testing/fake_resource_api.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "prometheus/registry.h"
#include "prometheus/text_serializer.h"

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
constexpr char kNodeMessage[] =
    "Auto approving kubelet client certificate after SubjectAccessReview.";

class ReconcilerTest : public ::testing::Test {
 protected:
  ReconcilerTest() {
    reviews_.OnCreate([this](api::SubjectAccessReview& review) {
      const std::string subresource =
          review.spec().resource_attributes().subresource();
      asked_.push_back(review.spec().user() + " " + subresource);
      if (while_asked_) while_asked_();
      review.mutable_status()->set_allowed(allowed_ == subresource);
      return absl::OkStatus();
    });
  }

  absl::Status Reconcile() { return reconciler_.Reconcile("csr-1"); }

  // "Type Reason Message" of each condition.
  std::vector<std::string> Conditions() {
    std::vector<std::string> result;
    const api::CertificateSigningRequest csr = *csrs_.Get("", "csr-1");
    for (const auto& condition : csr.status().conditions()) {
      result.push_back(condition.type() + " " + condition.reason() + " " +
                       condition.message());
    }
    return result;
  }
  static std::string Approved(const std::string& message) {
    return "Approved AutoApproved " + message;
  }
  std::string Metrics() {
    return prometheus::TextSerializer().Serialize(registry_.Collect());
  }

  absl::SimulatedClock clock_{absl::FromUnixSeconds(1767225600)};
  testing::FakeResourceApi<api::CertificateSigningRequest> csrs_{clock_};
  testing::FakeResourceApi<api::SubjectAccessReview> reviews_{clock_};
  prometheus::Registry registry_;
  service::CsrMetrics metrics_{registry_};
  service::CsrLog log_{metrics_};
  ReviewCache cache_{reviews_, clock_, absl::ZeroDuration()};
  Reconciler reconciler_{csrs_, cache_, log_};

  std::string allowed_ = "nodeclient";  // The one subresource that may be.
  std::vector<std::string> asked_;
  std::function<void()> while_asked_;
};

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
  csrs_.Put(MakeCsr({.signer_name = "kubernetes.io/kubelet-serving"}));
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

}  // namespace
}  // namespace signet::approver
