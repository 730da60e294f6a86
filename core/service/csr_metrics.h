#ifndef SIGNET_CORE_SERVICE_CSR_METRICS_H_
#define SIGNET_CORE_SERVICE_CSR_METRICS_H_

#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "prometheus/counter.h"
#include "prometheus/family.h"
#include "prometheus/gauge.h"
#include "prometheus/histogram.h"
#include "prometheus/registry.h"

namespace signet::service {

// What became of a CertificateSigningRequest.
enum class Verdict {
  kApproved,
  kRefused,       // Recognised, but the requester has no such right: waits.
  kUnrecognised,  // Not ours to approve: waits.
  kDenied,
  kLeft,          // A rule objects: waits.
  kWaiting,       // Something could not be found out: asked again.
  kWouldApprove,  // A dry run's.
  kWouldDeny,
  kIssued,
  kFailed,  // Got the condition Failed.
};
absl::string_view ToString(Verdict verdict);  // "approved" and so on.

// CsrMetrics are the numbers of a program that decides about
// CertificateSigningRequests:
//   signet_csr_decisions_total{signer,verdict,rule}
//   signet_certificates_issued_total{signer}
//   signet_reconcile_errors_total{code}
//   signet_reconcile_duration_seconds
//   signet_watch_errors_total
//   signet_queue_depth
// `signer` is one of the four kubernetes.io names or "other": anybody may
// invent more. `rule` decided, if the program has rules. Thread-safe.
class CsrMetrics {
 public:
  // `registry` must outlive the object.
  explicit CsrMetrics(prometheus::Registry& registry);

  void CountDecision(absl::string_view signer_name, Verdict verdict,
                     absl::string_view rule = "");
  // Counts a reconciliation and how long it took.
  void CountReconciliation(const absl::Status& result, absl::Duration took);
  void CountWatchError();
  void SetQueueDepth(size_t names);

 private:
  prometheus::Family<prometheus::Counter>& decisions_;
  prometheus::Family<prometheus::Counter>& issued_;
  prometheus::Family<prometheus::Counter>& errors_;
  prometheus::Histogram& duration_;
  prometheus::Counter& watch_errors_;
  prometheus::Gauge& queue_depth_;
};

}  // namespace signet::service

#endif  // SIGNET_CORE_SERVICE_CSR_METRICS_H_
