#include "node_agent/event.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace signet::node_agent {
namespace {

bool IsWord(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isgraph(c) && c != '"' && c != '\\' && c != '=';
  });
}

}  // namespace

Event::Event(absl::string_view name) : line_(absl::StrCat("event=", name)) {}

Event& Event::With(absl::string_view key, absl::string_view value) {
  if (IsWord(value)) {
    absl::StrAppend(&line_, " ", key, "=", value);
  } else {
    absl::StrAppend(&line_, " ", key, "=\"", absl::CEscape(value), "\"");
  }
  return *this;
}

Event& Event::With(absl::string_view key, int64_t value) {
  absl::StrAppend(&line_, " ", key, "=", value);
  return *this;
}

Event& Event::With(absl::string_view key, absl::Time value) {
  return With(key, FormatTimestamp(value));
}

std::string FormatTimestamp(absl::Time time) {
  if (time == absl::InfiniteFuture() || time == absl::InfinitePast()) {
    return "never";
  }
  return absl::FormatTime("%Y-%m-%d%ET%H:%M:%SZ", time, absl::UTCTimeZone());
}

}  // namespace signet::node_agent
