#include "core/pki/oid.h"

#include <string>

#include "absl/strings/string_view.h"
#include "core/pki/der.h"
#include "core/pki/test_data.h"
#include "gtest/gtest.h"

namespace signet::pki {
namespace {

TEST(OidTest, IsEncodedByTheCompiler) {
  const struct {
    const Oid& oid;
    absl::string_view dotted;
    absl::string_view hex;
  } kTests[] = {
      {oid::kCommonName, "2.5.4.3", "550403"},
      {oid::kSubjectAltName, "2.5.29.17", "551d11"},
      {oid::kExtensionRequest, "1.2.840.113549.1.9.14", "2a864886f70d01090e"},
      {oid::kEd25519, "1.3.101.112", "2b6570"},
      {oid::kP256, "1.2.840.10045.3.1.7", "2a8648ce3d030107"},
      {oid::kNetscapeServerGatedCrypto, "2.16.840.1.113730.4.1",
       "6086480186f8420401"},
      {oid::kMicrosoftServerGatedCrypto, "1.3.6.1.4.1.311.10.3.3",
       "2b0601040182370a0303"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.dotted);
    EXPECT_EQ(t.oid.dotted(), t.dotted);
    EXPECT_EQ(ToHex(t.oid.contents()), t.hex);
    EXPECT_EQ(OidToDotted(t.oid.contents()), t.dotted);
  }
}

TEST(OidTest, SplitsTheFirstArcInTwo) {
  EXPECT_EQ(OidToDotted(FromHex("00")), "0.0");
  EXPECT_EQ(OidToDotted(FromHex("27")), "0.39");
  EXPECT_EQ(OidToDotted(FromHex("28")), "1.0");
  EXPECT_EQ(OidToDotted(FromHex("4f")), "1.39");
  EXPECT_EQ(OidToDotted(FromHex("50")), "2.0");
  EXPECT_EQ(OidToDotted(FromHex("8837")), "2.999");
  EXPECT_EQ(OidToDotted(FromHex("87ffffff7f")), "2.2147483567");
}

TEST(OidTest, IsMinimalAndBelowTwoToThe31) {
  const struct {
    absl::string_view name;
    absl::string_view hex;
    bool want;
  } kTests[] = {
      {"empty", "", false},
      {"one arc", "2a", true},
      {"ends within an arc", "2a86", false},
      {"an arc with a leading zero", "2a800101", false},
      {"2^31 - 1", "2a87ffffff7f", true},
      {"2^31", "2a8880808000", false},
      {"five octets with a leading zero", "2a8080808001", false},
  };
  for (const auto& t : kTests) {
    EXPECT_EQ(der::IsOid(FromHex(t.hex)), t.want) << t.name;
  }
}

}  // namespace
}  // namespace signet::pki
