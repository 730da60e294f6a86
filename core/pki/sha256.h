#ifndef SIGNET_CORE_PKI_SHA256_H_
#define SIGNET_CORE_PKI_SHA256_H_

#include <string>

#include "absl/strings/string_view.h"

namespace signet::pki {

// The SHA-256 of `bytes`: 32 bytes, or 64 hexadecimal digits in lower case.
std::string Sha256(absl::string_view bytes);
std::string Sha256Hex(absl::string_view bytes);

}  // namespace signet::pki

#endif  // SIGNET_CORE_PKI_SHA256_H_
