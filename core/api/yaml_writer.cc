#include "core/api/yaml_writer.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "boost/json.hpp"
#include "re2/re2.h"

namespace signet::api {
namespace {

namespace json = boost::json;

constexpr size_t kIndent = 2;
constexpr size_t kBestWidth = 80;
constexpr size_t kMaxSimpleKey = 128;
constexpr size_t kMaxDepth = 64;

absl::string_view View(json::string_view text) {
  return absl::string_view(text.data(), text.size());
}

struct Character {
  uint32_t code = 0;
  size_t size = 1;  // Bytes.
};

// The text is valid UTF-8: it comes from parsed JSON.
Character CharacterAt(absl::string_view text, size_t i) {
  const auto lead = static_cast<uint8_t>(text[i]);
  const size_t size = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  uint32_t code = size == 1 ? lead : lead & (0xFF >> (size + 1));
  for (size_t k = 1; k < size && i + k < text.size(); ++k) {
    code = code << 6 | (static_cast<uint8_t>(text[i + k]) & 0x3F);
  }
  return {code, size};
}

// What the emitter may write as it is.
bool IsPrintable(uint32_t code) {
  return code == '\n' || (code >= 0x20 && code <= 0x7E) ||
         (code >= 0xA0 && code <= 0xD7FF) ||
         (code >= 0xE000 && code <= 0xFFFD && code != 0xFEFF);
}

// YAML's line breaks: CR, LF, NEL, LS, PS.
bool IsBreak(uint32_t code) {
  return code == '\n' || code == '\r' || code == 0x85 || code == 0x2028 ||
         code == 0x2029;
}

// ---- the order of keys: letters after all else, numbers by their value

bool IsLetter(uint32_t code) {
  // Beyond ASCII nearly all that stands in a key is a letter.
  return code < 0x80 ? absl::ascii_isalpha(static_cast<unsigned char>(code))
                     : true;
}
bool IsDigit(uint32_t code) { return code >= '0' && code <= '9'; }

std::vector<uint32_t> Characters(absl::string_view text) {
  std::vector<uint32_t> characters;
  for (size_t i = 0; i < text.size();) {
    const Character character = CharacterAt(text, i);
    characters.push_back(character.code);
    i += character.size;
  }
  return characters;
}

bool KeyLess(absl::string_view first, absl::string_view second) {
  const std::vector<uint32_t> a = Characters(first);
  const std::vector<uint32_t> b = Characters(second);
  for (size_t i = 0; i < a.size() && i < b.size(); ++i) {
    if (a[i] == b[i]) continue;
    const bool a_letter = IsLetter(a[i]);
    const bool b_letter = IsLetter(b[i]);
    if (a_letter && b_letter) return a[i] < b[i];
    if (a_letter || b_letter) return b_letter;
    // Wraps around like Go's, for numbers that no key has.
    uint64_t a_number = 0;
    uint64_t b_number = 0;
    if (a[i] == '0' || b[i] == '0') {
      for (size_t j = i; j-- > 0 && IsDigit(a[j]);) {
        if (a[j] != '0') {
          a_number = 1;
          b_number = 1;
          break;
        }
      }
    }
    size_t a_end = i;
    for (; a_end < a.size() && IsDigit(a[a_end]); ++a_end) {
      a_number = a_number * 10 + (a[a_end] - '0');
    }
    size_t b_end = i;
    for (; b_end < b.size() && IsDigit(b[b_end]); ++b_end) {
      b_number = b_number * 10 + (b[b_end] - '0');
    }
    if (a_number != b_number) return a_number < b_number;
    if (a_end != b_end) return a_end < b_end;
    return a[i] < b[i];
  }
  return a.size() < b.size();
}

// ---- what a plain text would be read as

bool IsReservedWord(absl::string_view text) {
  static constexpr absl::string_view kWords[] = {
      "",     "~",     "null",  "Null",  "NULL",  "y",     "Y",     "yes",
      "Yes",  "YES",   "true",  "True",  "TRUE",  "on",    "On",    "ON",
      "n",    "N",     "no",    "No",    "NO",    "false", "False", "FALSE",
      "off",  "Off",   "OFF",   ".nan",  ".NaN",  ".NAN",  ".inf",  ".Inf",
      ".INF", "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF"};
  return std::find(std::begin(kWords), std::end(kWords), text) !=
         std::end(kWords);
}

bool LooksLikeTimestamp(absl::string_view text) {
  static const RE2* const kTimestamp =
      new RE2(R"((\d{4})-(\d{1,2})-(\d{1,2}))"
              R"((?:(?:[Tt](\d{1,2}):(\d{1,2}):(\d{1,2})(?:[.,]\d+)?)"
              R"((?:Z|[-+](\d{2}):(\d{2})))"
              R"(| (\d{1,2}):(\d{1,2}):(\d{1,2})(?:[.,]\d+)?))?)");
  int year = 0, month = 0, day = 0;
  std::string hour, minute, second, zone_hour, zone_minute;
  std::string hour2, minute2, second2;
  if (!RE2::FullMatch(text, *kTimestamp, &year, &month, &day, &hour, &minute,
                      &second, &zone_hour, &zone_minute, &hour2, &minute2,
                      &second2)) {
    return false;
  }
  const auto up_to = [](int max, const std::string& number) {
    int value = 0;
    return number.empty() || (absl::SimpleAtoi(number, &value) && value <= max);
  };
  const absl::CivilDay date(year, month, day);
  return date.year() == year && date.month() == month && date.day() == day &&
         up_to(23, hour) && up_to(59, minute) && up_to(59, second) &&
         up_to(24, zone_hour) && up_to(59, zone_minute) && up_to(23, hour2) &&
         up_to(59, minute2) && up_to(59, second2);
}

bool LooksLikeNumber(absl::string_view text) {
  static const RE2* const kInteger = new RE2(
      R"([-+]?(?:0[xX][0-9a-fA-F]+|0[oO]?[0-7]+|0[bB][01]+|0|[1-9][0-9]*))");
  static const RE2* const kFloat =
      new RE2(R"([-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?)");
  static const RE2* const kBase60 =
      new RE2(R"([-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?)");
  std::string plain(text);
  plain.erase(std::remove(plain.begin(), plain.end(), '_'), plain.end());
  return RE2::FullMatch(plain, *kInteger) || RE2::FullMatch(plain, *kFloat) ||
         RE2::FullMatch(text, *kBase60);
}

bool IsReadAsText(absl::string_view text) {
  if (IsReservedWord(text)) return false;
  const char first = text[0];
  if (first != '+' && first != '-' && first != '.' &&
      !absl::ascii_isdigit(first)) {
    return true;
  }
  return !LooksLikeTimestamp(text) && !LooksLikeNumber(text);
}

// ---- styles, by the rules of libyaml's emitter

struct Analysis {
  bool plain_allowed = true;
  bool single_quoted_allowed = true;
  bool block_allowed = true;
  bool multiline = false;
};

Analysis Analyze(absl::string_view text) {
  Analysis result;
  if (text.empty()) {
    result.block_allowed = false;
    return result;
  }
  bool indicators =
      absl::StartsWith(text, "---") || absl::StartsWith(text, "...");
  bool special = false;
  bool leading = false;
  bool trailing_space = false;
  bool trailing_break = false;
  bool break_space = false;
  bool space_break = false;
  bool previous_space = false;
  bool previous_break = false;
  bool after_blank = true;
  for (size_t i = 0; i < text.size();) {
    const Character character = CharacterAt(text, i);
    const uint32_t code = character.code;
    const size_t next = i + character.size;
    const bool before_blank =
        next >= text.size() || text[next] == ' ' || text[next] == '\t';
    if (i == 0) {
      if (code < 0x80 &&
          absl::StrContains("#,[]{}&*!|>'\"%@`", static_cast<char>(code))) {
        indicators = true;
      }
      if ((code == '?' || code == ':' || code == '-') && before_blank) {
        indicators = true;
      }
    } else if ((code == ':' && before_blank) || (code == '#' && after_blank)) {
      indicators = true;
    }
    special = special || !IsPrintable(code);
    const bool is_last = next == text.size();
    if (code == ' ') {
      leading = leading || i == 0;
      trailing_space = is_last;
      break_space = break_space || previous_break;
      previous_space = true;
      previous_break = false;
    } else if (IsBreak(code)) {
      result.multiline = true;
      leading = leading || i == 0;
      trailing_break = is_last;
      space_break = space_break || previous_space;
      previous_space = false;
      previous_break = true;
    } else {
      previous_space = false;
      previous_break = false;
    }
    after_blank = code == ' ' || code == '\t' || IsBreak(code) || code == 0;
    i = next;
  }
  if (leading || trailing_space || trailing_break || result.multiline ||
      indicators) {
    result.plain_allowed = false;
  }
  if (trailing_space) result.block_allowed = false;
  if (break_space) {
    result.plain_allowed = false;
    result.single_quoted_allowed = false;
  }
  if (space_break || special) {
    result.plain_allowed = false;
    result.single_quoted_allowed = false;
    result.block_allowed = false;
  }
  return result;
}

class Writer {
 public:
  // `indent` is that of the node's own lines; `column` where the cursor is.
  void Write(const json::value& value, size_t indent) {
    if (const json::object* object = value.if_object()) {
      WriteObject(*object, indent);
    } else if (const json::array* array = value.if_array()) {
      WriteArray(*array, indent);
    } else {
      WriteScalar(value, indent, /*is_key=*/false);
      Put("\n");
    }
  }

