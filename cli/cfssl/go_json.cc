#include "cli/cfssl/go_json.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "boost/json.hpp"
#include "core/api/json_error.h"

namespace signet::cli::cfssl {
namespace {

namespace json = boost::json;

// How many bytes of `text` are its first UTF-8 character; 0 if they are none.
size_t Utf8Length(absl::string_view text) {
  const auto at = [text](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t first = at(0);
  if (first < 0x80) return 1;
  const size_t length = first >= 0xf0   ? 4
                        : first >= 0xe0 ? 3
                        : first >= 0xc2 ? 2
                                        : 0;
  if (length == 0 || first > 0xf4 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((at(i) & 0xc0) != 0x80) return 0;
  }
  if ((first == 0xe0 && at(1) < 0xa0) || (first == 0xed && at(1) > 0x9f) ||
      (first == 0xf0 && at(1) < 0x90) || (first == 0xf4 && at(1) > 0x8f)) {
    return 0;
  }
  return length;
}

absl::string_view View(const json::string& text) {
  return {text.data(), text.size()};
}

}  // namespace

std::string GoJsonString(absl::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const size_t length = Utf8Length(text);
    const auto c = static_cast<uint8_t>(text[0]);
    if (length == 0) {
      absl::StrAppend(&out, "\\ufffd");
      text.remove_prefix(1);
      continue;
    }
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(text[0]);
    } else if (c == '\n') {
      absl::StrAppend(&out, "\\n");
    } else if (c == '\r') {
      absl::StrAppend(&out, "\\r");
    } else if (c == '\t') {
      absl::StrAppend(&out, "\\t");
    } else if (c == '\b') {
      absl::StrAppend(&out, "\\b");
    } else if (c == '\f') {
      absl::StrAppend(&out, "\\f");
    } else if (c < 0x20 || c == '<' || c == '>' || c == '&') {
      absl::StrAppendFormat(&out, "\\u%04x", c);
    } else if (text.substr(0, length) == "\u2028") {
      absl::StrAppend(&out, "\\u2028");
    } else if (text.substr(0, length) == "\u2029") {
      absl::StrAppend(&out, "\\u2029");
    } else {
      absl::StrAppend(&out, text.substr(0, length));
    }
    text.remove_prefix(length);
  }
  out.push_back('"');
  return out;
}

absl::StatusOr<json::value> ParseGoJson(absl::string_view text) {
  if (text.size() > kMaxJsonBytes) {
    return absl::InvalidArgumentError(absl::StrCat(
        "JSON text of ", text.size(), " bytes is longer than ", kMaxJsonBytes));
  }
  json::parse_options options;
  options.max_depth = 32;
  json::stream_parser parser({}, options);
  boost::system::error_code error;
  const size_t read = parser.write_some(text.data(), text.size(), error);
  if (!error && !parser.done()) parser.finish(error);
  if (error == json::error::incomplete) {
    return absl::InvalidArgumentError("unexpected end of JSON input");
  }
  if (error == json::error::too_deep) {
    return absl::InvalidArgumentError("JSON text is nested too deeply");
  }
  const absl::string_view rest =
      absl::StripLeadingAsciiWhitespace(text.substr(read));
  if (!error && rest.empty()) return parser.release();
  // Where the error is, boost::json knows for this much only.
  const absl::string_view start = absl::StripLeadingAsciiWhitespace(text);
  if (!error || start.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("invalid character '",
                     absl::CHexEscape(rest.empty() ? "" : rest.substr(0, 1)),
                     "' after top-level value"));
  }
  if (!absl::StrContains("{[\"tfn-0123456789", start[0])) {
    return absl::InvalidArgumentError(absl::StrCat(
        "invalid character '", absl::CHexEscape(start.substr(0, 1)),
        "' looking for beginning of value"));
  }
  return absl::InvalidArgumentError(
      absl::StrCat("invalid JSON near byte ", read, ": ", error.message()));
}

