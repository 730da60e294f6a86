#include "core/base/human_duration.h"

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace signet {
namespace {

// "7h59m", or "3h" if the second part is 0.
std::string Two(int64_t first, absl::string_view first_unit, int64_t second,
                absl::string_view second_unit) {
  std::string text = absl::StrCat(first, first_unit);
  if (second != 0) absl::StrAppend(&text, second, second_unit);
  return text;
}

}  // namespace

std::string HumanDuration(absl::Duration duration) {
  // Go truncates towards zero, so that -1.9 s is -1 s.
  const int64_t seconds = absl::ToInt64Seconds(duration);
  if (seconds < -1) return "<invalid>";
  if (seconds < 0) return "0s";
  if (seconds < 2 * 60) return absl::StrCat(seconds, "s");
  const int64_t minutes = seconds / 60;
  if (minutes < 10) return Two(minutes, "m", seconds % 60, "s");
  if (minutes < 3 * 60) return absl::StrCat(minutes, "m");
  const int64_t hours = minutes / 60;
  if (hours < 8) return Two(hours, "h", minutes % 60, "m");
  if (hours < 48) return absl::StrCat(hours, "h");
  const int64_t days = hours / 24;
  if (hours < 8 * 24) return Two(days, "d", hours % 24, "h");
  if (hours < 2 * 365 * 24) return absl::StrCat(days, "d");
  const int64_t years = days / 365;
  if (hours < 8 * 365 * 24) return Two(years, "y", days % 365, "d");
  return absl::StrCat(years, "y");
}

}  // namespace signet
