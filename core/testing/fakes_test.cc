#include <array>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "core/pki/key_usage.h"
#include "core/pki/private_key.h"
#include "core/pki/trust_bundle.h"
#include "core/testing/fake_key_generator.h"
#include "core/testing/fake_rng.h"
#include "core/testing/test_ca.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::testing {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::StatusIs;
using ::testing::HasSubstr;
using ::testing::SizeIs;

TEST(SeededRngTest, IsSplitMix64) {
  SeededRng rng(1234567);
  std::array<uint8_t, 16> bytes{};
  rng.Fill(absl::MakeSpan(bytes));
  // The generator's reference values for this seed, little-endian:
  // 6457827717110365317 and 3203168211198807973.
  const std::array<uint8_t, 16> want = {0x85, 0xfc, 0x08, 0xfb, 0x17, 0xd0,
                                        0x9e, 0x59, 0xa5, 0x0f, 0x54, 0x58,
                                        0x84, 0xf0, 0x73, 0x2c};
  EXPECT_EQ(bytes, want);
}

TEST(FixedRngTest, FractionIsWhatWasAskedFor) {
  for (const double fraction : {0.0, 0.25, 0.5, 0x1p-53, 1 - 0x1p-53}) {
    FixedRng rng(fraction);
    EXPECT_EQ(rng.Fraction(), fraction);
    EXPECT_EQ(rng.Fraction(), fraction);
  }
}

TEST(FakeKeyGeneratorTest, IsTheSameEachTimeAndNeverRepeats) {
  FakeKeyGenerator one, two;
  const auto first = one.Generate(pki::KeyAlgorithm::kEcdsaP256);
  ASSERT_THAT(first, IsOk());
  EXPECT_TRUE(first->public_key() ==
              two.Generate(pki::KeyAlgorithm::kEcdsaP256)->public_key());
  EXPECT_FALSE(first->public_key() ==
               one.Generate(pki::KeyAlgorithm::kEcdsaP256)->public_key());
  EXPECT_EQ(one.count(), 2);
  EXPECT_THAT(one.Generate(pki::KeyAlgorithm::kRsa2048),
              StatusIs(absl::StatusCode::kUnimplemented));
}

TEST(FakeKeyGeneratorTest, TheKeysSign) {
  FakeKeyGenerator generator;
  for (const auto algorithm :
       {pki::KeyAlgorithm::kEcdsaP256, pki::KeyAlgorithm::kEcdsaP384,
        pki::KeyAlgorithm::kEcdsaP521, pki::KeyAlgorithm::kEd25519}) {
    const auto key = generator.Generate(algorithm);
    ASSERT_THAT(key, IsOk());
    const auto how = pki::RequestSignatureAlgorithm(key->public_key());
    const auto signature = key->Sign(how, "message");
    ASSERT_THAT(signature, IsOk());
    EXPECT_THAT(key->public_key().Verify(how, "message", *signature), IsOk());
  }
}

TEST(TestCaTest, ServersAndClientsAreTrusted) {
  const TestCa ca;
  const TestIdentity server = ca.Server();
  const TestIdentity client = ca.Client("system:node:a", {"system:nodes"});
  EXPECT_EQ(client.certificate().subject().common_name, "system:node:a");
  const absl::Time now = ca.validity().not_before + absl::Hours(1);
  EXPECT_THAT(
      ca.trust_bundle().Verify(server.tls->chain,
                               {.now = now,
                                .usages = {pki::ExtendedKeyUsage::kServerAuth},
                                .dns_name = "127.0.0.1"}),
      IsOk());
  EXPECT_THAT(
      ca.trust_bundle().Verify(client.tls->chain,
                               {.now = now,
                                .usages = {pki::ExtendedKeyUsage::kClientAuth},
                                .dns_name = ""}),
      IsOk());
  EXPECT_THAT(
      TestCa().trust_bundle().Verify(
          client.tls->chain, {.now = now, .usages = {}, .dns_name = ""}),
      StatusIs(absl::StatusCode::kUnauthenticated));
}

TEST(TestCaTest, AnIntermediatesChainLeadsToTheRoot) {
  const TestCa root;
  const TestCa issuing = root.Intermediate("issuing").Intermediate("below");
  const TestIdentity server = issuing.Server();
  EXPECT_THAT(server.tls->chain, SizeIs(3));
  EXPECT_THAT(root.trust_bundle().Verify(
                  server.tls->chain,
                  {.now = root.validity().not_before + absl::Hours(1),
                   .usages = {},
                   .dns_name = "localhost"}),
              IsOk());
}

TEST(TestCaTest, ExpiredIsExpired) {
  const TestCa ca;
  EXPECT_THAT(ca.trust_bundle().Verify(
                  ca.Server({.validity = Expired()}).tls->chain,
                  {.now = ca.validity().not_before + absl::Hours(1),
                   .usages = {},
                   .dns_name = ""}),
              StatusIs(absl::StatusCode::kUnauthenticated,
                       HasSubstr("certificate has expired")));
}

}  // namespace
}  // namespace signet::testing
