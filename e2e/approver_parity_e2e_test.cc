// The same requests, put to the approver of a real kube-controller-manager and
// to ours, on the same kube-apiserver: the same verdict, reason and message
// (SPEC B-1 to B-7).

#include <algorithm>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/api/certificates.pb.h"
#include "core/http/message.h"
#include "core/k8s/resource_api.h"
#include "e2e/approver_parity_cases.h"
#include "e2e/cluster_provider.h"
#include "e2e/e2e_test.h"
#include "e2e/process.h"
#include "e2e/requester.h"
#include "e2e/testbed.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::e2e {
namespace {

using ::absl_testing::IsOk;
using ::signet::api::CertificateSigningRequest;
using Words = std::vector<std::string>;

// Nothing more comes if for so long nothing has.
constexpr absl::Duration kQuiet = absl::Seconds(3);

constexpr char kSelfMessage[] =
    "Auto approving self kubelet client certificate after "
    "SubjectAccessReview.";
constexpr char kNodeMessage[] =
    "Auto approving kubelet client certificate after SubjectAccessReview.";

// "Type=Status Reason: Message" of each condition, in order.
Words ConditionsOf(const CertificateSigningRequest& csr) {
  Words result;
  for (const auto& c : csr.status().conditions()) {
    result.push_back(absl::StrCat(c.type(), "=", c.status(), " ", c.reason(),
                                  ": ", c.message()));
  }
  return result;
}

class ApproverParityTest : public E2eTest {
 protected:
  ApproverParityTest() : E2eTest({.real_kubernetes = true}) {}

  void SetUp() override {
    E2eTest::SetUp();
    if (HasFatalFailure()) return;
    cases_ = MakeParityCases();
    const std::string path = testbed().directory() + "/rights.yaml";
    ASSERT_THAT(WriteFile(path, ParityRights()), IsOk());
    const absl::StatusOr<std::string> kubectl = cluster().Binary("kubectl");
    ASSERT_THAT(kubectl.status(), IsOk());
    const absl::StatusOr<CommandResult> applied =
        RunCommand({*kubectl, "--kubeconfig", cluster().AdminKubeconfig(),
                    "apply", "-f", path});
    ASSERT_THAT(applied.status(), IsOk());
    ASSERT_EQ(applied->exit_code, 0) << applied->err;
  }

  static std::string Name(absl::string_view approver, size_t i) {
    return absl::StrFormat("parity-%s-%03d", approver, i);
  }

  // Creates all cases for `approver`, which does not run yet, and behind them
  // one that it will approve.
  void CreateCases(absl::string_view approver) {
    std::vector<ParityCase> cases = cases_;
    cases.push_back(cases_.front());
    for (size_t i = 0; i < cases.size(); ++i) {
      SCOPED_TRACE(cases[i].sentence);
      CertificateSigningRequest csr = cases[i].csr;
      csr.mutable_metadata()->set_name(Name(approver, i));
      absl::StatusOr<CertificateSigningRequest> created =
          CreateAs(testbed().admin(), cases[i].requester, csr);
      ASSERT_THAT(created.status(), IsOk());
      if (cases[i].before == nullptr) continue;
      cases[i].before(*created);
      ASSERT_THAT(
          testbed().admin().Api<CertificateSigningRequest>()->UpdateSubresource(
              cases[i].subresource, *created),
          IsOk());
    }
  }

  // What each case has come to, once nothing moves any more.
  absl::StatusOr<std::vector<Words>> WaitForVerdicts(
      absl::string_view approver) {
    std::vector<Words> verdicts;
    std::vector<Words> seen;
    absl::Time since = absl::Now();
    ABSL_RETURN_IF_ERROR(Eventually(absl::Minutes(2), [&]() -> absl::Status {
      ABSL_ASSIGN_OR_RETURN(
          const k8s::ListResult<CertificateSigningRequest> list,
          testbed().admin().Api<CertificateSigningRequest>()->List({}));
      std::map<std::string, Words> by_name;
      for (const CertificateSigningRequest& csr : list.items) {
        by_name[csr.metadata().name()] = ConditionsOf(csr);
      }
      seen.clear();
      for (size_t i = 0; i <= cases_.size(); ++i) {
        seen.push_back(by_name[Name(approver, i)]);
      }
      if (seen != verdicts) {
        verdicts = seen;
        since = absl::Now();
      }
      if (verdicts.back().empty()) {
        return absl::UnavailableError("the last case is not approved");
      }
      return absl::Now() - since >= kQuiet
                 ? absl::OkStatus()
                 : absl::UnavailableError("requests still change");
    }));
    verdicts.pop_back();
    return verdicts;
  }

