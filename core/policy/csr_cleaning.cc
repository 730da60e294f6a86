#include "core/policy/csr_cleaning.h"

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/api/certificates.pb.h"
#include "core/api/codec.h"
#include "core/pki/certificate.h"
#include "core/pki/pem.h"
#include "core/policy/csr_conditions.h"

namespace signet::policy {
namespace {

bool IsOlder(const api::Time& time, absl::Duration age, absl::Time now) {
  return !api::IsZero(time) && now - api::ToAbslTime(time) > age;
}

// True if one of the conditions of `type` was last updated longer ago than
// `age`. Its status does not count.
bool HasOlder(const api::CertificateSigningRequest& csr, absl::string_view type,
              absl::Duration age, absl::Time now) {
  for (const auto& condition : csr.status().conditions()) {
    if (condition.type() == type &&
        IsOlder(condition.last_update_time(), age, now)) {
      return true;
    }
  }
  return false;
}

// True if the first certificate can be read, and has ended. (Kubernetes also
// reads one that has others behind it in the same PEM block; nobody writes
// such, and rule kIssued removes it an hour after its approval.)
bool HasExpired(const api::CertificateSigningRequest& csr, absl::Time now) {
  const absl::StatusOr<std::vector<pki::PemBlock>> blocks =
      pki::ParsePem(csr.status().certificate());
  if (!blocks.ok() || blocks->empty()) return false;
  const absl::StatusOr<pki::Certificate> certificate =
      pki::Certificate::Parse(blocks->front().der);
  return certificate.ok() && now > certificate->validity().not_after;
}

}  // namespace

absl::string_view ToString(Cleaning cleaning) {
  switch (cleaning) {
    case Cleaning::kKeep:
      return "keep";
    case Cleaning::kIssued:
      return "issued";
    case Cleaning::kDenied:
      return "denied";
    case Cleaning::kFailed:
      return "failed";
    case Cleaning::kPending:
      return "pending";
    case Cleaning::kExpired:
      return "expired";
    case Cleaning::kUnissued:
      return "unissued";
  }
  return "unknown";
}

Cleaning DecideCleaning(const api::CertificateSigningRequest& csr,
                        absl::Time now) {
  const bool issued = HasCertificate(csr);
  if (issued && HasOlder(csr, kApproved, kDecidedKept, now)) {
    return Cleaning::kIssued;
  }
  if (HasOlder(csr, kDenied, kDecidedKept, now)) return Cleaning::kDenied;
  if (HasOlder(csr, kFailed, kDecidedKept, now)) return Cleaning::kFailed;
  if (csr.status().conditions().empty() &&
      IsOlder(csr.metadata().creation_timestamp(), kUndecidedKept, now)) {
    return Cleaning::kPending;
  }
  if (issued && HasCondition(csr, kApproved) && HasExpired(csr, now)) {
    return Cleaning::kExpired;
  }
  if (!issued && HasOlder(csr, kApproved, kUndecidedKept, now)) {
    return Cleaning::kUnissued;
  }
  return Cleaning::kKeep;
}

}  // namespace signet::policy