  std::string Take() && { return std::move(out_); }

 private:
  static bool IsBlock(const json::value& value) {
    return (value.is_object() && !value.get_object().empty()) ||
           (value.is_array() && !value.get_array().empty());
  }

  void WriteObject(const json::object& object, size_t indent) {
    if (object.empty()) {
      Put("{}\n");
      return;
    }
    std::vector<absl::string_view> keys;
    for (const auto& [key, value] : object) keys.push_back(View(key));
    std::sort(keys.begin(), keys.end(), KeyLess);
    bool first = true;
    for (const absl::string_view key : keys) {
      if (!first) PutIndent(indent);
      first = false;
      const json::value& value =
          object.at(json::string_view(key.data(), key.size()));
      if (key.size() > kMaxSimpleKey || Analyze(key).multiline) {
        Put("? ");
        WriteText(key, indent, /*is_key=*/false);
        Put("\n");
        PutIndent(indent);
        Put(": ");
        Write(value, IsBlock(value) ? indent + kIndent : indent);
        continue;
      }
      WriteText(key, indent, /*is_key=*/true);
      Put(":");
      if (!IsBlock(value)) {
        Put(" ");
        Write(value, indent);
      } else {
        Put("\n");
        // Lists stand in the column of their key.
        const size_t child = value.is_array() ? indent : indent + kIndent;
        PutIndent(child);
        Write(value, child);
      }
    }
  }

