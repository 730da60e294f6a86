#ifndef SIGNET_CLI_CFSSL_SIGNER_H_
#define SIGNET_CLI_CFSSL_SIGNER_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock_interface.h"
#include "cli/cfssl/diagnostics.h"
#include "cli/cfssl/request_file.h"
#include "cli/cfssl/signing_config.h"
#include "core/base/rng.h"
#include "core/pki/certificate.h"
#include "core/pki/certificate_request.h"
#include "core/pki/certificate_template.h"
#include "core/pki/private_key.h"

namespace signet::cli::cfssl {

// SafetyLevel says what becomes of what cfssl does and should not (SPEC E-23,
// E-24): an unknown profile, usages that are no usages, a certificate that
// outlives its CA.
enum class SafetyLevel {
  kCompatible,  // As cfssl: silence.
  kDefault,     // An unknown profile is an error, the others a warning.
  kStrict,      // Unknown usages are an error; notAfter is lowered to the CA's.
};

struct SignRequest {
  std::string request_pem;
  // Set: take the place of the request's names.
  std::optional<std::vector<std::string>> hosts;
  std::optional<RequestFile> subject;  // Takes the place field by field.
  std::string profile;
  std::string crl_url;  // Takes the place of the profile's.
};

// Signer is cfssl's local signer (SPEC E-19 to E-24). Its CA may be missing:
// the first certificate is then its own, self-signed.
class Signer {
 public:
  struct Collaborators {  // Must outlive the signer.
    absl::Clock& clock;
    Rng& rng;  // For serial numbers.
    Log& log;
  };
  Signer(std::optional<pki::Certificate> ca, pki::PrivateKey key,
         SigningConfig config, SafetyLevel safety,
         const Collaborators& collaborators);

  // The certificate, as PEM. Errors are cfssl's.
  absl::StatusOr<std::string> Sign(const SignRequest& request);

 private:
  absl::StatusOr<const SigningProfile*> ProfileOf(const std::string& name);
  // What the request asks for, as far as the profile lets it.
  absl::Status FillFromRequest(const pki::CertificateRequest& csr,
                               const SigningProfile& profile,
                               pki::CertificateTemplate* tbs);
  absl::Status CheckCaRequest(bool asks_for_ca, int max_path_len,
                              const SigningProfile& profile);
  // What the profile adds: cfssl's FillTemplate.
  absl::Status FillFromProfile(const SigningProfile& profile,
                               const std::string& crl_url,
                               pki::CertificateTemplate* tbs);
  absl::Status SetUsages(const SigningProfile& profile,
                         pki::CertificateTemplate* tbs);
  absl::Status SetValidity(const SigningProfile& profile,
                           pki::CertificateTemplate* tbs);
  absl::StatusOr<std::string> Issue(const pki::CertificateTemplate& tbs);

  const std::optional<pki::Certificate> ca_;
  const pki::PrivateKey key_;
  const SigningConfig config_;
  const SafetyLevel safety_;
  const Collaborators with_;
};

}  // namespace signet::cli::cfssl

#endif  // SIGNET_CLI_CFSSL_SIGNER_H_
