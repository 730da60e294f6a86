#include "core/api/csr_status_text.h"

#include <string>
#include <vector>

#include "core/api/certificates.pb.h"
#include "gtest/gtest.h"

namespace signet::api {
namespace {

TEST(CsrStatusTextTest, NamesTheStateOfARequest) {
  const struct {
    std::string name;
    std::vector<std::string> conditions;
    bool certificate;
    std::string want;
  } kTests[] = {
      {"G-3: nothing yet", {}, false, "Pending"},
      {"G-3: approved", {"Approved"}, false, "Approved"},
      {"G-3: approved and issued", {"Approved"}, true, "Approved,Issued"},
      {"G-3: approved but failed",
       {"Approved", "Failed"},
       false,
       "Approved,Failed"},
      {"G-3: failed only", {"Failed"}, false, "Pending,Failed"},
      {"G-3: a certificate only", {}, true, "Pending,Issued"},
      {"G-3: denied", {"Denied"}, false, "Denied"},
      {"G-3: denied beats approved", {"Approved", "Denied"}, false, "Denied"},
      {"E-3: failed and issued",
       {"Approved", "Failed"},
       true,
       "Approved,Failed,Issued"},
      {"E-3: a condition of another type", {"Seen"}, false, "Pending"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    CertificateSigningRequest csr;
    for (const std::string& type : t.conditions) {
      CertificateSigningRequestCondition& condition =
          *csr.mutable_status()->add_conditions();
      condition.set_type(type);
      condition.set_status("False");  // E-3: does not count.
    }
    if (t.certificate) csr.mutable_status()->set_certificate("x");
    EXPECT_EQ(CsrStatusText(csr), t.want);
  }
}

}  // namespace
}  // namespace signet::api
