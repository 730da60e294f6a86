// A real kubelet with serverTLSBootstrap gets its serving certificate without a
// person: approved through witnesses, issued by our signer (SPEC B-13, G-4).

#include <iostream>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/api/certificates.pb.h"
#include "core/api/csr_status_text.h"
#include "core/pki/certificate.h"
#include "core/pki/ip_address.h"
#include "e2e/e2e_test.h"
#include "e2e/kubelet.h"
#include "e2e/process.h"
#include "e2e/testbed.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::e2e {
namespace {

using ::absl_testing::IsOk;
using ::signet::api::CertificateSigningRequest;
using ::testing::ElementsAre;
using ::testing::StartsWith;

constexpr char kNode[] = "e2e-served";

class ApproverKubeletTest : public E2eTest {
 protected:
  ApproverKubeletTest() : E2eTest({.real_kubernetes = true}) {}
};

TEST_F(ApproverKubeletTest, B13ARealKubeletGetsItsServingCertificate) {
  const absl::StatusOr<std::string> address = OwnAddress();
  ASSERT_THAT(address.status(), IsOk());
  const std::string& directory = testbed().directory();
  ASSERT_THAT(WriteFile(directory + "/inventory.yaml",
                        absl::StrCat("apiVersion: signet.dev/v1alpha1\n"
                                     "kind: NodeInventory\n"
                                     "nodes:\n"
                                     "- name: ",
                                     kNode, "\n  dnsNames: [", kNode,
                                     "]\n  ipAddresses: ['", *address, "']\n")),
              IsOk());
  ASSERT_THAT(WriteFile(directory + "/approver.yaml",
                        absl::StrCat("apiVersion: signet.dev/v1alpha1\n"
                                     "kind: ApproverConfiguration\n"
                                     "kubeletServing:\n"
                                     "  witnesses: [nodeStatus, inventory]\n"
                                     "  quorum: 2\n"
                                     "witnesses:\n"
                                     "  inventoryFile: ",
                                     directory, "/inventory.yaml\n")),
              IsOk());
  const absl::StatusOr<std::unique_ptr<Process>> approver =
      testbed().StartApprover(
          {.flags = {"--config=" + directory + "/approver.yaml"}});
  ASSERT_THAT(approver.status(), IsOk());
  const absl::StatusOr<std::unique_ptr<Process>> signer =
      testbed().StartSigner();
  ASSERT_THAT(signer.status(), IsOk());

  const absl::StatusOr<AgentFiles> files = testbed().MakeAgentFiles(kNode);
  ASSERT_THAT(files.status(), IsOk());
  const absl::StatusOr<std::unique_ptr<Kubelet>> kubelet =
      Kubelet::Start(testbed(), *files, {.serving = true, .node_ip = *address});
  ASSERT_THAT(kubelet.status(), IsOk());
  const absl::StatusOr<CertificateSigningRequest> issued =
      testbed().WaitForRequest(
          absl::StrCat("system:node:", kNode), absl::Seconds(90),
          [](const CertificateSigningRequest& csr) {
            return csr.spec().signer_name() ==
                       "kubernetes.io/kubelet-serving" &&
                   api::CsrStatusText(csr) == "Approved,Issued";
          });
  ASSERT_THAT(issued.status(), IsOk());
  EXPECT_EQ(issued->status().conditions(0).reason(), "AutoApproved");
  EXPECT_THAT(issued->status().conditions(0).message(),
              StartsWith("Auto approving kubelet serving certificate: each of "
                         "its 1 DNS names and 1 IP addresses is backed by at "
                         "least 2 witnesses."));

  const std::string current = files->cert_dir + "/kubelet-server-current.pem";
  ASSERT_THAT(Eventually(absl::Seconds(30),
                         [&] { return CertificateInFile(current).status(); }),
              IsOk());
  const absl::StatusOr<pki::Certificate> certificate =
      CertificateInFile(current);
  ASSERT_THAT(certificate.status(), IsOk());
  EXPECT_THAT(certificate->subject_alt_names().dns_names, ElementsAre(kNode));
  EXPECT_THAT(certificate->subject_alt_names().ip_addresses,
              ElementsAre(*pki::IpAddress::Parse(*address)));
  std::cout << "a real kubelet serves " << kNode << " and " << *address << ": "
            << issued->status().conditions(0).message() << "\n";
}

}  // namespace
}  // namespace signet::e2e
