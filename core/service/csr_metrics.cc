#include "core/service/csr_metrics.h"

#include <cstddef>
#include <string>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/policy/signer_names.h"
#include "prometheus/counter.h"
#include "prometheus/gauge.h"
#include "prometheus/histogram.h"
#include "prometheus/labels.h"
#include "prometheus/registry.h"

namespace signet::service {
namespace {

std::string SignerLabel(absl::string_view signer_name) {
  return absl::c_contains(policy::kClusterSignerNames, signer_name)
             ? std::string(signer_name)
             : "other";
}

}  // namespace

absl::string_view ToString(Verdict verdict) {
  switch (verdict) {
    case Verdict::kApproved:
      return "approved";
    case Verdict::kRefused:
      return "refused";
    case Verdict::kUnrecognised:
      return "unrecognised";
    case Verdict::kDenied:
      return "denied";
    case Verdict::kLeft:
      return "left";
    case Verdict::kWaiting:
      return "waiting";
    case Verdict::kWouldApprove:
      return "would approve";
    case Verdict::kWouldDeny:
      return "would deny";
    case Verdict::kIssued:
      return "issued";
    case Verdict::kFailed:
      return "failed";
  }
  return "unknown";
}

CsrMetrics::CsrMetrics(prometheus::Registry& registry)
    : decisions_(prometheus::BuildCounter()
                     .Name("signet_csr_decisions_total")
                     .Help("Decisions about CertificateSigningRequests.")
                     .Register(registry)),
      issued_(prometheus::BuildCounter()
                  .Name("signet_certificates_issued_total")
                  .Help("Certificates issued.")
                  .Register(registry)),
      errors_(prometheus::BuildCounter()
                  .Name("signet_reconcile_errors_total")
                  .Help("Reconciliations that failed and are retried.")
                  .Register(registry)),
      duration_(prometheus::BuildHistogram()
                    .Name("signet_reconcile_duration_seconds")
                    .Help("How long the reconciliation of one request takes.")
                    .Register(registry)
                    .Add({},
                         prometheus::Histogram::BucketBoundaries{
                             .0025, .005, .01, .025, .05, .1, .25, .5, 1., 2.5,
                             5., 10., 30.})),
      watch_errors_(prometheus::BuildCounter()
                        .Name("signet_watch_errors_total")
                        .Help("Lists and watches that failed and are retried.")
                        .Register(registry)
                        .Add({})),
      queue_depth_(prometheus::BuildGauge()
                       .Name("signet_queue_depth")
                       .Help("Requests that wait for their reconciliation.")
                       .Register(registry)
                       .Add({})) {}

void CsrMetrics::CountDecision(absl::string_view signer_name, Verdict verdict,
                               absl::string_view rule) {
  const std::string signer = SignerLabel(signer_name);
  prometheus::Labels labels = {{"signer", signer},
                               {"verdict", std::string(ToString(verdict))}};
  if (!rule.empty()) labels["rule"] = std::string(rule);
  decisions_.Add(labels).Increment();
  if (verdict == Verdict::kIssued)
    issued_.Add({{"signer", signer}}).Increment();
}

void CsrMetrics::CountReconciliation(const absl::Status& result,
                                     absl::Duration took) {
  duration_.Observe(absl::ToDoubleSeconds(took));
  if (!result.ok()) {
    errors_.Add({{"code", absl::StatusCodeToString(result.code())}})
        .Increment();
  }
}

void CsrMetrics::CountWatchError() { watch_errors_.Increment(); }

void CsrMetrics::SetQueueDepth(size_t names) {
  queue_depth_.Set(static_cast<double>(names));
}

}  // namespace signet::service
