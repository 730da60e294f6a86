#include "core/service/csr_log.h"

#include <string>

#include "absl/base/log_severity.h"
#include "absl/log/scoped_mock_log.h"
#include "absl/status/status.h"
#include "core/api/certificates.pb.h"
#include "core/service/csr_metrics.h"
#include "core/testing/csr_builder.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "prometheus/registry.h"
#include "prometheus/text_serializer.h"

namespace signet::service {
namespace {

using ::testing::_;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class CsrLogTest : public ::testing::Test {
 protected:
  CsrLogTest() : mock_log_(absl::MockLogDefault::kDisallowUnexpected) {
    mock_log_.StartCapturingLogs();
  }

  void Expect(absl::LogSeverity severity, const std::string& text, int times) {
    EXPECT_CALL(mock_log_, Log(severity, _, text)).Times(times);
  }
  std::string Metrics() {
    return prometheus::TextSerializer().Serialize(registry_.Collect());
  }

  absl::ScopedMockLog mock_log_;
  prometheus::Registry registry_;
  CsrMetrics metrics_{registry_};
  CsrLog log_{metrics_};
  api::CertificateSigningRequest csr_ = testing::MakeCsr();
};

TEST_F(CsrLogTest, TellsADecisionOnce) {
  Expect(absl::LogSeverity::kInfo,
         "csr csr-1 unrecognised: DNS subjectAltNames are not allowed; "
         "requester system:bootstrap:abcdef, signer "
         "kubernetes.io/kube-apiserver-client-kubelet",
         1);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(log_.Decided(csr_, Verdict::kUnrecognised,
                           "DNS subjectAltNames are not allowed"),
              i == 0);
  }
  EXPECT_THAT(
      Metrics(),
      HasSubstr("signet_csr_decisions_total{signer=\"kubernetes.io/"
                "kube-apiserver-client-kubelet\",verdict=\"unrecognised\"} 1"));
}

TEST_F(CsrLogTest, TellsAgainWhatIsAnotherObjectOrGone) {
  EXPECT_CALL(mock_log_, Log(absl::LogSeverity::kInfo, _, _)).Times(3);
  log_.Decided(csr_, Verdict::kRefused, "why");
  csr_.mutable_metadata()->set_uid("another");
  log_.Decided(csr_, Verdict::kRefused, "why");
  log_.Forget("csr-1");
  log_.Decided(csr_, Verdict::kRefused, "why");
}

TEST_F(CsrLogTest, TellsAnErrorOnceAndNotIfItIsTheDecision) {
  EXPECT_CALL(mock_log_, Log(absl::LogSeverity::kInfo, _, _)).Times(1);
  Expect(absl::LogSeverity::kWarning,
         "csr csr-1: connection refused (UNAVAILABLE); will try again", 1);
  log_.Decided(csr_, Verdict::kRefused, "not allowed");
  log_.Failed("csr-1", absl::FailedPreconditionError("not allowed"));
  log_.Failed("csr-1", absl::UnavailableError("connection refused"));
  log_.Failed("csr-1", absl::UnavailableError("connection refused"));
}

TEST_F(CsrLogTest, EscapesWhatRequestersWrite) {
  EXPECT_CALL(mock_log_, Log(absl::LogSeverity::kInfo, _,
                             AllOf(HasSubstr("evil\\nI1124 forged"),
                                   Not(HasSubstr("\n")))))
      .Times(1);
  csr_.mutable_spec()->set_username("evil\nI1124 forged");
  log_.Decided(csr_, Verdict::kIssued, "why");
}

TEST_F(CsrLogTest, CountsTheRuleThatDecided) {
  EXPECT_CALL(mock_log_, Log(absl::LogSeverity::kInfo, _, _)).Times(1);
  log_.Decided(csr_, Verdict::kDenied, "why", "names");
  EXPECT_THAT(Metrics(),
              HasSubstr("signet_csr_decisions_total{rule=\"names\",signer="
                        "\"kubernetes.io/kube-apiserver-client-kubelet\","
                        "verdict=\"denied\"} 1"));
}

TEST_F(CsrLogTest, CountsSignersOfOthersTogether) {
  EXPECT_CALL(mock_log_, Log(absl::LogSeverity::kInfo, _, _)).Times(2);
  csr_.mutable_spec()->set_signer_name("example.com/a");
  log_.Decided(csr_, Verdict::kIssued, "a");
  csr_.mutable_spec()->set_signer_name("kubernetes.io/invented");
  log_.Decided(csr_, Verdict::kIssued, "b");
  EXPECT_THAT(
      Metrics(),
      AllOf(HasSubstr("signet_certificates_issued_total{signer=\"other\"} 2"),
            Not(HasSubstr("example.com")), Not(HasSubstr("invented"))));
}

}  // namespace
}  // namespace signet::service
