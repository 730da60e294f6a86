#include "core/http/tls_identity.h"

#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/pki/certificate.h"
#include "core/pki/private_key.h"

namespace signet::http {

absl::StatusOr<std::shared_ptr<const TlsIdentity>> TlsIdentity::FromPem(
    absl::string_view certificates_pem, absl::string_view key_pem) {
  ABSL_ASSIGN_OR_RETURN(std::vector<pki::Certificate> chain,
                        pki::ParseCertificatesPem(certificates_pem));
  ABSL_ASSIGN_OR_RETURN(pki::PrivateKey key, pki::PrivateKey::FromPem(key_pem));
  if (!(chain.front().public_key() == key.public_key())) {
    return absl::InvalidArgumentError(
        "the private key does not belong to the first certificate");
  }
  return std::make_shared<const TlsIdentity>(
      TlsIdentity{std::move(chain), std::move(key)});
}

}  // namespace signet::http
