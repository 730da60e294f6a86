#include "signer_service/signer_metrics.h"

#include <algorithm>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "prometheus/counter.h"
#include "prometheus/histogram.h"
#include "prometheus/registry.h"

namespace signet::signer {

SignerMetrics::SignerMetrics(prometheus::Registry& registry)
    : latency_(prometheus::BuildHistogram()
                   .Name("signet_approval_to_issue_seconds")
                   .Help("From the approval of a request until its certificate "
                         "is stored")
                   .Register(registry)
                   .Add({},
                        prometheus::Histogram::BucketBoundaries{
                            0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3600})),
      refused_(prometheus::BuildCounter()
                   .Name("signet_uploads_refused_total")
                   .Help("Certificates that were made, but that the server did "
                         "not store")
                   .Register(registry)),
      cleaned_(prometheus::BuildCounter()
                   .Name("signet_requests_cleaned_total")
                   .Help("Old requests that were removed, by reason")
                   .Register(registry)) {}

void SignerMetrics::ObserveIssue(absl::Duration since_approval) {
  // Clocks may differ.
  latency_.Observe(std::max(0.0, absl::ToDoubleSeconds(since_approval)));
}

void SignerMetrics::CountRefused(const absl::Status& why) {
  refused_.Add({{"code", absl::StatusCodeToString(why.code())}}).Increment();
}

void SignerMetrics::CountCleaned(absl::string_view reason) {
  cleaned_.Add({{"reason", std::string(reason)}}).Increment();
}

}  // namespace signet::signer
