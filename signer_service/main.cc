// signet-signer issues the certificates of approved requests to the four
// signers that Kubernetes defines.

#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock_interface.h"
#include "core/api/certificates.pb.h"
#include "core/policy/signing.h"
#include "core/service/csr_service.h"
#include "core/service/service_flags.h"
#include "core/sys/boring_rng.h"
#include "core/sys/environment.h"
#include "core/sys/posix_file_system.h"
#include "core/sys/signals.h"
#include "signer_service/file_ca_source.h"
#include "signer_service/reconciler.h"
#include "signer_service/signer_flags.h"

namespace signet {
namespace {

constexpr char kDescription[] =
    R"(Issues the certificates of approved CertificateSigningRequests to the four
signers that Kubernetes defines (kubernetes.io/kube-apiserver-client,
/kube-apiserver-client-kubelet, /kubelet-serving and /legacy-unknown), with the
contents that kube-controller-manager gives them. A request that breaks its
signer's rules gets the condition Failed. The CA's files may be replaced while
it runs.
)";

constexpr char kExamples[] = R"(Examples:
  signet-signer --cluster-signing-cert-file=ca.crt \
      --cluster-signing-key-file=ca.key                 in a pod
  signet-signer --kubeconfig=signer.kubeconfig \
      --cluster-signing-cert-file=ca.crt --cluster-signing-key-file=ca.key \
      --cluster-signing-duration=24h \
      --signer-name=kubernetes.io/kubelet-serving       elsewhere, for one only
)";

absl::Status Run(const signer::SignerFlags& flags,
                 const service::Platform& platform,
                 const absl::Notification& stop) {
  ABSL_ASSIGN_OR_RETURN(
      const std::unique_ptr<signer::FileCaSource> ca,
      signer::FileCaSource::Create(platform.files, platform.clock, flags.ca));
  const policy::SigningConfig& config = flags.signing;
  return service::RunCsrService(
      {.name = "signet-signer",
       .wants =
           [&config](const api::CertificateSigningRequest& csr) {
             return policy::AwaitsSigning(csr, config);
           },
       .make_reconciler =
           [&](const service::CsrServiceParts& parts) {
             return std::make_unique<signer::Reconciler>(
                 parts.csrs, *ca, platform.clock, platform.rng, config,
                 parts.log);
           }},
      flags.service, platform, stop);
}

int Main(int argc, char** argv) {
  signer::SignerFlags flags;
  CLI::App app(kDescription, "signet-signer");
  app.footer(kExamples);
  signer::AddSignerFlags(app, flags);
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
  const absl::Status status =
      Run(flags, {absl::Clock::GetRealClock(), rng, files, sys::GetEnv}, stop);
  if (!status.ok()) {
    std::cerr << "signet-signer: " << status.message() << "\n";
    return service::kExitFailure;
  }
  return service::kExitOk;
}

}  // namespace
}  // namespace signet

int main(int argc, char** argv) { return signet::Main(argc, argv); }
