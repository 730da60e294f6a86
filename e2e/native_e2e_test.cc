// Against real Kubernetes only: our services under a real kubelet and a real
// kubectl, and our agent under the stock controllers (SPEC G-4).

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/api/certificates.pb.h"
#include "core/k8s/resource_api.h"
#include "core/pki/certificate.h"
#include "e2e/cluster_provider.h"
#include "e2e/e2e_test.h"
#include "e2e/kubelet.h"
#include "e2e/native_provider.h"
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
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::SizeIs;

using ProcessOr = absl::StatusOr<std::unique_ptr<Process>>;

class NativeTest : public E2eTest {
 protected:
  NativeTest() : E2eTest({.real_kubernetes = true}) {}

  // Runs the real kubectl as the administrator; returns its standard output.
  std::string Kubectl(std::vector<std::string> arguments) {
    const absl::StatusOr<std::string> program = cluster().Binary("kubectl");
    EXPECT_THAT(program.status(), IsOk());
    if (!program.ok()) return "";
    arguments.insert(arguments.begin(),
                     {*program, "--kubeconfig", cluster().AdminKubeconfig()});
    const absl::StatusOr<CommandResult> result = RunCommand(arguments);
    EXPECT_THAT(result.status(), IsOk());
    if (!result.ok()) return "";
    EXPECT_EQ(result->exit_code, 0) << result->err;
    return result->out;
  }
};

TEST_F(NativeTest, ARealKubeletJoinsAndRenewsThroughOurApproverAndSigner) {
  const ProcessOr approver = testbed().StartApprover();
  ASSERT_THAT(approver.status(), IsOk());
  const ProcessOr signer = testbed().StartSigner();
  ASSERT_THAT(signer.status(), IsOk());
  const absl::StatusOr<AgentFiles> files =
      testbed().MakeAgentFiles("e2e-kubelet");
  ASSERT_THAT(files.status(), IsOk());
  const absl::StatusOr<std::unique_ptr<Kubelet>> kubelet =
      Kubelet::Start(testbed(), *files);
  ASSERT_THAT(kubelet.status(), IsOk());

  // It registers its node itself, with the certificate.
  ASSERT_THAT(
      Eventually(
          kJoinTimeout,
          [&] { return CertificateInFile(files->CurrentPem()).status(); }),
      IsOk());
  const absl::StatusOr<pki::Certificate> first =
      CertificateInFile(files->CurrentPem());
  ASSERT_THAT(first.status(), IsOk());
  ExpectRenewals(testbed(), "system:node:e2e-kubelet", *first, 2,
                 Reconnects::kWithin10Seconds, [](const pki::Certificate&) {});
  EXPECT_THAT((*kubelet)->process().WaitForLine(
                  "Certificate rotation detected, shutting down client "
                  "connections to start using new credentials",
                  absl::Seconds(15)),
              IsOk());
  EXPECT_THAT(Kubectl({"get", "node", "e2e-kubelet", "--no-headers"}),
              HasSubstr("v1.37"));
}

TEST_F(NativeTest, KubectlShowsAJoinedNodesRequestAsApprovedIssued) {
  const ProcessOr approver = testbed().StartApprover();
  ASSERT_THAT(approver.status(), IsOk());
  const ProcessOr signer = testbed().StartSigner();
  ASSERT_THAT(signer.status(), IsOk());
  CreateNode(testbed(), "e2e-kubectl");
  const absl::StatusOr<AgentFiles> files =
      testbed().MakeAgentFiles("e2e-kubectl");
  ASSERT_THAT(files.status(), IsOk());
  const ProcessOr agent = testbed().StartAgent(*files);
  ASSERT_THAT(agent.status(), IsOk());
  std::optional<pki::Certificate> certificate;
  ExpectJoined(testbed(), *files, &certificate);
  if (HasFatalFailure()) return;

  const absl::StatusOr<std::vector<CertificateSigningRequest>> requests =
      testbed().RequestsOf(files->bootstrap_user);
  ASSERT_THAT(requests, IsOkAndHolds(SizeIs(1)));
  EXPECT_THAT(Kubectl({"get", "csr", requests->front().metadata().name(),
                       "--no-headers"}),
              ContainsRegex(absl::StrCat(
                  "^csr-[a-z0-9]{5} +[0-9]+s +"
                  "kubernetes.io/kube-apiserver-client-kubelet "
                  "+",
                  files->bootstrap_user, " +<none> +Approved,Issued\n$")));
}

// Everything that our agent does, without our services.
class StockControllersTest : public ::testing::Test {};

TEST_F(StockControllersTest, OurAgentJoinsAndRenewsThroughTheStockControllers) {
  NativeProvider cluster({.stock_controllers = true});
  const std::string directory = TestDirectory();
  ASSERT_THAT(cluster.Start(directory), IsOk());
  const absl::StatusOr<std::unique_ptr<Testbed>> testbed =
      Testbed::Create(cluster, directory);
  ASSERT_THAT(testbed.status(), IsOk());
  ExpectAgentJoinsAndRenewsTwice(**testbed, "e2e-stock");

  // While those sign, deploy/identity makes our services' identities.
  const absl::StatusOr<std::string> script = Runfile("deploy/identity");
  ASSERT_THAT(script.status(), IsOk());
  const absl::StatusOr<std::string> kubectl = cluster.Binary("kubectl");
  ASSERT_THAT(kubectl.status(), IsOk());
  const std::string path =
      absl::StrCat(kubectl->substr(0, kubectl->rfind('/')), ":/usr/bin:/bin");
  const absl::StatusOr<CommandResult> identity =
      RunCommand({*script, "signet-approver"},
                 {{"KUBECONFIG", cluster.AdminKubeconfig()}, {"PATH", path}});
  ASSERT_THAT(identity.status(), IsOk());
  ASSERT_EQ(identity->exit_code, 0) << identity->err;
  const std::string made = directory + "/made.kubeconfig";
  ASSERT_THAT(WriteFile(made, identity->out), IsOk());
  const absl::StatusOr<std::unique_ptr<Connection>> approver =
      Connection::Open(made);
  ASSERT_THAT(approver.status(), IsOk());
  EXPECT_THAT(
      (*approver)->client().Api<CertificateSigningRequest>()->List({}).status(),
      IsOk());
  ReportFailure(**testbed);
}

}  // namespace
}  // namespace signet::e2e
