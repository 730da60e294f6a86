#include "core/pki/certificate.h"

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "core/pki/der.h"
#include "core/pki/ip_address.h"
#include "core/pki/key_usage.h"
#include "core/pki/name.h"
#include "core/pki/pem.h"
#include "core/pki/private_key.h"
#include "core/pki/signature_algorithm.h"
#include "core/pki/subject_alt_name.h"
#include "core/pki/test_data.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "openssl/bytestring.h"

namespace signet::pki {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

Certificate TestCertificate(absl::string_view name) {
  return ParseCertificatesPem(
             ReadTestData(absl::StrCat("test-", name, ".cert.pem")))
      ->front();
}

// A certificate made of parts, with an Ed25519 signature of itself.
struct Parts {
  std::string version = FromHex("a003020102");
  std::string serial = FromHex("020101");
  std::string algorithm = FromHex("300506032b6570");
  std::string issuer = FromHex("3000");
  std::string validity = FromHex("301e") +
                         "\x17\x0d"
                         "260102030405Z"
                         "\x17\x0d"
                         "270102030405Z";
  std::string subject = FromHex("3000");
  std::string spki = PrivateKey::FromPem(ReadTestData("test-ed25519.key.pem"))
                         ->public_key()
                         .spki_der();
  std::string unique_ids;
  std::string extensions;
  std::string outer_algorithm = FromHex("300506032b6570");
  std::string signature = FromHex("03020001");

  std::string Der() const {
    return der::Element(
        CBS_ASN1_SEQUENCE,
        absl::StrCat(der::Element(CBS_ASN1_SEQUENCE,
                                  absl::StrCat(version, serial, algorithm,
                                               issuer, validity, subject, spki,
                                               unique_ids, extensions)),
                     outer_algorithm, signature));
  }
};

std::string Extension(absl::string_view oid_hex, absl::string_view value,
                      absl::string_view critical = "") {
  return der::Element(
      CBS_ASN1_SEQUENCE,
      absl::StrCat(der::Element(CBS_ASN1_OBJECT, FromHex(oid_hex)), critical,
                   der::Element(CBS_ASN1_OCTETSTRING, value)));
}

std::string Extensions(absl::string_view extensions) {
  return der::Element(CBS_ASN1_CONTEXT_SPECIFIC | CBS_ASN1_CONSTRUCTED | 3,
                      der::Element(CBS_ASN1_SEQUENCE, extensions));
}

constexpr absl::string_view kCritical("\x01\x01\xff", 3);

TEST(CertificateTest, SaysWhatGoPutInIt) {
  const Certificate ca = TestCertificate("p256-ca");
  EXPECT_EQ(ca.subject().ToString(), "CN=test p256-ca,O=signet tests");
  EXPECT_EQ(ca.issuer().ToString(), "CN=test p256-ca,O=signet tests");
  EXPECT_EQ(ca.raw_subject(), *ca.subject().Encode());
  EXPECT_EQ(ca.raw_issuer(), ca.raw_subject());
  EXPECT_EQ(SerialToHex(ca.serial_number()), "01");
  EXPECT_EQ(ca.validity().not_before,
            absl::FromCivil(absl::CivilSecond(2026, 1, 2, 3, 4, 5),
                            absl::UTCTimeZone()));
  EXPECT_EQ(ca.validity().not_after,
            absl::FromCivil(absl::CivilSecond(2036, 1, 2, 3, 4, 5),
                            absl::UTCTimeZone()));
  EXPECT_EQ(ca.signature_algorithm(), SignatureAlgorithm::kEcdsaSha256);
  EXPECT_TRUE(ca.has_basic_constraints());
  EXPECT_TRUE(ca.is_ca());
  EXPECT_FALSE(ca.max_path_len().has_value());
  EXPECT_EQ(ca.usages().key_usage, kCertSign | kCrlSign);
  EXPECT_THAT(ca.usages().extended, IsEmpty());
  EXPECT_THAT(ca.subject_key_id(), SizeIs(20));
  EXPECT_THAT(ca.authority_key_id(), IsEmpty());
  EXPECT_THAT(ca.extensions(),
              ElementsAre(Pair("2.5.29.15", true), Pair("2.5.29.19", true),
                          Pair("2.5.29.14", false)));
  EXPECT_EQ(ca.ToPem(), ReadTestData("test-p256-ca.cert.pem"));
  EXPECT_THAT(ca.CheckSignatureFrom(ca), IsOk());
}

TEST(CertificateTest, ChecksSignaturesOfEveryKind) {
  for (const absl::string_view name :
       {"p256-ca", "p384-ca", "p521-ca", "rsa2048-ca", "ed25519-ca"}) {
    SCOPED_TRACE(name);
    const Certificate ca = TestCertificate(name);
    EXPECT_THAT(ca.CheckSignatureFrom(ca), IsOk());
    EXPECT_FALSE(ca.CheckSignatureFrom(TestCertificate("p256-noski-ca")).ok() &&
                 name != "p256-ca");
  }
}

// SHA-1 is good enough for a request, whose signature proves possession of the
// key to the server that reads it, but not for a certificate.
TEST(CertificateTest, DoesNotTrustSha1) {
  Parts parts;
  parts.algorithm = parts.outer_algorithm =
      FromHex("300d06092a864886f70d0101050500");
  const auto got = Certificate::Parse(parts.Der());
  ASSERT_THAT(got, IsOk());
  EXPECT_EQ(got->signature_algorithm(), SignatureAlgorithm::kRsaSha1);
  EXPECT_THAT(got->CheckSignatureFrom(*got),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "x509: cannot verify signature: insecure algorithm "
                       "SHA1-RSA"));
}

