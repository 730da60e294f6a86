#include "core/pki/signature_algorithm.h"

#include <string>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/pki/der.h"
#include "core/pki/oid.h"
#include "core/pki/test_data.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "openssl/bytestring.h"

namespace signet::pki {
namespace {

using ::absl_testing::IsOkAndHolds;
using ::absl_testing::StatusIs;
using ::testing::HasSubstr;
using A = SignatureAlgorithm;

constexpr absl::string_view kNull("\x05\x00", 2);

std::string Contents(const Oid& oid, absl::string_view parameters = "") {
  return absl::StrCat(der::Element(CBS_ASN1_OBJECT, oid.contents()),
                      parameters);
}

std::string Identifier(const Oid& oid, absl::string_view parameters = "") {
  return der::Element(CBS_ASN1_SEQUENCE, Contents(oid, parameters));
}

std::string Tagged(unsigned number, absl::string_view value) {
  return der::Element(CBS_ASN1_CONTEXT_SPECIFIC | CBS_ASN1_CONSTRUCTED | number,
                      value);
}

std::string Pss(const std::string& hash, const std::string& mgf_hash,
                absl::string_view salt_and_trailer,
                const Oid& mgf = oid::kMgf1) {
  return Contents(
      oid::kRsaPss,
      der::Element(
          CBS_ASN1_SEQUENCE,
          absl::StrCat(Tagged(0, hash), Tagged(1, Identifier(mgf, mgf_hash)),
                       salt_and_trailer)));
}

// SPEC D-5.
TEST(ParseSignatureAlgorithmTest, AcceptsWhatTheApiServerDoes) {
  const std::string salt32 = Tagged(2, FromHex("020120"));
  const std::string salt48 = Tagged(2, FromHex("020130"));
  const std::string salt64 = Tagged(2, FromHex("020140"));
  const std::string sha256 = Identifier(oid::kSha256, kNull);
  const struct {
    std::string name;
    std::string contents;
    A want;
  } kTests[] = {
      {"ECDSA-SHA1", Contents(oid::kEcdsaWithSha1), A::kEcdsaSha1},
      {"ECDSA-SHA256", Contents(oid::kEcdsaWithSha256), A::kEcdsaSha256},
      {"ECDSA-SHA384", Contents(oid::kEcdsaWithSha384), A::kEcdsaSha384},
      {"ECDSA-SHA512", Contents(oid::kEcdsaWithSha512), A::kEcdsaSha512},
      {"SHA1-RSA", Contents(oid::kSha1WithRsa, kNull), A::kRsaSha1},
      {"SHA1-RSA, ISO's", Contents(oid::kIsoSha1WithRsa, kNull), A::kRsaSha1},
      {"SHA256-RSA", Contents(oid::kSha256WithRsa, kNull), A::kRsaSha256},
      {"SHA384-RSA", Contents(oid::kSha384WithRsa, kNull), A::kRsaSha384},
      {"SHA512-RSA", Contents(oid::kSha512WithRsa, kNull), A::kRsaSha512},
      {"RSA without its NULL", Contents(oid::kSha256WithRsa), A::kRsaSha256},
      {"Ed25519", Contents(oid::kEd25519), A::kEd25519},
      {"PSS-SHA256", Pss(sha256, sha256, salt32), A::kRsaPssSha256},
      {"PSS-SHA256 without NULLs",
       Pss(Identifier(oid::kSha256), Identifier(oid::kSha256), salt32),
       A::kRsaPssSha256},
      {"PSS-SHA256 with its trailer field",
       Pss(sha256, sha256, salt32 + Tagged(3, FromHex("020101"))),
       A::kRsaPssSha256},
      {"PSS-SHA384",
       Pss(Identifier(oid::kSha384, kNull), Identifier(oid::kSha384, kNull),
           salt48),
       A::kRsaPssSha384},
      {"PSS-SHA512",
       Pss(Identifier(oid::kSha512, kNull), Identifier(oid::kSha512, kNull),
           salt64),
       A::kRsaPssSha512},
  };
  for (const auto& t : kTests) {
    EXPECT_THAT(ParseSignatureAlgorithm(t.contents), IsOkAndHolds(t.want))
        << t.name;
  }
}

TEST(ParseSignatureAlgorithmTest, DoesNotKnowTheOthers) {
  const std::string sha256 = Identifier(oid::kSha256, kNull);
  const std::string sha384 = Identifier(oid::kSha384, kNull);
  const std::string salt32 = Tagged(2, FromHex("020120"));
  const struct {
    std::string name;
    std::string contents;
  } kTests[] = {
      {"an unknown OID", Contents(Oid("1.2.3"))},
      {"a key's OID", Contents(oid::kEcPublicKey)},
      {"Ed25519 with parameters", Contents(oid::kEd25519, kNull)},
      {"PSS without parameters", Contents(oid::kRsaPss)},
      {"PSS with the defaults, SHA-1", Contents(oid::kRsaPss, FromHex("3000"))},
      {"PSS with two hashes", Pss(sha256, sha384, salt32)},
      {"PSS with a shorter salt",
       Pss(sha256, sha256, Tagged(2, FromHex("020114")))},
      {"PSS without salt length", Pss(sha256, sha256, "")},
      {"PSS with another trailer",
       Pss(sha256, sha256, salt32 + Tagged(3, FromHex("020102")))},
      {"PSS with another mask", Pss(sha256, sha256, salt32, Oid("1.2.3"))},
      {"PSS with something after it",
       Pss(sha256, sha256, salt32 + std::string(kNull))},
  };
  for (const auto& t : kTests) {
    EXPECT_THAT(ParseSignatureAlgorithm(t.contents),
                StatusIs(absl::StatusCode::kUnimplemented,
                         "x509: cannot verify signature: algorithm "
                         "unimplemented"))
        << t.name;
  }
  EXPECT_THAT(ParseSignatureAlgorithm(Contents(oid::kMd5WithRsa, kNull)),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "x509: cannot verify signature: insecure algorithm "
                       "MD5-RSA"));
  EXPECT_THAT(ParseSignatureAlgorithm(""),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("malformed signature algorithm")));
}

TEST(EncodedSignatureAlgorithmTest, IsReadBack) {
  for (const A algorithm :
       {A::kRsaSha256, A::kRsaSha384, A::kRsaSha512, A::kEcdsaSha256,
        A::kEcdsaSha384, A::kEcdsaSha512, A::kEd25519}) {
    SCOPED_TRACE(SignatureAlgorithmName(algorithm));
    CBS in = der::Cbs(EncodedSignatureAlgorithm(algorithm));
    CBS contents;
    ASSERT_TRUE(CBS_get_asn1(&in, &contents, CBS_ASN1_SEQUENCE));
    EXPECT_EQ(CBS_len(&in), 0u);
    EXPECT_THAT(ParseSignatureAlgorithm(der::View(contents)),
                IsOkAndHolds(algorithm));
  }
  for (const A algorithm : {A::kRsaSha1, A::kEcdsaSha1, A::kRsaPssSha256,
                            A::kRsaPssSha384, A::kRsaPssSha512}) {
    EXPECT_EQ(EncodedSignatureAlgorithm(algorithm), "");
  }
}

}  // namespace
}  // namespace signet::pki
