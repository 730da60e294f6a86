#ifndef SIGNET_CORE_ROTATION_REQUEST_OUTCOME_H_
#define SIGNET_CORE_ROTATION_REQUEST_OUTCOME_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/api/certificates.pb.h"

// What has become of a request (SPEC A-19). Pure.
namespace signet::rotation {

// How long to wait for a certificate when rotating (SPEC A-11).
inline constexpr absl::Duration kIssueTimeout = absl::Minutes(15);

// RequestOutcome returns the certificate (PEM) once `csr`, the request's state,
// has both an Approved condition and a certificate; nullopt while it hasn't: a
// certificate without Approved doesn't count. The conditions' status fields are
// not looked at. Errors are final for the request:
//   kPermissionDenied   it has a Denied condition,
//   kFailedPrecondition it has a Failed condition,
//   kAborted            it is another object of the same name: not `uid`.
absl::StatusOr<std::optional<std::string>> RequestOutcome(
    const api::CertificateSigningRequest& csr, absl::string_view uid);

// The outcome of a request that was deleted: kNotFound `csr "x" was deleted`.
absl::Status DeletedOutcome(absl::string_view name);

// The outcome of a request that took `timeout`: kDeadlineExceeded. `approved`
// tells whether it was approved by then: it says whom to look for.
absl::Status TimeoutOutcome(absl::string_view name, bool approved,
                            absl::Duration timeout);

bool IsApproved(const api::CertificateSigningRequest& csr);

}  // namespace signet::rotation

#endif  // SIGNET_CORE_ROTATION_REQUEST_OUTCOME_H_