TEST(CertificateTest, HasItsFingerprint) {
  const auto digest = TestCertificate("ed25519-ca").Sha256();
  EXPECT_THAT(digest, SizeIs(32));
  EXPECT_NE(digest, TestCertificate("p256-ca").Sha256());
}

TEST(CertificateTest, AcceptsWhatGoDoes) {
  const struct {
    std::string name;
    Parts parts;
  } kTests[] = {
      {"empty names, no extensions", {}},
      {"version 1", {.version = ""}},
      {"version 2 with unique identifiers",
       {.version = FromHex("a003020101"),
        .unique_ids = FromHex("81020001820200ff")}},
      {"serial number zero", {.serial = FromHex("020100")}},
      {"a serial number of 25 bytes",
       {.serial = FromHex("0219") + std::string(25, '\x11')}},
      {"GeneralizedTime before 2050",
       {.validity = FromHex("3022") + "\x18\x0f"
                                      "20260102030405Z"
                                      "\x18\x0f"
                                      "20270102030405Z"}},
      {"an unknown critical extension",
       {.extensions = Extensions(Extension("2a03", "", kCritical))}},
      {"an empty list of extensions", {.extensions = Extensions("")}},
      {"a SAN with data after it",
       {.extensions =
            Extensions(Extension("551d11", FromHex("30038201610500")))}},
  };
  for (const auto& t : kTests) {
    EXPECT_THAT(Certificate::Parse(t.parts.Der()), IsOk()) << t.name;
  }
}

