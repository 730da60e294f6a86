#ifndef SIGNET_CORE_SYS_BORING_RNG_H_
#define SIGNET_CORE_SYS_BORING_RNG_H_

#include <cstdint>

#include "absl/types/span.h"
#include "core/base/rng.h"

namespace signet::sys {

// Randomness fit for secrets, from BoringSSL. Thread-safe; without state.
class BoringRng : public Rng {
 public:
  void Fill(absl::Span<uint8_t> out) override;
};

}  // namespace signet::sys

#endif  // SIGNET_CORE_SYS_BORING_RNG_H_