  void WriteArray(const json::array& array, size_t indent) {
    if (array.empty()) {
      Put("[]\n");
      return;
    }
    bool first = true;
    for (const json::value& value : array) {
      if (!first) PutIndent(indent);
      first = false;
      Put("- ");
      Write(value, IsBlock(value) ? indent + kIndent : indent);
    }
  }

  void WriteScalar(const json::value& value, size_t indent, bool is_key) {
    if (const json::string* text = value.if_string()) {
      WriteText(View(*text), indent, is_key);
    } else {
      Put(json::serialize(value));
    }
  }

  void WriteText(absl::string_view text, size_t indent, bool is_key) {
    const Analysis analysis = Analyze(text);
    enum class Style { kPlain, kSingle, kDouble, kLiteral };
    Style style = Style::kPlain;
    if (absl::StrContains(text, '\n')) {
      style = Style::kLiteral;
    } else if (!IsReadAsText(text)) {
      style = Style::kDouble;
    }
    if (is_key && analysis.multiline) style = Style::kDouble;
    if (style == Style::kPlain && !analysis.plain_allowed) {
      style = Style::kSingle;
    }
    if (style == Style::kSingle && !analysis.single_quoted_allowed) {
      style = Style::kDouble;
    }
    if (style == Style::kLiteral && (!analysis.block_allowed || is_key)) {
      style = Style::kDouble;
    }
    switch (style) {
      case Style::kPlain:
        WriteFolded(text, indent + kIndent, !is_key, /*quote=*/false);
        return;
      case Style::kSingle:
        Put("'");
        WriteFolded(text, indent + kIndent, !is_key, /*quote=*/true);
        Put("'");
        return;
      case Style::kDouble:
        WriteDouble(text, indent + kIndent, !is_key);
        return;
      case Style::kLiteral:
        WriteLiteral(text, indent + kIndent);
        return;
    }
  }

