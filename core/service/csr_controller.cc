#include "core/service/csr_controller.h"

#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/log/log.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "core/api/certificates.pb.h"
#include "core/api/codec.h"
#include "core/base/rng.h"
#include "core/controller/loop.h"
#include "core/k8s/http_status.h"
#include "core/k8s/outage.h"
#include "core/k8s/reflector.h"
#include "core/k8s/resource_api.h"
#include "core/service/csr_log.h"
#include "core/service/csr_metrics.h"

namespace signet::service {
namespace {

using api::CertificateSigningRequest;

// A watch that has failed for as long makes the program unready.
constexpr absl::Duration kUnreadyAfter = absl::Minutes(1);
// A failing reflector tries again, and fails again, sooner than this; a watch
// on which nothing happens tells nothing. So silence means that it works.
constexpr absl::Duration kSilence = absl::Minutes(2);

}  // namespace

CsrController::CsrController(k8s::ResourceApi<CertificateSigningRequest>& csrs,
                             controller::Reconciler& reconciler,
                             absl::Clock& clock, Rng& rng, CsrMetrics& metrics,
                             CsrLog& log, CsrControllerOptions options)
    : clock_(clock),
      metrics_(metrics),
      log_(log),
      options_(std::move(options)),
      queue_(clock),
      loop_(reconciler, queue_, clock, LoopOptions(options_.workers)),
      reflector_(csrs, clock, rng, k8s::ReflectorOptions(), Handler()) {}

CsrController::~CsrController() { Stop(); }

void CsrController::Watch() {
  absl::MutexLock lock(mutex_);
  watcher_ = std::thread([this] { reflector_.Run(); });
}

void CsrController::Work() {
  loop_.Start();
  absl::flat_hash_map<std::string, CertificateSigningRequest> waiting;
  {
    absl::MutexLock lock(mutex_);
    works_ = true;
    waiting.swap(waiting_);
  }
  for (const auto& [name, csr] : waiting) Enqueue(csr);
}

void CsrController::Stop() {
  reflector_.Stop();
  loop_.Stop();
  std::thread watcher;
  {
    absl::MutexLock lock(mutex_);
    watcher.swap(watcher_);
  }
  if (watcher.joinable()) watcher.join();
}

void CsrController::Reconcile(absl::string_view name) {
  queue_.Add(name);
  metrics_.SetQueueDepth(queue_.size());
}

absl::Status CsrController::Ready() const {
  absl::MutexLock lock(mutex_);
  if (!listed_) {
    return absl::UnavailableError(
        absl::StrCat("CertificateSigningRequests were not listed yet",
                     error_.ok() ? "" : ": ", error_.message()));
  }
  if (clock_.TimeNow() - last_error_ < kSilence &&
      last_error_ - first_error_ >= kUnreadyAfter) {
    return absl::UnavailableError(absl::StrCat(
        "CertificateSigningRequests cannot be watched: ", error_.message()));
  }
  return absl::OkStatus();
}

k8s::ReflectorHandler<CertificateSigningRequest> CsrController::Handler() {
  k8s::ReflectorHandler<CertificateSigningRequest> handler;
  handler.on_replace =
      [this](const std::vector<CertificateSigningRequest>& all) {
        Heard();
        if (options_.observer != nullptr) options_.observer->Replaced(all);
        {
          absl::MutexLock lock(mutex_);
          waiting_.clear();
        }
        for (const CertificateSigningRequest& csr : all) Enqueue(csr);
      };
  handler.on_upsert = [this](const CertificateSigningRequest& csr) {
    Heard();
    if (options_.observer != nullptr) options_.observer->Seen(csr);
    Enqueue(csr);
  };
  handler.on_delete = [this](const CertificateSigningRequest& csr) {
    Heard();
    if (options_.observer != nullptr) options_.observer->Gone(csr);
    {
      absl::MutexLock lock(mutex_);
      waiting_.erase(csr.metadata().name());
    }
    loop_.Forget(csr.metadata().name());
    log_.Forget(csr.metadata().name());
  };
  handler.on_error = [this](const absl::Status& error) { Lost(error); };
  return handler;
}

controller::LoopOptions CsrController::LoopOptions(int workers) {
  controller::LoopOptions options;
  options.workers = workers;
  options.retry_after = k8s::RetryAfter;
  options.is_outage = k8s::IsOutage;
  options.on_result = [this](absl::string_view name, const absl::Status& result,
                             absl::Duration took) {
    metrics_.CountReconciliation(result, took);
    metrics_.SetQueueDepth(queue_.size());
    // A conflict is ordinary: the object changed, and is read again.
    if (!result.ok() && !absl::IsAborted(result)) log_.Failed(name, result);
  };
  return options;
}

void CsrController::Enqueue(const CertificateSigningRequest& csr) {
  const bool wanted = options_.wants(csr);
  const std::string name(csr.metadata().name());
  {
    absl::MutexLock lock(mutex_);
    if (!works_) {
      waiting_.erase(name);
      if (wanted) waiting_.emplace(name, csr);
      return;
    }
  }
  if (!wanted) return;
  // Oldest first, and one requester's burst does not hold up another's.
  queue_.Add(name, {csr.spec().username(),
                    api::ToAbslTime(csr.metadata().creation_timestamp())});
  metrics_.SetQueueDepth(queue_.size());
}

void CsrController::Heard() {
  absl::MutexLock lock(mutex_);
  if (!listed_) LOG(INFO) << "listed CertificateSigningRequests";
  listed_ = true;
  error_ = absl::OkStatus();
  last_error_ = absl::InfinitePast();
}

void CsrController::Lost(const absl::Status& error) {
  metrics_.CountWatchError();
  absl::MutexLock lock(mutex_);
  const absl::Time now = clock_.TimeNow();
  if (now - last_error_ >= kSilence) first_error_ = now;
  last_error_ = now;
  // A version that the server has forgotten is ordinary: all is listed again.
  if (k8s::HttpCode(error) != 410 && error_.message() != error.message()) {
    LOG(WARNING) << "watching CertificateSigningRequests: " << error.message()
                 << " (" << absl::StatusCodeToString(error.code())
                 << "); will try again";
  }
  error_ = error;
}

}  // namespace signet::service
