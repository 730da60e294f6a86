#include "core/pki/boringssl_error.h"

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "openssl/err.h"

namespace signet::pki {

absl::Status BoringSslError(absl::StatusCode code, absl::string_view what) {
  const uint32_t error = ERR_get_error();
  ERR_clear_error();
  if (error == 0) return absl::Status(code, what);
  const char* reason = ERR_reason_error_string(error);
  return absl::Status(
      code, absl::StrCat(what, ": ", reason == nullptr ? "unknown" : reason));
}

void ClearBoringSslErrors() { ERR_clear_error(); }

}  // namespace signet::pki
