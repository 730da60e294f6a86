#ifndef SIGNET_CORE_SERVICE_CSR_SERVICE_H_
#define SIGNET_CORE_SERVICE_CSR_SERVICE_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock_interface.h"
#include "core/api/certificates.pb.h"
#include "core/base/file_system.h"
#include "core/base/rng.h"
#include "core/controller/loop.h"
#include "core/k8s/api_client.h"
#include "core/k8s/resource_api.h"
#include "core/service/background.h"
#include "core/service/csr_controller.h"
#include "core/service/csr_log.h"
#include "core/service/health_server.h"
#include "core/service/service_flags.h"
#include "prometheus/registry.h"

namespace signet::service {

// The real world, as main makes it.
struct Platform {
  absl::Clock& clock;
  Rng& rng;
  FileSystem& files;
  std::function<std::string(absl::string_view)> environment;
};

// What a reconciler is made of. All outlives it.
struct CsrServiceParts {
  k8s::ApiClient& client;
  k8s::ResourceApi<api::CertificateSigningRequest>& csrs;
  CsrLog& log;
  prometheus::Registry& registry;
  // Has a request reconciled soon; nothing while the service does not work.
  // Thread-safe.
  std::function<void(absl::string_view name)> reconcile;
};

// What tells one service that decides about requests from another.
struct CsrService {
  std::string name;  // "signet-approver"
  // See CsrControllerOptions.
  std::function<bool(const api::CertificateSigningRequest&)> wants;
  CsrObserver* observer = nullptr;
  std::function<std::unique_ptr<controller::Reconciler>(const CsrServiceParts&)>
      make_reconciler;
  // Adds what runs beside the reconciler, after that was made. May be empty.
  std::function<void(const CsrServiceParts& parts, Backgrounds& backgrounds)>
      add_backgrounds;
  // What else it takes to be ready, beside the watch. May be empty.
  Readiness ready;
};

// Runs a service until `stop`: connects to the cluster, serves health and
// metrics, watches, and reconciles while it leads (flags.leader). Then ends
// gracefully: what is under way is finished, unless that takes longer than
// 10 s, and the Lease is given up. Tells systemd. An error means that it could
// not start, or (kAborted) that it leads no more.
absl::Status RunCsrService(const CsrService& service, const ServiceFlags& flags,
                           const Platform& platform,
                           const absl::Notification& stop);

}  // namespace signet::service

#endif  // SIGNET_CORE_SERVICE_CSR_SERVICE_H_
