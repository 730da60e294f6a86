#include "core/pki/ip_address.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"

namespace signet::pki {
namespace {

constexpr absl::string_view kV4InV6("\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);

// ParseV4 appends the four bytes of dotted text to `out`.
bool ParseV4(absl::string_view text, std::string* out) {
  int fields = 0;
  for (;;) {
    size_t digits = 0;
    int value = 0;
    while (digits < text.size() &&
           absl::ascii_isdigit(static_cast<uint8_t>(text[digits]))) {
      if (digits == 3 || (digits == 1 && value == 0)) return false;
      value = value * 10 + (text[digits++] - '0');
    }
    if (digits == 0 || value > 255) return false;
    out->push_back(static_cast<char>(value));
    text.remove_prefix(digits);
    if (++fields == 4) return text.empty();
    if (!absl::string_view(text).starts_with('.')) return false;
    text.remove_prefix(1);
  }
}

// ParseV6 sets `out` to the sixteen bytes.
bool ParseV6(absl::string_view text, std::string* out) {
  out->clear();
  size_t ellipsis = absl::string_view::npos;  // Where "::" stands in `out`.
  if (text.starts_with("::")) {
    ellipsis = 0;
    text.remove_prefix(2);
  }
  while (!text.empty()) {
    if (out->size() == 16) return false;
    size_t digits = 0;
    uint32_t value = 0;
    while (digits < text.size() &&
           absl::ascii_isxdigit(static_cast<uint8_t>(text[digits]))) {
      if (digits == 4) return false;
      const auto c = static_cast<uint8_t>(text[digits++]);
      value = value << 4 |
              static_cast<uint32_t>(absl::ascii_isdigit(c)
                                        ? c - '0'
                                        : absl::ascii_tolower(c) - 'a' + 10);
    }
    if (digits == 0) return false;
    if (digits < text.size() && text[digits] == '.') {
      if (ellipsis == absl::string_view::npos && out->size() != 12)
        return false;
      if (out->size() > 12 || !ParseV4(text, out)) return false;
      break;
    }
    out->push_back(static_cast<char>(value >> 8));
    out->push_back(static_cast<char>(value));
    text.remove_prefix(digits);
    if (text.empty()) break;
    if (text[0] != ':' || text.size() == 1) return false;
    text.remove_prefix(1);
    if (text[0] == ':') {
      if (ellipsis != absl::string_view::npos) return false;
      ellipsis = out->size();
      text.remove_prefix(1);
    }
  }
  if (ellipsis == absl::string_view::npos) return out->size() == 16;
  if (out->size() == 16) return false;  // "::" stands for one zero at least.
  out->insert(ellipsis, 16 - out->size(), '\0');
  return true;
}

}  // namespace

absl::StatusOr<IpAddress> IpAddress::Parse(absl::string_view text) {
  std::string bytes;
  const bool ok = text.find(':') == text.npos ? ParseV4(text, &bytes)
                                              : ParseV6(text, &bytes);
  if (!ok) {
    return absl::InvalidArgumentError(
        absl::StrCat("not an IP address: \"", absl::CHexEscape(text), "\""));
  }
  return FromBytes(bytes);
}

absl::StatusOr<IpAddress> IpAddress::FromBytes(absl::string_view bytes) {
  if (bytes.size() != 4 && bytes.size() != 16) {
    return absl::InvalidArgumentError(
        absl::StrCat("x509: cannot parse IP address of length ", bytes.size()));
  }
  if (bytes.starts_with(kV4InV6)) bytes.remove_prefix(kV4InV6.size());
  return IpAddress(std::string(bytes));
}

std::string IpAddress::ToString() const {
  const auto octet = [this](size_t i) {
    return static_cast<uint8_t>(bytes_[i]);
  };
  if (is_v4()) {
    return absl::StrCat(octet(0), ".", octet(1), ".", octet(2), ".", octet(3));
  }
  std::array<int, 8> fields;
  for (size_t i = 0; i < fields.size(); ++i) {
    fields[i] = octet(2 * i) << 8 | octet(2 * i + 1);
  }
  // "::" takes the place of the first longest run of two or more zeros.
  size_t zeros = fields.size(), zeros_end = fields.size();
  for (size_t i = 0; i < fields.size();) {
    size_t end = i;
    while (end < fields.size() && fields[end] == 0) ++end;
    if (end - i >= 2 && end - i > zeros_end - zeros) {
      zeros = i;
      zeros_end = end;
    }
    i = end + 1;
  }
  std::string out;
  for (size_t i = 0; i < fields.size(); ++i) {
    if (i == zeros) {
      out += "::";
      i = zeros_end;
      if (i == fields.size()) break;
    } else if (i > 0) {
      out += ":";
    }
    absl::StrAppendFormat(&out, "%x", fields[i]);
  }
  return out;
}

}  // namespace signet::pki
