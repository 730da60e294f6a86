#ifndef SIGNET_APPROVER_SERVICE_RECONCILER_H_
#define SIGNET_APPROVER_SERVICE_RECONCILER_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "approver_service/review_cache.h"
#include "core/api/certificates.pb.h"
#include "core/controller/loop.h"
#include "core/k8s/resource_api.h"
#include "core/service/csr_log.h"

namespace signet::approver {

// Reconciler approves one CertificateSigningRequest if policy::PlanApproval
// recognises it and the API server grants the requester the access it takes. It
// denies nothing: what is in doubt waits. Thread-safe.
class Reconciler : public controller::Reconciler {
 public:
  // References must outlive the reconciler.
  Reconciler(k8s::ResourceApi<api::CertificateSigningRequest>& csrs,
             ReviewCache& reviews, service::CsrLog& log)
      : csrs_(csrs), reviews_(reviews), log_(log) {}

  // At most one write. The error says what to do next:
  //   kAborted             the request changed meanwhile: decide afresh;
  //   kFailedPrecondition  recognised, but the requester has no such right: it
  //                        may be given later, so come back (SPEC B-3);
  //   others               from the API server, or for a bad spec.request.
  absl::Status Reconcile(absl::string_view name) override;

 private:
  k8s::ResourceApi<api::CertificateSigningRequest>& csrs_;
  ReviewCache& reviews_;
  service::CsrLog& log_;
};

}  // namespace signet::approver

#endif  // SIGNET_APPROVER_SERVICE_RECONCILER_H_
