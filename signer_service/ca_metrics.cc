#include "signer_service/ca_metrics.h"

#include <string>

#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/pki/certificate.h"
#include "core/pki/validity.h"
#include "prometheus/counter.h"
#include "prometheus/gauge.h"
#include "prometheus/registry.h"

namespace signet::signer {

CaMetrics::CaMetrics(prometheus::Registry& registry)
    : expiry_(prometheus::BuildGauge()
                  .Name("signet_ca_expiry_timestamp_seconds")
                  .Help("When the CA, or a parent of it, ends.")
                  .Register(registry)),
      reloads_(prometheus::BuildCounter()
                   .Name("signet_ca_reloads_total")
                   .Help("Times that a CA's files were found changed.")
                   .Register(registry)),
      problem_(prometheus::BuildGauge()
                   .Name("signet_ca_problem")
                   .Help("1 while what is in a CA's files cannot be used.")
                   .Register(registry)) {}

void CaMetrics::SetCa(absl::string_view file,
                      const pki::Certificate& certificate,
                      const pki::Validity& validity) {
  absl::MutexLock lock(mutex_);
  prometheus::Gauge& expiry =
      expiry_.Add({{"file", std::string(file)},
                   {"subject", certificate.subject().ToString()}});
  expiry.Set(static_cast<double>(absl::ToUnixSeconds(validity.not_after)));
  prometheus::Gauge*& known = expiry_of_[file];
  if (known != nullptr && known != &expiry) expiry_.Remove(known);
  known = &expiry;
}

void CaMetrics::SetProblem(absl::string_view file, bool problem) {
  problem_.Add({{"file", std::string(file)}}).Set(problem ? 1 : 0);
}

void CaMetrics::CountReload(absl::string_view file, bool ok) {
  reloads_.Add({{"file", std::string(file)}, {"result", ok ? "ok" : "failed"}})
      .Increment();
}

}  // namespace signet::signer
