#include "tools/apiserver/go_quote.h"

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"

namespace signet::apiserver {
namespace {

struct Rune {
  uint32_t code = 0;
  size_t size = 0;  // Bytes; 0 if the text does not begin with valid UTF-8.
};

Rune FirstRune(absl::string_view text) {
  const auto byte = [text](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  size_t size = 0;
  uint32_t code = 0;
  if (lead >= 0xC2 && lead < 0xE0) {
    size = 2;
    code = lead & 0x1F;
  } else if (lead >= 0xE0 && lead < 0xF0) {
    size = 3;
    code = lead & 0x0F;
  } else if (lead >= 0xF0 && lead < 0xF5) {
    size = 4;
    code = lead & 0x07;
  } else {
    return {};
  }
  if (text.size() < size) return {};
  for (size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {};
    code = code << 6 | (byte(i) & 0x3F);
  }
  const bool overlong =
      (size == 3 && code < 0x800) || (size == 4 && code < 0x10000);
  const bool surrogate = code >= 0xD800 && code < 0xE000;
  if (overlong || surrogate || code > 0x10FFFF) return {};
  return {code, size};
}

bool IsPrintable(uint32_t code) {
  if (code < 0x20 || code == 0x7F) return false;
  if (code >= 0x80 && code <= 0xA0) return false;
  if (code == 0xAD) return false;
  if (code >= 0x2000 && code <= 0x200F) return false;
  if (code >= 0x2028 && code <= 0x202F) return false;
  if (code >= 0x205F && code <= 0x206F) return false;
  return code != 0x3000 && code != 0xFEFF && !(code >= 0xE000 && code < 0xF900);
}

}  // namespace

std::string GoQuote(absl::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const Rune rune = FirstRune(text);
    if (rune.size == 0) {
      absl::StrAppendFormat(&out, "\\x%02x", static_cast<uint8_t>(text[0]));
      text.remove_prefix(1);
      continue;
    }
    switch (rune.code) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\a':
        out += "\\a";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\v':
        out += "\\v";
        break;
      default:
        if (IsPrintable(rune.code)) {
          out.append(text.data(), rune.size);
        } else if (rune.code < 0x80) {
          absl::StrAppendFormat(&out, "\\x%02x", rune.code);
        } else {
          absl::StrAppendFormat(&out, "\\u%04x", rune.code);
        }
    }
    text.remove_prefix(rune.size);
  }
  out += '"';
  return out;
}

std::string JsonQuote(absl::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const Rune rune = FirstRune(text);
    if (rune.size == 0) {
      out += "\\ufffd";
      text.remove_prefix(1);
      continue;
    }
    switch (rune.code) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (rune.code < 0x20 || rune.code == '<' || rune.code == '>' ||
            rune.code == '&' || rune.code == 0x2028 || rune.code == 0x2029) {
          absl::StrAppendFormat(&out, "\\u%04x", rune.code);
        } else {
          out.append(text.data(), rune.size);
        }
    }
    text.remove_prefix(rune.size);
  }
  out += '"';
  return out;
}

}  // namespace signet::apiserver
