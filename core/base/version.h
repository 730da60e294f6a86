#ifndef SIGNET_CORE_BASE_VERSION_H_
#define SIGNET_CORE_BASE_VERSION_H_

#include "absl/strings/string_view.h"

namespace signet {

// What --version prints after a program's name, and what its user agent says.
inline constexpr absl::string_view kVersion = "0.1.0-dev";

}  // namespace signet

#endif  // SIGNET_CORE_BASE_VERSION_H_
