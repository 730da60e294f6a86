#ifndef SIGNET_CORE_ROTATION_ROTATION_WINDOW_H_
#define SIGNET_CORE_ROTATION_ROTATION_WINDOW_H_

#include <array>
#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/pki/validity.h"

// When a certificate is to be replaced. Pure arithmetic: it reads no clock and
// draws no randomness; the caller passes the validity and the jitter in.
namespace signet::rotation {

// Jitter is one certificate's place in its rotation window; 0 is the start.
// Value type.
class Jitter {
 public:
  // FromFingerprint derives the jitter from a certificate's SHA-256. It is the
  // same on every pass and after every restart, so the deadline stands still
  // and nothing has to be stored. The kubelet draws anew on each pass (SPEC
  // A-2); docs/decisions/0020-jitter-from-the-fingerprint.md says why we don't.
  static Jitter FromFingerprint(const std::array<uint8_t, 32>& sha256);
  // FromFraction returns kInvalidArgument unless 0 <= fraction < 1; NaN fails.
  static absl::StatusOr<Jitter> FromFraction(double fraction);

  double fraction() const { return fraction_; }

 private:
  explicit Jitter(double fraction) : fraction_(fraction) {}
  double fraction_;
};

// RotationDeadline returns the instant, rounded down to a whole second, from
// which a certificate is due for replacement (SPEC A-1). It lies between 70%
// and 90% of the lifetime, as the kubelet's does, so that nodes which joined
// together do not renew together; hence in [not_before, not_after). The
// lifetime counts from the certificate's own notBefore, which signers backdate.
// It returns kInvalidArgument if the validity is empty, reversed or infinite.
absl::StatusOr<absl::Time> RotationDeadline(const pki::Validity& validity,
                                            Jitter jitter);

}  // namespace signet::rotation

#endif  // SIGNET_CORE_ROTATION_ROTATION_WINDOW_H_
