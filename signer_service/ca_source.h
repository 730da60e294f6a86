#ifndef SIGNET_SIGNER_SERVICE_CA_SOURCE_H_
#define SIGNET_SIGNER_SERVICE_CA_SOURCE_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/pki/certificate_authority.h"
#include "signer_service/ca_metrics.h"

namespace signet::signer {

// CaSource says with which CA to sign now. Implementations are thread-safe.
class CaSource {
 public:
  virtual ~CaSource() = default;
  virtual absl::StatusOr<pki::CertificateAuthority> Current() = 0;
  // Tells `metrics`, which must outlive the source, what becomes of the CA,
  // from now on. Call once.
  virtual void ReportTo(CaMetrics&) {}
  // What is wrong with the CA, so that a look at it can tell; OK if nothing.
  virtual absl::Status Problem() { return absl::OkStatus(); }
};

}  // namespace signet::signer

#endif  // SIGNET_SIGNER_SERVICE_CA_SOURCE_H_
