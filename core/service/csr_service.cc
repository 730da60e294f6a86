#include "core/service/csr_service.h"

#include <memory>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/log/log.h"
#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "core/api/resource.h"
#include "core/base/version.h"
#include "core/controller/loop.h"
#include "core/k8s/resource_api.h"
#include "core/service/cluster.h"
#include "core/service/csr_controller.h"
#include "core/service/csr_log.h"
#include "core/service/csr_metrics.h"
#include "core/service/health_server.h"
#include "core/service/service_flags.h"
#include "prometheus/registry.h"

namespace signet::service {
namespace {

// How long reconciliations under way may take to finish. Kubernetes kills a pod
// 30 s after the signal.
constexpr absl::Duration kGrace = absl::Seconds(10);

// The way to the controller while there is one.
class ControllerHandle {
 public:
  void Set(CsrController* controller) {
    absl::MutexLock lock(mutex_);
    controller_ = controller;
  }
  void Reconcile(absl::string_view name) {
    absl::MutexLock lock(mutex_);
    if (controller_ != nullptr) controller_->Reconcile(name);
  }

 private:
  absl::Mutex mutex_;
  CsrController* controller_ ABSL_GUARDED_BY(mutex_) = nullptr;
};

// Stops `controller`; after kGrace, breaks the requests it still waits for.
void StopGracefully(CsrController& controller, Cluster& cluster) {
  absl::Notification stopped;
  std::thread watchdog([&] {
    if (stopped.WaitForNotificationWithTimeout(kGrace)) return;
    LOG(WARNING) << "breaking off what is under way";
    cluster.transport().Shutdown();
  });
  controller.Stop();
  stopped.Notify();
  watchdog.join();
}

}  // namespace

absl::Status RunCsrService(const CsrService& service, const ServiceFlags& flags,
                           const Platform& platform,
                           const absl::Notification& stop) {
  ABSL_ASSIGN_OR_RETURN(
      const std::unique_ptr<Cluster> cluster,
      Cluster::FromFlags(flags, platform.files, platform.clock,
                         platform.environment, service.name));
  prometheus::Registry registry;
  CsrMetrics metrics(registry);
  CsrLog log(metrics);
  const std::unique_ptr<k8s::ResourceApi<api::CertificateSigningRequest>> csrs =
      cluster->client().Api<api::CertificateSigningRequest>();
  ControllerHandle handle;
  const std::unique_ptr<controller::Reconciler> reconciler =
      service.make_reconciler(
          {cluster->client(), *csrs, log, registry,
           [&handle](absl::string_view name) { handle.Reconcile(name); }});
  CsrController controller(*csrs, *reconciler, platform.clock, platform.rng,
                           metrics, log,
                           {.workers = flags.workers,
                            .observer = service.observer,
                            .wants = service.wants});
  ABSL_ASSIGN_OR_RETURN(
      const std::unique_ptr<HealthServer> health,
      HealthServer::Start(
          flags.health_address, [&controller] { return controller.Ready(); },
          registry),
      _ << "--health-address");
  LOG(INFO) << service.name << " " << kVersion << " works on "
            << cluster->server() << " with " << flags.workers
            << " workers; health on port " << health->port();
  controller.Start();
  handle.Set(&controller);
  stop.WaitForNotification();
  LOG(INFO) << "ending";
  handle.Set(nullptr);
  StopGracefully(controller, *cluster);
  return absl::OkStatus();
}

}  // namespace signet::service
