#ifndef SIGNET_CORE_SERVICE_CSR_CONTROLLER_H_
#define SIGNET_CORE_SERVICE_CSR_CONTROLLER_H_

#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "core/api/certificates.pb.h"
#include "core/base/rng.h"
#include "core/controller/loop.h"
#include "core/controller/work_queue.h"
#include "core/k8s/reflector.h"
#include "core/k8s/resource_api.h"
#include "core/service/csr_log.h"
#include "core/service/csr_metrics.h"

namespace signet::service {

// CsrObserver is told of every request that the watch shows, wanted or not, on
// the watch's thread and before it is reconciled.
class CsrObserver {
 public:
  virtual ~CsrObserver() = default;
  // All there are; others are gone.
  virtual void Replaced(
      const std::vector<api::CertificateSigningRequest>& all) = 0;
  virtual void Seen(const api::CertificateSigningRequest& csr) = 0;
  virtual void Gone(const api::CertificateSigningRequest& csr) = 0;
};

struct CsrControllerOptions {
  int workers = 5;                  // SPEC C-22.
  CsrObserver* observer = nullptr;  // Not owned; may be null.
  // True for the requests to reconcile. Must be pure: it sees each as the watch
  // told it, on the watch's thread. The reconciler reads it again.
  std::function<bool(const api::CertificateSigningRequest&)> wants;
};

// CsrController keeps a Reconciler at work on the CertificateSigningRequests of
// a cluster: it lists and watches them, queues those that are wanted, and
// retries what fails. Thread-safe.
class CsrController {
 public:
  // References must outlive the controller.
  CsrController(k8s::ResourceApi<api::CertificateSigningRequest>& csrs,
                controller::Reconciler& reconciler, absl::Clock& clock,
                Rng& rng, CsrMetrics& metrics, CsrLog& log,
                CsrControllerOptions options);
  ~CsrController();  // Stops.

  // Starts the watch: what it shows waits for Work. Call once.
  void Watch();
  // Starts the workers. Call once, after Watch.
  void Work();
  // Ends the watch, lets the reconciliations under way finish, joins all.
  void Stop();

  // Has a request reconciled soon, whether the watch shows it or not.
  void Reconcile(absl::string_view name);

  // OK once the first list has come, unless listing and watching has failed
  // for a minute; otherwise kUnavailable with the reason.
  absl::Status Ready() const;

 private:
  k8s::ReflectorHandler<api::CertificateSigningRequest> Handler();
  controller::LoopOptions LoopOptions(int workers);
  void Enqueue(const api::CertificateSigningRequest& csr);
  // The watch works, or does not.
  void Heard();
  void Lost(const absl::Status& error);

  absl::Clock& clock_;
  CsrMetrics& metrics_;
  CsrLog& log_;
  const CsrControllerOptions options_;
  controller::WorkQueue queue_;
  controller::Loop loop_;
  k8s::Reflector<api::CertificateSigningRequest> reflector_;

  mutable absl::Mutex mutex_;
  std::thread watcher_ ABSL_GUARDED_BY(mutex_);
  // The wanted requests by name, until the work begins. A replica that stands
  // by for long thus holds those that are still to be done, and no others.
  absl::flat_hash_map<std::string, api::CertificateSigningRequest> waiting_
      ABSL_GUARDED_BY(mutex_);
  bool works_ ABSL_GUARDED_BY(mutex_) = false;
  bool listed_ ABSL_GUARDED_BY(mutex_) = false;
  // The failures since the watch last worked, as far as one can know.
  absl::Status error_ ABSL_GUARDED_BY(mutex_);
  absl::Time first_error_ ABSL_GUARDED_BY(mutex_);
  absl::Time last_error_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
};

}  // namespace signet::service

#endif  // SIGNET_CORE_SERVICE_CSR_CONTROLLER_H_
