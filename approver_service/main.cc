// signet-approver approves the requests by which kubelets get and renew their
// client certificates.

#include <cstdlib>
#include <iostream>
#include <memory>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock_interface.h"
#include "approver_service/approver_flags.h"
#include "approver_service/reconciler.h"
#include "approver_service/review_cache.h"
#include "core/api/authorization.pb.h"
#include "core/api/certificates.pb.h"
#include "core/k8s/api_client.h"
#include "core/k8s/resource_api.h"
#include "core/policy/approval.h"
#include "core/service/csr_service.h"
#include "core/service/service_flags.h"
#include "core/sys/boring_rng.h"
#include "core/sys/environment.h"
#include "core/sys/posix_file_system.h"
#include "core/sys/signals.h"

namespace signet {
namespace {

constexpr char kDescription[] =
    R"(Approves CertificateSigningRequests of kubelets for their client certificates
(signer kubernetes.io/kube-apiserver-client-kubelet), if the request is of the
right shape, is signed with its own key, and the API server lets the requester
create certificatesigningrequests/selfnodeclient (a node that renews its own) or
/nodeclient (a node that joins). It denies nothing: other requests stay pending,
and the log says why.
)";

constexpr char kExamples[] = R"(Examples:
  signet-approver                                     in a pod
  signet-approver --kubeconfig=approver.kubeconfig    elsewhere
)";

int Main(int argc, char** argv) {
  approver::ApproverFlags flags;
  CLI::App app(kDescription, "signet-approver");
  app.footer(kExamples);
  approver::AddApproverFlags(app, flags);
  if (const auto code = service::ParseFlags(app, argc, argv)) return *code;

  // The signals before any thread, which the log may start.
  absl::Notification stop;
  const sys::SignalWatcher signals([&stop](int) {
    if (stop.HasBeenNotified()) std::_Exit(service::kExitFailure);
    stop.Notify();
  });
  service::StartLogging(flags.service);
  sys::BoringRng rng;
  sys::PosixFileSystem files;
  absl::Clock& clock = absl::Clock::GetRealClock();
  std::unique_ptr<k8s::ResourceApi<api::SubjectAccessReview>> reviews;
  std::unique_ptr<approver::ReviewCache> cache;

  const absl::Status status = service::RunCsrService(
      {.name = "signet-approver",
       .wants = policy::AwaitsApproval,
       .make_reconciler =
           [&](const service::CsrServiceParts& parts) {
             reviews = parts.client.Api<api::SubjectAccessReview>();
             cache = std::make_unique<approver::ReviewCache>(
                 *reviews, clock, flags.review_cache_ttl);
             return std::make_unique<approver::Reconciler>(parts.csrs, *cache,
                                                           parts.log);
           }},
      flags.service, {clock, rng, files, sys::GetEnv}, stop);
  if (!status.ok()) {
    std::cerr << "signet-approver: " << status.message() << "\n";
    return service::kExitFailure;
  }
  return service::kExitOk;
}

}  // namespace
}  // namespace signet

int main(int argc, char** argv) { return signet::Main(argc, argv); }
