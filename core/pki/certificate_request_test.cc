#include "core/pki/certificate_request.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "core/pki/der.h"
#include "core/pki/ip_address.h"
#include "core/pki/name.h"
#include "core/pki/oid.h"
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
using ::testing::SizeIs;

PrivateKey TestKey(absl::string_view name) {
  return *PrivateKey::FromPem(
      ReadTestData(absl::StrCat("test-", name, ".key.pem")));
}

DistinguishedName NodeSubject() {
  DistinguishedName subject;
  subject.common_name = "system:node:n1";
  subject.organization = {"system:nodes"};
  return subject;
}

DistinguishedName FullSubject() {
  DistinguishedName subject;
  subject.country = {"DE", "AT"};
  subject.province = {"Bayern"};
  subject.locality = {"München"};
  subject.street_address = {"Weg 1, hinten"};
  subject.postal_code = {"80331"};
  subject.organization = {"zeta", "alpha", "a&b", "Übung"};
  subject.organizational_unit = {"two", "one_1"};
  subject.common_name = "x@y";
  subject.serial_number = "42";
  return subject;
}

SubjectAltNames ServingNames() {
  SubjectAltNames sans;
  sans.dns_names = {"n1", "n1.example"};
  sans.ip_addresses = {*IpAddress::Parse("10.0.0.1"),
                       *IpAddress::Parse("fd00::1"),
                       *IpAddress::Parse("::ffff:10.0.0.2")};
  return sans;
}

std::string Request(const DistinguishedName& subject,
                    const SubjectAltNames& sans,
                    absl::string_view key = "p256") {
  return *CertificateRequest::Build(subject, sans, TestKey(key));
}

// The CertificationRequestInfo of a request.
std::string Info(absl::string_view der) {
  CBS in = der::Cbs(der);
  CBS request, info;
  EXPECT_TRUE(CBS_get_asn1(&in, &request, CBS_ASN1_SEQUENCE));
  EXPECT_TRUE(CBS_get_asn1_element(&request, &info, CBS_ASN1_SEQUENCE));
  return der::String(info);
}

// SPEC A-16.
TEST(CertificateRequestTest, SaysWhatGoSays) {
  SubjectAltNames every_kind;
  every_kind.dns_names = {"*.example"};
  every_kind.email_addresses = {"m@example"};
  every_kind.uris = {"spiffe://td/ns/x", "mailto:m@example"};
  SubjectAltNames one;
  one.dns_names = {"n1"};
  int checked = 0;
  for (const auto& vector : ReadVectors("golden_request_info.txt")) {
    const std::string& key = vector[0];
    const std::string& name = vector[1];
    SCOPED_TRACE(name);
    std::string der;
    if (name == absl::StrCat("a node's client request with ", key)) {
      der = Request(NodeSubject(), {}, key);
    } else if (name == "a node's serving request") {
      der = Request(NodeSubject(), ServingNames(), key);
    } else if (name == "every attribute and every kind of SAN") {
      der = Request(FullSubject(), every_kind, key);
    } else if (name == "an empty subject") {
      der = Request({}, one, key);
    } else {
      FAIL() << "unknown golden";
    }
    EXPECT_EQ(ToHex(Info(der)), vector[2]);
    ++checked;
  }
  EXPECT_EQ(checked, 8);
}

// A key whose private half somebody else has.
class ForeignKey : public SigningKey {
 public:
  explicit ForeignKey(PublicKey key) : key_(std::move(key)) {}
  const PublicKey& public_key() const override { return key_; }
  absl::StatusOr<std::string> Sign(SignatureAlgorithm,
                                   absl::string_view) const override {
    return "no signature";
  }

 private:
  PublicKey key_;
};

// SPEC A-16, from life: what a kubelet sent, built anew of its parts.
TEST(CertificateRequestTest, SaysWhatAKubeletSays) {
  for (const auto& vector : ReadVectors("recorded.txt")) {
    SCOPED_TRACE(vector[0]);
    const std::string der = FromHex(vector[2]);
    const auto request = CertificateRequest::Parse(der);
    ASSERT_THAT(request, IsOk());
    EXPECT_THAT(request->VerifySignature(), IsOk());
    const auto built = CertificateRequest::Build(
        request->subject(), request->subject_alt_names(),
        ForeignKey(request->public_key()));
    ASSERT_THAT(built, IsOk());
    EXPECT_EQ(ToHex(Info(*built)), ToHex(Info(der)));
  }
}

