#ifndef SIGNET_SIGNER_SERVICE_RECONCILER_H_
#define SIGNET_SIGNER_SERVICE_RECONCILER_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock_interface.h"
#include "core/api/certificates.pb.h"
#include "core/base/rng.h"
#include "core/controller/loop.h"
#include "core/k8s/resource_api.h"
#include "core/pki/certificate_authority.h"
#include "core/policy/signing.h"
#include "core/service/audit_log.h"
#include "core/service/csr_log.h"
#include "signer_service/fresh_requests.h"
#include "signer_service/request_limiter.h"
#include "signer_service/signer_metrics.h"
#include "signer_service/signer_set.h"

namespace signet::signer {

// What a Reconciler works with. All must outlive it.
struct ReconcilerParts {
  k8s::ResourceApi<api::CertificateSigningRequest>& csrs;
  const SignerSet& signers;
  FreshRequests& fresh;
  absl::Clock& clock;
  Rng& rng;
  service::CsrLog& log;
  SignerMetrics& metrics;
  RequestLimiter& limiter;
  service::AuditLog* audit = nullptr;  // Null: none is kept.
};

// Reconciler issues the certificate of one approved CertificateSigningRequest,
// or marks it Failed, as its signer decides. Thread-safe.
class Reconciler : public controller::Reconciler {
 public:
  explicit Reconciler(const ReconcilerParts& parts) : parts_(parts) {}

  // At most one write. Every error is to be retried: kAborted means that the
  // request changed meanwhile. What went wrong while signing is never written
  // into the request (SPEC C-2). A certificate is in the audit log before it is
  // uploaded; one that cannot be written there is not.
  absl::Status Reconcile(absl::string_view name) override;

 private:
  absl::StatusOr<api::CertificateSigningRequest> Look(absl::string_view name);
  absl::Status Fail(const policy::SigningDecision& decision,
                    api::CertificateSigningRequest& csr);
  absl::Status Issue(const pki::CertificateAuthority& ca,
                     const policy::SigningDecision& decision,
                     api::CertificateSigningRequest& csr);
  // The server did not take `certificate`: counts and notes it, if that is
  // certain. Returns the error to end with.
  absl::Status NotStored(const api::CertificateSigningRequest& csr,
                         const pki::Certificate& certificate,
                         const absl::Status& why);

  const ReconcilerParts parts_;
};

}  // namespace signet::signer

#endif  // SIGNET_SIGNER_SERVICE_RECONCILER_H_
