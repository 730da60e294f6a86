#ifndef SIGNET_CORE_BASE_RNG_H_
#define SIGNET_CORE_BASE_RNG_H_

#include <cstdint>

#include "absl/types/span.h"

namespace signet {

// Rng is the only source of randomness that code outside core/sys may use, so
// that a test can fix it. (Keys come through pki::KeyGenerator, as BoringSSL
// draws its own randomness for them.) Implementations are thread-safe.
class Rng {
 public:
  virtual ~Rng() = default;

  // Fill overwrites `out` with uniform random bytes. It cannot fail.
  virtual void Fill(absl::Span<uint8_t> out) = 0;

  // Fraction returns a uniform value in [0, 1), made of 53 bits of Fill.
  double Fraction();
};

}  // namespace signet

#endif  // SIGNET_CORE_BASE_RNG_H_
