#include "core/base/go_duration.h"

#include <cstdint>
#include <limits>
#include <string>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace signet {
namespace {

using ::absl_testing::IsOkAndHolds;
using ::absl_testing::StatusIs;

// Both tables were printed by Go 1.26: text, nanoseconds, and those as text.
TEST(GoDurationTest, ReadsAndWritesAsGoDoes) {
  constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  const struct {
    std::string text;
    int64_t nanoseconds;
    std::string formatted;
  } kTests[] = {
      {"0", 0, "0s"},
      {"-0", 0, "0s"},
      {"+0", 0, "0s"},
      {"5s", 5000000000, "5s"},
      {"1478s", 1478000000000, "24m38s"},
      {"-5s", -5000000000, "-5s"},
      {"+5s", 5000000000, "5s"},
      {"5.6s", 5600000000, "5.6s"},
      {"5.s", 5000000000, "5s"},
      {".5s", 500000000, "500ms"},
      {"1.0040s", 1004000000, "1.004s"},
      {"100.00100s", 100001000000, "1m40.001s"},
      {"10ns", 10, "10ns"},
      {"11us", 11000, "11\u00b5s"},
      {"12\u00b5s", 12000, "12\u00b5s"},
      {"12\u03bcs", 12000, "12\u00b5s"},
      {"1.5ms", 1500000, "1.5ms"},
      {"15m", 900000000000, "15m0s"},
      {"16h", 57600000000000, "16h0m0s"},
      {"10.5s4m", 250500000000, "4m10.5s"},
      {"-2m3.4s", -123400000000, "-2m3.4s"},
      {"1h2m3s4ms5us6ns", 3723004005006, "1h2m3.004005006s"},
      {"52763797000ns", 52763797000, "52.763797s"},
      {"0.3333333333333333333h", 1200000000000, "20m0s"},
      {"0.100000000000000000000h", 360000000000, "6m0s"},
      {"0.830103483285477580700h", 2988372539827, "49m48.372539827s"},
      {"0.9223372036854775807ns", 0, "0s"},
      {"1.9ns", 1, "1ns"},
      {"8760h0m0s", 31536000000000000, "8760h0m0s"},
      {"876000h", 3153600000000000000, "876000h0m0s"},
      {"9223372036854775807ns", kMax, "2562047h47m16.854775807s"},
      {"9223372036854775.807us", kMax, "2562047h47m16.854775807s"},
      {"-9223372036854775808ns", kMin, "-2562047h47m16.854775808s"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.text);
    const absl::Duration duration = absl::Nanoseconds(t.nanoseconds);
    EXPECT_THAT(ParseGoDuration(t.text), IsOkAndHolds(duration));
    EXPECT_EQ(FormatGoDuration(duration), t.formatted);
  }
}

TEST(GoDurationTest, RefusesWhatGoRefuses) {
  const struct {
    std::string text;
    std::string want;
  } kTests[] = {
      {"", R"(time: invalid duration "")"},
      {".", R"(time: invalid duration ".")"},
      {"-", R"(time: invalid duration "-")"},
      {"s", R"(time: invalid duration "s")"},
      {"+.s", R"(time: invalid duration "+.s")"},
      {"3", R"(time: missing unit in duration "3")"},
      {"10", R"(time: missing unit in duration "10")"},
      {"1d", R"(time: unknown unit "d" in duration "1d")"},
      {"1H", R"(time: unknown unit "H" in duration "1H")"},
      {"1h 2m", R"(time: unknown unit "h " in duration "1h 2m")"},
      {"1m-5s", R"(time: unknown unit "m-" in duration "1m-5s")"},
      {"00:10", R"(time: unknown unit ":" in duration "00:10")"},
      {" 1s", R"(time: invalid duration " 1s")"},
      {"inf", R"(time: invalid duration "inf")"},
      {"\x85\x85", R"(time: invalid duration "\x85\x85")"},
      {"3000000h", R"(time: invalid duration "3000000h")"},
      {"9223372036854775808ns",
       R"(time: invalid duration "9223372036854775808ns")"},
      {"-9223372036854775809ns",
       R"(time: invalid duration "-9223372036854775809ns")"},
      {"9223372036854776us", R"(time: invalid duration "9223372036854776us")"},
      {"922337203685477580800ns",
       R"(time: invalid duration "922337203685477580800ns")"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.text);
    EXPECT_THAT(ParseGoDuration(t.text),
                StatusIs(absl::StatusCode::kInvalidArgument, t.want));
  }
}

}  // namespace
}  // namespace signet
