#ifndef SIGNET_CORE_BASE_BASE64_H_
#define SIGNET_CORE_BASE_BASE64_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace signet {

// DecodeBase64 decodes standard base64 as Go's StdEncoding does: padding is
// required, line breaks are skipped, anything else (spaces too) is refused with
// nullopt. (absl::Base64Unescape also takes spaces and missing padding.)
std::optional<std::string> DecodeBase64(absl::string_view text);

}  // namespace signet

#endif  // SIGNET_CORE_BASE_BASE64_H_
