#ifndef SIGNET_CORE_POLICY_CUSTOM_SIGNING_H_
#define SIGNET_CORE_POLICY_CUSTOM_SIGNING_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "core/api/certificates.pb.h"
#include "core/pki/certificate_authority.h"
#include "core/pki/certificate_request.h"
#include "core/policy/issue_window.h"
#include "core/policy/key_policy.h"
#include "core/policy/pattern.h"
#include "core/policy/signing.h"

// What a signer of a name of one's own ("example.com/serving") does with a
// CertificateSigningRequest. The profile is one of cfssl's, with Kubernetes'
// guarantees: a certificate never says more than was approved, and what the
// profile does not allow is refused, not left out. Pure.
namespace signet::policy {

// Something in a request that names its subject.
struct NameField {
  absl::string_view name;   // As the configuration writes it: "dnsNames".
  absl::string_view label;  // As a message writes one of it: "DNS name".
  std::vector<std::string> (*values)(const pki::CertificateRequest& request);
};
// commonName, organizations, … dnsNames, emailAddresses, ipAddresses, uris.
// Together they are all of a request that gets into a certificate.
absl::Span<const NameField> NameFields();

// AllowedNames are patterns for each of NameFields(), in that order. A field
// without any may not be in a request.
using AllowedNames = std::vector<std::vector<Pattern>>;

struct CustomProfile {
  std::vector<std::string> usages;  // Allowed: the API's words.
  absl::Duration expiry;            // The longest life; requests may ask less.
  absl::Duration backdate = kBackdate;
  bool is_ca = false;  // Issue CA certificates, and no others.
  std::optional<int> max_path_len;
  std::optional<AllowedNames> names;  // Not set: any names.
  KeyPolicy keys;
  // Dotted OIDs of requested extensions to copy. Others are dropped, as
  // Kubernetes' signer drops all (SPEC C-15).
  std::vector<std::string> copied_extensions;
};

// OK if `signer_name` may be served with `profile`; otherwise kInvalidArgument.
// The names under kubernetes.io are Kubernetes' own (SPEC C-1).
absl::Status ValidateCustomSignerName(absl::string_view signer_name);
absl::Status ValidateCustomProfile(const CustomProfile& profile);

// Decides about `csr`, which asks a signer with this profile. kIgnore as
// DecideSigning (SPEC C-1). kFail, with the condition Failed and the reason
// SignerValidationFailure (SPEC C-2), if it can never be signed: not signed
// with its own key, a key that is not allowed, a CA asked for or not where the
// profile says otherwise, a usage or a name that is not allowed. Errors, to be
// retried: a request that does not parse, a CA at its end (SPEC C-10) or one
// that may not certify another CA.
//
// Usages are the request's; the life is spec.expirationSeconds', `expiry` at
// most, and ends with the CA or any parent of it (SPEC C-7 to C-9). As cfssl
// does, a subject key identifier is written (SPEC E-20).
absl::StatusOr<SigningDecision> DecideCustomSigning(
    const api::CertificateSigningRequest& csr,
    const pki::CertificateAuthority& ca, const CustomProfile& profile,
    absl::Time now, absl::string_view serial_number);

}  // namespace signet::policy

#endif  // SIGNET_CORE_POLICY_CUSTOM_SIGNING_H_
