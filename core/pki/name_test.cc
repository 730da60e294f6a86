#include "core/pki/name.h"

#include <string>
#include <vector>

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

using ::absl_testing::IsOk;
using ::absl_testing::IsOkAndHolds;
using ::absl_testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

std::string Attribute(const Oid& type, CBS_ASN1_TAG tag,
                      absl::string_view value) {
  return der::Element(
      CBS_ASN1_SEQUENCE,
      absl::StrCat(der::Element(CBS_ASN1_OBJECT, type.contents()),
                   der::Element(tag, value)));
}

std::string Name(const std::vector<std::string>& rdns) {
  std::string body;
  for (const std::string& rdn : rdns) body += der::Element(CBS_ASN1_SET, rdn);
  return der::Element(CBS_ASN1_SEQUENCE, body);
}

std::string OneCommonName(CBS_ASN1_TAG tag, absl::string_view value) {
  return Name({Attribute(oid::kCommonName, tag, value)});
}

constexpr Oid kEmailAddress("1.2.840.113549.1.9.1");

// SPEC C-16.
TEST(DistinguishedNameTest, IsEncodedInGosOrderWithSortedSets) {
  DistinguishedName name;
  name.serial_number = "42";
  name.common_name = "x";
  name.organizational_unit = {"u"};
  name.organization = {"zz", "a", "b"};
  name.postal_code = {"p"};
  name.street_address = {"s"};
  name.locality = {"l"};
  name.province = {"t"};
  name.country = {"c"};
  name.names = {{"1.2.3", "ignored"}};
  const auto printable = [](const Oid& type, absl::string_view value) {
    return Attribute(type, CBS_ASN1_PRINTABLESTRING, value);
  };
  EXPECT_THAT(
      name.Encode(),
      IsOkAndHolds(Name(
          {printable(oid::kCountry, "c"), printable(oid::kProvince, "t"),
           printable(oid::kLocality, "l"), printable(oid::kStreetAddress, "s"),
           printable(oid::kPostalCode, "p"),
           printable(oid::kOrganization, "a") +
               printable(oid::kOrganization, "b") +
               printable(oid::kOrganization, "zz"),
           printable(oid::kOrganizationalUnit, "u"),
           printable(oid::kCommonName, "x"),
           printable(oid::kSerialNumber, "42")})));
}

// SPEC C-16: `*`, `&`, `@` and `_` make it a UTF8String.
TEST(DistinguishedNameTest, ChoosesTheStringTypeByTheAlphabet) {
  const struct {
    std::string value;
    CBS_ASN1_TAG want;
  } kTests[] = {
      {"azAZ09 '()+,-./:=?", CBS_ASN1_PRINTABLESTRING},
      {"system:node:n1", CBS_ASN1_PRINTABLESTRING},
      {"*", CBS_ASN1_UTF8STRING},
      {"&", CBS_ASN1_UTF8STRING},
      {"@", CBS_ASN1_UTF8STRING},
      {"_", CBS_ASN1_UTF8STRING},
      {"\"", CBS_ASN1_UTF8STRING},
      {"ü", CBS_ASN1_UTF8STRING},
      {std::string("a\0b", 3), CBS_ASN1_UTF8STRING},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.value);
    DistinguishedName name;
    name.common_name = t.value;
    EXPECT_THAT(name.Encode(), IsOkAndHolds(OneCommonName(t.want, t.value)));
  }
  DistinguishedName name;
  name.organization = {"\xff"};
  EXPECT_THAT(name.Encode(), StatusIs(absl::StatusCode::kInvalidArgument,
                                      "asn1: string not valid UTF-8"));
}

TEST(DistinguishedNameTest, MayBeEmpty) {
  DistinguishedName name;
  EXPECT_TRUE(name.empty());
  EXPECT_THAT(name.Encode(), IsOkAndHolds(FromHex("3000")));
  EXPECT_EQ(name.ToString(), "");
  name.organizational_unit = {""};
  EXPECT_FALSE(name.empty());
}

