#include "core/rotation/request_outcome.h"

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "core/api/certificates.pb.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::rotation {
namespace {

using ::absl_testing::IsOkAndHolds;
using ::absl_testing::StatusIs;
using ::testing::Eq;
using ::testing::Optional;

struct Condition {
  std::string type;
  std::string status = "True";
};

api::CertificateSigningRequest Csr(const std::vector<Condition>& conditions,
                                   const std::string& certificate) {
  api::CertificateSigningRequest csr;
  csr.mutable_metadata()->set_name("csr-x");
  csr.mutable_metadata()->set_uid("u1");
  for (const Condition& c : conditions) {
    auto* condition = csr.mutable_status()->add_conditions();
    condition->set_type(c.type);
    condition->set_status(c.status);
    condition->set_reason("R");
    condition->set_message("why");
  }
  csr.mutable_status()->set_certificate(certificate);
  return csr;
}

// SPEC A-19.
TEST(RequestOutcomeTest, A19WaitsUntilApprovedAndIssued) {
  const struct {
    std::string name;
    std::vector<Condition> conditions;
    std::string certificate;
    std::optional<std::string> want;
  } kTests[] = {
      {"fresh", {}, "", {}},
      {"approved", {{"Approved"}}, "", {}},
      {"a certificate without Approved is not enough", {}, "pem", {}},
      {"approved and issued", {{"Approved"}}, "pem", "pem"},
      {"the status of Approved is not looked at",
       {{"Approved", "False"}},
       "pem",
       "pem"},
      {"conditions of other types don't matter",
       {{"Audited"}, {"Approved"}},
       "pem",
       "pem"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    EXPECT_THAT(RequestOutcome(Csr(t.conditions, t.certificate), "u1"),
                IsOkAndHolds(Eq(t.want)));
  }
}

TEST(RequestOutcomeTest, A19EndsWithAnErrorThatSaysWhy) {
  const struct {
    std::string name;
    std::vector<Condition> conditions;
    std::string uid;
    absl::StatusCode want_code;
    std::string want;
  } kTests[] = {
      {"denied",
       {{"Denied"}},
       "u1",
       absl::StatusCode::kPermissionDenied,
       "certificate signing request is denied, reason: R, message: why"},
      {"denied whatever the condition's status",
       {{"Denied", "False"}},
       "u1",
       absl::StatusCode::kPermissionDenied,
       "certificate signing request is denied, reason: R, message: why"},
      {"failed after it was approved",
       {{"Approved"}, {"Failed"}},
       "u1",
       absl::StatusCode::kFailedPrecondition,
       "certificate signing request failed, reason: R, message: why"},
      {"failed whatever the condition's status",
       {{"Approved"}, {"Failed", "False"}},
       "u1",
       absl::StatusCode::kFailedPrecondition,
       "certificate signing request failed, reason: R, message: why"},
      {"another object of the same name",
       {{"Approved"}},
       "u2",
       absl::StatusCode::kAborted,
       "csr \"csr-x\" changed UIDs"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    EXPECT_THAT(RequestOutcome(Csr(t.conditions, "pem"), t.uid),
                StatusIs(t.want_code, t.want));
  }
}

TEST(RequestOutcomeTest, A19A11NamesARequestThatIsGoneOrLate) {
  EXPECT_THAT(DeletedOutcome("csr-x"), StatusIs(absl::StatusCode::kNotFound,
                                                "csr \"csr-x\" was deleted"));
  EXPECT_THAT(TimeoutOutcome("csr-x", false, kIssueTimeout),
              StatusIs(absl::StatusCode::kDeadlineExceeded,
                       "csr \"csr-x\" was not approved within 15m"));
  EXPECT_THAT(TimeoutOutcome("csr-x", true, kIssueTimeout),
              StatusIs(absl::StatusCode::kDeadlineExceeded,
                       "csr \"csr-x\" was not signed within 15m"));
}

}  // namespace
}  // namespace signet::rotation
