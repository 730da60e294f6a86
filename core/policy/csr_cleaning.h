#ifndef SIGNET_CORE_POLICY_CSR_CLEANING_H_
#define SIGNET_CORE_POLICY_CSR_CLEANING_H_

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/api/certificates.pb.h"

// When a CertificateSigningRequest is old enough to be removed, as
// kube-controller-manager's csrcleaner controller has it (SPEC C-28). Pure.
namespace signet::policy {

// How long what is decided, and what is not, is kept.
inline constexpr absl::Duration kDecidedKept = absl::Hours(1);
inline constexpr absl::Duration kUndecidedKept = absl::Hours(24);
// How often the requests are looked at: so one that is issued stays for one to
// two hours (SPEC C-29).
inline constexpr absl::Duration kCleaningPeriod = absl::Hours(1);

enum class Cleaning {
  kKeep,
  kIssued,    // It has its certificate, and was approved over an hour ago.
  kDenied,    // It was denied over an hour ago.
  kFailed,    // It failed over an hour ago.
  kPending,   // It has no condition, and was made over a day ago.
  kExpired,   // It was approved, and its certificate has ended.
  kUnissued,  // It was approved over a day ago, and has no certificate.
};
absl::string_view ToString(Cleaning cleaning);  // "issued" and so on.

// Why `csr` is to be removed at `now`: the first of the reasons, in their
// order; kKeep if there is none. A time that is not set never gets old, and a
// request whose conditions are all of unknown types is always kept.
Cleaning DecideCleaning(const api::CertificateSigningRequest& csr,
                        absl::Time now);

}  // namespace signet::policy

#endif  // SIGNET_CORE_POLICY_CSR_CLEANING_H_
