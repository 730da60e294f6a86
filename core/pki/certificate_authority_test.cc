#include "core/pki/certificate_authority.h"

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "core/pki/certificate.h"
#include "core/pki/certificate_request.h"
#include "core/pki/ip_address.h"
#include "core/pki/key_usage.h"
#include "core/pki/name.h"
#include "core/pki/private_key.h"
#include "core/pki/subject_alt_name.h"
#include "core/pki/test_data.h"
#include "core/pki/validity.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::pki {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using E = ExtendedKeyUsage;

absl::Time Utc(int year, int month, int day, int hour, int minute, int second) {
  return absl::FromCivil(
      absl::CivilSecond(year, month, day, hour, minute, second),
      absl::UTCTimeZone());
}

PrivateKey TestKey(absl::string_view name) {
  return *PrivateKey::FromPem(
      ReadTestData(absl::StrCat("test-", name, ".key.pem")));
}

CertificateAuthority TestAuthority(absl::string_view ca = "p256-ca") {
  const absl::string_view key = ca.substr(0, ca.find('-'));
  return *CertificateAuthority::Create(
      ParseCertificatesPem(ReadTestData(absl::StrCat("test-", ca, ".cert.pem")))
          ->front(),
      std::make_shared<PrivateKey>(TestKey(key)));
}

// What go_vectors/main.go calls "client".
TbsCertificate Client() {
  TbsCertificate tbs;
  tbs.serial_number = FromHex("1234");
  tbs.subject.common_name = "system:node:n1";
  tbs.subject.organization = {"system:nodes"};
  tbs.validity.not_before = Utc(2026, 1, 2, 3, 4, 5);
  tbs.validity.not_after = tbs.validity.not_before + absl::Hours(1);
  tbs.spki_der = TestKey("leaf-p256").public_key().spki_der();
  tbs.usages = {kDigitalSignature, {E::kClientAuth}};
  return tbs;
}

// The inputs of golden_tbs.txt, by name.
std::map<std::string, TbsCertificate> Inputs() {
  std::map<std::string, TbsCertificate> inputs;
  for (const absl::string_view key :
       {"p256", "p384", "p521", "rsa2048", "ed25519"}) {
    inputs[absl::StrCat("a node's client certificate from ", key)] = Client();
  }
  const auto add = [&inputs](std::string name) -> TbsCertificate& {
    return inputs[std::move(name)] = Client();
  };
  {
    TbsCertificate& tbs = add("a node's serving certificate");
    tbs.usages = {kDigitalSignature | kKeyEncipherment, {E::kServerAuth}};
    tbs.subject_alt_names.dns_names = {"n1", "n1.example"};
    tbs.subject_alt_names.ip_addresses = {*IpAddress::Parse("10.0.0.1"),
                                          *IpAddress::Parse("fd00::1"),
                                          *IpAddress::Parse("::ffff:a00:2")};
  }
  {
    TbsCertificate& tbs = add("every attribute and every usage");
    tbs.subject = {};
    tbs.subject.country = {"DE", "AT"};
    tbs.subject.province = {"Bayern"};
    tbs.subject.locality = {"München"};
    tbs.subject.street_address = {"Weg 1, hinten"};
    tbs.subject.postal_code = {"80331"};
    tbs.subject.organization = {"zeta", "alpha", "a&b", "Übung"};
    tbs.subject.organizational_unit = {"two", "one_1"};
    tbs.subject.common_name = "x@y";
    tbs.subject.serial_number = "42";
    tbs.usages = {
        0x1ff,
        {E::kAny, E::kServerAuth, E::kClientAuth, E::kCodeSigning,
         E::kEmailProtection, E::kIpsecEndSystem, E::kIpsecTunnel,
         E::kIpsecUser, E::kTimeStamping, E::kOcspSigning,
         E::kMicrosoftServerGatedCrypto, E::kNetscapeServerGatedCrypto}};
    tbs.subject_alt_names.email_addresses = {"m@example"};
    tbs.subject_alt_names.uris = {"spiffe://td/ns/x", "mailto:m@example"};
    tbs.subject_alt_names.dns_names = {"*.example"};
  }
  {
    TbsCertificate& tbs = add("an empty subject makes the SANs critical");
    tbs.subject = {};
    tbs.subject_alt_names.dns_names = {"n1"};
  }
  add("no usages, no extensions for them").usages = {};
  add("the last second of 2049 is a UTCTime").validity.not_after =
      Utc(2049, 12, 31, 23, 59, 59) + absl::Nanoseconds(999);
  add("2050 is a GeneralizedTime, and so is 1949").validity = {
      Utc(1949, 12, 31, 23, 59, 59), Utc(2050, 1, 1, 0, 0, 0)};
  add("a serial number with its top bit set").serial_number =
      std::string(16, '\xfe');
  add("serial number zero").serial_number = std::string(4, '\0');
  {
    TbsCertificate& tbs = add("the CA's own name gets no AKI");
    tbs.subject.common_name = "test p256-ca";
    tbs.subject.organization = {"signet tests"};
  }
  add("a CA without SKI gives no AKI");
  {
    TbsCertificate& tbs = add("an intermediate CA with a path length");
    tbs.subject = {};
    tbs.subject.common_name = "intermediate";
    tbs.usages = {kCertSign | kCrlSign, {}};
    tbs.is_ca = true;
    tbs.max_path_len = 0;
    tbs.subject_key_id = "0123456789abcdefghij";
  }
  {
    TbsCertificate& tbs = add("an intermediate CA without path length");
    tbs.subject = {};
    tbs.subject.common_name = "intermediate";
    tbs.usages = {kCertSign, {}};
    tbs.is_ca = true;
    tbs.subject_key_id = "0123456789abcdefghij";
  }
  return inputs;
}

