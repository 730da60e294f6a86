#include "core/sys/boring_rng.h"

#include <cstdint>

#include "absl/types/span.h"
#include "openssl/rand.h"

namespace signet::sys {

void BoringRng::Fill(absl::Span<uint8_t> out) {
  // Never fails: BoringSSL ends the process rather than return without.
  RAND_bytes(out.data(), out.size());
}

}  // namespace signet::sys
