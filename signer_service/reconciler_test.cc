#include "signer_service/reconciler.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/simulated_clock.h"
#include "absl/time/time.h"
#include "boost/json/object.hpp"
#include "core/api/certificates.pb.h"
#include "core/api/codec.h"
#include "core/pki/certificate.h"
#include "core/pki/certificate_authority.h"
#include "core/pki/key_usage.h"
#include "core/policy/signer_names.h"
#include "core/policy/signing.h"
#include "core/service/audit_log.h"
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
#include "signer_service/fresh_requests.h"
#include "signer_service/request_limiter.h"
#include "signer_service/signer_metrics.h"
#include "signer_service/signer_set.h"

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

// All four of Kubernetes' names, with one CA.
SignerSet AllFour(const std::shared_ptr<CaSource>& ca) {
  std::vector<Signer> signers;
  for (const absl::string_view name : policy::kClusterSignerNames) {
    signers.push_back(
        Signer(std::string(name), ca,
               policy::SigningConfig{.duration = absl::Hours(1)}));
  }
  return *SignerSet::Create(std::move(signers));
}

// Keeps what is recorded; fails if told to.
class FakeAuditLog : public service::AuditLog {
 public:
  absl::Status Record(const boost::json::object& record) override {
    if (while_recording) while_recording();
    if (!status.ok()) return status;
    records.push_back(record);
    return absl::OkStatus();
  }
  std::string Get(size_t i, const char* field) const {
    return std::string(records.at(i).at(field).as_string());
  }

