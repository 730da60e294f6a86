#include "core/pki/der.h"

#include <string>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "core/pki/test_data.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "openssl/bytestring.h"

namespace signet::pki::der {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::StatusIs;
using ::testing::HasSubstr;

absl::Time Utc(int year, int month, int day, int hour, int minute, int second) {
  return absl::FromCivil(
      absl::CivilSecond(year, month, day, hour, minute, second),
      absl::UTCTimeZone());
}

TEST(GetAnyTest, WantsMinimalLengthsAndLowTags) {
  const struct {
    absl::string_view name;
    absl::string_view hex;
    bool want;
  } kTests[] = {
      {"short", "04020102", true},
      {"empty", "0400", true},
      {"nothing", "", false},
      {"tag alone", "04", false},
      {"contents cut off", "040201", false},
      {"128 bytes too few", "048180", false},
      {"length not minimal", "04810101", false},
      {"indefinite length", "30800000", false},
      {"tag 31", "1f1f00", false},
  };
  for (const auto& t : kTests) {
    const std::string bytes = FromHex(t.hex);
    CBS in = Cbs(bytes);
    CBS contents;
    CBS_ASN1_TAG tag;
    EXPECT_EQ(GetAny(&in, &contents, &tag), t.want) << t.name;
  }
}

TEST(GetBitsTest, WantsZeroPadding) {
  const struct {
    absl::string_view name;
    absl::string_view hex;
    bool want;
    absl::string_view right_aligned;
  } kTests[] = {
      {"whole bytes", "0303000102", true, "0102"},
      {"no bits", "030100", true, ""},
      {"empty", "0300", false, ""},
      {"four unused bits", "030304abc0", true, "0abc"},
      {"seven unused bits", "03020780", true, "01"},
      {"unused bits that are set", "03020781", false, ""},
      {"eight unused bits", "03020800", false, ""},
      {"unused bits of no byte", "030101", false, ""},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    const std::string bytes = FromHex(t.hex);
    CBS in = Cbs(bytes);
    Bits bits;
    ASSERT_EQ(GetBits(&in, &bits), t.want);
    if (t.want) {
      EXPECT_EQ(ToHex(bits.RightAligned()), t.right_aligned);
    }
  }
}

TEST(GetBoolTest, KnowsTwoBytes) {
  for (int value = 0; value < 256; ++value) {
    const std::string bytes =
        absl::StrCat(FromHex("0101"), std::string(1, static_cast<char>(value)));
    CBS in = Cbs(bytes);
    bool got;
    EXPECT_EQ(GetBool(&in, &got), value == 0 || value == 255);
  }
}

TEST(GetTimeTest, ReadsBothTypes) {
  const struct {
    std::string name;
    CBS_ASN1_TAG tag;
    absl::string_view text;
    absl::Time want;
  } kTests[] = {
      {"UTCTime", CBS_ASN1_UTCTIME, "260102030405Z", Utc(2026, 1, 2, 3, 4, 5)},
      {"UTCTime 49", CBS_ASN1_UTCTIME, "491231235959Z",
       Utc(2049, 12, 31, 23, 59, 59)},
      {"UTCTime 50", CBS_ASN1_UTCTIME, "500101000000Z",
       Utc(1950, 1, 1, 0, 0, 0)},
      {"UTCTime without seconds", CBS_ASN1_UTCTIME, "2601020304Z",
       Utc(2026, 1, 2, 3, 4, 0)},
      {"UTCTime in a zone", CBS_ASN1_UTCTIME, "260102030405+0130",
       Utc(2026, 1, 2, 1, 34, 5)},
      {"GeneralizedTime", CBS_ASN1_GENERALIZEDTIME, "20260102030405Z",
       Utc(2026, 1, 2, 3, 4, 5)},
      {"GeneralizedTime, year 0", CBS_ASN1_GENERALIZEDTIME, "00000101000000Z",
       Utc(0, 1, 1, 0, 0, 0)},
      {"a leap day", CBS_ASN1_GENERALIZEDTIME, "20240229000000Z",
       Utc(2024, 2, 29, 0, 0, 0)},
      {"no expiry (RFC 5280, 4.1.2.5)", CBS_ASN1_GENERALIZEDTIME,
       "99991231235959Z", Utc(9999, 12, 31, 23, 59, 59)},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    const std::string bytes = Element(t.tag, t.text);
    CBS in = Cbs(bytes);
    EXPECT_THAT(GetTime(&in), absl_testing::IsOkAndHolds(t.want));
  }
}

TEST(GetTimeTest, RefusesWithGosWords) {
  const struct {
    CBS_ASN1_TAG tag;
    absl::string_view text;
    absl::string_view want;
  } kTests[] = {
      {CBS_ASN1_UTCTIME, "", "x509: malformed UTCTime"},
      {CBS_ASN1_UTCTIME, "260102030405", "x509: malformed UTCTime"},
      {CBS_ASN1_UTCTIME, "260102030405+0000", "x509: malformed UTCTime"},
      {CBS_ASN1_UTCTIME, "261301030405Z", "x509: malformed UTCTime"},
      {CBS_ASN1_UTCTIME, "260230030405Z", "x509: malformed UTCTime"},
      {CBS_ASN1_UTCTIME, "260102240000Z", "x509: malformed UTCTime"},
      {CBS_ASN1_UTCTIME, "260102030460Z", "x509: malformed UTCTime"},
      {CBS_ASN1_UTCTIME, "260102030405Zx", "x509: malformed UTCTime"},
      {CBS_ASN1_GENERALIZEDTIME, "202601020304Z",
       "x509: malformed GeneralizedTime"},
      {CBS_ASN1_GENERALIZEDTIME, "20260102030405.5Z",
       "x509: malformed GeneralizedTime"},
      {CBS_ASN1_GENERALIZEDTIME, "20230229000000Z",
       "x509: malformed GeneralizedTime"},
      {CBS_ASN1_OCTETSTRING, "260102030405Z", "x509: unsupported time format"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.text);
    const std::string bytes = Element(t.tag, t.text);
    CBS in = Cbs(bytes);
    EXPECT_THAT(GetTime(&in),
                StatusIs(absl::StatusCode::kInvalidArgument, t.want));
  }
}

TEST(GetTimeTest, AgreesWithGo) {
  for (const auto& vector : ReadVectors("differential_times.txt")) {
    const std::string bytes = FromHex(vector[0]);
    SCOPED_TRACE(bytes);
    CBS in = Cbs(bytes);
    const absl::StatusOr<absl::Time> got = GetTime(&in);
    EXPECT_EQ(got.ok() ? absl::StrCat(absl::ToUnixSeconds(*got)) : "refused",
              vector[1]);
  }
}

// SPEC C-17.
TEST(AddTimeTest, ChangesTypeAtTheEndsOfUtcTime) {
  const struct {
    absl::Time time;
    absl::string_view want;
  } kTests[] = {
      {Utc(1949, 12, 31, 23, 59, 59),
       "\x18\x0f"
       "19491231235959Z"},
      {Utc(1950, 1, 1, 0, 0, 0),
       "\x17\x0d"
       "500101000000Z"},
      {Utc(2049, 12, 31, 23, 59, 59),
       "\x17\x0d"
       "491231235959Z"},
      {Utc(2050, 1, 1, 0, 0, 0),
       "\x18\x0f"
       "20500101000000Z"},
      {Utc(9999, 12, 31, 23, 59, 59),
       "\x18\x0f"
       "99991231235959Z"},
      {Utc(1, 2, 3, 4, 5, 6),
       "\x18\x0f"
       "00010203040506Z"},
      {Utc(2026, 1, 2, 3, 4, 5) + absl::Milliseconds(999),
       "\x17\x0d"
       "260102030405Z"},
  };
  for (const auto& t : kTests) {
    bssl::ScopedCBB cbb;
    ASSERT_TRUE(CBB_init(cbb.get(), 32));
    ASSERT_THAT(AddTime(cbb.get(), t.time), IsOk());
    EXPECT_EQ(CbbView(cbb.get()), t.want);
  }
}

TEST(AddTimeTest, RefusesYearsThatDoNotFit) {
  for (const absl::Time time :
       {Utc(10000, 1, 1, 0, 0, 0), Utc(-1, 1, 1, 0, 0, 0),
        absl::InfiniteFuture(), absl::InfinitePast()}) {
    bssl::ScopedCBB cbb;
    ASSERT_TRUE(CBB_init(cbb.get(), 32));
    EXPECT_THAT(AddTime(cbb.get(), time),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         HasSubstr("cannot represent time")));
  }
}

