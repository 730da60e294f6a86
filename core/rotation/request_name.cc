#include "core/rotation/request_name.h"

#include <cstdint>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "openssl/sha.h"

namespace signet::rotation {
std::string RequestName(absl::string_view spki_der,
                        absl::string_view common_name,
                        absl::Span<const std::string> organizations,
                        absl::Span<const std::string> usages) {
  // Unpadded. No base64url text holds the separator, so no two inputs run
  // together.
  std::string text = absl::StrCat(absl::WebSafeBase64Escape(spki_der), "|");
  absl::StrAppend(&text, absl::WebSafeBase64Escape(common_name), "|");
  for (const std::string& field : organizations) {
    absl::StrAppend(&text, absl::WebSafeBase64Escape(field), "|");
  }
  for (const std::string& field : usages) {
    absl::StrAppend(&text, absl::WebSafeBase64Escape(field), "|");
  }
  uint8_t digest[SHA512_256_DIGEST_LENGTH];
  SHA512_256(reinterpret_cast<const uint8_t*>(text.data()), text.size(),
             digest);
  return absl::StrCat(
      "node-csr-", absl::WebSafeBase64Escape(absl::string_view(
                       reinterpret_cast<const char*>(digest), sizeof digest)));
}

}  // namespace signet::rotation
