#include "core/service/csr_log.h"

#include <string>

#include "absl/log/log.h"
#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "core/api/certificates.pb.h"
#include "core/service/csr_metrics.h"

namespace signet::service {
namespace {

// A cluster keeps requests for a day at most, unless something is wrong with
// it; beyond this many the memory starts afresh.
constexpr size_t kMaxTold = 100000;

}  // namespace

bool CsrLog::Decided(const api::CertificateSigningRequest& csr, Verdict verdict,
                     absl::string_view why, absl::string_view rule) {
  if (!IsNews(csr.metadata().name(), csr.metadata().uid(), why)) return false;
  metrics_.CountDecision(csr.spec().signer_name(), verdict, rule);
  LOG(INFO) << "csr " << absl::CEscape(csr.metadata().name()) << " "
            << ToString(verdict) << ": " << absl::CEscape(why) << "; requester "
            << absl::CEscape(csr.spec().username()) << ", signer "
            << absl::CEscape(csr.spec().signer_name());
  return true;
}

void CsrLog::Failed(absl::string_view name, const absl::Status& error) {
  if (!IsNews(name, "", error.message())) return;
  LOG(WARNING) << "csr " << absl::CEscape(name) << ": "
               << absl::CEscape(error.message()) << " ("
               << absl::StatusCodeToString(error.code()) << "); will try again";
}

void CsrLog::Forget(absl::string_view name) {
  absl::MutexLock lock(mutex_);
  told_.erase(name);
}

bool CsrLog::IsNews(absl::string_view name, absl::string_view uid,
                    absl::string_view text) {
  absl::MutexLock lock(mutex_);
  if (told_.size() >= kMaxTold) told_.clear();
  Told& told = told_[name];
  if (told.text == text && (uid.empty() || told.uid == uid)) return false;
  if (!uid.empty()) told.uid = uid;
  told.text = text;
  return true;
}

}  // namespace signet::service
