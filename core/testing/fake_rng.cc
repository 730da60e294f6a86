#include "core/testing/fake_rng.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "absl/log/check.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/span.h"

namespace signet::testing {

void SeededRng::Fill(absl::Span<uint8_t> out) {
  absl::MutexLock lock(mutex_);
  while (!out.empty()) {
    state_ += 0x9e3779b97f4a7c15;
    uint64_t bits = state_;
    bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9;
    bits = (bits ^ (bits >> 27)) * 0x94d049bb133111eb;
    bits ^= bits >> 31;
    const size_t size = std::min(out.size(), sizeof bits);
    std::memcpy(out.data(), &bits, size);
    out.remove_prefix(size);
  }
}

FixedRng::FixedRng(double fraction)
    : bits_(static_cast<uint64_t>(fraction * 0x1p53) << 11) {
  CHECK(fraction >= 0 && fraction < 1) << fraction;
}

void FixedRng::Fill(absl::Span<uint8_t> out) {
  while (!out.empty()) {
    const size_t size = std::min(out.size(), sizeof bits_);
    std::memcpy(out.data(), &bits_, size);
    out.remove_prefix(size);
  }
}

}  // namespace signet::testing