TEST(CertificateTest, IsRefusedWithGosWords) {
  const std::string good = Parts().Der();
  const auto with = [](std::string extension) {
    return Parts{.extensions = Extensions(extension)}.Der();
  };
  const struct {
    std::string name;
    std::string der;
    absl::string_view want;
  } kTests[] = {
      {"nothing", "", "x509: malformed certificate"},
      {"cut off", good.substr(0, good.size() - 1),
       "x509: malformed certificate"},
      {"data after it", good + "x", "x509: trailing data"},
      {"an empty SEQUENCE", FromHex("3000"), "x509: malformed tbs certificate"},
      {"version 0, explicitly tagged twice",
       Parts{.version = FromHex("a006020102020102")}.Der(),
       "x509: malformed version"},
      {"version 4", Parts{.version = FromHex("a003020103")}.Der(),
       "x509: invalid version"},
      {"version -1", Parts{.version = FromHex("a0030201ff")}.Der(),
       "x509: malformed version"},
      {"no serial number", Parts{.serial = ""}.Der(),
       "x509: malformed serial number"},
      {"a serial number that is not minimal",
       Parts{.serial = FromHex("02020001")}.Der(),
       "x509: malformed serial number"},
      {"a negative serial number", Parts{.serial = FromHex("0201ff")}.Der(),
       "x509: negative serial number"},
      {"two algorithms",
       Parts{.outer_algorithm = FromHex("300a06082a8648ce3d040302")}.Der(),
       "x509: inner and outer signature algorithm identifiers don't match"},
      {"an issuer that is no SEQUENCE", Parts{.issuer = FromHex("3100")}.Der(),
       "x509: malformed issuer"},
      {"a common name that is an INTEGER",
       Parts{.subject = FromHex("300c310a30080603550403020101")}.Der(),
       "x509: invalid RDNSequence: invalid attribute value: unsupported "
       "string type: 2"},
      {"no validity", Parts{.validity = FromHex("3100")}.Der(),
       "x509: malformed validity"},
      {"half a validity",
       Parts{.validity = FromHex("300f") + "\x17\x0d"
                                           "260102030405Z"}
           .Der(),
       "x509: unsupported time format"},
      {"a validity of February 30",
       Parts{.validity = FromHex("301e") + "\x17\x0d"
                                           "260230030405Z"
                                           "\x17\x0d"
                                           "270102030405Z"}
           .Der(),
       "x509: malformed UTCTime"},
      {"no key", Parts{.spki = ""}.Der(), "x509: malformed spki"},
      {"extensions that are no SEQUENCE",
       Parts{.extensions = FromHex("a303020101")}.Der(),
       "x509: malformed extensions"},
      {"an extension that is no SEQUENCE", with(FromHex("020101")),
       "x509: malformed extension"},
      {"an extension without OID", with(FromHex("3000")),
       "x509: malformed extension OID field"},
      {"a critical flag of 1", with(Extension("2a03", "", "\x01\x01\x01")),
       "x509: malformed extension critical field"},
      {"an extension without value", with(FromHex("300406022a03")),
       "x509: malformed extension value field"},
      {"an extension twice",
       with(Extension("2a03", "") + Extension("2a03", "")),
       "x509: certificate contains duplicate extension with OID \"1.2.3\""},
      {"a key usage that is none", with(Extension("551d0f", "")),
       "x509: invalid key usage"},
      {"an extended key usage that is none", with(Extension("551d25", "")),
       "x509: invalid extended key usages"},
      {"basic constraints that are none", with(Extension("551d13", "")),
       "x509: invalid basic constraints"},
      {"a negative path length",
       with(Extension("551d13", FromHex("30060101ff0201ff"))),
       "x509: invalid basic constraints"},
      {"a critical SKI",
       with(Extension("551d0e", FromHex("040101"), kCritical)),
       "x509: subject key identifier incorrectly marked critical"},
      {"an SKI that is none", with(Extension("551d0e", FromHex("020101"))),
       "x509: invalid subject key identifier"},
      {"a critical AKI", with(Extension("551d23", FromHex("3000"), kCritical)),
       "x509: authority key identifier incorrectly marked critical"},
      {"an AKI that is none", with(Extension("551d23", "")),
       "x509: invalid authority key identifier"},
      {"a SAN of five bytes' IP",
       with(Extension("551d11", FromHex("300787050a00000000"))),
       "x509: cannot parse IP address of length 5"},
      {"no signature", Parts{.signature = ""}.Der(),
       "x509: malformed signature"},
  };
  for (const auto& t : kTests) {
    EXPECT_THAT(Certificate::Parse(t.der),
                StatusIs(absl::StatusCode::kInvalidArgument, t.want))
        << t.name;
  }
  EXPECT_THAT(Certificate::Parse(std::string(Certificate::kMaxBytes + 1, 'x')),
              StatusIs(absl::StatusCode::kResourceExhausted));
}

