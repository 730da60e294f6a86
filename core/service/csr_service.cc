#include "core/service/csr_service.h"

#include <memory>
#include <thread>
#include <utility>

#include "absl/base/call_once.h"
#include "absl/base/thread_annotations.h"
#include "absl/log/log.h"
#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "core/api/coordination.pb.h"
#include "core/api/resource.h"
#include "core/base/file_system.h"
#include "core/base/version.h"
#include "core/controller/loop.h"
#include "core/k8s/resource_api.h"
#include "core/service/background.h"
#include "core/service/cluster.h"
#include "core/service/csr_controller.h"
#include "core/service/csr_log.h"
#include "core/service/csr_metrics.h"
#include "core/service/health_server.h"
#include "core/service/leadership.h"
#include "core/service/service_flags.h"
#include "core/service/serving_tls.h"
#include "core/sys/environment.h"
#include "core/sys/sd_notify.h"
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

// Stops what works; after kGrace, breaks the requests it still waits for.
void StopGracefully(CsrController& controller, Backgrounds& backgrounds,
                    Cluster& cluster) {
  absl::Notification stopped;
  std::thread watchdog([&] {
    if (stopped.WaitForNotificationWithTimeout(kGrace)) return;
    LOG(WARNING) << "breaking off what is under way";
    cluster.transport().Shutdown();
  });
  controller.Stop();
  backgrounds.Stop();
  stopped.Notify();
  watchdog.join();
}

absl::StatusOr<HealthServerOptions> MakeHealthOptions(const ServiceFlags& flags,
                                                      FileSystem& files) {
  HealthServerOptions options;
  options.address = flags.health_address;
  if (!flags.health_tls_cert_file.empty()) {
    ABSL_ASSIGN_OR_RETURN(options.identity,
                          WatchIdentity(files, flags.health_tls_cert_file,
                                        flags.health_tls_key_file),
                          _ << "--health-tls-cert-file");
  }
  if (!flags.health_client_ca_file.empty()) {
    ABSL_ASSIGN_OR_RETURN(options.client_trust,
                          WatchTrust(files, flags.health_client_ca_file),
                          _ << "--health-client-ca-file");
  }
  return options;
}

// systemd need not hear us.
void Notify(absl::string_view state) {
  const absl::Status status = sys::SdNotify(state);
  if (!status.ok()) LOG(WARNING) << status.message();
}

}  // namespace

absl::Status RunCsrService(const CsrService& service, const ServiceFlags& flags,
                           const Platform& platform,
                           const absl::Notification& stop) {
  ABSL_ASSIGN_OR_RETURN(
      const std::unique_ptr<Cluster> cluster,
      Cluster::FromFlags(flags, platform.files, platform.clock,
                         platform.environment, service.name));
  // Renewals of the Lease do not wait behind other requests, and outlast them.
  ABSL_ASSIGN_OR_RETURN(
      const std::unique_ptr<Cluster> lease_cluster,
      Cluster::FromFlags(
          flags, platform.files, platform.clock, platform.environment,
          service.name,
          {.request_timeout = LeaseRequestTimeout(flags.leader.timing)}));
  const std::unique_ptr<k8s::ResourceApi<api::Lease>> leases =
      lease_cluster->client().Api<api::Lease>();
  prometheus::Registry registry;
  CsrMetrics metrics(registry);
  CsrLog log(metrics);
  const std::unique_ptr<k8s::ResourceApi<api::CertificateSigningRequest>> csrs =
      cluster->client().Api<api::CertificateSigningRequest>();
  ControllerHandle handle;
  const CsrServiceParts parts = {
      cluster->client(), *csrs, log, registry,
      [&handle](absl::string_view name) { handle.Reconcile(name); }};
  const std::unique_ptr<controller::Reconciler> reconciler =
      service.make_reconciler(parts);
  Backgrounds backgrounds;
  if (service.add_backgrounds) service.add_backgrounds(parts, backgrounds);
  CsrController controller(*csrs, *reconciler, platform.clock, platform.rng,
                           metrics, log,
                           {.workers = flags.workers,
                            .observer = service.observer,
                            .wants = service.wants});
  Leadership leadership(flags.leader,
                        LeaderIdentity(sys::HostName(), platform.rng), *leases,
                        platform.clock, platform.rng, registry);

  ABSL_ASSIGN_OR_RETURN(HealthServerOptions health_options,
                        MakeHealthOptions(flags, platform.files));
  health_options.ready = [&]() -> absl::Status {
    ABSL_RETURN_IF_ERROR(controller.Ready());
    ABSL_RETURN_IF_ERROR(leadership.Ready());
    return service.ready ? service.ready() : absl::OkStatus();
  };
  if (flags.leader.elect) {
    health_options.standing = [&leadership] { return leadership.Standing(); };
  }
  ABSL_ASSIGN_OR_RETURN(
      const std::unique_ptr<HealthServer> health,
      HealthServer::Start(std::move(health_options), registry),
      _ << "--health-address");
  LOG(INFO) << service.name << " " << kVersion << " works on "
            << cluster->server() << " with " << flags.workers
            << " workers; health on port " << health->port();

  absl::once_flag ending;
  const auto end = [&] {
    absl::call_once(ending, [] {
      LOG(INFO) << "ending";
      Notify("STOPPING=1");
    });
    handle.Set(nullptr);
    StopGracefully(controller, backgrounds, *cluster);
  };
  controller.Watch();
  backgrounds.Start(When::kAlways);
  Notify("READY=1\nSTATUS=stands by");
  const absl::Status status =
      leadership.Run({.start =
                          [&] {
                            Notify("STATUS=leads");
                            controller.Work();
                            handle.Set(&controller);
                            backgrounds.Start(When::kLeading);
                          },
                      .finish = end,
                      .cut =
                          [&] {
                            cluster->transport().Shutdown();
                            end();
                          }},
                     stop);
  end();  // Also what a replica on standby does.
  return status;
}

}  // namespace signet::service
