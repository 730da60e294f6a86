#include "core/pki/extension_form.h"

#include <string>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/strings/string_view.h"
#include "core/pki/oid.h"
#include "core/pki/test_data.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::pki {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::StatusIs;
using ::testing::HasSubstr;

TEST(CheckExtensionFormTest, AcceptsWhatGoDoes) {
  const struct {
    std::string name;
    const Oid& oid;
    absl::string_view hex;
  } kTests[] = {
      {"a permitted domain", oid::kNameConstraints, "3008a006300482022e61"},
      {"a permitted network", oid::kNameConstraints,
       "300ea00c300a87080a000000ff000000"},
      {"an excluded mailbox", oid::kNameConstraints, "3009a10730058103614062"},
      {"a directory name is not looked at", oid::kNameConstraints,
       "3008a0063004a4023000"},
      {"a CRL's place", oid::kCrlDistributionPoints,
       "300d300ba009a00786056874703a2f"},
      {"a CRL without place", oid::kCrlDistributionPoints, "30023000"},
      {"a policy", oid::kCertificatePolicies, "3006300406022a03"},
      {"a mapping", oid::kPolicyMappings, "300a300806022a0306022a04"},
      {"a policy constraint", oid::kPolicyConstraints, "3003800100"},
      {"inhibit any policy", oid::kInhibitAnyPolicy, "020100"},
      {"an OCSP server", oid::kAuthorityInfoAccess,
       "300f300d06082b06010505073001860161"},
      {"an unknown extension", oid::kP256, "ff"},
  };
  for (const auto& t : kTests) {
    EXPECT_THAT(CheckExtensionForm(t.oid.contents(), /*critical=*/false,
                                   FromHex(t.hex)),
                IsOk())
        << t.name;
  }
}

TEST(CheckExtensionFormTest, RefusesWithGosWords) {
  const struct {
    std::string name;
    const Oid& oid;
    absl::string_view hex;
    absl::string_view want;
  } kTests[] = {
      {"no constraints", oid::kNameConstraints, "3000",
       "x509: empty name constraints extension"},
      {"data after them", oid::kNameConstraints, "3008a006300482022e6100",
       "x509: invalid NameConstraints extension"},
      {"a subtree that is none", oid::kNameConstraints, "3004a0020201",
       "x509: invalid NameConstraints extension"},
      {"a domain with an empty label", oid::kNameConstraints,
       "300aa00630048202612e", "x509: "},
      {"a domain that is not ASCII", oid::kNameConstraints,
       "3007a00530038201ff", "x509: invalid constraint value"},
      {"a URI that is an address", oid::kNameConstraints,
       "300da00b3009860731302e302e302e31", "x509: "},
      {"a network of seven bytes", oid::kNameConstraints,
       "300da00b300987070a000000ff0000",
       "x509: IP constraint contained value of length 7"},
      {"a mask with a hole", oid::kNameConstraints,
       "300ea00c300a87080a000000ff00ff00",
       "x509: IP constraint contained invalid mask ff00ff00"},
      {"a mask with a hole in a byte", oid::kNameConstraints,
       "300ea00c300a87080a000000fd000000",
       "x509: IP constraint contained invalid mask fd000000"},
      {"CRLs that are none", oid::kCrlDistributionPoints, "",
       "x509: invalid CRL distribution points"},
      {"a CRL that is none", oid::kCrlDistributionPoints, "3003020101",
       "x509: invalid CRL distribution point"},
      {"the same policy twice", oid::kCertificatePolicies,
       "300c300406022a03300406022a03", "x509: invalid certificate policies"},
      {"a policy that is none", oid::kCertificatePolicies, "30023000",
       "x509: invalid certificate policies"},
      {"half a mapping", oid::kPolicyMappings, "3006300406022a03",
       "x509: invalid policy mappings extension"},
      {"a policy constraint that is none", oid::kPolicyConstraints, "30028000",
       "x509: invalid policy constraints extension"},
      {"inhibit any policy without number", oid::kInhibitAnyPolicy, "",
       "x509: invalid inhibit any policy extension"},
      {"access without method", oid::kAuthorityInfoAccess, "30023000",
       "x509: invalid authority info access"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    EXPECT_THAT(
        CheckExtensionForm(t.oid.contents(), /*critical=*/false,
                           FromHex(t.hex)),
        StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(t.want)));
  }
  EXPECT_THAT(
      CheckExtensionForm(oid::kAuthorityInfoAccess.contents(),
                         /*critical=*/true, FromHex("3000")),
      StatusIs(absl::StatusCode::kInvalidArgument,
               "x509: authority info access incorrectly marked critical"));
}

}  // namespace
}  // namespace signet::pki
