#include "signer_service/reconciler.h"

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/time/simulated_clock.h"
#include "absl/time/time.h"
#include "core/api/certificates.pb.h"
#include "core/pki/certificate.h"
#include "core/pki/certificate_authority.h"
#include "core/pki/key_usage.h"
#include "core/policy/signer_names.h"
#include "core/policy/signing.h"
#include "core/service/csr_log.h"
#include "core/service/csr_metrics.h"
#include "core/testing/csr_builder.h"
#include "core/testing/fake_resource_api.h"
#include "core/testing/fake_rng.h"
#include "core/testing/test_ca.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "prometheus/registry.h"
#include "prometheus/text_serializer.h"
#include "signer_service/ca_source.h"

namespace signet::signer {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::StatusIs;
using testing::CsrFields;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::MakeCsr;
using testing::TestCa;
using testing::Verb;

const absl::Time kNow = absl::FromUnixSeconds(1767225600);  // 2026-01-01.

class FakeCaSource : public CaSource {
 public:
  absl::StatusOr<pki::CertificateAuthority> Current() override {
    if (while_asked) while_asked();
    if (!status.ok()) return status;
    return ca.authority();
  }

  TestCa ca{"ca", {kNow - absl::Hours(1), kNow + absl::Hours(24 * 3650)}};
  absl::Status status;
  std::function<void()> while_asked;
};

class ReconcilerTest : public ::testing::Test {
 protected:
  absl::Status Reconcile() { return reconciler_.Reconcile("csr-1"); }
  api::CertificateSigningRequest Csr() { return *csrs_.Get("", "csr-1"); }
  std::string Metrics() {
    return prometheus::TextSerializer().Serialize(registry_.Collect());
  }

