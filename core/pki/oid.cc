#include "core/pki/oid.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace signet::pki {

std::string OidToDotted(absl::string_view contents) {
  std::string dotted;
  dotted.reserve(4 * contents.size());
  uint64_t arc = 0;
  bool first = true;
  for (const char c : contents) {
    arc = (arc << 7) | (static_cast<uint8_t>(c) & 0x7f);
    if ((c & 0x80) != 0) continue;
    if (first) {
      const uint64_t root = std::min<uint64_t>(arc / 40, 2);
      absl::StrAppend(&dotted, root, ".", arc - root * 40);
      first = false;
    } else {
      absl::StrAppend(&dotted, ".", arc);
    }
    arc = 0;
  }
  return dotted;
}

}  // namespace signet::pki
