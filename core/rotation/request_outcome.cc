#include "core/rotation/request_outcome.h"

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/api/certificates.pb.h"

namespace signet::rotation {

bool IsApproved(const api::CertificateSigningRequest& csr) {
  for (const auto& condition : csr.status().conditions()) {
    if (condition.type() == "Approved") return true;
  }
  return false;
}

absl::StatusOr<std::optional<std::string>> RequestOutcome(
    const api::CertificateSigningRequest& csr, absl::string_view uid) {
  if (csr.metadata().uid() != uid) {
    return absl::AbortedError(
        absl::StrCat("csr \"", csr.metadata().name(), "\" changed UIDs"));
  }
  for (const auto& condition : csr.status().conditions()) {
    if (condition.type() == "Denied") {
      return absl::PermissionDeniedError(absl::StrCat(
          "certificate signing request is denied, reason: ", condition.reason(),
          ", message: ", condition.message()));
    }
    if (condition.type() == "Failed") {
      return absl::FailedPreconditionError(absl::StrCat(
          "certificate signing request failed, reason: ", condition.reason(),
          ", message: ", condition.message()));
    }
  }
  if (!IsApproved(csr) || csr.status().certificate().empty()) {
    return std::nullopt;
  }
  return csr.status().certificate();
}

absl::Status DeletedOutcome(absl::string_view name) {
  return absl::NotFoundError(absl::StrCat("csr \"", name, "\" was deleted"));
}

absl::Status TimeoutOutcome(absl::string_view name, bool approved,
                            absl::Duration timeout) {
  return absl::DeadlineExceededError(absl::StrCat(
      "csr \"", name, "\" was not ", approved ? "signed" : "approved",
      " within ", absl::FormatDuration(timeout)));
}

}  // namespace signet::rotation