// SPEC C-6, C-11, C-12, C-13, C-15, C-16, C-17: byte for byte what Kubernetes'
// signer would sign.
TEST(CertificateAuthorityTest, EncodesWhatGoDoes) {
  std::map<std::string, TbsCertificate> inputs = Inputs();
  for (const auto& vector : ReadVectors("golden_tbs.txt")) {
    SCOPED_TRACE(vector[1]);
    const auto input = inputs.extract(vector[1]);
    ASSERT_FALSE(input.empty()) << "unknown golden";
    const auto tbs = TestAuthority(vector[0]).EncodeTbs(input.mapped());
    ASSERT_THAT(tbs, IsOk());
    EXPECT_EQ(ToHex(*tbs), vector[2]);
  }
  EXPECT_THAT(inputs, IsEmpty());
}

// The same from life: what kube-controller-manager issued for a kubelet's
// request, built anew from the request. A CA of our own stands in for its CA,
// with the same name and key identifier.
TEST(CertificateAuthorityTest, EncodesWhatKubeControllerManagerDid) {
  int checked = 0;
  for (const auto& vector : ReadVectors("recorded.txt")) {
    SCOPED_TRACE(vector[0]);
    const auto request = CertificateRequest::Parse(FromHex(vector[2]));
    const auto recorded = Certificate::Parse(FromHex(vector[3]));
    ASSERT_THAT(request, IsOk());
    ASSERT_THAT(recorded, IsOk());

    TbsCertificate root = Client();
    root.subject = recorded->issuer();
    root.spki_der = "";
    root.subject_key_id = recorded->authority_key_id();
    const PrivateKey key = TestKey("p256");
    // Its name as it stands there: a UTF8String.
    const std::string certificate =
        absl::StrReplaceAll(*CertificateAuthority::SelfSign(root, key),
                            {{*root.subject.Encode(), recorded->raw_issuer()}});
    const auto authority = CertificateAuthority::Create(
        *Certificate::Parse(certificate), std::make_shared<PrivateKey>(key));
    ASSERT_THAT(authority, IsOk());

    TbsCertificate tbs;
    tbs.serial_number = recorded->serial_number();
    tbs.validity = recorded->validity();
    tbs.subject = request->subject();
    tbs.subject_alt_names = request->subject_alt_names();
    tbs.spki_der = request->public_key().spki_der();
    const std::vector<std::string> usages = absl::StrSplit(vector[1], ',');
    tbs.usages = *UsagesFromStrings(usages);
    const auto got = authority->EncodeTbs(tbs);
    ASSERT_THAT(got, IsOk());
    EXPECT_EQ(ToHex(*got), ToHex(recorded->raw_tbs()));
    ++checked;
  }
  EXPECT_EQ(checked, 4);
}

