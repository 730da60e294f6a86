#include "core/base/rng.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "absl/types/span.h"
#include "gtest/gtest.h"

namespace signet {
namespace {

// An Rng whose next eight bytes are `bits`.
class FixedRng : public Rng {
 public:
  explicit FixedRng(uint64_t bits) : bits_(bits) {}
  void Fill(absl::Span<uint8_t> out) override {
    uint8_t bytes[sizeof bits_];
    std::memcpy(bytes, &bits_, sizeof bits_);
    for (size_t i = 0; i < out.size(); ++i) out[i] = bytes[i % sizeof bytes];
  }

 private:
  uint64_t bits_;
};

TEST(RngTest, FractionLiesFromZeroToBelowOne) {
  const struct {
    uint64_t bits;
    double want;
  } kTests[] = {
      {0, 0},
      {uint64_t{1} << 63, 0.5},
      {uint64_t{1} << 62, 0.25},
      {uint64_t{1} << 11, 1.0 / (uint64_t{1} << 53)},  // The smallest step.
      {(uint64_t{1} << 11) - 1, 0},
      {~uint64_t{0}, 1 - 1.0 / (uint64_t{1} << 53)},  // The largest value.
  };
  for (const auto& t : kTests) {
    const double got = FixedRng(t.bits).Fraction();
    EXPECT_EQ(got, t.want);
    EXPECT_LT(got, 1.0);
  }
}

}  // namespace
}  // namespace signet
