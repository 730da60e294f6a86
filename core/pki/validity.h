#ifndef SIGNET_CORE_PKI_VALIDITY_H_
#define SIGNET_CORE_PKI_VALIDITY_H_

#include "absl/time/time.h"

namespace signet::pki {

// Validity is a certificate's period, both ends included, in whole seconds.
struct Validity {
  absl::Time not_before;
  absl::Time not_after;

  absl::Duration lifetime() const { return not_after - not_before; }
  // Contains is Go's rule: !now.Before(not_before) && !now.After(not_after).
  bool Contains(absl::Time now) const {
    return not_before <= now && now <= not_after;
  }
  friend bool operator==(const Validity&, const Validity&) = default;
};

}  // namespace signet::pki

#endif  // SIGNET_CORE_PKI_VALIDITY_H_
