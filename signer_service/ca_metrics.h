#ifndef SIGNET_SIGNER_SERVICE_CA_METRICS_H_
#define SIGNET_SIGNER_SERVICE_CA_METRICS_H_

#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "core/pki/certificate.h"
#include "core/pki/validity.h"
#include "prometheus/counter.h"
#include "prometheus/family.h"
#include "prometheus/gauge.h"
#include "prometheus/registry.h"

namespace signet::signer {

// CaMetrics are the numbers about CAs. `file`, that of the certificate, says
// which:
//   signet_ca_expiry_timestamp_seconds{file,subject}  the end of the CA or of a
//                                                     parent, the earliest
//   signet_ca_reloads_total{file,result}  result is "ok" or "failed"
//   signet_ca_problem{file}  1 while what is in the files cannot be used
// Thread-safe.
class CaMetrics {
 public:
  // `registry` must outlive the object.
  explicit CaMetrics(prometheus::Registry& registry);

  // The CA in use.
  void SetCa(absl::string_view file, const pki::Certificate& certificate,
             const pki::Validity& validity);
  void SetProblem(absl::string_view file, bool problem);
  void CountReload(absl::string_view file, bool ok);

 private:
  prometheus::Family<prometheus::Gauge>& expiry_;
  prometheus::Family<prometheus::Counter>& reloads_;
  prometheus::Family<prometheus::Gauge>& problem_;
  absl::Mutex mutex_;
  // By file; the subject of a CA may change.
  absl::flat_hash_map<std::string, prometheus::Gauge*> expiry_of_
      ABSL_GUARDED_BY(mutex_);
};

}  // namespace signet::signer

#endif  // SIGNET_SIGNER_SERVICE_CA_METRICS_H_
