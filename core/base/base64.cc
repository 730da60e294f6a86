#include "core/base/base64.h"

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"

namespace signet {

std::optional<std::string> DecodeBase64(absl::string_view text) {
  std::string packed;
  packed.reserve(text.size());
  for (const char c : text) {
    if (c == '\r' || c == '\n') continue;
    if (!absl::ascii_isalnum(c) && c != '+' && c != '/' && c != '=') {
      return std::nullopt;
    }
    packed += c;
  }
  std::string bytes;
  if (packed.size() % 4 != 0 || !absl::Base64Unescape(packed, &bytes)) {
    return std::nullopt;
  }
  return bytes;
}

}  // namespace signet