  absl::SimulatedClock clock_{kNow};
  testing::FakeResourceApi<api::CertificateSigningRequest> csrs_{clock_};
  FakeCaSource ca_;
  testing::SeededRng rng_{1};
  prometheus::Registry registry_;
  service::CsrMetrics metrics_{registry_};
  service::CsrLog log_{metrics_};
  Reconciler reconciler_{csrs_,
                         ca_,
                         clock_,
                         rng_,
                         {.signer_names = {policy::kClusterSignerNames.begin(),
                                           policy::kClusterSignerNames.end()},
                          .duration = absl::Hours(1)},
                         log_};
};

// An approved request of a joining kubelet.
api::CertificateSigningRequest Approved() {
  return MakeCsr(CsrFields{.conditions = {"Approved"}});
}

TEST_F(ReconcilerTest, IssuesTheCertificate) {
  csrs_.Put(Approved());
  ASSERT_EQ(Reconcile(), absl::OkStatus());
  const std::string pem = Csr().status().certificate();
  const auto certificates = pki::ParseCertificatesPem(pem);
  ASSERT_THAT(certificates, IsOk());
  ASSERT_EQ(certificates->size(), 1u);
  const pki::Certificate& certificate = certificates->front();
  EXPECT_EQ(certificate.ToPem(), pem);  // C-17: one block, nothing else.
  EXPECT_THAT(certificate.CheckSignatureFrom(ca_.ca.authority().certificate()),
              IsOk());
  EXPECT_EQ(certificate.subject().ToString(),
            "CN=system:node:node-a,O=system:nodes");
  EXPECT_EQ(certificate.public_key(), testing::TestKey().public_key());
  EXPECT_EQ(certificate.validity().not_before, kNow - absl::Minutes(5));
  EXPECT_EQ(certificate.validity().not_after, kNow + absl::Hours(1));
  EXPECT_EQ(certificate.usages().key_usage, pki::kDigitalSignature);
  EXPECT_THAT(certificate.usages().extended,
              ElementsAre(pki::ExtendedKeyUsage::kClientAuth));
  EXPECT_EQ(csrs_.writes(), 1);
  EXPECT_THAT(Metrics(),
              HasSubstr("signet_certificates_issued_total{signer=\"kubernetes."
                        "io/kube-apiserver-client-kubelet\"} 1"));
}

TEST_F(ReconcilerTest, IssuesOnceHoweverOftenItRuns) {
  csrs_.Put(Approved());
  ASSERT_EQ(Reconcile(), absl::OkStatus());
  const std::string certificate = Csr().status().certificate();
  ASSERT_EQ(Reconcile(), absl::OkStatus());
  EXPECT_EQ(Csr().status().certificate(), certificate);
  EXPECT_EQ(csrs_.writes(), 1);
}

TEST_F(ReconcilerTest, NoTwoSerialNumbersAreTheSame) {  // C-6
  std::vector<std::string> serial_numbers;
  for (int i = 0; i < 2; ++i) {
    csrs_.Put(Approved());
    ASSERT_EQ(Reconcile(), absl::OkStatus());
    const auto certificates =
        pki::ParseCertificatesPem(Csr().status().certificate());
    ASSERT_THAT(certificates, IsOk());
    serial_numbers.push_back(certificates->front().serial_number());
    EXPECT_GE(serial_numbers.back().size(), 15u);
    csrs_.Remove("csr-1");
  }
  EXPECT_NE(serial_numbers[0], serial_numbers[1]);
}

TEST_F(ReconcilerTest, FailsARequestThatBreaksItsSignersRules) {  // C-2
  csrs_.Put(MakeCsr(
      CsrFields{.usages = {"server auth"}, .conditions = {"Approved"}}));
  ASSERT_EQ(Reconcile(), absl::OkStatus());
  const api::CertificateSigningRequest csr = Csr();
  EXPECT_EQ(csr.status().certificate(), "");
  ASSERT_EQ(csr.status().conditions_size(), 2);
  const auto& condition = csr.status().conditions(1);
  EXPECT_EQ(condition.type(), "Failed");
  EXPECT_EQ(condition.status(), "True");
  EXPECT_EQ(condition.reason(), "SignerValidationFailure");
  EXPECT_EQ(condition.message(),
            "usages did not match [client auth digital signature key "
            "encipherment]");
  EXPECT_EQ(condition.last_update_time().seconds(), 1767225600);
  ASSERT_EQ(Reconcile(), absl::OkStatus());  // And never again.
  EXPECT_EQ(csrs_.writes(), 1);
}

TEST_F(ReconcilerTest, DoesNotAddASecondFailedCondition) {  // F-18
  api::CertificateSigningRequest csr = MakeCsr(CsrFields{
      .usages = {"server auth"}, .conditions = {"Approved", "Failed"}});
  csr.mutable_status()->mutable_conditions(1)->set_status("False");
  csrs_.Put(csr);
  ASSERT_EQ(Reconcile(), absl::OkStatus());
  ASSERT_EQ(Csr().status().conditions_size(), 2);
  EXPECT_EQ(Csr().status().conditions(1).status(), "True");
}

TEST_F(ReconcilerTest, LeavesTheRestAlone) {  // C-1
  csrs_.Put(MakeCsr());
  EXPECT_EQ(Reconcile(), absl::OkStatus());
  csrs_.Put(MakeCsr(CsrFields{.signer_name = "example.com/serving",
                              .conditions = {"Approved"}}));
  EXPECT_EQ(Reconcile(), absl::OkStatus());
  EXPECT_EQ(csrs_.writes(), 0);
}

TEST_F(ReconcilerTest, ErrorsWhileSigningAreNotWritten) {  // C-2
  csrs_.Put(Approved());
  ca_.status = absl::InvalidArgumentError("expected 1 certificate, found 2");
  EXPECT_THAT(Reconcile(), StatusIs(absl::StatusCode::kInvalidArgument));

  ca_.status = absl::OkStatus();
  ca_.ca = TestCa("old", {kNow - absl::Hours(2), kNow - absl::Hours(1)});
  EXPECT_THAT(
      Reconcile(),
      StatusIs(
          absl::StatusCode::kFailedPrecondition,
          "the signer has expired: NotAfter=2025-12-31 23:00:00 +0000 UTC"));

  EXPECT_EQ(csrs_.writes(), 0);
  ca_.ca = TestCa("new", {kNow - absl::Hours(2), kNow + absl::Hours(2)});
  EXPECT_EQ(Reconcile(), absl::OkStatus());
  EXPECT_EQ(csrs_.writes(), 1);
}

TEST_F(ReconcilerTest, SignsOnlyTheObjectItRead) {  // C-23
  csrs_.Put(Approved());
  // Somebody marks it as failed between the reading and the writing.
  ca_.while_asked = [this] {
    csrs_.Put(MakeCsr(CsrFields{.conditions = {"Approved", "Failed"}}));
  };
  EXPECT_THAT(Reconcile(), StatusIs(absl::StatusCode::kAborted));
  ca_.while_asked = nullptr;
  EXPECT_EQ(Reconcile(), absl::OkStatus());
  EXPECT_EQ(Csr().status().certificate(), "");
  EXPECT_EQ(csrs_.writes(), 0);
}

TEST_F(ReconcilerTest, AFailedCallIsAnError) {
  csrs_.Put(Approved());
  csrs_.FailNext(Verb::kGet, absl::UnavailableError("down"));
  EXPECT_THAT(Reconcile(), StatusIs(absl::StatusCode::kUnavailable));
  csrs_.FailNext(Verb::kUpdateSubresource, absl::UnavailableError("down"));
  EXPECT_THAT(Reconcile(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(Csr().status().certificate(), "");
  EXPECT_EQ(Reconcile(), absl::OkStatus());
  EXPECT_NE(Csr().status().certificate(), "");
}

TEST_F(ReconcilerTest, ALostAnswerMakesNoSecondCertificate) {  // D-10
  csrs_.Put(Approved());
  csrs_.LoseAnswer(Verb::kUpdateSubresource, absl::UnavailableError("reset"));
  EXPECT_THAT(Reconcile(), StatusIs(absl::StatusCode::kUnavailable));
  const std::string certificate = Csr().status().certificate();
  EXPECT_NE(certificate, "");
  EXPECT_EQ(Reconcile(), absl::OkStatus());
  EXPECT_EQ(Csr().status().certificate(), certificate);
  EXPECT_EQ(csrs_.writes(), 1);
}

TEST_F(ReconcilerTest, ADeletedRequestIsDone) {
  EXPECT_THAT(Reconcile(), IsOk());
}

}  // namespace
}  // namespace signet::signer
