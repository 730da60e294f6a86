// The node agent in trouble: it is killed, its request is denied and deleted,
// its network is bad. It joins all the same, and files no request too many
// (SPEC F-2); and it bootstraps in the foreground (SPEC A-33).

#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/api/certificates.pb.h"
#include "core/api/csr_status_text.h"
#include "core/k8s/resource_api.h"
#include "core/pki/certificate.h"
#include "e2e/e2e_test.h"
#include "e2e/process.h"
#include "e2e/scenarios.h"
#include "e2e/tcp_relay.h"
#include "e2e/testbed.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::e2e {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::IsOkAndHolds;
using ::signet::api::CertificateSigningRequest;
using ::testing::SizeIs;
using ::testing::StartsWith;

class AgentTroubleTest : public E2eTest {
 protected:
  void Prepare(const std::string& node) {
    CreateNode(testbed(), node);
    if (HasFatalFailure()) return;
    const absl::StatusOr<AgentFiles> files = testbed().MakeAgentFiles(node);
    ASSERT_THAT(files.status(), IsOk());
    files_ = *files;
  }

  void StartAgent(const std::vector<std::string>& flags = {}) {
    const absl::StatusOr<std::string> program =
        Runfile("node_agent/signet-node-agent");
    ASSERT_THAT(program.status(), IsOk());
    std::vector<std::string> argv = {
        *program,
        "--health-address=127.0.0.1:0",
        "--node-name=" + files_.node,
        "--bootstrap-kubeconfig=" + files_.bootstrap_kubeconfig,
        "--kubeconfig=" + files_.kubeconfig,
        "--cert-dir=" + files_.cert_dir};
    argv.insert(argv.end(), flags.begin(), flags.end());
    auto agent = Process::Start(
        {.name = "signet-node-agent-" + files_.node,
         .argv = argv,
         .environment = {},
         .log_path = absl::StrCat(testbed().directory(), "/agent-", files_.node,
                                  ".log")});
    ASSERT_THAT(agent.status(), IsOk());
    agent_ = *std::move(agent);
  }

  void StartServices() {
    auto approver = testbed().StartApprover();
    ASSERT_THAT(approver.status(), IsOk());
    approver_ = *std::move(approver);
    auto signer = testbed().StartSigner();
    ASSERT_THAT(signer.status(), IsOk());
    signer_ = *std::move(signer);
  }

  // Waits until the node has filed `count` requests; returns the last.
  CertificateSigningRequest WaitForRequests(size_t count) {
    std::vector<CertificateSigningRequest> requests;
    EXPECT_THAT(Eventually(kJoinTimeout,
                           [&]() -> absl::Status {
                             ABSL_ASSIGN_OR_RETURN(
                                 requests,
                                 testbed().RequestsOf(files_.bootstrap_user));
                             if (requests.size() >= count) {
                               return absl::OkStatus();
                             }
                             return absl::UnavailableError(
                                 absl::StrCat(requests.size(), " requests"));
                           }),
                IsOk());
    return requests.empty() ? CertificateSigningRequest() : requests.back();
  }

  void ExpectRequests(size_t count) {
    EXPECT_THAT(testbed().RequestsOf(files_.bootstrap_user),
                IsOkAndHolds(SizeIs(count)));
  }

  void ExpectJoinedBy(size_t requests) {
    std::optional<pki::Certificate> certificate;
    ExpectJoined(testbed(), files_, &certificate);
    if (HasFatalFailure()) return;
    ExpectRequests(requests);
  }

  void Deny(CertificateSigningRequest csr) {
    auto* condition = csr.mutable_status()->add_conditions();
    condition->set_type("Denied");
    condition->set_status("True");
    condition->set_reason("EndToEndTest");
    ASSERT_THAT(
        testbed().admin().Api<CertificateSigningRequest>()->UpdateSubresource(
            "approval", csr),
        IsOk());
  }

  AgentFiles files_;
  std::unique_ptr<Process> agent_, approver_, signer_;
};

TEST_F(AgentTroubleTest, F2AnAgentThatIsKilledAgainAndAgainFilesOneRequest) {
  Prepare("e2e-killed-often");
  if (HasFatalFailure()) return;
  for (int i = 0; i < 3; ++i) {
    StartAgent();
    if (HasFatalFailure()) return;
    WaitForRequests(1);
    agent_->Kill();
  }
  StartAgent();
  StartServices();
  if (HasFatalFailure()) return;
  ExpectJoinedBy(1);
}