TEST(DistinguishedNameTest, IsReadBack) {
  DistinguishedName name;
  name.country = {"DE", "AT"};
  name.organization = {"b", "ä"};
  name.common_name = std::string("x\0y\n", 4);
  name.serial_number = "1";
  const auto der = name.Encode();
  ASSERT_THAT(der, IsOk());
  const auto got = DistinguishedName::Parse(*der);
  ASSERT_THAT(got, IsOk());
  EXPECT_THAT(got->country, ElementsAre("AT", "DE"));
  EXPECT_THAT(got->organization, ElementsAre("b", "ä"));
  EXPECT_EQ(got->common_name, name.common_name);
  EXPECT_EQ(got->serial_number, "1");
  EXPECT_THAT(got->Encode(), IsOkAndHolds(*der));
}

TEST(DistinguishedNameTest, KeepsTheLastCommonNameAndAllNames) {
  const auto got = DistinguishedName::Parse(
      Name({Attribute(oid::kCommonName, CBS_ASN1_UTF8STRING, "first"),
            Attribute(kEmailAddress, CBS_ASN1_IA5STRING, "m@e") +
                Attribute(oid::kOrganization, CBS_ASN1_UTF8STRING, "o"),
            "", Attribute(oid::kCommonName, CBS_ASN1_UTF8STRING, "last")}));
  ASSERT_THAT(got, IsOk());
  EXPECT_EQ(got->common_name, "last");
  EXPECT_THAT(got->organization, ElementsAre("o"));
  EXPECT_THAT(
      got->names,
      ElementsAre(Pair("2.5.4.3", "first"), Pair("1.2.840.113549.1.9.1", "m@e"),
                  Pair("2.5.4.10", "o"), Pair("2.5.4.3", "last")));
}

