#include "core/pki/subject_alt_name.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/strings/string_view.h"
#include "core/pki/ip_address.h"
#include "core/pki/test_data.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::pki {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::IsOkAndHolds;
using ::absl_testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

// SPEC C-15.
TEST(SubjectAltNamesTest, AreGroupedDnsEmailIpUri) {
  SubjectAltNames sans;
  sans.uris = {"spiffe://td/x"};
  sans.ip_addresses = {*IpAddress::Parse("10.0.0.1"),
                       *IpAddress::Parse("::ffff:10.0.0.2"),
                       *IpAddress::Parse("fd00::1")};
  sans.email_addresses = {"m@e"};
  sans.dns_names = {"b", "a"};
  EXPECT_THAT(sans.Encode(),
              IsOkAndHolds(FromHex("3038"
                                   "820162"
                                   "820161"
                                   "81036d4065"
                                   "87040a000001"
                                   "87040a000002"
                                   "8710fd000000000000000000000000000001"
                                   "860d7370696666653a2f2f74642f78")));
}

TEST(SubjectAltNamesTest, AreReadInAnyOrderAndOtherKindsAreDropped) {
  // URI, directoryName, IP mapped into IPv6, otherName, DNS, registeredID,
  // email, x400Address, DNS.
  const auto got =
      SubjectAltNames::Parse(FromHex("3036"
                                     "8604613a2f2f"
                                     "a4023000"
                                     "871000000000000000000000ffff0a000002"
                                     "a00706022a03a0010c"
                                     "820162"
                                     "88022a03"
                                     "81036d4065"
                                     "a300"
                                     "820161"));
  ASSERT_THAT(got, IsOk());
  EXPECT_THAT(got->dns_names, ElementsAre("b", "a"));
  EXPECT_THAT(got->email_addresses, ElementsAre("m@e"));
  ASSERT_THAT(got->ip_addresses, SizeIs(1));
  EXPECT_EQ(got->ip_addresses[0].ToString(), "10.0.0.2");
  EXPECT_THAT(got->uris, ElementsAre("a:"));
}

TEST(SubjectAltNamesTest, KeepNulAndControlCharacters) {
  const auto got = SubjectAltNames::Parse(FromHex("300a820561006200078201ff"));
  EXPECT_THAT(got, StatusIs(absl::StatusCode::kInvalidArgument));
  const auto ascii =
      SubjectAltNames::Parse(FromHex("3007820561006208"
                                     "1b"));
  ASSERT_THAT(ascii, IsOk());
  EXPECT_THAT(ascii->dns_names, ElementsAre(std::string("a\0b\x08\x1b", 5)));
  EXPECT_THAT(ascii->Encode(), IsOkAndHolds(FromHex("30078205610062081b")));
}

// SPEC D-5.
TEST(SubjectAltNamesTest, AreRefusedWithGosWords) {
  const struct {
    absl::string_view name;
    absl::string_view hex;
    absl::string_view want;
  } kTests[] = {
      {"nothing", "", "x509: invalid subject alternative names"},
      {"no SEQUENCE", "820161", "x509: invalid subject alternative names"},
      {"a name cut off",
       "30038202"
       "61",
       "x509: invalid subject alternative name"},
      {"DNS that is not ASCII", "30048202c3bc",
       "x509: SAN dNSName is malformed"},
      {"email that is not ASCII", "30038101ff",
       "x509: SAN rfc822Name is malformed"},
      {"URI that is not ASCII", "30038601ff",
       "x509: SAN uniformResourceIdentifier is malformed"},
      {"URI that does not parse", "300386013a", "x509: cannot parse URI \":\""},
      {"IP of five bytes", "300787050a00000100",
       "x509: cannot parse IP address of length 5"},
      {"IP of no bytes", "30028700",
       "x509: cannot parse IP address of length 0"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    EXPECT_THAT(
        SubjectAltNames::Parse(FromHex(t.hex)),
        StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(t.want)));
  }
}

TEST(SubjectAltNamesTest, MayBeEmpty) {
  const auto got = SubjectAltNames::Parse(FromHex("3000"));
  ASSERT_THAT(got, IsOk());
  EXPECT_TRUE(got->empty());
  EXPECT_THAT(got->Encode(), IsOkAndHolds(FromHex("3000")));
}

TEST(SubjectAltNamesTest, EncodeAsciiOnly) {
  const auto refused =
      StatusIs(absl::StatusCode::kInvalidArgument,
               "x509: \"ü\" cannot be encoded as an IA5String");
  SubjectAltNames dns, email, uri;
  dns.dns_names = {"ü"};
  email.email_addresses = {"ü"};
  uri.uris = {"ü"};
  EXPECT_THAT(dns.Encode(), refused);
  EXPECT_THAT(email.Encode(), refused);
  EXPECT_THAT(uri.Encode(), refused);
}

}  // namespace
}  // namespace signet::pki
