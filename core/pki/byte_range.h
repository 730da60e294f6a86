#ifndef SIGNET_CORE_PKI_BYTE_RANGE_H_
#define SIGNET_CORE_PKI_BYTE_RANGE_H_

#include <cstddef>

#include "absl/strings/string_view.h"

namespace signet::pki {

// ByteRange is a part of a string, by place: unlike a view it stays good when
// the string is copied or moved along with it.
struct ByteRange {
  size_t start = 0;
  size_t size = 0;

  // `part` must lie in `whole`.
  static ByteRange Of(absl::string_view part, absl::string_view whole) {
    return {static_cast<size_t>(part.data() - whole.data()), part.size()};
  }
  absl::string_view In(absl::string_view whole) const {
    return whole.substr(start, size);
  }
};

}  // namespace signet::pki

#endif  // SIGNET_CORE_PKI_BYTE_RANGE_H_
