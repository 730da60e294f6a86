#include "core/service/json_log.h"

#include <cstdint>
#include <string>

#include "absl/base/log_severity.h"
#include "absl/log/log_entry.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "boost/json/object.hpp"
#include "boost/json/serialize.hpp"

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

}  // namespace

std::string FormatLogAsJson(const absl::LogEntry& entry) {
  boost::json::object line;
  line["ts"] = absl::FormatTime("%Y-%m-%d%ET%H:%M:%E6SZ", entry.timestamp(),
                                absl::UTCTimeZone());
  line["level"] =
      absl::AsciiStrToLower(absl::LogSeverityName(entry.log_severity()));
  line["source"] =
      absl::StrCat(entry.source_basename(), ":", entry.source_line());
  line["msg"] = HexBeyondAscii(entry.text_message());
  return boost::json::serialize(line) + "\n";
}

}  // namespace signet::service