TEST(CertificateRequestTest, IsReadBack) {
  for (const absl::string_view key :
       {"p224", "p256", "p384", "p521", "rsa1024", "rsa2048", "ed25519"}) {
    SCOPED_TRACE(key);
    const std::string der = Request(FullSubject(), ServingNames(), key);
    const auto got = CertificateRequest::Parse(der);
    ASSERT_THAT(got, IsOk());
    EXPECT_THAT(got->VerifySignature(), IsOk());
    EXPECT_EQ(got->der(), der);
    EXPECT_EQ(got->public_key(), TestKey(key).public_key());
    EXPECT_EQ(got->signature_algorithm(),
              RequestSignatureAlgorithm(got->public_key()));
    EXPECT_EQ(got->subject().common_name, "x@y");
    EXPECT_EQ(got->raw_subject(), *FullSubject().Encode());
    EXPECT_THAT(got->subject_alt_names().dns_names,
                ElementsAre("n1", "n1.example"));
    ASSERT_THAT(got->extensions(), SizeIs(1));
    EXPECT_EQ(got->extensions()[0].oid, "2.5.29.17");
    EXPECT_FALSE(got->extensions()[0].critical);
    EXPECT_EQ(got->extensions()[0].value_der, *ServingNames().Encode());
  }
}

TEST(CertificateRequestTest, RefusesWhatItCannotEncode) {
  DistinguishedName subject;
  subject.common_name = "\xff";
  EXPECT_THAT(CertificateRequest::Build(subject, {}, TestKey("p256")),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("not valid UTF-8")));
  SubjectAltNames sans;
  sans.dns_names = {"ü"};
  EXPECT_THAT(
      CertificateRequest::Build({}, sans, TestKey("p256")),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("IA5String")));
}

// SPEC D-4.
TEST(CertificateRequestTest, IsReadFromTheFirstPemBlock) {
  const std::string der = Request(NodeSubject(), {});
  const std::string pem = EncodePem("CERTIFICATE REQUEST", der);
  const std::string certificate = ReadTestData("test-p256-ca.cert.pem");
  const struct {
    std::string name;
    std::string pem;
    bool want;
  } kTests[] = {
      {"alone", pem, true},
      {"text around it", absl::StrCat("text\n", pem, "text"), true},
      {"a block after it", pem + certificate, true},
      {"with a header",
       absl::StrCat("-----BEGIN CERTIFICATE REQUEST-----\na: b\n",
                    pem.substr(pem.find('\n'))),
       true},
      {"a block before it", certificate + pem, false},
      {"NEW CERTIFICATE REQUEST", EncodePem("NEW CERTIFICATE REQUEST", der),
       false},
      {"no PEM", der, false},
      {"nothing", "", false},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    const auto got = CertificateRequest::ParsePem(t.pem);
    if (t.want) {
      ASSERT_THAT(got, IsOk());
      EXPECT_EQ(got->der(), der);
    } else {
      EXPECT_THAT(got, StatusIs(absl::StatusCode::kInvalidArgument,
                                "PEM block type must be CERTIFICATE REQUEST"));
    }
  }
  EXPECT_THAT(CertificateRequest::ParsePem(std::string((3 << 20) + 1, 'x')),
              StatusIs(absl::StatusCode::kResourceExhausted));
}

// A request made of parts, signed with test-ed25519.key.pem.
struct Parts {
  std::string version = FromHex("020100");
  std::string subject = FromHex("3000");
  std::string spki = TestKey("ed25519").public_key().spki_der();
  std::string attributes = FromHex("a000");
  std::string after_attributes;
  std::string algorithm = FromHex("300506032b6570");

  std::string Der() const {
    const std::string info = der::Element(
        CBS_ASN1_SEQUENCE,
        absl::StrCat(version, subject, spki, attributes, after_attributes));
    const std::string signature =
        *TestKey("ed25519").Sign(SignatureAlgorithm::kEd25519, info);
    return der::Element(
        CBS_ASN1_SEQUENCE,
        absl::StrCat(
            info, algorithm,
            der::Element(CBS_ASN1_BITSTRING,
                         absl::StrCat(std::string(1, '\0'), signature))));
  }
};

std::string Extension(absl::string_view oid_hex, absl::string_view middle,
                      absl::string_view value) {
  return der::Element(
      CBS_ASN1_SEQUENCE,
      absl::StrCat(der::Element(CBS_ASN1_OBJECT, FromHex(oid_hex)), middle,
                   der::Element(CBS_ASN1_OCTETSTRING, value)));
}

// One attribute of the type `oid` with `values`.
std::string Attribute(const Oid& oid, absl::string_view values) {
  return der::Element(
      CBS_ASN1_SEQUENCE,
      absl::StrCat(der::Element(CBS_ASN1_OBJECT, oid.contents()),
                   der::Element(CBS_ASN1_SET, values)));
}