TEST_F(AgentTroubleTest, A33BootstrapsInTheForegroundAndEnds) {
  StartServices();
  Prepare("e2e-foreground");
  if (HasFatalFailure()) return;
  StartAgent({"--rotate-certificates=false"});
  if (HasFatalFailure()) return;
  EXPECT_THAT(agent_->Wait(kJoinTimeout), IsOkAndHolds(0));
  ExpectJoinedBy(1);
  if (HasFatalFailure()) return;
  EXPECT_THAT(WaitForRequests(1).metadata().name(), StartsWith("node-csr-"));
  // Again: there is nothing to do.
  StartAgent({"--rotate-certificates=false"});
  EXPECT_THAT(agent_->Wait(kJoinTimeout), IsOkAndHolds(0));
  ExpectRequests(1);
}

TEST_F(AgentTroubleTest, A18A33AForegroundThatIsKilledGoesOnWithItsRequest) {
  Prepare("e2e-foreground-killed");
  if (HasFatalFailure()) return;
  for (int i = 0; i < 2; ++i) {
    StartAgent({"--rotate-certificates=false"});
    if (HasFatalFailure()) return;
    WaitForRequests(1);
    agent_->Kill();
  }
  StartAgent({"--rotate-certificates=false"});
  StartServices();
  if (HasFatalFailure()) return;
  EXPECT_THAT(agent_->Wait(kJoinTimeout), IsOkAndHolds(0));
  ExpectJoinedBy(1);
}

TEST_F(AgentTroubleTest, A19ARequestThatIsDeniedAndOneThatIsDeleted) {
  Prepare("e2e-denied-deleted");
  if (HasFatalFailure()) return;
  StartAgent();
  if (HasFatalFailure()) return;
  Deny(WaitForRequests(1));
  const CertificateSigningRequest second = WaitForRequests(2);
  ASSERT_THAT(testbed().admin().Api<CertificateSigningRequest>()->Delete(
                  "", second.metadata().name()),
              IsOk());
  // The denied one and a third; no more while that is pending.
  WaitForRequests(2);
  absl::SleepFor(absl::Seconds(5));
  ExpectRequests(2);
  StartServices();
  if (HasFatalFailure()) return;
  ExpectJoinedBy(2);
}

TEST_F(AgentTroubleTest, G5HalfOpenResetAndSlowConnectionsAreNotHammered) {
  Prepare("e2e-bad-network");
  if (HasFatalFailure()) return;
  const auto relay =
      TcpRelay::Start(cluster().ApiPort(), TcpRelay::Mode::kSilent);
  ASSERT_THAT(relay.status(), IsOk());
  const absl::StatusOr<std::string> kubeconfig =
      ReadFile(files_.bootstrap_kubeconfig);
  ASSERT_THAT(kubeconfig.status(), IsOk());
  const std::string through_relay = absl::StrReplaceAll(
      *kubeconfig, {{absl::StrCat(":", cluster().ApiPort(), "\n"),
                     absl::StrCat(":", (*relay)->port(), "\n")}});
  ASSERT_NE(through_relay, *kubeconfig);
  ASSERT_THAT(WriteFile(files_.bootstrap_kubeconfig, through_relay), IsOk());
  StartServices();
  StartAgent();
  if (HasFatalFailure()) return;

  // A TLS handshake gets ten seconds: one attempt, and perhaps another.
  absl::SleepFor(absl::Seconds(12));
  const int silent = (*relay)->accepted();
  EXPECT_GE(silent, 1);
  EXPECT_LE(silent, 3);

  (*relay)->SetMode(TcpRelay::Mode::kReset);
  absl::SleepFor(absl::Seconds(15));
  const int reset = (*relay)->accepted() - silent;
  EXPECT_GE(reset, 1);
  EXPECT_LE(reset, 8);
  EXPECT_TRUE(agent_->Running());
  ExpectRequests(0);

  (*relay)->SetMode(TcpRelay::Mode::kSlow);
  ExpectJoinedBy(1);
  std::cout << "connections: " << silent << " in 12 s of silence, " << reset
            << " in 15 s of resets, " << (*relay)->accepted() - silent - reset
            << " then, slow, until it had joined\n";
}

}  // namespace
}  // namespace signet::e2e
