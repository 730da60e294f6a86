#ifndef SIGNET_CORE_SERVICE_CSR_LOG_H_
#define SIGNET_CORE_SERVICE_CSR_LOG_H_

#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "core/api/certificates.pb.h"
#include "core/service/csr_metrics.h"

namespace signet::service {

// CsrLog tells, in the log and in the metrics, what was decided about each
// request and why: once, however often the decision is taken again. What comes
// from the requester is escaped. Thread-safe.
class CsrLog {
 public:
  // `metrics` must outlive the log.
  explicit CsrLog(CsrMetrics& metrics) : metrics_(metrics) {}

  // A decision about `csr`, and why; `rule` is the one that decided, of a fixed
  // set, or empty. True if it is news: then, and only then, it was told.
  bool Decided(const api::CertificateSigningRequest& csr, Verdict verdict,
               absl::string_view why, absl::string_view rule = "");
  // A reconciliation that failed and is retried. Nothing is told if it is the
  // same as before, or a decision with the same text.
  void Failed(absl::string_view name, const absl::Status& error);
  // Drops the memory of a request that is gone.
  void Forget(absl::string_view name);

 private:
  struct Told {
    std::string uid;
    std::string text;
  };
  // True if this is news about `name`, and then remembers it. An empty `uid` is
  // any.
  bool IsNews(absl::string_view name, absl::string_view uid,
              absl::string_view text);

  CsrMetrics& metrics_;
  absl::Mutex mutex_;
  absl::flat_hash_map<std::string, Told> told_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace signet::service

#endif  // SIGNET_CORE_SERVICE_CSR_LOG_H_