std::string Attributes(absl::string_view attributes) {
  return der::Element(CBS_ASN1_CONTEXT_SPECIFIC | CBS_ASN1_CONSTRUCTED | 0,
                      attributes);
}

std::string Extensions(absl::string_view extensions) {
  return Attribute(oid::kExtensionRequest,
                   der::Element(CBS_ASN1_SEQUENCE, extensions));
}

constexpr absl::string_view kSan = "551d11";
constexpr absl::string_view kTrue("\x01\x01\xff", 3);

TEST(CertificateRequestTest, AcceptsWhatGoDoes) {
  const std::string san = FromHex("3003820161");
  const struct {
    std::string name;
    Parts parts;
    std::vector<std::string> want_dns;
    size_t want_extensions = 0;
  } kTests[] = {
      {"an empty subject and no attributes", {}, {}},
      {"another version", {.version = FromHex("020105")}, {}},
      {"something after the attributes", {.after_attributes = "\x05\x00"}, {}},
      {"a SAN",
       {.attributes = Attributes(Extensions(Extension(kSan, "", san)))},
       {"a"},
       1},
      {"a critical SAN, and CA:TRUE",
       {.attributes = Attributes(
            Extensions(Extension(kSan, kTrue, san) +
                       Extension("551d13", kTrue, FromHex("30030101ff"))))},
       {"a"},
       2},
      {"critical FALSE, written out",
       {.attributes =
            Attributes(Extensions(Extension(kSan, FromHex("010100"), san)))},
       {"a"},
       1},
      {"other attributes and attributes of another form",
       {.attributes =
            Attributes(absl::StrCat(FromHex("02012a"), FromHex("3000"),
                                    Attribute(Oid("1.2.3"), "\x05\x00"),
                                    Attribute(oid::kExtensionRequest, ""),
                                    Extensions(Extension(kSan, "", san))))},
       {"a"},
       1},
      {"of two values of one attribute, the first",
       {.attributes = Attributes(Attribute(
            oid::kExtensionRequest,
            der::Element(CBS_ASN1_SEQUENCE, Extension(kSan, "", san)) +
                der::Element(CBS_ASN1_SEQUENCE, Extension("551d13", "", ""))))},
       {"a"},
       1},
      {"two attributes with different extensions",
       {.attributes = Attributes(Extensions(Extension("551d13", "", "")) +
                                 Extensions(Extension(kSan, "", san)))},
       {"a"},
       2},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    const auto got = CertificateRequest::Parse(t.parts.Der());
    ASSERT_THAT(got, IsOk());
    EXPECT_THAT(got->VerifySignature(), IsOk());
    EXPECT_EQ(got->subject_alt_names().dns_names, t.want_dns);
    EXPECT_THAT(got->extensions(), SizeIs(t.want_extensions));
  }
}

