#ifndef SIGNET_SIGNER_SERVICE_CA_SOURCE_H_
#define SIGNET_SIGNER_SERVICE_CA_SOURCE_H_

#include "absl/status/statusor.h"
#include "core/pki/certificate_authority.h"

namespace signet::signer {

// CaSource says with which CA to sign now. Implementations are thread-safe.
class CaSource {
 public:
  virtual ~CaSource() = default;
  virtual absl::StatusOr<pki::CertificateAuthority> Current() = 0;
};

}  // namespace signet::signer

#endif  // SIGNET_SIGNER_SERVICE_CA_SOURCE_H_