  std::vector<boost::json::object> records;
  absl::Status status;
  std::function<void()> while_recording;
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
  const std::shared_ptr<FakeCaSource> ca_source_ =
      std::make_shared<FakeCaSource>();
  FakeCaSource& ca_ = *ca_source_;
  testing::SeededRng rng_{1};
  prometheus::Registry registry_;
  service::CsrMetrics metrics_{registry_};
  service::CsrLog log_{metrics_};
  const SignerSet signers_ = AllFour(ca_source_);
  FreshRequests fresh_{[this](const api::CertificateSigningRequest& csr) {
    return signers_.Wants(csr);
  }};
  SignerMetrics signer_metrics_{registry_};
  RequestLimiter limiter_{clock_, 0, 1};
  FakeAuditLog audit_;
  Reconciler reconciler_{{.csrs = csrs_,
                          .signers = signers_,
                          .fresh = fresh_,
                          .clock = clock_,
                          .rng = rng_,
                          .log = log_,
                          .metrics = signer_metrics_,
                          .limiter = limiter_,
                          .audit = &audit_}};
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

TEST_F(ReconcilerTest, RecordsACertificateBeforeItIsUploaded) {
  csrs_.Put(Approved());
  bool recorded = false;
  audit_.while_recording = [&] {
    recorded = true;
    EXPECT_EQ(Csr().status().certificate(), "");
  };
  ASSERT_EQ(Reconcile(), absl::OkStatus());
  EXPECT_TRUE(recorded);
  ASSERT_EQ(audit_.records.size(), 1u);
  const auto certificates =
      pki::ParseCertificatesPem(Csr().status().certificate());
  ASSERT_THAT(certificates, IsOk());
  const pki::Certificate& certificate = certificates->front();
  EXPECT_EQ(audit_.Get(0, "event"), "issued");
  EXPECT_EQ(audit_.Get(0, "csrName"), "csr-1");
  EXPECT_EQ(audit_.Get(0, "csrUid"), Csr().metadata().uid());
  EXPECT_EQ(audit_.Get(0, "requester"), "system:bootstrap:abcdef");
  EXPECT_EQ(audit_.Get(0, "signerName"),
            "kubernetes.io/kube-apiserver-client-kubelet");
  EXPECT_EQ(audit_.Get(0, "serialNumber"),
            pki::SerialToHex(certificate.serial_number()));
  EXPECT_EQ(audit_.Get(0, "subject"), "CN=system:node:node-a,O=system:nodes");
  EXPECT_EQ(audit_.Get(0, "notBefore"), "2025-12-31T23:55:00Z");
  EXPECT_EQ(audit_.Get(0, "notAfter"), "2026-01-01T01:00:00Z");
  EXPECT_EQ(audit_.Get(0, "sha256").size(), 64u);
}

TEST_F(ReconcilerTest, UploadsNothingThatCannotBeRecorded) {
  csrs_.Put(Approved());
  audit_.status = absl::ResourceExhaustedError("audit.log: disk full");
  EXPECT_THAT(Reconcile(), StatusIs(absl::StatusCode::kResourceExhausted,
                                    HasSubstr("disk full")));
  EXPECT_EQ(csrs_.writes(), 0);
}

TEST_F(ReconcilerTest, SignsTheWatchesCopyWithoutReadingIt) {
  const api::CertificateSigningRequest csr = csrs_.Put(Approved());
  fresh_.Seen(csr);
  csrs_.FailNext(Verb::kGet, absl::UnavailableError("asked"));
  ASSERT_EQ(Reconcile(), absl::OkStatus());
  EXPECT_THAT(csrs_.Get("", "csr-1").status(),
              StatusIs(absl::StatusCode::kUnavailable));  // The first Get.
  EXPECT_NE(Csr().status().certificate(), "");
}

TEST_F(ReconcilerTest, C23AnOldCopyMakesNoCertificateAndIsNotUsedAgain) {
  const api::CertificateSigningRequest old = csrs_.Put(Approved());
  fresh_.Seen(old);
  api::CertificateSigningRequest denied = old;  // As it is by now.
  auto& condition = *denied.mutable_status()->add_conditions();
  condition.set_type("Denied");
  condition.set_status("True");
  csrs_.Put(denied);
  EXPECT_THAT(Reconcile(), StatusIs(absl::StatusCode::kAborted));
  EXPECT_EQ(Csr().status().certificate(), "");
  // The log says that this certificate was seen by nobody.
  ASSERT_EQ(audit_.records.size(), 2u);
  EXPECT_EQ(audit_.Get(1, "event"), "refused");
  EXPECT_EQ(audit_.Get(1, "sha256"), audit_.Get(0, "sha256"));
  EXPECT_THAT(Metrics(),
              HasSubstr("signet_uploads_refused_total{code=\"ABORTED\"} 1"));
  EXPECT_EQ(Reconcile(), absl::OkStatus());
  EXPECT_EQ(audit_.records.size(), 2u);
}

TEST_F(ReconcilerTest, AnUploadOfUnknownOutcomeIsNotCalledRefused) {
  csrs_.Put(Approved());
  csrs_.LoseAnswer(Verb::kUpdateSubresource, absl::UnavailableError("reset"));
  EXPECT_THAT(Reconcile(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(audit_.records.size(), 1u);
}

TEST_F(ReconcilerTest, ARequestThatIsDeletedMeanwhileIsDone) {
  const api::CertificateSigningRequest csr = csrs_.Put(Approved());
  fresh_.Seen(csr);
  csrs_.Remove("csr-1");
  EXPECT_EQ(Reconcile(), absl::OkStatus());
  ASSERT_EQ(audit_.records.size(), 2u);
  EXPECT_EQ(audit_.Get(1, "code"), "NOT_FOUND");
}

TEST_F(ReconcilerTest, TellsHowLongItTookFromTheApproval) {
  api::CertificateSigningRequest csr = Approved();
  *csr.mutable_status()->mutable_conditions(0)->mutable_last_update_time() =
      api::FromAbslTime(kNow - absl::Seconds(3));
  csrs_.Put(csr);
  ASSERT_EQ(Reconcile(), absl::OkStatus());
  EXPECT_THAT(Metrics(), HasSubstr("signet_approval_to_issue_seconds_sum 3"));
}

}  // namespace
}  // namespace signet::signer