TEST(ElementTest, WritesMinimalLengths) {
  for (const size_t size : {0u, 1u, 127u, 128u, 255u, 256u, 65535u, 65536u}) {
    const std::string element =
        Element(CBS_ASN1_OCTETSTRING, std::string(size, 'x'));
    CBS in = Cbs(element);
    CBS contents;
    ASSERT_TRUE(CBS_get_asn1(&in, &contents, CBS_ASN1_OCTETSTRING));
    EXPECT_EQ(CBS_len(&in), 0u);
    EXPECT_EQ(CBS_len(&contents), size);
  }
  EXPECT_EQ(
      ToHex(Element(CBS_ASN1_CONTEXT_SPECIFIC | CBS_ASN1_CONSTRUCTED | 3, "a")),
      "a30161");
}

TEST(IsUtf8Test, IsGosUtf8Valid) {
  const struct {
    absl::string_view name;
    absl::string_view hex;
    bool want;
  } kTests[] = {
      {"empty", "", true},
      {"NUL", "00", true},
      {"ASCII", "41", true},
      {"two bytes", "c3bc", true},
      {"three bytes", "e282ac", true},
      {"four bytes", "f09f9880", true},
      {"the last code point", "f48fbfbf", true},
      {"one past it", "f4908080", false},
      {"continuation alone", "80", false},
      {"cut off", "c3", false},
      {"overlong, two bytes", "c080", false},
      {"overlong, three bytes", "e08080", false},
      {"overlong, four bytes", "f0808080", false},
      {"a surrogate", "eda080", false},
      {"0xff", "ff", false},
      {"wrong continuation", "c341", false},
  };
  for (const auto& t : kTests) {
    EXPECT_EQ(IsUtf8(FromHex(t.hex)), t.want) << t.name;
  }
}

}  // namespace
}  // namespace signet::pki::der
