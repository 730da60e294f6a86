#include "core/http/message.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace signet::http {
namespace {

// The value of a hex digit, or -1.
int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string Unescape(absl::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      const int high = HexValue(text[i + 1]);
      const int low = HexValue(text[i + 2]);
      if (high >= 0 && low >= 0) {
        out.push_back(static_cast<char>(high << 4 | low));
        i += 2;
        continue;
      }
    }
    out.push_back(plus_is_space && text[i] == '+' ? ' ' : text[i]);
  }
  return out;
}

// Percent-encodes all but RFC 3986's unreserved characters and those of `also`.
std::string Escape(absl::string_view text, absl::string_view also) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
        absl::StrContains("-._~", c) || absl::StrContains(also, c)) {
      out.push_back(c);
      continue;
    }
    const unsigned char byte = static_cast<unsigned char>(c);
    out.push_back('%');
    out.push_back(kHex[byte >> 4]);
    out.push_back(kHex[byte & 15]);
  }
  return out;
}

}  // namespace

absl::string_view Headers::Get(absl::string_view name) const {
  for (const auto& [key, value] : fields_) {
    if (absl::EqualsIgnoreCase(key, name)) return value;
  }
  return "";
}

bool Headers::Has(absl::string_view name) const {
  return std::any_of(fields_.begin(), fields_.end(), [name](const auto& field) {
    return absl::EqualsIgnoreCase(field.first, name);
  });
}

void Headers::Set(absl::string_view name, absl::string_view value) {
  const auto same = [name](const auto& field) {
    return absl::EqualsIgnoreCase(field.first, name);
  };
  const auto first = std::find_if(fields_.begin(), fields_.end(), same);
  if (first == fields_.end()) {
    Add(name, value);
    return;
  }
  *first = {std::string(name), std::string(value)};
  fields_.erase(std::remove_if(first + 1, fields_.end(), same), fields_.end());
}

void Headers::Add(absl::string_view name, absl::string_view value) {
  fields_.emplace_back(name, value);
}

absl::string_view ParsedTarget::Query(absl::string_view key) const {
  for (const auto& [name, value] : query) {
    if (name == key) return value;
  }
  return "";
}

bool ParsedTarget::HasQuery(absl::string_view key) const {
  return std::any_of(query.begin(), query.end(),
                     [key](const auto& pair) { return pair.first == key; });
}

ParsedTarget ParseTarget(absl::string_view target) {
  target = target.substr(0, target.find('#'));
  const size_t question = target.find('?');
  ParsedTarget parsed;
  parsed.path = Unescape(target.substr(0, question), /*plus_is_space=*/false);
  if (question == absl::string_view::npos) return parsed;
  for (absl::string_view pair :
       absl::StrSplit(target.substr(question + 1), '&', absl::SkipEmpty())) {
    const std::pair<absl::string_view, absl::string_view> halves =
        absl::StrSplit(pair, absl::MaxSplits('=', 1));
    parsed.query.emplace_back(Unescape(halves.first, /*plus_is_space=*/true),
                              Unescape(halves.second, /*plus_is_space=*/true));
  }
  return parsed;
}

std::string PathEscape(absl::string_view segment) {
  return Escape(segment, "!$&'()*+,;=:@");
}

std::string QueryEscape(absl::string_view value) { return Escape(value, ""); }

}  // namespace signet::http
