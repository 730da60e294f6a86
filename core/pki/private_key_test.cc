#include "core/pki/private_key.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/base/secret.h"
#include "core/pki/der.h"
#include "core/pki/oid.h"
#include "core/pki/pem.h"
#include "core/pki/test_data.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "openssl/base.h"
#include "openssl/bytestring.h"
#include "openssl/evp.h"

namespace signet::pki {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::StatusIs;
using ::testing::HasSubstr;
using A = SignatureAlgorithm;

PrivateKey TestKey(absl::string_view name) {
  return *PrivateKey::FromPem(
      ReadTestData(absl::StrCat("test-", name, ".key.pem")));
}

constexpr absl::string_view kKeys[] = {"p224",    "p256",    "p384",   "p521",
                                       "rsa1024", "rsa2048", "ed25519"};

// SPEC A-28.
TEST(PrivateKeyTest, ReadsEveryFormOfAKey) {
  const struct {
    std::string name;
    std::string pem;
    absl::string_view same_as;
  } kTests[] = {
      {"PKCS#8, EC", ReadTestData("test-form-p256.pkcs8.pem"), "p256"},
      {"PKCS#8, RSA", ReadTestData("test-form-rsa2048.pkcs8.pem"), "rsa2048"},
      {"EC PARAMETERS before it",
       ReadTestData("test-form-p256.with-parameters.pem"), "p256"},
      {"a compressed public half",
       ReadTestData("test-form-p256.compressed.pem"), "p256"},
      {"no public half", ReadTestData("test-form-p256.no-public.pem"), "p256"},
      {"cfssl's label for Ed25519 (SPEC E-15)",
       EncodePem("Ed25519 PRIVATE KEY",
                 ParseFirstPem(ReadTestData("test-ed25519.key.pem"))->der),
       "ed25519"},
      {"a certificate before it",
       ReadTestData("test-p256-ca.cert.pem") +
           ReadTestData("test-p256.key.pem"),
       "p256"},
      {"two keys: the first counts",
       ReadTestData("test-p256.key.pem") + ReadTestData("test-p384.key.pem"),
       "p256"},
      {"the first that parses counts",
       EncodePem("PRIVATE KEY", "junk") + ReadTestData("test-p256.key.pem"),
       "p256"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    const auto got = PrivateKey::FromPem(t.pem);
    ASSERT_THAT(got, IsOk());
    const PrivateKey want = TestKey(t.same_as);
    EXPECT_EQ(got->public_key(), want.public_key());
    EXPECT_EQ(got->ToPem(PrivateKey::Format::kPkcs8)->Reveal(),
              want.ToPem(PrivateKey::Format::kPkcs8)->Reveal());
  }
}

std::string WithOtherPublicHalf() {
  const std::string key = ParseFirstPem(ReadTestData("test-p256.key.pem"))->der;
  const PrivateKey other = TestKey("leaf-p256");
  const absl::string_view point = other.public_key().key_bits();
  return EncodePem(
      "EC PRIVATE KEY",
      absl::StrCat(key.substr(0, key.size() - point.size()), point));
}

TEST(PrivateKeyTest, RefusesWithAReason) {
  const struct {
    std::string name;
    std::string pem;
    absl::StatusCode code;
    absl::string_view want;
  } kTests[] = {
      {"nothing", "", absl::StatusCode::kInvalidArgument,
       "data does not contain a valid RSA, ECDSA or Ed25519 private key"},
      {"a certificate alone", ReadTestData("test-p256-ca.cert.pem"),
       absl::StatusCode::kInvalidArgument, "data does not contain a valid"},
      {"encrypted PKCS#8", ReadTestData("test-form-p256.encrypted-pkcs8.pem"),
       absl::StatusCode::kUnimplemented, "encrypted private keys"},
      {"encrypted SEC1", ReadTestData("test-form-p256.encrypted-sec1.pem"),
       absl::StatusCode::kUnimplemented, "encrypted private keys"},
      {"secp256k1", ReadTestData("test-form-secp256k1.pem"),
       absl::StatusCode::kInvalidArgument, "malformed EC PRIVATE KEY"},
      {"RSA-512", ReadTestData("test-form-rsa512.pem"),
       absl::StatusCode::kInvalidArgument, "512-bit keys are insecure"},
      {"halves that do not match", WithOtherPublicHalf(),
       absl::StatusCode::kInvalidArgument, "malformed EC PRIVATE KEY"},
      {"a wrong label",
       EncodePem("RSA PRIVATE KEY",
                 ParseFirstPem(ReadTestData("test-p256.key.pem"))->der),
       absl::StatusCode::kInvalidArgument, "malformed RSA PRIVATE KEY"},
      {"data after the key",
       EncodePem("EC PRIVATE KEY",
                 ParseFirstPem(ReadTestData("test-p256.key.pem"))->der + "x"),
       absl::StatusCode::kInvalidArgument, "malformed EC PRIVATE KEY"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    EXPECT_THAT(PrivateKey::FromPem(t.pem),
                StatusIs(t.code, HasSubstr(t.want)));
  }
  EXPECT_THAT(PrivateKey::FromEvp(nullptr),
              StatusIs(absl::StatusCode::kInvalidArgument));
  bssl::UniquePtr<EVP_PKEY> public_only(
      EVP_PKEY_copy_public(TestKey("p256").evp()));
  EXPECT_THAT(
      PrivateKey::FromEvp(std::move(public_only)),
      StatusIs(absl::StatusCode::kInvalidArgument, "not a private key"));
}

// The traditional form is OpenSSL's and the kubelet's, PKCS#8 is Go's.
TEST(PrivateKeyTest, IsWrittenAsOthersWriteIt) {
  for (const absl::string_view name :
       {"p256", "p384", "p521", "rsa2048", "ed25519"}) {
    SCOPED_TRACE(name);
    const PrivateKey key = TestKey(name);
    EXPECT_EQ(key.ToPem(PrivateKey::Format::kTraditional)->Reveal(),
              ReadTestData(absl::StrCat("test-", name, ".key.pem")));
    EXPECT_EQ(key.ToPem(PrivateKey::Format::kPkcs8)->Reveal(),
              ReadTestData(absl::StrCat("test-go-", name, ".pkcs8.pem")));
  }
}

// A key read without its public half is written with it.
TEST(PrivateKeyTest, IsWrittenWithItsPublicHalf) {
  for (const absl::string_view form :
       {"test-form-p256.no-public.pem", "test-form-p256.compressed.pem"}) {
    const auto key = PrivateKey::FromPem(ReadTestData(form));
    ASSERT_THAT(key, IsOk());
    EXPECT_EQ(key->ToPem(PrivateKey::Format::kTraditional)->Reveal(),
              ReadTestData("test-p256.key.pem"));
    EXPECT_EQ(key->ToPem(PrivateKey::Format::kPkcs8)->Reveal(),
              ReadTestData("test-go-p256.pkcs8.pem"));
  }
}

TEST(PrivateKeyTest, IsMadeReadAndUsed) {
  const struct {
    KeyAlgorithm algorithm;
    KeyType type;
    int bits;
  } kTests[] = {
      {KeyAlgorithm::kEcdsaP256, KeyType::kEcdsa, 256},
      {KeyAlgorithm::kEcdsaP384, KeyType::kEcdsa, 384},
      {KeyAlgorithm::kEcdsaP521, KeyType::kEcdsa, 521},
      {KeyAlgorithm::kRsa2048, KeyType::kRsa, 2048},
      {KeyAlgorithm::kEd25519, KeyType::kEd25519, 256},
  };
  for (const auto& t : kTests) {
    const auto key = PrivateKey::Generate(t.algorithm);
    ASSERT_THAT(key, IsOk());
    EXPECT_EQ(key->public_key().type(), t.type);
    EXPECT_EQ(key->public_key().bits(), t.bits);
    for (const auto format :
         {PrivateKey::Format::kTraditional, PrivateKey::Format::kPkcs8}) {
      const auto read = PrivateKey::FromPem(key->ToPem(format)->Reveal());
      ASSERT_THAT(read, IsOk());
      EXPECT_EQ(read->public_key(), key->public_key());
    }
    const A algorithm = IssuerSignatureAlgorithm(key->public_key());
    const auto signature = key->Sign(algorithm, "message");
    ASSERT_THAT(signature, IsOk());
    EXPECT_THAT(key->public_key().Verify(algorithm, "message", *signature),
                IsOk());
  }
}

// A copy of the public half must not keep the private half in memory.
TEST(PrivateKeyTest, KeepsItsPrivateHalfOutOfThePublicKey) {
  for (const absl::string_view name : kKeys) {
    const PrivateKey key = TestKey(name);
    EXPECT_TRUE(EVP_PKEY_has_private(key.evp())) << name;
    EXPECT_FALSE(EVP_PKEY_has_private(key.public_key().evp())) << name;
  }
}

// SPEC A-16 and C-11.
TEST(SignatureAlgorithmTest, GoesByKey) {
  const struct {
    absl::string_view key;
    A request;
    A issuer;
  } kTests[] = {
      {"p224", A::kEcdsaSha256, A::kEcdsaSha256},
      {"p256", A::kEcdsaSha256, A::kEcdsaSha256},
      {"p384", A::kEcdsaSha384, A::kEcdsaSha384},
      {"p521", A::kEcdsaSha512, A::kEcdsaSha512},
      {"rsa1024", A::kRsaSha256, A::kRsaSha256},
      {"rsa2048", A::kRsaSha256, A::kRsaSha256},
      {"ed25519", A::kEd25519, A::kEd25519},
  };
  for (const auto& t : kTests) {
    const PrivateKey key = TestKey(t.key);
    EXPECT_EQ(RequestSignatureAlgorithm(key.public_key()), t.request) << t.key;
    EXPECT_EQ(IssuerSignatureAlgorithm(key.public_key()), t.issuer) << t.key;
  }
}

// An RSA key with a modulus of `bits` bits: nobody knows its private half.
std::string RsaSpki(size_t bits, absl::string_view exponent = "\x01\x00\x01") {
  std::string modulus(bits / 8, '\xff');
  modulus.insert(0, 1, '\0');
  return der::Element(
      CBS_ASN1_SEQUENCE,
      FromHex("300d06092a864886f70d0101010500") +
          der::Element(
              CBS_ASN1_BITSTRING,
              absl::StrCat(
                  std::string(1, '\0'),
                  der::Element(CBS_ASN1_SEQUENCE,
                               der::Element(CBS_ASN1_INTEGER, modulus) +
                                   der::Element(CBS_ASN1_INTEGER, exponent)))));
}

TEST(SignatureAlgorithmTest, GoesBySizeOfAnRsaKey) {
  const struct {
    size_t bits;
    A request;
  } kTests[] = {
      {2048, A::kRsaSha256}, {3064, A::kRsaSha256}, {3072, A::kRsaSha384},
      {4088, A::kRsaSha384}, {4096, A::kRsaSha512}, {8192, A::kRsaSha512},
  };
  for (const auto& t : kTests) {
    const auto key = PublicKey::FromSpki(
        RsaSpki(t.bits, absl::string_view("\x01\x00\x01", 3)));
    ASSERT_THAT(key, IsOk());
    EXPECT_EQ(key->bits(), static_cast<int>(t.bits));
    EXPECT_EQ(RequestSignatureAlgorithm(*key), t.request) << t.bits;
    EXPECT_EQ(IssuerSignatureAlgorithm(*key), A::kRsaSha256) << t.bits;
  }
}

TEST(PublicKeyTest, IsReadFromItsSpki) {
  for (const absl::string_view name : kKeys) {
    SCOPED_TRACE(name);
    const PublicKey key = TestKey(name).public_key();
    const auto got = PublicKey::FromSpki(key.spki_der());
    ASSERT_THAT(got, IsOk());
    EXPECT_EQ(*got, key);
    EXPECT_EQ(got->key_bits(), key.key_bits());
    EXPECT_TRUE(got->spki_der().ends_with(got->key_bits()));
  }
}

// SPEC D-5.
TEST(PublicKeyTest, IsRefusedWithGosWords) {
  const std::string p256 = TestKey("p256").public_key().spki_der();
  const std::string ed25519 = TestKey("ed25519").public_key().spki_der();
  const absl::string_view e("\x01\x00\x01", 3);
  const auto changed = [](std::string bytes, size_t at, char to) {
    bytes[at] = to;
    return bytes;
  };
  const struct {
    std::string name;
    std::string spki;
    absl::string_view want;
  } kTests[] = {
      {"nothing", "", "x509: malformed spki"},
      {"data after it", p256 + "x", "x509: trailing data after spki"},
      {"no algorithm", FromHex("3000"),
       "x509: malformed public key algorithm identifier"},
      {"no key", FromHex("3007300506032b6570"),
       "x509: malformed subjectPublicKey"},
      {"an unknown algorithm", FromHex("3009300406022a03030100"),
       "x509: unknown public key algorithm"},
      {"no curve", FromHex("300e300906072a8648ce3d0201030100"),
       "x509: invalid ECDSA parameters"},
      {"secp256k1", FromHex("3015301006072a8648ce3d020106052b8104000a030100"),
       "x509: unsupported elliptic curve"},
      {"a compressed point", changed(p256, 26, '\x02'),
       "ecdsa: invalid uncompressed public key"},
      {"a point off the curve",
       changed(p256, p256.size() - 1, static_cast<char>(p256.back() ^ 1)),
       "x509: invalid public key"},
      {"Ed25519 with parameters", FromHex("300c300706032b65700500030100"),
       "x509: Ed25519 key encoded with illegal parameters"},
      {"Ed25519 of 31 bytes",
       FromHex("3029300506032b6570032000") + std::string(31, 'x'),
       "x509: wrong Ed25519 public key size"},
      {"RSA without NULL", FromHex("3010300b06092a864886f70d010101030100"),
       "x509: RSA key missing NULL parameters"},
      {"RSA without modulus",
       FromHex("3014300d06092a864886f70d010101050003030030"
               "00"),
       "x509: invalid RSA modulus"},
      {"RSA-1016", RsaSpki(1016, e), "crypto/rsa: 1016-bit keys are insecure"},
      {"RSA-8200", RsaSpki(8200, e), "longer than 8192"},
      {"an even exponent", RsaSpki(2048, "\x02"), "x509: invalid RSA public"},
      {"exponent 2^31 + 1",
       RsaSpki(2048, absl::string_view("\x00\x80\x00\x00\x01", 5)),
       "crypto/rsa: public exponent too large"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    const auto got = PublicKey::FromSpki(t.spki);
    ASSERT_FALSE(got.ok());
    EXPECT_THAT(got.status().message(), HasSubstr(t.want));
  }
}

// As in Go, nothing of the input but the key itself reaches a certificate.
TEST(PublicKeyTest, IsWrittenAnew) {
  const std::string canonical = TestKey("ed25519").public_key().spki_der();
  const absl::string_view bits = absl::string_view(canonical).substr(9);
  const auto got = PublicKey::FromSpki(der::Element(
      CBS_ASN1_SEQUENCE,
      absl::StrCat(FromHex("300506032b6570"), bits, FromHex("0c046a756e6b"))));
  ASSERT_THAT(got, IsOk());
  EXPECT_EQ(got->spki_der(), canonical);
  EXPECT_EQ(ToHex(got->key_bits()), ToHex(canonical.substr(12)));
}

TEST(PublicKeyTest, VerifiesWithGosWords) {
  const struct {
    absl::string_view key;
    A algorithm;
    A other;
    absl::string_view failure;
    absl::string_view mismatch;
  } kTests[] = {
      {"p256", A::kEcdsaSha256, A::kRsaSha256,
       "x509: ECDSA verification failure",
       "x509: signature algorithm specifies an RSA public key, but have public "
       "key of type *ecdsa.PublicKey"},
      {"p384", A::kEcdsaSha384, A::kEd25519, "x509: ECDSA verification failure",
       "x509: signature algorithm specifies an Ed25519 public key, but have "
       "public key of type *ecdsa.PublicKey"},
      {"rsa2048", A::kRsaSha512, A::kEcdsaSha256,
       "crypto/rsa: verification error",
       "x509: signature algorithm specifies an ECDSA public key, but have "
       "public key of type *rsa.PublicKey"},
      {"ed25519", A::kEd25519, A::kEcdsaSha256,
       "x509: Ed25519 verification failure",
       "x509: signature algorithm specifies an ECDSA public key, but have "
       "public key of type ed25519.PublicKey"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.key);
    const PrivateKey key = TestKey(t.key);
    const auto invalid = [](absl::string_view message) {
      return StatusIs(absl::StatusCode::kInvalidArgument, message);
    };
    const auto signature = key.Sign(t.algorithm, "message");
    ASSERT_THAT(signature, IsOk());
    const PublicKey& verifier = key.public_key();
    EXPECT_THAT(verifier.Verify(t.algorithm, "message", *signature), IsOk());
    EXPECT_THAT(verifier.Verify(t.algorithm, "messagf", *signature),
                invalid(t.failure));
    EXPECT_THAT(verifier.Verify(t.algorithm, "message", ""),
                invalid(t.failure));
    EXPECT_THAT(verifier.Verify(t.algorithm, "message", *signature + "x"),
                invalid(t.failure));
    EXPECT_THAT(verifier.Verify(t.other, "message", *signature),
                invalid(t.mismatch));
    EXPECT_THAT(key.Sign(t.other, "message"), invalid(t.mismatch));
  }
}

TEST(PrivateKeyTest, DoesNotSignWithWhatIsOnlyAccepted) {
  for (const A algorithm : {A::kRsaSha1, A::kRsaPssSha256}) {
    EXPECT_THAT(TestKey("rsa2048").Sign(algorithm, "m"),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         HasSubstr("nothing is signed with")));
  }
}

}  // namespace
}  // namespace signet::pki