// SPEC D-4 and D-5.
TEST(CertificateRequestTest, IsRefusedWithAReason) {
  const std::string good = Parts().Der();
  const std::string san = FromHex("3003820161");
  const struct {
    std::string name;
    std::string der;
    absl::string_view want;
  } kTests[] = {
      {"nothing", "", "malformed certificate request"},
      {"cut off", good.substr(0, good.size() - 1),
       "malformed certificate request"},
      {"data after it", good + "x", "asn1: syntax error: trailing data"},
      {"an empty SEQUENCE", FromHex("3000"),
       "malformed certification request info"},
      {"no version", Parts{.version = ""}.Der(), "malformed version"},
      {"a version that is not minimal",
       Parts{.version = FromHex("02020000")}.Der(), "malformed version"},
      {"a subject that is no SEQUENCE", Parts{.subject = FromHex("3100")}.Der(),
       "invalid RDNSequence"},
      {"no key", Parts{.spki = ""}.Der(), "malformed subject public key"},
      {"an unknown key", Parts{.spki = FromHex("3009300406022a03030100")}.Der(),
       "x509: unknown public key algorithm"},
      {"no attributes", Parts{.attributes = ""}.Der(), "malformed attributes"},
      {"no algorithm", Parts{.algorithm = ""}.Der(),
       "malformed signature algorithm"},
      {"an unknown algorithm",
       Parts{.algorithm = FromHex("300406022a03")}.Der(),
       "algorithm unimplemented"},
      {"MD5",
       Parts{.algorithm = FromHex("300d06092a864886f70d0101040500")}.Der(),
       "insecure algorithm MD5-RSA"},
      {"extensions that are none",
       Parts{.attributes = Attributes(
                 Attribute(oid::kExtensionRequest, FromHex("020101")))}
           .Der(),
       "malformed requested extensions"},
      {"an extension without value",
       Parts{.attributes = Attributes(Extensions(FromHex("30050603551d11")))}
           .Der(),
       "malformed requested extension"},
      {"a BOOLEAN of 1",
       Parts{.attributes = Attributes(
                 Extensions(Extension(kSan, FromHex("010101"), san)))}
           .Der(),
       "malformed requested extension"},
      {"the same extension twice",
       Parts{.attributes = Attributes(Extensions(Extension(kSan, "", san) +
                                                 Extension(kSan, "", san)))}
           .Der(),
       "x509: certificate request contains duplicate requested extensions"},
      {"the same extension in two attributes",
       Parts{.attributes = Attributes(Extensions(Extension(kSan, "", san)) +
                                      Extensions(Extension(kSan, "", san)))}
           .Der(),
       "x509: certificate request contains duplicate requested extensions"},
      {"a SAN that is not IA5",
       Parts{.attributes = Attributes(
                 Extensions(Extension(kSan, "", FromHex("30038201ff"))))}
           .Der(),
       "x509: SAN dNSName is malformed"},
      {"an IP of three bytes",
       Parts{.attributes = Attributes(
                 Extensions(Extension(kSan, "", FromHex("300587030a0000"))))}
           .Der(),
       "x509: cannot parse IP address of length 3"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    const auto got = CertificateRequest::Parse(t.der);
    ASSERT_FALSE(got.ok());
    EXPECT_THAT(got.status().message(), HasSubstr(t.want));
  }
  EXPECT_THAT(CertificateRequest::Parse(
                  std::string(CertificateRequest::kMaxBytes + 1, 'x')),
              StatusIs(absl::StatusCode::kResourceExhausted));
}

// SPEC C-5 and D-5.
TEST(CertificateRequestTest, HasItsSignatureChecked) {
  const struct {
    absl::string_view key;
    absl::string_view want;
  } kTests[] = {
      {"p256", "x509: ECDSA verification failure"},
      {"rsa2048", "crypto/rsa: verification error"},
      {"ed25519", "x509: Ed25519 verification failure"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.key);
    std::string der = Request(NodeSubject(), {}, t.key);
    const size_t name = der.find("system:node:n1");
    ASSERT_NE(name, der.npos);
    der[name + 13] = '2';
    const auto got = CertificateRequest::Parse(der);
    ASSERT_THAT(got, IsOk());
    EXPECT_EQ(got->subject().common_name, "system:node:n2");
    EXPECT_THAT(got->VerifySignature(),
                StatusIs(absl::StatusCode::kInvalidArgument, t.want));
  }
}

TEST(CertificateRequestTest, KeepsNulAndControlCharacters) {
  DistinguishedName subject;
  subject.common_name = std::string("system:node:n1\0.evil\x1b[2K", 24);
  const auto got = CertificateRequest::Parse(Request(subject, {}));
  ASSERT_THAT(got, IsOk());
  EXPECT_EQ(got->subject().common_name, subject.common_name);
}

// The line that go_vectors/differential.go writes of a request.
std::string Describe(const absl::StatusOr<CertificateRequest>& request) {
  if (!request.ok()) return "refused";
  const auto list = [](const std::vector<std::string>& values) {
    return absl::StrJoin(values, ",",
                         [](std::string* out, const std::string& value) {
                           out->append(ToHex(value));
                         });
  };
  const SubjectAltNames& sans = request->subject_alt_names();
  const auto subject = request->subject().Encode();
  return absl::StrCat(
      "subject=", subject.ok() ? ToHex(*subject) : "unencodable",
      " dns=", list(sans.dns_names), " email=", list(sans.email_addresses),
      " ip=",
      absl::StrJoin(sans.ip_addresses, ",",
                    [](std::string* out, const IpAddress& ip) {
                      out->append(ip.ToString());
                    }),
      " uri=", list(sans.uris),
      " algorithm=", SignatureAlgorithmName(request->signature_algorithm()),
      " key=", ToHex(request->public_key().spki_der()), " extensions=",
      absl::StrJoin(request->extensions(), ",",
                    [](std::string* out, const RequestedExtension& extension) {
                      absl::StrAppend(out, extension.oid, "/",
                                      extension.critical ? "true" : "false",
                                      "/", ToHex(extension.value_der));
                    }),
      " signature=", request->VerifySignature().ok() ? "good" : "bad");
}

TEST(CertificateRequestTest, AgreesWithGo) {
  int accepted = 0;
  for (const auto& vector : ReadVectors("differential_requests.txt")) {
    SCOPED_TRACE(vector[0]);
    const auto request = CertificateRequest::Parse(FromHex(vector[0]));
    EXPECT_EQ(Describe(request), vector[1]) << request.status();
    accepted += request.ok();
  }
  EXPECT_GT(accepted, 50);
}

}  // namespace
}  // namespace signet::pki
