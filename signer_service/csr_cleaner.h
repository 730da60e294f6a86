#ifndef SIGNET_SIGNER_SERVICE_CSR_CLEANER_H_
#define SIGNET_SIGNER_SERVICE_CSR_CLEANER_H_

#include <functional>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "core/api/certificates.pb.h"
#include "core/k8s/resource_api.h"
#include "core/service/audit_log.h"
#include "signer_service/signer_metrics.h"

namespace signet::signer {

// CsrCleaner removes old requests, as policy::DecideCleaning says (SPEC C-28),
// and first exports each as a line of JSON: {"time", "reason", "object"}, for
// whoever needs the history (SPEC C-29).
class CsrCleaner {
 public:
  // `wants` says which requests are this process's to remove. `removed` is
  // where they are exported to; null: they are told in the log instead, by
  // name. All must outlive the cleaner.
  CsrCleaner(k8s::ResourceApi<api::CertificateSigningRequest>& csrs,
             absl::Clock& clock, SignerMetrics& metrics,
             service::AuditLog* removed,
             std::function<bool(const api::CertificateSigningRequest&)> wants);

  // Lists all requests and removes those that are old enough. One that cannot
  // be exported is not removed. Goes on after an error; returns the first, and
  // tells each in the log. To be called every policy::kCleaningPeriod.
  absl::Status RunOnce();

 private:
  absl::Status Remove(const api::CertificateSigningRequest& csr,
                      absl::string_view reason, absl::Time now);

  k8s::ResourceApi<api::CertificateSigningRequest>& csrs_;
  absl::Clock& clock_;
  SignerMetrics& metrics_;
  service::AuditLog* const removed_;
  const std::function<bool(const api::CertificateSigningRequest&)> wants_;
};

}  // namespace signet::signer

#endif  // SIGNET_SIGNER_SERVICE_CSR_CLEANER_H_
