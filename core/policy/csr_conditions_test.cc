#include "core/policy/csr_conditions.h"

#include <string>

#include "core/api/certificates.pb.h"
#include "gtest/gtest.h"

namespace signet::policy {
namespace {

api::CertificateSigningRequestCondition Condition(const std::string& type,
                                                  const std::string& status) {
  api::CertificateSigningRequestCondition condition;
  condition.set_type(type);
  condition.set_status(status);
  return condition;
}

TEST(CsrConditionsTest, ApprovedAndDeniedCountWhateverTheirStatus) {
  api::CertificateSigningRequest csr;
  EXPECT_FALSE(HasCondition(csr, kApproved));
  *csr.mutable_status()->add_conditions() = Condition("Approved", "False");
  EXPECT_TRUE(HasCondition(csr, kApproved));
  EXPECT_FALSE(HasCondition(csr, kDenied));
}

TEST(CsrConditionsTest, FailedCountsIfItsStatusIsTrueOrEmpty) {  // C-1
  const struct {
    std::string status;
    bool want;
  } kTests[] = {
      {"True", true}, {"", true}, {"False", false}, {"Unknown", false}};
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.status);
    api::CertificateSigningRequest csr;
    EXPECT_FALSE(HasTrueCondition(csr, kFailed));
    *csr.mutable_status()->add_conditions() = Condition("Failed", t.status);
    EXPECT_EQ(HasTrueCondition(csr, kFailed), t.want);
  }
}

TEST(CsrConditionsTest, SetConditionNeverMakesASecondOfAType) {  // D-11, F-18
  api::CertificateSigningRequest csr;
  SetCondition(Condition("Approved", "True"), csr);
  SetCondition(Condition("Failed", "False"), csr);
  SetCondition(Condition("Failed", "True"), csr);
  ASSERT_EQ(csr.status().conditions_size(), 2);
  EXPECT_EQ(csr.status().conditions(0).type(), "Approved");
  EXPECT_EQ(csr.status().conditions(1).type(), "Failed");
  EXPECT_EQ(csr.status().conditions(1).status(), "True");
}

}  // namespace
}  // namespace signet::policy