// As client-go's cert.ParseCertsPEM.
TEST(ParseCertificatesPemTest, TakesCertificateBlocksOnly) {
  const std::string one = ReadTestData("test-p256-ca.cert.pem");
  const std::string other = ReadTestData("test-ed25519-ca.cert.pem");
  const std::string key = ReadTestData("test-p256.key.pem");
  std::string with_header = one;
  with_header.insert(with_header.find('\n') + 1, "a: b\n\n");
  const auto got = ParseCertificatesPem(
      absl::StrCat("text\n", key, one, with_header, other));
  ASSERT_THAT(got, IsOk());
  ASSERT_THAT(*got, SizeIs(2));
  EXPECT_EQ((*got)[0].subject().common_name, "test p256-ca");
  EXPECT_EQ((*got)[1].subject().common_name, "test ed25519-ca");
  for (const std::string& none : {std::string(), key, with_header}) {
    EXPECT_THAT(ParseCertificatesPem(none),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         "data does not contain any valid RSA or ECDSA "
                         "certificates"));
  }
  EXPECT_THAT(ParseCertificatesPem(one + EncodePem("CERTIFICATE", "junk")),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "x509: malformed certificate"));
}

TEST(SerialNumberTest, IsWrittenInBothBases) {
  const struct {
    absl::string_view hex;
    absl::string_view decimal;
  } kTests[] = {
      {"00", "0"},
      {"01", "1"},
      {"ff", "255"},
      {"0100", "256"},
      {"ffffffffffffffff", "18446744073709551615"},
      {"ffffffffffffffffffffffffffffffffffffffff",
       "1461501637330902918203684832716283019655932542975"},
  };
  for (const auto& t : kTests) {
    EXPECT_EQ(SerialToHex(FromHex(t.hex)), t.hex);
    EXPECT_EQ(SerialToDecimal(FromHex(t.hex)), t.decimal);
  }
}

// The line that go_vectors/differential.go writes of a certificate.
std::string Describe(const absl::StatusOr<Certificate>& c) {
  if (!c.ok()) return "refused";
  const auto list = [](const std::vector<std::string>& values) {
    return absl::StrJoin(values, ",",
                         [](std::string* out, const std::string& value) {
                           out->append(ToHex(value));
                         });
  };
  const auto name = [](const DistinguishedName& name) {
    const auto der = name.Encode();
    return der.ok() ? ToHex(*der) : "unencodable";
  };
  const auto boolean = [](bool value) { return value ? "true" : "false"; };
  const SubjectAltNames& sans = c->subject_alt_names();
  return absl::StrCat(
      "subject=", name(c->subject()), " issuer=", name(c->issuer()),
      " dns=", list(sans.dns_names), " email=", list(sans.email_addresses),
      " ip=",
      absl::StrJoin(sans.ip_addresses, ",",
                    [](std::string* out, const IpAddress& ip) {
                      out->append(ip.ToString());
                    }),
      " uri=", list(sans.uris),
      " algorithm=", SignatureAlgorithmName(c->signature_algorithm()),
      " key=", ToHex(c->public_key().spki_der()),
      " serial=", SerialToDecimal(c->serial_number()),
      " validity=", absl::ToUnixSeconds(c->validity().not_before), "..",
      absl::ToUnixSeconds(c->validity().not_after),
      " usage=", c->usages().key_usage, " ekus=", c->usages().extended.size(),
      " unknown=", c->unknown_extended_key_usages().size(),
      " ca=", boolean(c->has_basic_constraints()), "/", boolean(c->is_ca()),
      "/", c->max_path_len().value_or(-1), " ids=", ToHex(c->subject_key_id()),
      "/", ToHex(c->authority_key_id()), " extensions=",
      absl::StrJoin(c->extensions(), ",",
                    [&](std::string* out, const auto& extension) {
                      absl::StrAppend(out, extension.first, "/",
                                      boolean(extension.second));
                    }));
}

TEST(CertificateTest, AgreesWithGo) {
  int accepted = 0;
  for (const auto& vector : ReadVectors("differential_certificates.txt")) {
    SCOPED_TRACE(vector[0]);
    const auto certificate = Certificate::Parse(FromHex(vector[0]));
    EXPECT_EQ(Describe(certificate), vector[1]) << certificate.status();
    accepted += certificate.ok();
  }
  EXPECT_GT(accepted, 50);
}

}  // namespace
}  // namespace signet::pki
