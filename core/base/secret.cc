#include "core/base/secret.h"

#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "openssl/mem.h"

namespace signet {

void Wipe(std::string& bytes) {
  bytes.resize(bytes.capacity());
  OPENSSL_cleanse(bytes.data(), bytes.size());
  bytes.clear();
}

Secret::Secret(absl::string_view bytes) : bytes_(bytes) {}

Secret Secret::FromString(std::string&& bytes) {
  Secret secret(bytes);
  Wipe(bytes);
  return secret;
}

// A string's move copies short contents and may leave them behind: wipe.
Secret::Secret(Secret&& other) noexcept : bytes_(std::move(other.bytes_)) {
  Wipe(other.bytes_);
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    Wipe(bytes_);
    bytes_.swap(other.bytes_);
    Wipe(other.bytes_);
  }
  return *this;
}

Secret::~Secret() { Wipe(bytes_); }

bool Secret::Equals(absl::string_view other) const {
  return bytes_.size() == other.size() &&
         CRYPTO_memcmp(bytes_.data(), other.data(), other.size()) == 0;
}

}  // namespace signet
