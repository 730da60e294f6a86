#ifndef SIGNET_E2E_CERTIFICATE_VERIFIERS_H_
#define SIGNET_E2E_CERTIFICATE_VERIFIERS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/pki/certificate.h"

// What other libraries think of certificates that were issued.
namespace signet::e2e {

// For which purposes a certificate verifies against a CA.
struct Purposes {
  bool any = false;
  bool client = false;
  bool server = false;
  friend bool operator==(const Purposes&, const Purposes&) = default;
};

// Each returns one Purposes for each file, in order; a file holds one
// certificate in PEM. Errors are of the tool, not of a certificate.
absl::StatusOr<std::vector<Purposes>> VerifyWithOpenSsl(
    const std::string& ca_file, const std::vector<std::string>& files);
absl::StatusOr<std::vector<Purposes>> VerifyWithBoringSsl(
    const std::string& ca_file, const std::vector<std::string>& files);
// Builds e2e/verify_certificates into `directory` first, with $SIGNET_GO or the
// go in $PATH.
absl::StatusOr<std::vector<Purposes>> VerifyWithGo(
    const std::string& directory, const std::string& ca_file,
    const std::vector<std::string>& files);

// What a certificate is for, by its key usages; Go looks at the extended ones
// alone, the others at all. `unsure` is true where the libraries have each
// their own view: any usage, the old server gated cryptography, and key usages
// that fit no TLS.
struct ExpectedPurposes {
  Purposes purposes;
  bool unsure = false;
};
ExpectedPurposes Expected(const pki::Certificate& certificate);

}  // namespace signet::e2e

#endif  // SIGNET_E2E_CERTIFICATE_VERIFIERS_H_