TEST(DistinguishedNameTest, ConvertsStringsToUtf8) {
  const struct {
    absl::string_view name;
    CBS_ASN1_TAG tag;
    std::string value;
    std::string want;
  } kTests[] = {
      {"UTF8String", CBS_ASN1_UTF8STRING, "ü", "ü"},
      {"UTF8String with NUL and ESC", CBS_ASN1_UTF8STRING,
       std::string("a\0\x1b[2K", 6), std::string("a\0\x1b[2K", 6)},
      {"PrintableString", CBS_ASN1_PRINTABLESTRING, "a b", "a b"},
      {"PrintableString with * and &", CBS_ASN1_PRINTABLESTRING, "*&", "*&"},
      {"IA5String", CBS_ASN1_IA5STRING, "a@b", "a@b"},
      {"IA5String with NUL", CBS_ASN1_IA5STRING, std::string("\0", 1),
       std::string("\0", 1)},
      {"NumericString", CBS_ASN1_NUMERICSTRING, "1 2", "1 2"},
      {"TeletexString is Latin-1", CBS_ASN1_T61STRING, "\xfc", "ü"},
      {"BMPString", CBS_ASN1_BMPSTRING, std::string("\0a\0\xfc\x20\xac", 6),
       "aü€"},
      {"BMPString with a terminator", CBS_ASN1_BMPSTRING,
       std::string("\0a\0\0", 4), "a"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    const auto got = DistinguishedName::Parse(OneCommonName(t.tag, t.value));
    ASSERT_THAT(got, IsOk());
    EXPECT_EQ(got->common_name, t.want);
  }
}

TEST(DistinguishedNameTest, IsRefusedWithGosWords) {
  const struct {
    absl::string_view name;
    std::string der;
    absl::string_view want;
  } kTests[] = {
      {"nothing", "", "x509: invalid RDNSequence"},
      {"a SET", FromHex("3100"), "x509: invalid RDNSequence"},
      {"data after it", FromHex("300000"), "trailing data"},
      {"an RDN that is no SET", FromHex("30023000"),
       "x509: invalid RDNSequence"},
      {"an attribute that is no SEQUENCE", FromHex("300431023100"),
       ": invalid attribute"},
      {"an attribute without type", FromHex("300431023000"),
       ": invalid attribute type"},
      {"an attribute without value", FromHex("3009310730050603550403"),
       ": invalid attribute value"},
      {"UTF8String that is none", OneCommonName(CBS_ASN1_UTF8STRING, "\xff"),
       ": invalid attribute value: invalid UTF-8 string"},
      {"PrintableString that is none",
       OneCommonName(CBS_ASN1_PRINTABLESTRING, "a@b"),
       ": invalid PrintableString"},
      {"IA5String that is none", OneCommonName(CBS_ASN1_IA5STRING, "\x80"),
       ": invalid IA5String"},
      {"NumericString that is none", OneCommonName(CBS_ASN1_NUMERICSTRING, "a"),
       ": invalid NumericString"},
      {"BMPString of odd length", OneCommonName(CBS_ASN1_BMPSTRING, "a"),
       ": invalid BMPString"},
      {"BMPString with a surrogate",
       OneCommonName(CBS_ASN1_BMPSTRING, std::string("\xd8\0", 2)),
       ": invalid BMPString"},
      {"BMPString with a non-character",
       OneCommonName(CBS_ASN1_BMPSTRING, "\xff\xff"), ": invalid BMPString"},
      {"INTEGER", OneCommonName(CBS_ASN1_INTEGER, "1"),
       ": unsupported string type: 2"},
      {"UniversalString", OneCommonName(CBS_ASN1_UNIVERSALSTRING, "\0\0\0a"),
       ": unsupported string type: 28"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    EXPECT_THAT(
        DistinguishedName::Parse(t.der),
        StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(t.want)));
  }
}

// Go reads the subject of a request by encoding/asn1, which takes any value;
// pkix.Name then passes over those that are not strings.
TEST(DistinguishedNameTest, KeepsNonStringsOfARequestOutOfTheFields) {
  const auto got = DistinguishedName::ParseOfRequest(Name(
      {Attribute(oid::kCommonName, CBS_ASN1_UTF8STRING, "cn"),
       Attribute(oid::kCommonName, CBS_ASN1_INTEGER, "\x05"),
       Attribute(oid::kOrganization, CBS_ASN1_OCTETSTRING, "system:masters"),
       Attribute(oid::kOrganization, CBS_ASN1_SEQUENCE, "")}));
  ASSERT_THAT(got, IsOk());
  EXPECT_EQ(got->common_name, "cn");
  EXPECT_THAT(got->organization, ElementsAre());
  EXPECT_THAT(got->names,
              ElementsAre(Pair("2.5.4.3", "cn"), Pair("2.5.4.3", "#020105"),
                          Pair("2.5.4.10", "#040e73797374656d3a6d617374657273"),
                          Pair("2.5.4.10", "#3000")));
}

TEST(DistinguishedNameTest, ChecksTheTypesThatGoKnows) {
  const struct {
    absl::string_view name;
    CBS_ASN1_TAG tag;
    std::string value;
  } kTests[] = {
      {"BOOLEAN", CBS_ASN1_BOOLEAN, "\x01"},
      {"INTEGER, not minimal", CBS_ASN1_INTEGER, std::string("\0\x01", 2)},
      {"INTEGER of nine bytes", CBS_ASN1_INTEGER,
       "\x01"
       "23456789"},
      {"BIT STRING", CBS_ASN1_BITSTRING, ""},
      {"OBJECT IDENTIFIER", CBS_ASN1_OBJECT, ""},
      {"UTCTime", CBS_ASN1_UTCTIME, "now"},
      {"UTF8String", CBS_ASN1_UTF8STRING, "\xff"},
  };
  for (const auto& t : kTests) {
    EXPECT_THAT(
        DistinguishedName::ParseOfRequest(OneCommonName(t.tag, t.value)),
        StatusIs(absl::StatusCode::kInvalidArgument,
                 HasSubstr("invalid attribute value")))
        << t.name;
  }
}

TEST(DistinguishedNameTest, IsWrittenAsGoWritesIt) {
  DistinguishedName name;
  name.organization = {"system:nodes"};
  name.common_name = "system:node:n1";
  EXPECT_EQ(name.ToString(), "CN=system:node:n1,O=system:nodes");

  const auto parsed = DistinguishedName::Parse(
      Name({Attribute(oid::kCountry, CBS_ASN1_UTF8STRING, "DE"),
            Attribute(kEmailAddress, CBS_ASN1_IA5STRING, "m@e"),
            Attribute(oid::kOrganization, CBS_ASN1_UTF8STRING, " a,b ") +
                Attribute(oid::kOrganization, CBS_ASN1_UTF8STRING, "#x"),
            Attribute(Oid("1.2.3"), CBS_ASN1_PRINTABLESTRING, "z")}));
  ASSERT_THAT(parsed, IsOk());
  // Go: pkix.Name.String, by hand.
  EXPECT_EQ(parsed->ToString(),
            "O=\\ a\\,b\\ +O=\\#x,C=DE,1.2.3=#13017a,"
            "1.2.840.113549.1.9.1=#0c036d4065");
}

}  // namespace
}  // namespace signet::pki
