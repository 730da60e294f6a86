#ifndef SIGNET_CORE_BASE_SECRET_H_
#define SIGNET_CORE_BASE_SECRET_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace signet {

// Secret holds bytes that must not leak: private keys, bearer tokens. The bytes
// are overwritten when it is destroyed, moved from or assigned to; it does not
// print, log or compare by `==`. Whoever calls `Reveal` answers for what comes
// of the bytes: one grep for it lists every reader.
//
// Movable, not copyable (see Clone). Thread-compatible.
class Secret {
 public:
  Secret() = default;
  // Copies `bytes`; wiping the original stays the caller's duty.
  explicit Secret(absl::string_view bytes);
  // Takes over `bytes` without leaving a copy behind.
  static Secret FromString(std::string&& bytes);
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret();

  Secret Clone() const { return Secret(Reveal()); }
  absl::string_view Reveal() const { return bytes_; }
  bool empty() const { return bytes_.empty(); }
  size_t size() const { return bytes_.size(); }

  // Equals compares in time that depends on the sizes alone.
  bool Equals(absl::string_view other) const;

 private:
  std::string bytes_;
};

// Wipe overwrites the whole capacity of `bytes` and empties it.
void Wipe(std::string& bytes);

}  // namespace signet

#endif  // SIGNET_CORE_BASE_SECRET_H_
