#include "core/base/go_duration.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"

namespace signet {
namespace {

// Go counts nanoseconds in an int64; the most negative one has no positive.
constexpr uint64_t kMax = uint64_t{1} << 63;

absl::Status Invalid(absl::string_view problem, absl::string_view text) {
  return absl::InvalidArgumentError(
      absl::StrCat("time: ", problem, " \"", absl::CHexEscape(text), "\""));
}

// Cuts the leading digits off `text`.
absl::string_view TakeDigits(absl::string_view& text) {
  size_t size = 0;
  while (size < text.size() && absl::ascii_isdigit(text[size])) ++size;
  const absl::string_view digits = text.substr(0, size);
  text.remove_prefix(size);
  return digits;
}

// Cuts off what stands before the next digit or point.
absl::string_view TakeUnit(absl::string_view& text) {
  const size_t size = std::min(text.size(), text.find_first_of(".0123456789"));
  const absl::string_view unit = text.substr(0, size);
  text.remove_prefix(size);
  return unit;
}

std::optional<uint64_t> UnitNanoseconds(absl::string_view unit) {
  if (unit == "ns") return 1;
  if (unit == "us" || unit == "\u00b5s" || unit == "\u03bcs") return 1000;
  if (unit == "ms") return 1000000;
  if (unit == "s") return 1000000000;
  if (unit == "m") return 60 * uint64_t{1000000000};
  if (unit == "h") return 3600 * uint64_t{1000000000};
  return std::nullopt;
}

// The value of a whole number; nullopt beyond 2^63.
std::optional<uint64_t> Whole(absl::string_view digits) {
  uint64_t value = 0;
  for (const char c : digits) {
    if (value > kMax / 10) return std::nullopt;
    value = value * 10 + (c - '0');
    if (value > kMax) return std::nullopt;
  }
  return value;
}

// 0.<digits> of a unit, in nanoseconds, rounded down. In floating point, since
// Go's is: "0.3333333333333333333h" is 20 minutes sharp.
uint64_t Fraction(absl::string_view digits, uint64_t unit) {
  uint64_t value = 0;
  double scale = 1;
  for (const char c : digits) {
    if (value > (kMax - 1) / 10) break;  // Precise enough.
    const uint64_t next = value * 10 + (c - '0');
    if (next > kMax) break;
    value = next;
    scale *= 10;
  }
  return static_cast<uint64_t>(static_cast<double>(value) *
                               (static_cast<double>(unit) / scale));
}

// `value` / 10^decimals, without trailing zeros.
std::string Decimal(uint64_t value, int decimals) {
  std::string digits = absl::StrFormat("%0*d", decimals + 1, value);
  digits.insert(digits.size() - decimals, ".");
  while (digits.back() == '0') digits.pop_back();
  if (digits.back() == '.') digits.pop_back();
  return digits;
}

}  // namespace

absl::StatusOr<absl::Duration> ParseGoDuration(absl::string_view text) {
  absl::string_view rest = text;
  const bool negative = absl::ConsumePrefix(&rest, "-");
  if (!negative) absl::ConsumePrefix(&rest, "+");
  if (rest == "0") return absl::ZeroDuration();
  if (rest.empty()) return Invalid("invalid duration", text);

  uint64_t total = 0;
  while (!rest.empty()) {
    const absl::string_view whole_digits = TakeDigits(rest);
    absl::string_view fraction_digits;
    if (absl::ConsumePrefix(&rest, ".")) fraction_digits = TakeDigits(rest);
    const std::optional<uint64_t> whole = Whole(whole_digits);
    if ((whole_digits.empty() && fraction_digits.empty()) || !whole) {
      return Invalid("invalid duration", text);
    }
    const absl::string_view unit_name = TakeUnit(rest);
    if (unit_name.empty()) return Invalid("missing unit in duration", text);
    const std::optional<uint64_t> unit = UnitNanoseconds(unit_name);
    if (!unit) {
      return Invalid(
          absl::StrCat("unknown unit \"", absl::CHexEscape(unit_name),
                       "\" in duration"),
          text);
    }
    if (*whole > kMax / *unit) return Invalid("invalid duration", text);
    total += *whole * *unit;  // At most 2^63 + 2^63, which does not wrap.
    if (total > kMax) return Invalid("invalid duration", text);
    total += Fraction(fraction_digits, *unit);
    if (total > kMax) return Invalid("invalid duration", text);
  }
  if (negative) {
    if (total == kMax) {
      return absl::Nanoseconds(std::numeric_limits<int64_t>::min());
    }
    return -absl::Nanoseconds(static_cast<int64_t>(total));
  }
  if (total == kMax) return Invalid("invalid duration", text);
  return absl::Nanoseconds(static_cast<int64_t>(total));
}

std::string FormatGoDuration(absl::Duration duration) {
  const int64_t signed_nanoseconds = absl::ToInt64Nanoseconds(duration);
  const bool negative = signed_nanoseconds < 0;
  const uint64_t total = negative ? -static_cast<uint64_t>(signed_nanoseconds)
                                  : static_cast<uint64_t>(signed_nanoseconds);
  constexpr uint64_t kSecond = 1000000000;
  std::string text = negative ? "-" : "";
  if (total == 0) {
    text += "0s";
  } else if (total < 1000) {
    absl::StrAppend(&text, total, "ns");
  } else if (total < 1000000) {
    absl::StrAppend(&text, Decimal(total, 3), "\u00b5s");
  } else if (total < kSecond) {
    absl::StrAppend(&text, Decimal(total, 6), "ms");
  } else {
    const uint64_t minutes = total / kSecond / 60;
    if (minutes >= 60) absl::StrAppend(&text, minutes / 60, "h");
    if (minutes > 0) absl::StrAppend(&text, minutes % 60, "m");
    absl::StrAppend(&text, Decimal(total % (60 * kSecond), 9), "s");
  }
  return text;
}

}  // namespace signet