TEST(CertificateAuthorityTest, IssuesWhatItEncodes) {
  for (const absl::string_view ca :
       {"p256-ca", "p384-ca", "p521-ca", "rsa2048-ca", "ed25519-ca"}) {
    SCOPED_TRACE(ca);
    const CertificateAuthority authority = TestAuthority(ca);
    for (const auto& [name, tbs] : Inputs()) {
      SCOPED_TRACE(name);
      const auto der = authority.Issue(tbs);
      ASSERT_THAT(der, IsOk());
      const auto got = Certificate::Parse(*der);
      ASSERT_THAT(got, IsOk());
      EXPECT_THAT(got->CheckSignatureFrom(authority.certificate()), IsOk());
      EXPECT_EQ(got->raw_tbs(), *authority.EncodeTbs(tbs));
      EXPECT_EQ(got->usages(), tbs.usages);
      EXPECT_EQ(got->subject_alt_names().dns_names,
                tbs.subject_alt_names.dns_names);
      EXPECT_EQ(got->is_ca(), tbs.is_ca);
      EXPECT_EQ(got->max_path_len(), tbs.max_path_len);
      EXPECT_EQ(got->public_key().spki_der(), tbs.spki_der);
    }
  }
}

// SPEC C-12.
TEST(CertificateAuthorityTest, OrdersTheExtensions) {
  TbsCertificate tbs = Client();
  tbs.subject_key_id = "id";
  tbs.subject_alt_names.dns_names = {"a"};
  const auto got = Certificate::Parse(*TestAuthority().Issue(tbs));
  ASSERT_THAT(got, IsOk());
  EXPECT_THAT(got->extensions(),
              ElementsAre(Pair("2.5.29.15", true), Pair("2.5.29.37", false),
                          Pair("2.5.29.19", true), Pair("2.5.29.14", false),
                          Pair("2.5.29.35", false), Pair("2.5.29.17", false)));
  EXPECT_EQ(got->authority_key_id(),
            TestAuthority().certificate().subject_key_id());
}

// SPEC E-20: cfssl writes the purposes in the order of its profile.
TEST(CertificateAuthorityTest, KeepsTheOrderOfPurposesItIsGiven) {
  TbsCertificate tbs = Client();
  tbs.usages.extended = {E::kClientAuth, E::kServerAuth};
  EXPECT_THAT(*TestAuthority().EncodeTbs(tbs),
              HasSubstr(EncodeExtendedKeyUsage(tbs.usages.extended)));
}

TEST(CertificateAuthorityTest, RefusesWhatCannotBeEncoded) {
  const struct {
    std::string name;
    void (*change)(TbsCertificate&);
    absl::string_view want;
  } kTests[] = {
      {"no serial number", [](TbsCertificate& t) { t.serial_number = ""; },
       "serial number is empty"},
      {"a serial number of 21 bytes",
       [](TbsCertificate& t) { t.serial_number = std::string(21, '\x01'); },
       "serial number is longer than 20 octets"},
      {"one of 20 that needs a sign byte",
       [](TbsCertificate& t) { t.serial_number = std::string(20, '\x80'); },
       "serial number is longer than 20 octets"},
      {"a subject that is not UTF-8",
       [](TbsCertificate& t) { t.subject.common_name = "\xff"; },
       "not valid UTF-8"},
      {"a SAN that is not ASCII",
       [](TbsCertificate& t) { t.subject_alt_names.dns_names = {"\xc3\xbc"}; },
       "IA5String"},
      {"the year 10000",
       [](TbsCertificate& t) {
         t.validity.not_after = Utc(10000, 1, 1, 0, 0, 0);
       },
       "cannot represent time"},
      {"no end",
       [](TbsCertificate& t) { t.validity.not_after = absl::InfiniteFuture(); },
       "cannot represent time"},
      {"no key", [](TbsCertificate& t) { t.spki_der = ""; },
       "x509: malformed spki"},
      {"data after the key", [](TbsCertificate& t) { t.spki_der += "x"; },
       "x509: malformed spki"},
      {"a path length of a leaf", [](TbsCertificate& t) { t.max_path_len = 0; },
       "x509: only CAs are allowed to specify MaxPathLen"},
      {"a negative path length",
       [](TbsCertificate& t) {
         t.is_ca = true;
         t.max_path_len = -1;
       },
       "x509: invalid MaxPathLen"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    TbsCertificate tbs = Client();
    t.change(tbs);
    EXPECT_THAT(
        TestAuthority().Issue(tbs),
        StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(t.want)));
  }
}

