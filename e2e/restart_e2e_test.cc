// Any process is killed while a node joins; the node joins all the same, with
// one request and one certificate.

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/api/certificates.pb.h"
#include "core/api/csr_status_text.h"
#include "core/pki/certificate.h"
#include "e2e/e2e_test.h"
#include "e2e/process.h"
#include "e2e/scenarios.h"
#include "e2e/testbed.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::e2e {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::IsOkAndHolds;
using ::signet::api::CertificateSigningRequest;
using ::testing::SizeIs;

using ProcessOr = absl::StatusOr<std::unique_ptr<Process>>;

class RestartTest : public E2eTest {
 protected:
  // Starts an agent and waits until its request stands in the API.
  void StartJoining(const std::string& node) {
    CreateNode(testbed(), node);
    if (HasFatalFailure()) return;
    const absl::StatusOr<AgentFiles> files = testbed().MakeAgentFiles(node);
    ASSERT_THAT(files.status(), IsOk());
    files_ = *files;
    ProcessOr agent = testbed().StartAgent(files_);
    ASSERT_THAT(agent.status(), IsOk());
    agent_ = *std::move(agent);
    WaitForRequest("");
  }

  // Waits for the joining node's request, in that condition (SPEC E-3) if any.
  void WaitForRequest(const std::string& condition) {
    ASSERT_THAT(
        testbed().WaitForRequest(files_.bootstrap_user, kJoinTimeout,
                                 [&](const CertificateSigningRequest& csr) {
                                   return condition.empty() ||
                                          api::CsrStatusText(csr) == condition;
                                 }),
        IsOk());
  }

  // The node has joined, by one request.
  void ExpectJoinedOnce() {
    std::optional<pki::Certificate> certificate;
    ExpectJoined(testbed(), files_, &certificate);
    EXPECT_THAT(testbed().RequestsOf(files_.bootstrap_user),
                IsOkAndHolds(SizeIs(1)));
  }

  AgentFiles files_;
  std::unique_ptr<Process> agent_;
};

TEST_F(RestartTest, ApproverAndSignerAreKilledBetweenTheirSteps) {
  StartJoining("e2e-restart-services");
  if (HasFatalFailure()) return;
  ProcessOr approver = testbed().StartApprover();
  ASSERT_THAT(approver.status(), IsOk());
  WaitForRequest("Approved");
  if (HasFatalFailure()) return;
  (*approver)->Kill();

  ProcessOr signer = testbed().StartSigner();
  ASSERT_THAT(signer.status(), IsOk());
  ExpectJoinedOnce();
  if (HasFatalFailure()) return;
  (*signer)->Kill();

  // Both come back and find nothing left to do.
  approver = testbed().StartApprover();
  ASSERT_THAT(approver.status(), IsOk());
  signer = testbed().StartSigner();
  ASSERT_THAT(signer.status(), IsOk());
  StartJoining("e2e-restart-services-2");
  if (HasFatalFailure()) return;
  ExpectJoinedOnce();
}

TEST_F(RestartTest, TheApiServerIsKilledWhileTheAgentWaits) {
  StartJoining("e2e-restart-api");
  if (HasFatalFailure()) return;
  ASSERT_THAT(cluster().KillApiServer(), IsOk());
  ASSERT_THAT(cluster().StartApiServer(), IsOk());
  EXPECT_TRUE(agent_->Running());

  const ProcessOr approver = testbed().StartApprover();
  ASSERT_THAT(approver.status(), IsOk());
  const ProcessOr signer = testbed().StartSigner();
  ASSERT_THAT(signer.status(), IsOk());
  ExpectJoinedOnce();
}

TEST_F(RestartTest, TheApiServerIsKilledUnderApproverAndSigner) {
  const ProcessOr approver =
      testbed().StartApprover({.election = Election::kDefault});
  ASSERT_THAT(approver.status(), IsOk());
  const ProcessOr signer =
      testbed().StartSigner({.election = Election::kDefault});
  ASSERT_THAT(signer.status(), IsOk());
  ASSERT_THAT(cluster().KillApiServer(), IsOk());
  ASSERT_THAT(cluster().StartApiServer(), IsOk());

  StartJoining("e2e-restart-watches");
  if (HasFatalFailure()) return;
  ExpectJoinedOnce();
  EXPECT_TRUE((*approver)->Running());
  EXPECT_TRUE((*signer)->Running());
}

TEST_F(RestartTest, TheAgentIsKilledWhileItWaits) {
  StartJoining("e2e-restart-agent");
  if (HasFatalFailure()) return;
  agent_->Kill();
  ProcessOr agent = testbed().StartAgent(files_);
  ASSERT_THAT(agent.status(), IsOk());

  const ProcessOr approver = testbed().StartApprover();
  ASSERT_THAT(approver.status(), IsOk());
  const ProcessOr signer = testbed().StartSigner();
  ASSERT_THAT(signer.status(), IsOk());
  std::optional<pki::Certificate> certificate;
  ExpectJoined(testbed(), files_, &certificate);
}

TEST_F(RestartTest, TheAgentIsKilledWithItsCertificateAndGoesOnWithIt) {
  const ProcessOr approver = testbed().StartApprover();
  ASSERT_THAT(approver.status(), IsOk());
  const ProcessOr signer = testbed().StartSigner();
  ASSERT_THAT(signer.status(), IsOk());
  StartJoining("e2e-restart-joined");
  if (HasFatalFailure()) return;
  std::optional<pki::Certificate> certificate;
  ExpectJoined(testbed(), files_, &certificate);
  if (HasFatalFailure()) return;
  agent_->Kill();

  // It renews what it finds, by that, instead of joining once more.
  const ProcessOr agent = testbed().StartAgent(files_);
  ASSERT_THAT(agent.status(), IsOk());
  ExpectRenewals(testbed(), "system:node:" + files_.node, *certificate, 1,
                 Reconnects::kAtOnce, [](const pki::Certificate&) {});
  EXPECT_THAT(testbed().RequestsOf(files_.bootstrap_user),
              IsOkAndHolds(SizeIs(1)));
}

}  // namespace
}  // namespace signet::e2e
