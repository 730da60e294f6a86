#include "core/http/tls_identity.h"

#include <string>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/strings/str_cat.h"
#include "core/testing/test_ca.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::http {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::StatusIs;
using ::signet::testing::TestCa;
using ::signet::testing::TestIdentity;
using ::testing::HasSubstr;
using ::testing::SizeIs;

TEST(TlsIdentityTest, ReadsAChainAndItsKey) {
  const TestCa root;
  const TestIdentity client = root.Intermediate("below").Client("a");
  const auto identity =
      TlsIdentity::FromPem(client.certificate_pem, client.key_pem);
  ASSERT_THAT(identity, IsOk());
  EXPECT_THAT((*identity)->chain, SizeIs(2));
  EXPECT_EQ((*identity)->chain[0].subject().common_name, "a");
  EXPECT_EQ((*identity)->chain[1].subject().common_name, "below");
  EXPECT_TRUE((*identity)->key.public_key() ==
              (*identity)->chain[0].public_key());
  EXPECT_EQ(FixedIdentity(*identity).Current(), *identity);
}

TEST(TlsIdentityTest, ReadsBothFromOneText) {  // SPEC A-28: the kubelet's file.
  const TestIdentity client = TestCa().Client("a");
  const std::string both = absl::StrCat(client.certificate_pem, client.key_pem);
  EXPECT_THAT(TlsIdentity::FromPem(both, both), IsOk());
}

TEST(TlsIdentityTest, SaysWhatIsWrong) {
  const TestCa ca;
  const TestIdentity client = ca.Client("a");
  EXPECT_THAT(
      TlsIdentity::FromPem(client.certificate_pem, ca.Client("b").key_pem)
          .status(),
      StatusIs(absl::StatusCode::kInvalidArgument,
               HasSubstr("the private key does not belong to the "
                         "first certificate")));
  EXPECT_THAT(TlsIdentity::FromPem(
                  absl::StrCat(ca.certificate_pem(), client.certificate_pem),
                  client.key_pem)
                  .status(),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_FALSE(TlsIdentity::FromPem("", client.key_pem).ok());
  EXPECT_FALSE(TlsIdentity::FromPem(client.certificate_pem, "").ok());
}

}  // namespace
}  // namespace signet::http