  // The SubjectAccessReviews that the API server has answered.
  absl::StatusOr<int> CountReviews() {
    http::Request request;
    request.target = "/metrics";
    request.headers.Set("Accept", "text/plain");
    ABSL_ASSIGN_OR_RETURN(const http::Response response,
                          testbed().admin().Do(std::move(request)));
    int count = 0;
    for (const absl::string_view line : absl::StrSplit(response.body, '\n')) {
      int value = 0;
      if (absl::StartsWith(line, "apiserver_request_total{") &&
          absl::StrContains(line, "resource=\"subjectaccessreviews\"") &&
          absl::SimpleAtoi(line.substr(line.rfind(' ') + 1), &value)) {
        count += value;
      }
    }
    return count;
  }

  // The stock approver and nothing else of kube-controller-manager.
  absl::StatusOr<std::unique_ptr<Process>> StartStockApprover() {
    ABSL_ASSIGN_OR_RETURN(const std::string program,
                          cluster().Binary("kube-controller-manager"));
    ABSL_ASSIGN_OR_RETURN(const std::vector<int> ports, FreePorts(1));
    const std::string& directory = testbed().directory();
    return Process::Start(
        {.name = "kube-controller-manager",
         .argv = {program, "--kubeconfig=" + cluster().AdminKubeconfig(),
                  "--controllers="
                  "certificatesigningrequest-approving-controller",
                  "--bind-address=127.0.0.1",
                  absl::StrCat("--secure-port=", ports[0]),
                  "--cert-dir=" + directory + "/kcm",
                  "--authentication-skip-lookup", "--leader-elect=false",
                  "--kube-api-qps=500", "--kube-api-burst=500"},
         .environment = {},
         .log_path = directory + "/kube-controller-manager.log"});
  }

