#include "core/rotation/request_name.h"

#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::rotation {
namespace {

// A SubjectPublicKeyInfo of a P-256 key, from the coordinates of its point.
std::string Spki(const std::string& x, const std::string& y) {
  std::string der;
  EXPECT_TRUE(absl::HexStringToBytes(
      absl::StrCat("3059301306072a8648ce3d020106082a8648ce3d03010703420004", x,
                   y),
      &der));
  return der;
}

// The public keys of the private scalars 1 and 2: the curve's generator, and
// twice it.
std::string KeyOne() {
  return Spki(
      "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
      "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5");
}
std::string KeyTwo() {
  return Spki(
      "7cf27b188d034f7e8a52380304b51ac3c08969e277f21b35a60b48fc47669978",
      "07775510db8ed040293d9ac69f7430dbba7dade63ce982299e04b79d227873d1");
}

// SPEC A-35, the vectors of G-1.
TEST(RequestNameTest, A35IsTheDigestOfKeySubjectAndUsages) {
  const std::vector<std::string> kEcdsa = {"digital signature", "client auth"};
  const std::vector<std::string> kRsa = {"digital signature", "client auth",
                                         "key encipherment"};
  const struct {
    std::string name;
    std::string spki;
    std::string common_name;
    std::vector<std::string> usages;
    std::string want;
  } kTests[] = {
      {"first key", KeyOne(), "system:node:n1", kEcdsa,
       "node-csr-ZAK5k7jaDenZEG-dy61F8D3gFX4vUqfMLVTvaJKpRuw"},
      {"with key encipherment", KeyOne(), "system:node:n1", kRsa,
       "node-csr-JyDgLi_NlCBCyyNn38C1cDQD0xtRiefcPFbC57DLUT0"},
      {"second key", KeyTwo(), "system:node:n1", kEcdsa,
       "node-csr-kUYH7qsDu0N8qVEs0LkZwariuFpIDpqDLscIWZntCM4"},
      {"another node", KeyTwo(), "system:node:worker-01.example", kEcdsa,
       "node-csr-wdxV5DKs6GiTMkOSjuZg-UJPgbFZlebx1pHkKb4Xoeo"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    const std::string got =
        RequestName(t.spki, t.common_name, {"system:nodes"}, t.usages);
    EXPECT_EQ(got, t.want);
    EXPECT_EQ(got.size(), 52);
  }
}

TEST(RequestNameTest, DependsOnTheOrderOfUsagesAndOnFieldBoundaries) {
  const std::string base = RequestName(KeyOne(), "ab", {"c"}, {"d", "e"});
  EXPECT_NE(RequestName(KeyOne(), "ab", {"c"}, {"e", "d"}), base);
  EXPECT_NE(RequestName(KeyOne(), "a", {"bc"}, {"d", "e"}), base);
}

}  // namespace
}  // namespace signet::rotation
