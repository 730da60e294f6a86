#include "core/policy/ip_prefix.h"

#include <string>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "core/pki/ip_address.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::policy {
namespace {

using ::absl_testing::StatusIs;

TEST(IpPrefixTest, B14B25ContainsByNumber) {
  const struct {
    std::string prefix;
    std::string address;
    bool want;
  } kTests[] = {
      {"10.0.0.0/8", "10.255.0.1", true},
      {"10.0.0.0/8", "11.0.0.0", false},
      {"10.0.0.0/8", "::ffff:10.0.0.1", true},  // Is IPv4.
      {"10.0.0.1/32", "10.0.0.1", true},
      {"10.0.0.1/32", "10.0.0.0", false},
      {"10.96.0.0/12", "10.111.255.255", true},
      {"10.96.0.0/12", "10.112.0.0", false},
      {"0.0.0.0/0", "255.255.255.255", true},
      {"0.0.0.0/0", "::1", false},
      {"::/0", "10.0.0.1", false},
      {"2001:db8::/33", "2001:db8:7fff::1", true},
      {"2001:db8::/33", "2001:db8:8000::1", false},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.prefix + " " + t.address);
    const absl::StatusOr<IpPrefix> prefix = IpPrefix::Parse(t.prefix);
    ASSERT_TRUE(prefix.ok()) << prefix.status();
    EXPECT_EQ(prefix->Contains(*pki::IpAddress::Parse(t.address)), t.want);
    EXPECT_EQ(prefix->ToString(), t.prefix);
  }
}

TEST(IpPrefixTest, RefusesWhatIsAmbiguous) {
  const struct {
    std::string text;
    std::string want;
  } kTests[] = {
      {"10.0.0.1/8", "bits are set after the first 8"},
      {"10.0.0.0",
       "expected an address, a slash and a length of 0 to 32, as in "
       "10.0.0.0/8"},
      {"10.0.0.0/",
       "expected an address, a slash and a length of 0 to 32, as in "
       "10.0.0.0/8"},
      {"10.0.0.0/33",
       "expected an address, a slash and a length of 0 to 32, as in "
       "10.0.0.0/8"},
      {"10.0.0.0/+8",
       "expected an address, a slash and a length of 0 to 32, as in "
       "10.0.0.0/8"},
      {"10.0.0.0/8/8",
       "expected an address, a slash and a length of 0 to 32, as in "
       "10.0.0.0/8"},
      {"::ffff:10.0.0.0/104",
       "write a prefix of IPv4-mapped addresses as IPv4"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.text);
    EXPECT_THAT(IpPrefix::Parse(t.text),
                StatusIs(absl::StatusCode::kInvalidArgument, t.want));
  }
  EXPECT_FALSE(IpPrefix::Parse("ten/8").ok());
}

}  // namespace
}  // namespace signet::policy
