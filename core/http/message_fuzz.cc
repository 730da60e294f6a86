// Whatever is escaped, ParseTarget undoes; whatever it decodes, it does not
// make longer and, escaped again, it decodes to the same.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/http/message.h"

namespace {

void Require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using signet::http::ParsedTarget;
  using signet::http::ParseTarget;
  using signet::http::PathEscape;
  using signet::http::QueryEscape;

  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  ParsedTarget parsed = ParseTarget(absl::StrCat(
      "/", PathEscape(text), "?", QueryEscape(text), "=", QueryEscape(text)));
  Require(parsed.path == absl::StrCat("/", text));
  Require(parsed.query.size() == 1 && parsed.query[0].first == text &&
          parsed.query[0].second == text);

  parsed = ParseTarget(text);
  size_t length = parsed.path.size();
  std::string again = PathEscape(parsed.path) + "?";
  for (const auto& [key, value] : parsed.query) {
    length += key.size() + value.size();
    absl::StrAppend(&again, QueryEscape(key), "=", QueryEscape(value), "&");
  }
  Require(length <= size);
  const ParsedTarget second = ParseTarget(again);
  Require(second.path == parsed.path && second.query == parsed.query);
  return 0;
}