  // Plain, or inside single quotes. A text with line breaks never comes here.
  void WriteFolded(absl::string_view text, size_t indent, bool may_break,
                   bool quote) {
    bool previous_space = false;
    for (size_t i = 0; i < text.size();) {
      const size_t size = CharacterAt(text, i).size;
      const bool next_is_space = i + 1 < text.size() && text[i + 1] == ' ';
      const bool inside = !quote || (i > 0 && i + 1 < text.size());
      if (text[i] == ' ') {
        if (may_break && !previous_space && column_ > kBestWidth && inside &&
            !next_is_space) {
          Put("\n");
          PutIndent(indent);
        } else {
          Put(" ");
        }
        previous_space = true;
      } else {
        if (quote && text[i] == '\'') Put("'");
        Put(text.substr(i, size));
        previous_space = false;
      }
      i += size;
    }
  }

  void WriteDouble(absl::string_view text, size_t indent, bool may_break) {
    Put("\"");
    bool previous_space = false;
    for (size_t i = 0; i < text.size();) {
      const Character character = CharacterAt(text, i);
      if (!IsPrintable(character.code) || IsBreak(character.code) ||
          character.code == '"' || character.code == '\\') {
        Put(Escape(character.code));
        previous_space = false;
      } else if (text[i] == ' ') {
        if (may_break && !previous_space && column_ > kBestWidth && i > 0 &&
            i + 1 < text.size()) {
          Put("\n");
          PutIndent(indent);
          if (text[i + 1] == ' ') Put("\\");
        } else {
          Put(" ");
        }
        previous_space = true;
      } else {
        Put(text.substr(i, character.size));
        previous_space = false;
      }
      i += character.size;
    }
    Put("\"");
  }

  static std::string Escape(uint32_t code) {
    switch (code) {
      case 0x00:
        return "\\0";
      case 0x07:
        return "\\a";
      case 0x08:
        return "\\b";
      case 0x09:
        return "\\t";
      case 0x0A:
        return "\\n";
      case 0x0B:
        return "\\v";
      case 0x0C:
        return "\\f";
      case 0x0D:
        return "\\r";
      case 0x1B:
        return "\\e";
      case '"':
        return "\\\"";
      case '\\':
        return "\\\\";
      case 0x85:
        return "\\N";
      case 0xA0:
        return "\\_";
      case 0x2028:
        return "\\L";
      case 0x2029:
        return "\\P";
      default:
        if (code <= 0xFF) return absl::StrFormat("\\x%02X", code);
        if (code <= 0xFFFF) return absl::StrFormat("\\u%04X", code);
        return absl::StrFormat("\\U%08X", code);
    }
  }

  void WriteLiteral(absl::string_view text, size_t indent) {
    Put("|");
    if (text[0] == ' ' || text[0] == '\n') Put(absl::StrCat(kIndent));
    // How the text ends: without a newline, with one, with several.
    if (!absl::EndsWith(text, "\n")) {
      Put("-");
    } else if (text == "\n" || absl::EndsWith(text, "\n\n")) {
      Put("+");
    }
    bool at_start = true;
    Put("\n");
    for (size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\n') {
        // The last newline is the one that ends every value.
        if (i + 1 < text.size()) Put("\n");
        at_start = true;
        continue;
      }
      if (at_start) PutIndent(indent);
      at_start = false;
      Put(text.substr(i, 1));
    }
  }

  void Put(absl::string_view text) {
    absl::StrAppend(&out_, text);
    for (const char c : text) {
      if (c == '\n') {
        column_ = 0;
      } else if ((c & 0xC0) != 0x80) {
        ++column_;
      }
    }
  }

  void PutIndent(size_t indent) {
    out_.append(indent, ' ');
    column_ += indent;
  }

  std::string out_;
  size_t column_ = 0;
};

}  // namespace

absl::StatusOr<std::string> JsonToYaml(absl::string_view text) {
  boost::system::error_code error;
  json::parse_options options;
  options.max_depth = kMaxDepth;
  const json::value value =
      json::parse(json::string_view(text.data(), text.size()), error,
                  json::storage_ptr(), options);
  if (error) {
    return absl::InvalidArgumentError(
        absl::StrCat("invalid JSON: ", error.message()));
  }
  Writer writer;
  writer.Write(value, 0);
  return std::move(writer).Take();
}

}  // namespace signet::api
