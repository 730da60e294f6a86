#include "core/api/yaml.h"

#include <charconv>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "boost/json.hpp"
#include "core/api/codec.h"
#include "re2/re2.h"
#include "yaml-cpp/yaml.h"

namespace signet::api {
namespace {

namespace json = boost::json;

constexpr int kMaxValues = 200000;
constexpr int kMaxDepth = static_cast<int>(kMaxJsonDepth);

absl::Status Error(const YAML::Mark& mark, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(
      "yaml: line ", mark.is_null() ? 1 : mark.line + 1, ": ", what));
}

std::optional<bool> ParseBool(absl::string_view text) {
  for (const absl::string_view word : {"y", "yes", "true", "on"}) {
    if (text == word || text == absl::AsciiStrToUpper(word)) return true;
  }
  for (const absl::string_view word : {"n", "no", "false", "off"}) {
    if (text == word || text == absl::AsciiStrToUpper(word)) return false;
  }
  if (text == "Yes" || text == "True" || text == "On") return true;
  if (text == "No" || text == "False" || text == "Off") return false;
  return std::nullopt;
}

// Go's strconv with base 0, underscores left out, and 0b.
std::optional<json::value> ParseInteger(absl::string_view plain) {
  const std::string text = absl::StrReplaceAll(plain, {{"_", ""}});
  absl::string_view digits = text;
  const bool negative = absl::ConsumePrefix(&digits, "-");
  if (!negative) absl::ConsumePrefix(&digits, "+");
  int base = 10;
  if (absl::StartsWithIgnoreCase(digits, "0x")) {
    base = 16;
    digits.remove_prefix(2);
  } else if (absl::StartsWithIgnoreCase(digits, "0o")) {
    base = 8;
    digits.remove_prefix(2);
  } else if (absl::StartsWithIgnoreCase(digits, "0b")) {
    base = 2;
    digits.remove_prefix(2);
  } else if (digits.size() > 1 && digits[0] == '0') {
    base = 8;
    digits.remove_prefix(1);
  }
  if (digits.empty() || !absl::ascii_isxdigit(digits[0])) return std::nullopt;
  const std::string number = absl::StrCat(negative ? "-" : "", digits);
  const char* const end = number.data() + number.size();
  int64_t value = 0;
  auto read = std::from_chars(number.data(), end, value, base);
  if (read.ec == std::errc() && read.ptr == end) return json::value(value);
  uint64_t large = 0;
  read = std::from_chars(number.data(), end, large, base);
  if (read.ec == std::errc() && read.ptr == end) return json::value(large);
  return std::nullopt;
}

std::optional<json::value> ParseFloat(const std::string& text) {
  static const RE2* const kFloat =
      new RE2(R"([-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?)");
  double value = 0;
  if (!RE2::FullMatch(text, *kFloat) || !absl::SimpleAtod(text, &value)) {
    return std::nullopt;
  }
  return json::value(value);
}

class Converter {
 public:
  absl::StatusOr<json::value> Convert(const YAML::Node& node, int depth) {
    if (depth > kMaxDepth) return Error(node.Mark(), "nested too deeply");
    if (++values_ > kMaxValues) return Error(node.Mark(), "too many values");
    switch (node.Type()) {
      case YAML::NodeType::Undefined:
      case YAML::NodeType::Null:
        return json::value(nullptr);
      case YAML::NodeType::Scalar:
        return Scalar(node);
      case YAML::NodeType::Sequence: {
        json::array array;
        for (const YAML::Node& element : node) {
          ABSL_ASSIGN_OR_RETURN(json::value value, Convert(element, depth + 1));
          array.push_back(std::move(value));
        }
        return json::value(std::move(array));
      }
      case YAML::NodeType::Map: {
        json::object object;
        for (const auto& entry : node) {
          if (!entry.first.IsScalar()) {
            return Error(entry.first.Mark(), "a key is no scalar");
          }
          const std::string& key = entry.first.Scalar();
          if (object.contains(key)) {
            return Error(entry.first.Mark(),
                         absl::StrCat("key \"", absl::Utf8SafeCHexEscape(key),
                                      "\" already set in map"));
          }
          ABSL_ASSIGN_OR_RETURN(json::value value,
                                Convert(entry.second, depth + 1));
          object.emplace(key, std::move(value));
        }
        return json::value(std::move(object));
      }
    }
    return Error(node.Mark(), "no such kind of node");
  }

 private:
  static absl::StatusOr<json::value> Scalar(const YAML::Node& node) {
    const std::string& text = node.Scalar();
    // "?" is a plain scalar without a tag; quoted ones have "!".
    if (node.Tag() == "tag:yaml.org,2002:binary") {
      return Error(node.Mark(), "!!binary is not supported");
    }
    if (node.Tag() != "?") return json::value(text);
    if (text.empty() || text == "~" || text == "null" || text == "Null" ||
        text == "NULL") {
      return json::value(nullptr);
    }
    if (const auto truth = ParseBool(text)) return json::value(*truth);
    if (auto integer = ParseInteger(text)) return *std::move(integer);
    if (auto real = ParseFloat(text)) return *std::move(real);
    return json::value(text);
  }

  int values_ = 0;
};

}  // namespace

absl::StatusOr<std::vector<std::string>> YamlToJson(absl::string_view yaml) {
  if (yaml.size() > kMaxObjectBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("yaml: ", yaml.size(), " bytes; at most ", kMaxObjectBytes,
                     " are taken"));
  }
  std::vector<std::string> documents;
  Converter converter;
  try {
    for (const YAML::Node& document : YAML::LoadAll(std::string(yaml))) {
      if (!document.IsDefined() || document.IsNull()) continue;
      ABSL_ASSIGN_OR_RETURN(const json::value value,
                            converter.Convert(document, 0));
      documents.push_back(json::serialize(value));
    }
  } catch (const YAML::Exception& e) {
    return Error(e.mark, e.msg);
  } catch (const std::exception& e) {
    return absl::InvalidArgumentError(absl::StrCat("yaml: ", e.what()));
  }
  return documents;
}

}  // namespace signet::api
