#include "core/rotation/rotation_window.h"

#include <array>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/pki/validity.h"

namespace signet::rotation {

Jitter Jitter::FromFingerprint(const std::array<uint8_t, 32>& sha256) {
  // The first 53 bits: as many as a double holds exactly.
  constexpr int kMantissaBits = 53;
  uint64_t bits = 0;
  for (int i = 0; i < 8; ++i) bits = bits << 8 | sha256[i];
  bits >>= 64 - kMantissaBits;
  return Jitter(static_cast<double>(bits) /
                static_cast<double>(uint64_t{1} << kMantissaBits));
}

absl::StatusOr<Jitter> Jitter::FromFraction(double fraction) {
  if (!(fraction >= 0 && fraction < 1)) {
    return absl::InvalidArgumentError(
        absl::StrCat("jitter ", fraction, " is not in [0, 1)"));
  }
  return Jitter(fraction);
}

absl::StatusOr<absl::Time> RotationDeadline(const pki::Validity& validity,
                                            Jitter jitter) {
  const absl::Duration lifetime = validity.lifetime();
  if (validity.not_before == absl::InfinitePast() ||
      validity.not_after == absl::InfiniteFuture() ||
      lifetime <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "no rotation deadline: validity from ",
        absl::FormatTime(validity.not_before, absl::UTCTimeZone()), " to ",
        absl::FormatTime(validity.not_after, absl::UTCTimeZone())));
  }
  // Divided before multiplied: exact for whole seconds, and no overflow.
  const absl::Duration age =
      lifetime / 10 * 7 + lifetime / 5 * jitter.fraction();
  const absl::Time deadline = validity.not_before + age;
  return absl::FromUnixSeconds(absl::ToUnixSeconds(deadline));
}

}  // namespace signet::rotation
