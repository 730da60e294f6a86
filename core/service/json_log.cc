#include "core/service/json_log.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/log_severity.h"
#include "absl/log/log_entry.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "boost/json/object.hpp"
#include "boost/json/serialize.hpp"
#include "re2/re2.h"
#include "re2/stringpiece.h"

namespace signet::service {
namespace {

std::string HexBeyondAscii(absl::string_view text) {
  std::string result;
  for (const char c : text) {
    if (absl::ascii_isascii(c)) {
      result.push_back(c);
    } else {
      absl::StrAppendFormat(&result, "\\x%02x", static_cast<uint8_t>(c));
    }
  }
  return result;
}

using Pairs = std::vector<std::pair<std::string, std::string>>;

// `event=name key=word key="c-escaped text"`; nullopt if it isn't all that.
std::optional<Pairs> ParseEvent(absl::string_view text) {
  static const RE2* const kPair = new RE2(
      R"re(([a-z][a-z0-9_]*)=(?:"((?:[^"\\]|\\.)*)"|([^"\s]+))(?: |$))re");
  if (!absl::StartsWith(text, "event=")) return std::nullopt;
  Pairs pairs;
  re2::StringPiece rest(text.data(), text.size());
  std::string key, quoted, word, value;
  while (!rest.empty()) {
    if (!RE2::Consume(&rest, *kPair, &key, &quoted, &word)) return std::nullopt;
    value = word;
    if (word.empty() && !absl::CUnescape(quoted, &value)) return std::nullopt;
    pairs.push_back({key, value});
  }
  return pairs;
}

}  // namespace

std::string FormatLogAsJson(const absl::LogEntry& entry) {
  boost::json::object line;
  line["ts"] = absl::FormatTime("%Y-%m-%d%ET%H:%M:%E6SZ", entry.timestamp(),
                                absl::UTCTimeZone());
  line["level"] =
      absl::AsciiStrToLower(absl::LogSeverityName(entry.log_severity()));
  line["source"] =
      absl::StrCat(entry.source_basename(), ":", entry.source_line());
  const std::optional<Pairs> event = ParseEvent(entry.text_message());
  if (!event.has_value()) {
    line["msg"] = HexBeyondAscii(entry.text_message());
    return boost::json::serialize(line) + "\n";
  }
  line["msg"] = event->front().second;
  for (size_t i = 1; i < event->size(); ++i) {
    // One of ours, or one that occurs twice, keeps its first value.
    line.emplace((*event)[i].first, HexBeyondAscii((*event)[i].second));
  }
  return boost::json::serialize(line) + "\n";
}

}  // namespace signet::service
