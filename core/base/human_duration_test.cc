#include "core/base/human_duration.h"

#include <string>

#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace signet {
namespace {

TEST(HumanDurationTest, WritesAtMostTwoUnits) {
  constexpr absl::Duration kDay = absl::Hours(24);
  const absl::Duration kYear = 365 * kDay;
  // SPEC E-5.
  const struct {
    std::string name;
    absl::Duration duration;
    std::string want;
  } kTests[] = {
      {"two seconds ago in the future", absl::Seconds(-2), "<invalid>"},
      {"just below minus two seconds", absl::Milliseconds(-1999), "0s"},
      {"a second off", absl::Seconds(-1), "0s"},
      {"nothing", absl::ZeroDuration(), "0s"},
      {"less than a second", absl::Milliseconds(999), "0s"},
      {"one second", absl::Seconds(1), "1s"},
      {"two minutes but one second", absl::Seconds(119), "119s"},
      {"two minutes", absl::Seconds(120), "2m"},
      {"two minutes and one second", absl::Seconds(121), "2m1s"},
      {"ten minutes but one second", absl::Seconds(599), "9m59s"},
      {"ten minutes", absl::Seconds(600), "10m"},
      {"ten minutes and one second", absl::Seconds(601), "10m"},
      {"three hours but one second", absl::Hours(3) - absl::Seconds(1), "179m"},
      {"three hours", absl::Hours(3), "3h"},
      {"eight hours but one minute", absl::Minutes(479), "7h59m"},
      {"eight hours", absl::Hours(8), "8h"},
      {"two days but one second", absl::Hours(48) - absl::Seconds(1), "47h"},
      {"two days", 2 * kDay, "2d"},
      {"two days and an hour", absl::Hours(49), "2d1h"},
      {"eight days but one second", 8 * kDay - absl::Seconds(1), "7d23h"},
      {"eight days", 8 * kDay, "8d"},
      {"two years but one second", 2 * kYear - absl::Seconds(1), "729d"},
      {"two years", 2 * kYear, "2y"},
      {"two years and a day", 2 * kYear + kDay, "2y1d"},
      {"eight years but one second", 8 * kYear - absl::Seconds(1), "7y364d"},
      {"eight years", 8 * kYear, "8y"},
      {"eight years and a half", 8 * kYear + 180 * kDay, "8y"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    EXPECT_EQ(HumanDuration(t.duration), t.want);
  }
}

}  // namespace
}  // namespace signet
