#ifndef SIGNET_CORE_POLICY_SIGNING_H_
#define SIGNET_CORE_POLICY_SIGNING_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/api/certificates.pb.h"
#include "core/pki/certificate_authority.h"
#include "core/pki/validity.h"
#include "core/policy/issue_window.h"

// What a signer of the four kubernetes.io signer names does with a
// CertificateSigningRequest. Pure: clock, serial number and CA are arguments.
namespace signet::policy {

struct SigningConfig {
  std::vector<std::string> signer_names;  // Those served: of the four.
  absl::Duration duration;                // --cluster-signing-duration
  absl::Duration backdate = kBackdate;    // Other values: not Kubernetes' own.
};

// OK if every name is one of the four, `duration` is positive and `backdate` is
// not negative; otherwise kInvalidArgument `unrecognized signerName: "x"` (SPEC
// C-1) or the like.
absl::Status ValidateSigningConfig(const SigningConfig& config);

enum class SigningAction {
  kIgnore,  // Nothing is to be done; `reason` says why.
  kFail,    // Add `condition`: it can never be signed.
  kIssue,   // Sign `tbs`.
};

struct SigningDecision {
  SigningAction action = SigningAction::kIgnore;
  std::string reason;
  api::CertificateSigningRequestCondition condition;
  pki::TbsCertificate tbs;
};

// Decides about `csr`. The checks, in this order:
//   - not to be signed, or not here (SPEC C-1): kIgnore;
//   - spec.request does not parse: an error (SPEC C-2);
//   - not of the shape its signer name demands (SPEC C-3): kFail with the
//     condition Failed, SignerValidationFailure;
//   - not signed with its own key (SPEC C-5), an unknown usage, or the CA at
//     its end (SPEC C-10): an error. Errors are to be retried, never written.
// The certificate then says what Kubernetes' own signer would (SPEC C-6 to
// C-17). `serial_number` is 16 random bytes (SPEC C-6).
absl::StatusOr<SigningDecision> DecideSigning(
    const api::CertificateSigningRequest& csr, const pki::Validity& ca_validity,
    const SigningConfig& config, absl::Time now,
    absl::string_view serial_number);

// True if `csr` is approved, and has neither failed nor a certificate: it waits
// for the signer that it names (SPEC C-1).
bool AwaitsCertificate(const api::CertificateSigningRequest& csr);

// Why it does not wait; empty if it does.
std::string WhyNotAwaiting(const api::CertificateSigningRequest& csr);

// The condition Failed of a request that can never be signed (SPEC C-2).
api::CertificateSigningRequestCondition SigningFailure(
    absl::string_view message, absl::Time now);

// True if DecideSigning would not ignore `csr`.
bool AwaitsSigning(const api::CertificateSigningRequest& csr,
                   const SigningConfig& config);

}  // namespace signet::policy

#endif  // SIGNET_CORE_POLICY_SIGNING_H_
