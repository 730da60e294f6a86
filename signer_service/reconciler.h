#ifndef SIGNET_SIGNER_SERVICE_RECONCILER_H_
#define SIGNET_SIGNER_SERVICE_RECONCILER_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock_interface.h"
#include "core/api/certificates.pb.h"
#include "core/base/rng.h"
#include "core/controller/loop.h"
#include "core/k8s/resource_api.h"
#include "core/policy/signing.h"
#include "core/service/csr_log.h"
#include "signer_service/ca_source.h"

namespace signet::signer {

// Reconciler issues the certificate of one approved CertificateSigningRequest,
// or marks it Failed, as policy::DecideSigning says. Thread-safe.
class Reconciler : public controller::Reconciler {
 public:
  // References must outlive the reconciler. `config` must be valid
  // (policy::ValidateSigningConfig).
  Reconciler(k8s::ResourceApi<api::CertificateSigningRequest>& csrs,
             CaSource& ca, absl::Clock& clock, Rng& rng,
             policy::SigningConfig config, service::CsrLog& log)
      : csrs_(csrs),
        ca_(ca),
        clock_(clock),
        rng_(rng),
        config_(std::move(config)),
        log_(log) {}

  // At most one write. Every error is to be retried: kAborted means that the
  // request changed meanwhile. What went wrong while signing is never written
  // into the request (SPEC C-2).
  absl::Status Reconcile(absl::string_view name) override;

 private:
  k8s::ResourceApi<api::CertificateSigningRequest>& csrs_;
  CaSource& ca_;
  absl::Clock& clock_;
  Rng& rng_;
  const policy::SigningConfig config_;
  service::CsrLog& log_;
};

}  // namespace signet::signer

#endif  // SIGNET_SIGNER_SERVICE_RECONCILER_H_
