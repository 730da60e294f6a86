#ifndef SIGNET_CORE_POLICY_ISSUE_WINDOW_H_
#define SIGNET_CORE_POLICY_ISSUE_WINDOW_H_

#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/pki/validity.h"

// How long an issued certificate is valid: arithmetic only, no clock.
namespace signet::policy {

// A certificate is valid from this long before its issue, for clocks that are
// behind (SPEC C-8).
inline constexpr absl::Duration kBackdate = absl::Minutes(5);
// From this TTL on, the backdating is taken off the end (SPEC C-9).
inline constexpr absl::Duration kShortLived = absl::Hours(8);
// The shortest TTL that a request is given, unless the signer is configured to
// give less (SPEC C-7).
inline constexpr absl::Duration kMinRequestedTtl = absl::Minutes(10);
// The default of --cluster-signing-duration (SPEC C-21).
inline constexpr absl::Duration kDefaultSigningDuration = absl::Hours(8760);

// The TTL for a request of `expiration_seconds` (spec.expirationSeconds) from
// a signer configured to give `signing_duration` at most (SPEC C-7).
absl::Duration IssueTtl(std::optional<int32_t> expiration_seconds,
                        absl::Duration signing_duration);

// The validity of a certificate issued at `now` with `ttl`, not beyond the CA's
// end, in whole seconds, rounded down (SPEC C-8, C-9, C-17). Once the CA has
// ended: kFailedPrecondition, with Kubernetes' texts (SPEC C-10). The CA's
// beginning is not looked at. Kubernetes' signer knows no other `backdate`.
absl::StatusOr<pki::Validity> IssueWindow(absl::Duration ttl,
                                          absl::Time ca_not_after,
                                          absl::Time now,
                                          absl::Duration backdate = kBackdate);

}  // namespace signet::policy

#endif  // SIGNET_CORE_POLICY_ISSUE_WINDOW_H_
