#ifndef SIGNET_CORE_POLICY_CSR_CONDITIONS_H_
#define SIGNET_CORE_POLICY_CSR_CONDITIONS_H_

#include "absl/strings/string_view.h"
#include "core/api/certificates.pb.h"

// What the conditions of a CertificateSigningRequest mean. Pure functions.
namespace signet::policy {

inline constexpr absl::string_view kApproved = "Approved";
inline constexpr absl::string_view kDenied = "Denied";
inline constexpr absl::string_view kFailed = "Failed";

// Approved and Denied count whatever their status says (SPEC B-1, C-1).
bool HasCondition(const api::CertificateSigningRequest& csr,
                  absl::string_view type);
// True if a condition of this type has the status True or none (SPEC C-1).
bool HasTrueCondition(const api::CertificateSigningRequest& csr,
                      absl::string_view type);
bool HasCertificate(const api::CertificateSigningRequest& csr);

// Adds `condition`, or puts it in the place of the one of the same type: the
// API refuses a second one (SPEC D-11, F-18).
void SetCondition(const api::CertificateSigningRequestCondition& condition,
                  api::CertificateSigningRequest& csr);

}  // namespace signet::policy

#endif  // SIGNET_CORE_POLICY_CSR_CONDITIONS_H_
