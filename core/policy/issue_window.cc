#include "core/policy/issue_window.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/pki/validity.h"

namespace signet::policy {
namespace {

absl::Time FloorToSecond(absl::Time time) {
  return absl::FromUnixSeconds(absl::ToUnixSeconds(time));
}

// As Go prints a time.Time in UTC with whole seconds.
std::string GoText(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%S +0000 UTC", time,
                          absl::UTCTimeZone());
}

}  // namespace

absl::Duration IssueTtl(std::optional<int32_t> expiration_seconds,
                        absl::Duration signing_duration) {
  if (!expiration_seconds) return signing_duration;
  const absl::Duration requested = absl::Seconds(*expiration_seconds);
  if (requested > signing_duration) return signing_duration;
  return std::max(requested, kMinRequestedTtl);
}

absl::StatusOr<pki::Validity> IssueWindow(absl::Duration ttl,
                                          absl::Time ca_not_after,
                                          absl::Time now,
                                          absl::Duration backdate) {
  const absl::Time not_before = now - backdate;
  const absl::Time not_after = now + (ttl < kShortLived ? ttl : ttl - backdate);
  if (not_before >= ca_not_after) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the signer has expired: NotAfter=", GoText(ca_not_after)));
  }
  if (now >= ca_not_after) {
    return absl::FailedPreconditionError(absl::StrCat(
        "refusing to sign a certificate that expired in the past: NotAfter=",
        GoText(ca_not_after)));
  }
  return pki::Validity{FloorToSecond(not_before),
                       FloorToSecond(std::min(not_after, ca_not_after))};
}

}  // namespace signet::policy
