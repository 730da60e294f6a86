#ifndef SIGNET_CORE_TESTING_FAKE_RNG_H_
#define SIGNET_CORE_TESTING_FAKE_RNG_H_

#include <cstdint>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/span.h"
#include "core/base/rng.h"

namespace signet::testing {

// SeededRng gives the same bytes in each run: SplitMix64 from a seed.
class SeededRng : public Rng {
 public:
  explicit SeededRng(uint64_t seed) : state_(seed) {}
  void Fill(absl::Span<uint8_t> out) override ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  absl::Mutex mutex_;
  uint64_t state_ ABSL_GUARDED_BY(mutex_);
};

// FixedRng always gives the same value: what Fraction returns.
class FixedRng : public Rng {
 public:
  // `fraction` is from 0 to below 1. Multiples of 2^-53 are exact; others are
  // rounded down to one.
  explicit FixedRng(double fraction);
  void Fill(absl::Span<uint8_t> out) override;

 private:
  uint64_t bits_;
};

}  // namespace signet::testing

#endif  // SIGNET_CORE_TESTING_FAKE_RNG_H_
