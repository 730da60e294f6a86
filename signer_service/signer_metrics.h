#ifndef SIGNET_SIGNER_SERVICE_SIGNER_METRICS_H_
#define SIGNET_SIGNER_SERVICE_SIGNER_METRICS_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "prometheus/counter.h"
#include "prometheus/family.h"
#include "prometheus/histogram.h"
#include "prometheus/registry.h"

namespace signet::signer {

// SignerMetrics are the numbers of issuing that service::CsrMetrics has not:
//   signet_approval_to_issue_seconds  from a request's approval, which has
//   whole
//                                     seconds, until its certificate is stored
//   signet_uploads_refused_total{code}  certificates that were made, but that
//                                       the server did not store
//   signet_requests_cleaned_total{reason}  requests that the cleaner removed
// Thread-safe.
class SignerMetrics {
 public:
  // `registry` must outlive the object.
  explicit SignerMetrics(prometheus::Registry& registry);

  void ObserveIssue(absl::Duration since_approval);
  void CountRefused(const absl::Status& why);
  void CountCleaned(absl::string_view reason);

 private:
  prometheus::Histogram& latency_;
  prometheus::Family<prometheus::Counter>& refused_;
  prometheus::Family<prometheus::Counter>& cleaned_;
};

}  // namespace signet::signer

#endif  // SIGNET_SIGNER_SERVICE_SIGNER_METRICS_H_
