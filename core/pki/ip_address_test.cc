#include "core/pki/ip_address.h"

#include <string>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/strings/string_view.h"
#include "core/pki/test_data.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::pki {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::StatusIs;
using ::testing::HasSubstr;

TEST(IpAddressTest, ReadsAndWritesCanonicalText) {
  const struct {
    absl::string_view text;
    absl::string_view canonical;
    absl::string_view bytes;
  } kTests[] = {
      {"10.0.0.1", "10.0.0.1", "0a000001"},
      {"0.0.0.0", "0.0.0.0", "00000000"},
      {"255.255.255.255", "255.255.255.255", "ffffffff"},
      {"::", "::", "00000000000000000000000000000000"},
      {"::1", "::1", "00000000000000000000000000000001"},
      {"1::", "1::", "00010000000000000000000000000000"},
      {"FD00:0:0:0:0:0:0:1", "fd00::1", "fd000000000000000000000000000001"},
      {"1:0:0:2:0:0:0:3", "1:0:0:2::3", "00010000000000020000000000000003"},
      {"1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7",
       "00010000000200030004000500060007"},
      {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0",
       "00010002000300040005000600070000"},
      {"64:ff9b::1.2.3.4", "64:ff9b::102:304",
       "0064ff9b000000000000000001020304"},
      {"::ffff:1.2.3.4", "1.2.3.4", "01020304"},  // SPEC C-15.
      {"::ffff:0102:0304", "1.2.3.4", "01020304"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.text);
    const auto got = IpAddress::Parse(t.text);
    ASSERT_THAT(got, IsOk());
    EXPECT_EQ(got->ToString(), t.canonical);
    EXPECT_EQ(ToHex(got->bytes()), t.bytes);
    EXPECT_EQ(got->is_v4(), t.bytes.size() == 8);
    EXPECT_EQ(*got, *IpAddress::Parse(t.canonical));
    EXPECT_EQ(*got, *IpAddress::FromBytes(FromHex(t.bytes)));
  }
}

TEST(IpAddressTest, RefusesWhatNetipDoes) {
  for (const absl::string_view text : {"",
                                       "1",
                                       "1.2.3",
                                       "1.2.3.4.5",
                                       "01.2.3.4",
                                       "1.2.3.256",
                                       "1.2.3.-4",
                                       "1..2.3",
                                       "1.2.3.",
                                       " 1.2.3.4",
                                       "1.2.3.4 ",
                                       "1.2.3.4/8",
                                       "0x1.2.3.4",
                                       "1.2.3.0004",
                                       ":",
                                       ":::",
                                       "1:2",
                                       "1:2:3:4:5:6:7",
                                       "1:2:3:4:5:6:7:8:9",
                                       "1::2::3",
                                       "1:2:3:4:5:6:7::8",
                                       "12345::",
                                       "g::",
                                       "::1%eth0",
                                       "[::1]",
                                       "::1.2.3",
                                       "1.2.3.4::",
                                       "1:2:3:4:5:6:7:1.2.3.4",
                                       "1:1.2.3.4",
                                       "::1:"}) {
    EXPECT_THAT(IpAddress::Parse(text),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         HasSubstr("not an IP address")))
        << text;
  }
  EXPECT_THAT(IpAddress::Parse(absl::string_view("1.2.3.4\0", 8)),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

// SPEC D-5.
TEST(IpAddressTest, HasFourOrSixteenBytes) {
  for (int size = 0; size < 40; ++size) {
    const auto got =
        IpAddress::FromBytes(std::string(static_cast<size_t>(size), 'x'));
    if (size == 4 || size == 16) {
      EXPECT_THAT(got, IsOk());
    } else {
      EXPECT_THAT(got, StatusIs(absl::StatusCode::kInvalidArgument,
                                "x509: cannot parse IP address of length " +
                                    std::to_string(size)));
    }
  }
}

}  // namespace
}  // namespace signet::pki
