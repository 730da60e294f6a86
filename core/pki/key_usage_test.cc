#include "core/pki/key_usage.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/strings/string_view.h"
#include "core/pki/test_data.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::pki {
namespace {

using ::absl_testing::IsOkAndHolds;
using ::absl_testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using E = ExtendedKeyUsage;

const std::vector<E> kEvery = {E::kAny,
                               E::kServerAuth,
                               E::kClientAuth,
                               E::kCodeSigning,
                               E::kEmailProtection,
                               E::kIpsecEndSystem,
                               E::kIpsecTunnel,
                               E::kIpsecUser,
                               E::kTimeStamping,
                               E::kOcspSigning,
                               E::kMicrosoftServerGatedCrypto,
                               E::kNetscapeServerGatedCrypto};

// SPEC D-6 and C-14.
TEST(UsagesFromStringsTest, KnowsTheApisWords) {
  const struct {
    std::string word;
    KeyUsage bit;
    std::vector<E> extended;
  } kTests[] = {
      {"signing", kDigitalSignature, {}},
      {"digital signature", kDigitalSignature, {}},
      {"content commitment", kContentCommitment, {}},
      {"key encipherment", kKeyEncipherment, {}},
      {"key agreement", kKeyAgreement, {}},
      {"data encipherment", kDataEncipherment, {}},
      {"cert sign", kCertSign, {}},
      {"crl sign", kCrlSign, {}},
      {"encipher only", kEncipherOnly, {}},
      {"decipher only", kDecipherOnly, {}},
      {"any", 0, {E::kAny}},
      {"server auth", 0, {E::kServerAuth}},
      {"client auth", 0, {E::kClientAuth}},
      {"code signing", 0, {E::kCodeSigning}},
      {"email protection", 0, {E::kEmailProtection}},
      {"s/mime", 0, {E::kEmailProtection}},
      {"ipsec end system", 0, {E::kIpsecEndSystem}},
      {"ipsec tunnel", 0, {E::kIpsecTunnel}},
      {"ipsec user", 0, {E::kIpsecUser}},
      {"timestamping", 0, {E::kTimeStamping}},
      {"ocsp signing", 0, {E::kOcspSigning}},
      {"microsoft sgc", 0, {E::kMicrosoftServerGatedCrypto}},
      {"netscape sgc", 0, {E::kNetscapeServerGatedCrypto}},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.word);
    EXPECT_TRUE(IsKnownUsage(t.word));
    EXPECT_THAT(UsagesFromStrings({t.word}),
                IsOkAndHolds(Usages{t.bit, t.extended}));
  }
  EXPECT_EQ(KnownUsages().size(), std::size(kTests));
  EXPECT_TRUE(std::is_sorted(KnownUsages().begin(), KnownUsages().end()));
}

// SPEC C-13.
TEST(UsagesFromStringsTest, SortsAndMerges) {
  EXPECT_THAT(
      UsagesFromStrings({"s/mime", "client auth", "signing", "server auth",
                         "email protection", "digital signature", "any"}),
      IsOkAndHolds(Usages{
          kDigitalSignature,
          {E::kAny, E::kServerAuth, E::kClientAuth, E::kEmailProtection}}));
  EXPECT_THAT(UsagesFromStrings({}), IsOkAndHolds(Usages{}));
}

TEST(UsagesFromStringsTest, RefusesOtherWords) {
  for (const std::string word : {"", "Signing", "client  auth", "ssl"}) {
    EXPECT_FALSE(IsKnownUsage(word));
    EXPECT_THAT(UsagesFromStrings({"signing", word}),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         "unrecognized usage: \"" + word + "\""));
  }
}

TEST(KeyUsageTest, IsEncodedWithoutTrailingZeros) {
  const struct {
    KeyUsage usage;
    absl::string_view hex;
  } kTests[] = {
      {0, "030100"},
      {kDigitalSignature, "03020780"},
      {kDigitalSignature | kKeyEncipherment, "030205a0"},
      {kCertSign | kCrlSign, "03020106"},
      {kEncipherOnly, "03020001"},
      {kDecipherOnly, "0303070080"},
      {0x1ff, "030307ff80"},
  };
  for (const auto& t : kTests) {
    EXPECT_EQ(ToHex(EncodeKeyUsage(t.usage)), t.hex);
  }
  for (KeyUsage usage = 0; usage < 512; ++usage) {
    EXPECT_THAT(ParseKeyUsage(EncodeKeyUsage(usage)), IsOkAndHolds(usage));
  }
}

TEST(KeyUsageTest, IsReadAsGoReadsIt) {
  const struct {
    absl::string_view name;
    absl::string_view hex;
    int want;  // Negative: refused.
  } kTests[] = {
      {"bits beyond the ninth are ignored", "030300807f", kDigitalSignature},
      {"trailing zeros are no error", "0302008000", kDigitalSignature},
      {"padding that is set", "03020781", -1},
      {"an empty BIT STRING", "0300", -1},
      {"another type", "04020780", -1},
      {"nothing", "", -1},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    const auto got = ParseKeyUsage(FromHex(t.hex));
    if (t.want >= 0) {
      EXPECT_THAT(got, IsOkAndHolds(t.want));
    } else {
      EXPECT_THAT(got, StatusIs(absl::StatusCode::kInvalidArgument,
                                "x509: invalid key usage"));
    }
  }
}

TEST(ExtendedKeyUsageTest, IsReadBack) {
  std::vector<std::string> unknown;
  EXPECT_THAT(ParseExtendedKeyUsage(EncodeExtendedKeyUsage(kEvery), &unknown),
              IsOkAndHolds(kEvery));
  EXPECT_THAT(unknown, IsEmpty());
  EXPECT_EQ(ToHex(EncodeExtendedKeyUsage({E::kClientAuth, E::kServerAuth})),
            "301406082b0601050507030206082b06010505070301");
}

TEST(ExtendedKeyUsageTest, IsSortedAndMergedAndUnknownOnesAreNamed) {
  // client, 1.2.3, server, client.
  const std::string der = FromHex(
      "302206082b0601050507030206022a0306082b0601050507030106082b0601050507030"
      "2");
  std::vector<std::string> unknown;
  EXPECT_THAT(ParseExtendedKeyUsage(der, &unknown),
              IsOkAndHolds(ElementsAre(E::kServerAuth, E::kClientAuth)));
  EXPECT_THAT(unknown, ElementsAre("1.2.3"));
  EXPECT_THAT(ParseExtendedKeyUsage(der, nullptr),
              IsOkAndHolds(ElementsAre(E::kServerAuth, E::kClientAuth)));
}

TEST(ExtendedKeyUsageTest, RefusesWhatIsNoSequenceOfOids) {
  for (const absl::string_view hex :
       {"", "0600", "3003060180", "30020600", "30030601", "3003020101"}) {
    EXPECT_THAT(ParseExtendedKeyUsage(FromHex(hex), nullptr),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         "x509: invalid extended key usages"))
        << hex;
  }
}

}  // namespace
}  // namespace signet::pki