absl::Status ObjectReader::Mismatch(const json::value& value,
                                    absl::string_view name,
                                    absl::string_view go_type) const {
  return absl::InvalidArgumentError(absl::StrCat(
      "json: cannot unmarshal ", api::GoKindOf(value), " into Go ",
      name.empty() ? "value" : absl::StrCat("struct field ", type_, ".", name),
      " of type ", go_type));
}

ObjectReader& ObjectReader::String(absl::string_view name,
                                   std::string* target) {
  return Value(
      name, [this, key = std::string(name), target](const json::value& value) {
        if (!value.is_string()) return Mismatch(value, key, "string");
        *target = std::string(View(value.get_string()));
        return absl::OkStatus();
      });
}

ObjectReader& ObjectReader::Bool(absl::string_view name, bool* target) {
  return Value(
      name, [this, key = std::string(name), target](const json::value& value) {
        if (!value.is_bool()) return Mismatch(value, key, "bool");
        *target = value.get_bool();
        return absl::OkStatus();
      });
}

ObjectReader& ObjectReader::Int(absl::string_view name, int* target) {
  return Value(name, [this, key = std::string(name),
                      target](const json::value& value) {
    const int64_t* const number = value.if_int64();
    if (number == nullptr || *number < std::numeric_limits<int32_t>::min() ||
        *number > std::numeric_limits<int32_t>::max()) {
      return Mismatch(value, key, "int");
    }
    *target = static_cast<int>(*number);
    return absl::OkStatus();
  });
}

ObjectReader& ObjectReader::Strings(
    absl::string_view name, std::optional<std::vector<std::string>>* target) {
  return Array(
      name, [target] { target->emplace(); },
      [this, key = std::string(name), target](const json::value& value) {
        if (value.is_null()) {
          (*target)->emplace_back();
          return absl::OkStatus();
        }
        if (!value.is_string()) return Mismatch(value, key, "string");
        (*target)->emplace_back(View(value.get_string()));
        return absl::OkStatus();
      });
}

ObjectReader& ObjectReader::Value(absl::string_view name, Read read) {
  fields_.emplace_back(name, std::move(read));
  return *this;
}

ObjectReader& ObjectReader::Array(absl::string_view name,
                                  std::function<void()> begin, Read read) {
  return Value(
      name,
      [this, key = std::string(name), begin = std::move(begin),
       read = std::move(read)](const json::value& value) -> absl::Status {
        if (!value.is_array()) return Mismatch(value, key, "[]");
        begin();
        for (const json::value& member : value.get_array()) {
          ABSL_RETURN_IF_ERROR(read(member));
        }
        return absl::OkStatus();
      });
}

ObjectReader& ObjectReader::Map(
    absl::string_view name,
    std::function<absl::Status(absl::string_view, const json::value&)> read) {
  return Value(
      name,
      [this, key = std::string(name),
       read = std::move(read)](const json::value& value) -> absl::Status {
        if (!value.is_object()) return Mismatch(value, key, "map");
        for (const auto& member : value.get_object()) {
          ABSL_RETURN_IF_ERROR(
              read({member.key().data(), member.key().size()}, member.value()));
        }
        return absl::OkStatus();
      });
}

absl::Status ObjectReader::ReadFrom(const json::value& value) const {
  if (value.is_null()) return absl::OkStatus();
  if (!value.is_object()) return Mismatch(value, "", type_);
  for (const auto& member : value.get_object()) {
    const absl::string_view key(member.key().data(), member.key().size());
    const Read* found = nullptr;
    for (const auto& [name, read] : fields_) {
      if (name == key) {
        found = &read;
        break;
      }
      if (found == nullptr && absl::EqualsIgnoreCase(name, key)) found = &read;
    }
    if (found == nullptr || member.value().is_null()) continue;
    ABSL_RETURN_IF_ERROR((*found)(member.value()));
  }
  return absl::OkStatus();
}

}  // namespace signet::cli::cfssl