  std::vector<ParityCase> cases_;
};

TEST_F(ApproverParityTest, B1B2B3B4B7DecidesAsKubeControllerManagerDoes) {
  CreateCases("stock");
  if (HasFatalFailure()) return;
  absl::StatusOr<std::unique_ptr<Process>> stock = StartStockApprover();
  ASSERT_THAT(stock.status(), IsOk());
  const absl::StatusOr<std::vector<Words>> want = WaitForVerdicts("stock");
  ASSERT_THAT(want.status(), IsOk());
  (*stock)->Terminate();

  CreateCases("ours");
  if (HasFatalFailure()) return;
  const absl::StatusOr<std::unique_ptr<Process>> ours =
      testbed().StartApprover();
  ASSERT_THAT(ours.status(), IsOk());
  const absl::StatusOr<std::vector<Words>> got = WaitForVerdicts("ours");
  ASSERT_THAT(got.status(), IsOk());

  int same = 0;
  std::map<ParityOutcome, int> outcomes;
  for (size_t i = 0; i < cases_.size(); ++i) {
    const ParityCase& c = cases_[i];
    SCOPED_TRACE(absl::StrCat(c.sentence, " (", Name("ours", i), ")"));
    EXPECT_EQ((*got)[i], (*want)[i]);
    same += (*got)[i] == (*want)[i];
    // And as the table says, so that it tests what its sentences say.
    const std::string verdict =
        c.outcome == ParityOutcome::kLeft
            ? ""
            : absl::StrCat("Approved=True AutoApproved: ",
                           c.outcome == ParityOutcome::kSelf ? kSelfMessage
                                                             : kNodeMessage);
    EXPECT_EQ(
        absl::StrContains(absl::StrJoin((*want)[i], "\n"), "AutoApproved: "),
        c.outcome != ParityOutcome::kLeft)
        << absl::StrJoin((*want)[i], "\n");
    if (!verdict.empty() && !(*want)[i].empty()) {
      EXPECT_EQ((*want)[i].back(), verdict);
    }
    ++outcomes[c.outcome];
  }
  EXPECT_GE(cases_.size(), 60u);
  std::cout << "differential with kube-controller-manager's csrapproving: "
            << cases_.size() << " cases, " << same
            << " with the same verdict, reason and message ("
            << outcomes[ParityOutcome::kSelf] << " approved as selfnodeclient, "
            << outcomes[ParityOutcome::kNode] << " as nodeclient, "
            << outcomes[ParityOutcome::kLeft] << " left alone)\n";
}

// Kubernetes' own is silent about what it leaves alone.
TEST_F(ApproverParityTest, UnlikeItSaysInKubectlDescribeWhyARequestWaits) {
  const auto left = std::find_if(
      cases_.begin(), cases_.end(),
      [](const ParityCase& c) { return c.sentence == "a DNS name"; });
  ASSERT_NE(left, cases_.end());
  CertificateSigningRequest csr = left->csr;
  csr.mutable_metadata()->set_name("parity-explained");
  ASSERT_THAT(CreateAs(testbed().admin(), left->requester, csr), IsOk());
  const absl::StatusOr<std::unique_ptr<Process>> approver =
      testbed().StartApprover();
  ASSERT_THAT(approver.status(), IsOk());
  const absl::StatusOr<std::string> kubectl = cluster().Binary("kubectl");
  ASSERT_THAT(kubectl.status(), IsOk());
  std::string described;
  EXPECT_THAT(
      Eventually(absl::Seconds(30),
                 [&]() -> absl::Status {
                   ABSL_ASSIGN_OR_RETURN(
                       const CommandResult result,
                       RunCommand({*kubectl, "--kubeconfig",
                                   cluster().AdminKubeconfig(), "describe",
                                   "csr", "parity-explained"}));
                   described = result.out + result.err;
                   return absl::StrContains(described, "ApprovalWithheld")
                              ? absl::OkStatus()
                              : absl::UnavailableError(described);
                 }),
      IsOk());
  EXPECT_THAT(described, ::testing::ContainsRegex(
                             "Warning +ApprovalWithheld .*signet-approver +"
                             "shape: DNS subjectAltNames are not allowed"));
}

// The stock approver asks for each (SPEC C-22).
TEST_F(ApproverParityTest, ABurstOfNodesOnOneTokenCostsFewReviews) {
  constexpr int kNodes = 200;
  const auto csrs = testbed().admin().Api<CertificateSigningRequest>();
  const absl::StatusOr<k8s::ListResult<CertificateSigningRequest>> old =
      csrs->List({});
  ASSERT_THAT(old.status(), IsOk());
  for (const CertificateSigningRequest& csr : old->items) {
    ASSERT_THAT(csrs->Delete("", csr.metadata().name()), IsOk());
  }
  for (int i = 0; i < kNodes; ++i) {
    CertificateSigningRequest csr = cases_.front().csr;
    csr.mutable_metadata()->set_name(absl::StrCat("burst-", i));
    ASSERT_THAT(CreateAs(testbed().admin(), cases_.front().requester, csr),
                IsOk());
  }
  const absl::StatusOr<int> before = CountReviews();
  ASSERT_THAT(before.status(), IsOk());
  const absl::Time start = absl::Now();
  const absl::StatusOr<std::unique_ptr<Process>> approver =
      testbed().StartApprover();
  ASSERT_THAT(approver.status(), IsOk());
  ASSERT_THAT(
      Eventually(
          absl::Minutes(1),
          [&]() -> absl::Status {
            ABSL_ASSIGN_OR_RETURN(
                const k8s::ListResult<CertificateSigningRequest> list,
                testbed().admin().Api<CertificateSigningRequest>()->List({}));
            int waiting = 0;
            for (const CertificateSigningRequest& csr : list.items) {
              waiting += absl::StartsWith(csr.metadata().name(), "burst-") &&
                         csr.status().conditions().empty();
            }
            return waiting == 0 ? absl::OkStatus()
                                : absl::UnavailableError(absl::StrCat(
                                      waiting, " are not approved"));
          }),
      IsOk());
  const absl::Duration took = absl::Now() - start;
  const absl::StatusOr<int> after = CountReviews();
  ASSERT_THAT(after.status(), IsOk());
  std::cout << kNodes << " nodes on one bootstrap token: approved within "
            << absl::FormatDuration(took) << " of the start, with "
            << *after - *before << " SubjectAccessReviews\n";
  // One for every ten seconds begun (--review-cache-ttl).
  EXPECT_LE(*after - *before, 1 + took / absl::Seconds(10));
}

}  // namespace
}  // namespace signet::e2e
