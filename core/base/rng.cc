#include "core/base/rng.h"

#include <cstdint>
#include <cstring>

#include "absl/types/span.h"

namespace signet {

double Rng::Fraction() {
  uint8_t bytes[sizeof(uint64_t)];
  Fill(absl::MakeSpan(bytes));
  uint64_t bits;
  std::memcpy(&bits, bytes, sizeof bits);
  constexpr int kMantissaBits = 53;
  return static_cast<double>(bits >> (64 - kMantissaBits)) /
         static_cast<double>(uint64_t{1} << kMantissaBits);
}

}  // namespace signet
