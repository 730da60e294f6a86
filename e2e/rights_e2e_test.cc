// What the identities of our services may do: their own part, and nothing of
// the other's (deploy/rbac, SPEC C-26).

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "core/api/certificates.pb.h"
#include "core/api/core.pb.h"
#include "core/k8s/resource_api.h"
#include "core/testing/test_ca.h"
#include "e2e/cluster_provider.h"
#include "e2e/e2e_test.h"
#include "e2e/process.h"
#include "e2e/scenarios.h"
#include "e2e/testbed.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::e2e {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::StatusIs;
using ::signet::api::CertificateSigningRequest;

class RightsTest : public E2eTest {
 protected:
  void SetUp() override {
    E2eTest::SetUp();
    if (HasFatalFailure()) return;
    approver_ = Open(cluster().ApproverKubeconfig());
    signer_ = Open(cluster().SignerKubeconfig());
    ASSERT_NE(approver_, nullptr);
    ASSERT_NE(signer_, nullptr);

    // A request that waits for a decision.
    const absl::StatusOr<AgentFiles> files =
        testbed().MakeAgentFiles("e2e-rights");
    ASSERT_THAT(files.status(), IsOk());
    const absl::StatusOr<std::unique_ptr<Process>> agent =
        testbed().StartAgent(*files);
    ASSERT_THAT(agent.status(), IsOk());
    const absl::StatusOr<CertificateSigningRequest> request =
        testbed().WaitForRequest(
            files->bootstrap_user, kJoinTimeout,
            [](const CertificateSigningRequest&) { return true; });
    ASSERT_THAT(request.status(), IsOk());
    request_ = *request;
  }

  static std::unique_ptr<Connection> Open(const std::string& kubeconfig) {
    absl::StatusOr<std::unique_ptr<Connection>> connection =
        Connection::Open(kubeconfig);
    EXPECT_THAT(connection.status(), IsOk());
    return connection.ok() ? *std::move(connection) : nullptr;
  }

  absl::Status Approve(Connection& connection) {
    CertificateSigningRequest approved = request_;
    auto& condition = *approved.mutable_status()->add_conditions();
    condition.set_type("Approved");
    condition.set_status("True");
    condition.set_reason("EndToEnd");
    return Write(connection, "approval", approved);
  }

  absl::Status Issue(Connection& connection) {
    CertificateSigningRequest issued = request_;
    issued.mutable_status()->set_certificate(
        signet::testing::TestCa().certificate_pem());
    return Write(connection, "status", issued);
  }

  absl::Status Write(Connection& connection, const std::string& subresource,
                     const CertificateSigningRequest& csr) {
    const absl::StatusOr<CertificateSigningRequest> written =
        connection.client().Api<CertificateSigningRequest>()->UpdateSubresource(
            subresource, csr);
    if (written.ok()) request_ = *written;
    return written.status();
  }

  std::unique_ptr<Connection> approver_;
  std::unique_ptr<Connection> signer_;
  CertificateSigningRequest request_;
};

// C-26
TEST_F(RightsTest, EachMayDoItsOwnPartOnly) {
  const auto denied = StatusIs(absl::StatusCode::kPermissionDenied);
  EXPECT_THAT(Approve(*signer_), denied);
  EXPECT_THAT(Approve(*approver_), IsOk());
  EXPECT_THAT(Issue(*approver_), denied);
  EXPECT_THAT(Issue(*signer_), IsOk());
  for (Connection* connection : {approver_.get(), signer_.get()}) {
    k8s::ListOptions all;
    EXPECT_THAT(connection->client().Api<api::Secret>()->List(all).status(),
                denied);
    EXPECT_THAT(connection->client().Api<CertificateSigningRequest>()->Delete(
                    "", request_.metadata().name()),
                denied);
  }
}

// C-24: to update the subresource is not enough without the signer's name.
TEST_F(RightsTest, TheApproverMayNotApproveForAnotherSigner) {
  CertificateSigningRequest other;
  other.mutable_metadata()->set_generate_name("e2e-other-");
  *other.mutable_spec() = request_.spec();
  other.mutable_spec()->set_signer_name("kubernetes.io/kube-apiserver-client");
  const absl::StatusOr<CertificateSigningRequest> created =
      testbed().admin().Api<CertificateSigningRequest>()->Create(other);
  ASSERT_THAT(created.status(), IsOk());
  request_ = *created;
  EXPECT_THAT(Approve(*approver_),
              StatusIs(absl::StatusCode::kPermissionDenied));
}

}  // namespace
}  // namespace signet::e2e
