#include "approver_service/check_command.h"

#include <sstream>
#include <string>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/strings/string_view.h"
#include "core/api/certificates.pb.h"
#include "core/api/codec.h"
#include "core/pki/ip_address.h"
#include "core/testing/csr_builder.h"
#include "core/testing/fake_file_system.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::approver {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::StatusIs;

std::string ServingCsr() {
  return api::EncodeJson(
      testing::MakeCsr(
          {.sans = {.dns_names = {"node-a"},
                    .ip_addresses = {*pki::IpAddress::Parse("10.0.0.1")}},
           .usages = {"digital signature", "server auth"},
           .signer_name = "kubernetes.io/kubelet-serving",
           .username = "system:node:node-a",
           .groups = {"system:nodes"}}),
      {"certificates.k8s.io/v1", "CertificateSigningRequest"});
}

class CheckTest : public ::testing::Test {
 protected:
  void Put(absl::string_view path, absl::string_view text) {
    ASSERT_THAT(files_.Write(path, text, 0600), IsOk());
  }
  absl::Status Run(const CheckFlags& flags, const std::string& in = "") {
    std::istringstream input(in);
    std::ostringstream output;
    const absl::Status status = RunCheck(flags, files_, input, output);
    out_ = output.str();
    return status;
  }

  testing::FakeFileSystem files_;
  std::string out_;
};

TEST_F(CheckTest, PrintsTheVerdictAndEveryRule) {  // B-13, B-14
  Put("/a.yaml",
      "apiVersion: signet.dev/v1alpha1\nkind: ApproverConfiguration\n"
      "kubeletServing: {witnesses: [nodeStatus, dns]}\n");
  Put("/e.yaml",
      "apiVersion: signet.dev/v1alpha1\nkind: ApproverEvidence\n"
      "nodeStatus: {dnsNames: [node-a], ipAddresses: [10.0.0.1]}\n"
      "otherHoldersOfKey: []\n");
  ASSERT_THAT(
      Run({.config = "/a.yaml", .csr = "-", .sources = {.evidence = "/e.yaml"}},
          ServingCsr()),
      IsOk());
  EXPECT_EQ(out_, R"(csr-1: approve
  signer:    kubernetes.io/kubelet-serving
  requester: system:node:node-a
  policy:    kubeletServing
  rule:      (all passed)
  message:   Auto approving kubelet serving certificate: each of its 1 DNS names and 1 IP addresses is backed by at least 1 witness.
    request     passed
    signature   passed
    shape       passed
    requester   passed
    subject     passed
    extensions  passed
    counts      passed
    names       passed
    apiServer   passed
    key         passed
    lifetime    off
    limits      off
    keyReuse    passed
    rate        off
    witnesses   passed   DNS name "node-a": nodeStatus; IP address 10.0.0.1: nodeStatus
)");
}

TEST_F(CheckTest, B14ReportsWitnessesThatNeedANetworkAsUnknown) {
  Put("/a.yaml",
      "apiVersion: signet.dev/v1alpha1\nkind: ApproverConfiguration\n"
      "kubeletServing: {}\n");
  Put("/csr.json", ServingCsr());
  ASSERT_THAT(Run({.config = "/a.yaml", .csr = "/csr.json"}), IsOk());
  EXPECT_EQ(out_, R"(csr-1: wait
  signer:    kubernetes.io/kubelet-serving
  requester: system:node:node-a
  policy:    kubeletServing
  rule:      keyReuse
  message:   other requests are not known
    request     passed
    signature   passed
    shape       passed
    requester   passed
    subject     passed
    extensions  passed
    counts      passed
    names       passed
    apiServer   passed
    key         passed
    lifetime    off
    limits      off
    keyReuse    unknown  other requests are not known
    rate        off
    witnesses   unknown  DNS name "node-a" is backed by 0 of the 1 witnesses it takes: nodeStatus is unknown (not asked)
)");
}

TEST_F(CheckTest, B13SaysWithoutAConfigurationWhatUpstreamDoes) {
  ASSERT_THAT(Run({.csr = "-"}, ServingCsr()), IsOk());
  EXPECT_EQ(out_, R"(csr-1: leave, for good
  signer:    kubernetes.io/kubelet-serving
  requester: system:node:node-a
  policy:    (none)
  rule:      duty
  message:   the configuration leaves requests to kubernetes.io/kubelet-serving alone
    duty  failed   the configuration leaves requests to kubernetes.io/kubelet-serving alone
)");
}

TEST_F(CheckTest, NamesTheFileThatIsNoGood) {
  Put("/a.yaml", "apiVersion: signet.dev/v1alpha1\nkind: NodeInventory\n");
  EXPECT_THAT(Run({.config = "/a.yaml", .csr = "-"}, ServingCsr()),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "/a.yaml:2: kind: expected \"ApproverConfiguration\", "
                       "not \"NodeInventory\""));
  EXPECT_THAT(Run({.csr = "-"}, "{}"),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "standard input: expected kind "
                       "CertificateSigningRequest of certificates.k8s.io/v1, "
                       "not kind \"\" of \"\""));
  EXPECT_THAT(Run({.csr = "/none"}), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_EQ(out_, "");
}

}  // namespace
}  // namespace signet::approver
