#include <array>
#include <cstdint>

#include "absl/status/status_matchers.h"
#include "absl/types/span.h"
#include "core/pki/private_key.h"
#include "core/sys/boring_key_generator.h"
#include "core/sys/boring_rng.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::sys {
namespace {

using ::absl_testing::IsOk;

TEST(BoringRngTest, FillsAllAndDiffersEachTime) {
  BoringRng rng;
  std::array<uint8_t, 32> first{}, second{};
  rng.Fill(absl::MakeSpan(first));
  rng.Fill(absl::MakeSpan(second));
  EXPECT_NE(first, second);
  // Each byte is set: that one of 32 stays 0 in all of 100 fills is not to be
  // expected in the age of the universe.
  std::array<uint8_t, 32> seen{};
  for (int i = 0; i < 100; ++i) {
    rng.Fill(absl::MakeSpan(first));
    for (size_t j = 0; j < seen.size(); ++j) seen[j] |= first[j];
  }
  EXPECT_THAT(seen, ::testing::Each(::testing::Ne(0)));
}

TEST(BoringRngTest, FractionIsFromZeroToBelowOne) {
  BoringRng rng;
  double sum = 0;
  for (int i = 0; i < 1000; ++i) {
    const double fraction = rng.Fraction();
    ASSERT_GE(fraction, 0);
    ASSERT_LT(fraction, 1);
    sum += fraction;
  }
  // 500 on average, with a standard deviation of 9.
  EXPECT_GT(sum, 400);
  EXPECT_LT(sum, 600);
}

TEST(BoringKeyGeneratorTest, MakesANewKeyOfTheKindAskedFor) {
  BoringKeyGenerator generator;
  const struct {
    pki::KeyAlgorithm algorithm;
    pki::KeyType type;
    int bits;
  } kTests[] = {
      {pki::KeyAlgorithm::kEcdsaP256, pki::KeyType::kEcdsa, 256},
      {pki::KeyAlgorithm::kEcdsaP384, pki::KeyType::kEcdsa, 384},
      {pki::KeyAlgorithm::kEd25519, pki::KeyType::kEd25519, 256},
      {pki::KeyAlgorithm::kRsa2048, pki::KeyType::kRsa, 2048},
  };
  for (const auto& t : kTests) {
    const auto key = generator.Generate(t.algorithm);
    ASSERT_THAT(key, IsOk());
    EXPECT_EQ(key->public_key().type(), t.type);
    EXPECT_EQ(key->public_key().bits(), t.bits);
  }
  EXPECT_FALSE(
      generator.Generate(pki::KeyAlgorithm::kEcdsaP256)->public_key() ==
      generator.Generate(pki::KeyAlgorithm::kEcdsaP256)->public_key());
}

}  // namespace
}  // namespace signet::sys