TEST(CertificateAuthorityTest, StripsZerosFromTheSerialNumber) {
  TbsCertificate tbs = Client();
  const struct {
    std::string serial;
    absl::string_view want;
  } kTests[] = {
      {FromHex("000000007f"), "7f"},
      {FromHex("0000000080"), "80"},
      {std::string(30, '\0'), "00"},
      {std::string(1, '\0') + std::string(20, '\x7f'),
       "7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f"},
  };
  for (const auto& t : kTests) {
    tbs.serial_number = t.serial;
    const auto der = TestAuthority().Issue(tbs);
    ASSERT_THAT(der, IsOk());
    EXPECT_EQ(ToHex(Certificate::Parse(*der)->serial_number()), t.want);
  }
}

TEST(CertificateAuthorityTest, WantsItsOwnKey) {
  EXPECT_THAT(CertificateAuthority::Create(
                  TestAuthority().certificate(),
                  std::make_shared<PrivateKey>(TestKey("leaf-p256"))),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("private key does not match")));
  EXPECT_THAT(
      CertificateAuthority::Create(TestAuthority().certificate(), nullptr),
      StatusIs(absl::StatusCode::kInvalidArgument));
}

// SPEC E-19.
TEST(SelfSignTest, MakesARoot) {
  TbsCertificate tbs = Client();
  const PrivateKey key = TestKey("p384");
  tbs.spki_der = "";
  tbs.is_ca = true;
  tbs.usages = {kCertSign | kCrlSign, {}};
  tbs.subject_key_id = KeyId(key.public_key());
  const auto der = CertificateAuthority::SelfSign(tbs, key);
  ASSERT_THAT(der, IsOk());
  const auto got = Certificate::Parse(*der);
  ASSERT_THAT(got, IsOk());
  EXPECT_EQ(got->raw_issuer(), got->raw_subject());
  EXPECT_EQ(got->subject_key_id(), KeyId(key.public_key()));
  EXPECT_THAT(got->authority_key_id(), IsEmpty());
  EXPECT_EQ(got->signature_algorithm(), SignatureAlgorithm::kEcdsaSha384);
  EXPECT_THAT(got->CheckSignatureFrom(*got), IsOk());
  EXPECT_THAT(
      CertificateAuthority::Create(*got, std::make_shared<PrivateKey>(key)),
      IsOk());
}

TEST(SelfSignTest, RefusesAnotherKey) {
  EXPECT_THAT(CertificateAuthority::SelfSign(Client(), TestKey("p384")),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("holds the key it is signed with")));
}

// The public key of RFC 8032, 7.1, TEST 1; `xxd -r -p | sha1sum` of its bytes.
TEST(KeyIdTest, IsSha1OfTheBits) {
  const PublicKey key = *PublicKey::FromSpki(
      FromHex("302a300506032b65700321"
              "00d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f70751"
              "1a"));
  EXPECT_EQ(ToHex(KeyId(key)), "5b27aa5589179770e47575b162a1ded97b8bfc6d");
}

}  // namespace
}  // namespace signet::pki
