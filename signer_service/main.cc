// signet-signer issues the certificates of approved requests to the four
// signers that Kubernetes defines.

#include <cstdlib>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "core/api/certificates.pb.h"
#include "core/api/core.pb.h"
#include "core/base/file_system.h"
#include "core/controller/loop.h"
#include "core/k8s/api_client.h"
#include "core/k8s/resource_api.h"
#include "core/pki/private_key.h"
#include "core/policy/csr_cleaning.h"
#include "core/service/audit_log.h"
#include "core/service/background.h"
#include "core/service/csr_service.h"
#include "core/service/service_flags.h"
#include "core/sys/boring_rng.h"
#include "core/sys/environment.h"
#include "core/sys/pkcs11_key.h"
#include "core/sys/pkcs11_uri.h"
#include "core/sys/posix_file_system.h"
#include "core/sys/signals.h"
#include "signer_service/ca_metrics.h"
#include "signer_service/csr_cleaner.h"
#include "signer_service/fresh_requests.h"
#include "signer_service/operation_flags.h"
#include "signer_service/reconciler.h"
#include "signer_service/request_limiter.h"
#include "signer_service/shard.h"
#include "signer_service/signer_config.h"
#include "signer_service/signer_flags.h"
#include "signer_service/signer_metrics.h"
#include "signer_service/signer_set.h"
#include "signer_service/signers_from_flags.h"
#include "signer_service/trust_bundle_publisher.h"

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

// How often the CAs are looked at though nothing is signed, and the trust
// bundles are put right.
constexpr absl::Duration kUpkeepPeriod = absl::Minutes(1);

struct Flags {
  signer::SignerFlags signer;
  signer::OperationFlags operation;
};

signer::TokenKeyOpener OpenTokenKeys(FileSystem& files) {
  return [&files](absl::string_view uri)
             -> absl::StatusOr<std::shared_ptr<const pki::SigningKey>> {
    ABSL_ASSIGN_OR_RETURN(sys::Pkcs11Uri parsed, sys::ParsePkcs11Uri(uri));
    return sys::Pkcs11Key::Open(std::move(parsed), files);
  };
}

// The audit log at `path`; null without a path.
absl::StatusOr<std::unique_ptr<service::AuditLog>> OpenLog(
    FileSystem& files, const std::string& flag, const std::string& path) {
  if (path.empty()) return nullptr;
  auto log = service::AuditLog::Open(files, path);
  ABSL_RETURN_IF_ERROR(log.status()) << flag;
  return log;
}

// What the service consists of beside RunCsrService's parts.
class Signer {
 public:
  static absl::StatusOr<std::unique_ptr<Signer>> Create(
      const Flags& flags, const service::Platform& platform) {
    ABSL_ASSIGN_OR_RETURN(
        signer::SignerConfiguration config,
        signer::ReadSignerConfiguration(flags.signer, platform.files));
    ABSL_ASSIGN_OR_RETURN(
        signer::SignerSet signers,
        signer::OpenSigners(flags.signer, config, platform.files,
                            platform.clock, OpenTokenKeys(platform.files)));
    auto self = std::unique_ptr<Signer>(
        new Signer(flags, platform, std::move(config), std::move(signers)));
    ABSL_ASSIGN_OR_RETURN(self->audit_,
                          OpenLog(platform.files, "--audit-log-file",
                                  flags.operation.audit_log_file));
    ABSL_ASSIGN_OR_RETURN(self->removed_,
                          OpenLog(platform.files, "--csr-cleaner-export-file",
                                  flags.operation.csr_cleaner_export_file));
    return self;
  }

  absl::Status Run(const absl::Notification& stop) {
    service::ServiceFlags flags = flags_.signer.service;
    flags.leader.resource_name =
        signer::ShardLeaseName(flags.leader.resource_name, flags_.operation);
    return service::RunCsrService(
        {.name = "signet-signer",
         .wants =
             [this](const api::CertificateSigningRequest& csr) {
               return Wants(csr);
             },
         .observer = &fresh_,
         .make_reconciler =
             [this](const service::CsrServiceParts& parts) {
               return MakeReconciler(parts);
             },
         .add_backgrounds =
             [this](const service::CsrServiceParts& parts,
                    service::Backgrounds& backgrounds) {
               AddBackgrounds(parts, backgrounds);
             }},
        flags, platform_, stop);
  }

 private:
  Signer(const Flags& flags, const service::Platform& platform,
         signer::SignerConfiguration config, signer::SignerSet signers)
      : flags_(flags),
        platform_(platform),
        config_(std::move(config)),
        signers_(std::move(signers)),
        fresh_([this](const api::CertificateSigningRequest& csr) {
          return Wants(csr);
        }),
        limiter_(platform.clock, flags.operation.kube_api_qps,
                 flags.operation.kube_api_burst) {}

  bool IsInShard(const api::CertificateSigningRequest& csr) const {
    return signer::ShardOf(csr.metadata().name(), flags_.operation.shards) ==
           flags_.operation.shard_index;
  }
  bool Wants(const api::CertificateSigningRequest& csr) const {
    return signers_.Wants(csr) && IsInShard(csr);
  }

  std::unique_ptr<controller::Reconciler> MakeReconciler(
      const service::CsrServiceParts& parts) {
    metrics_.emplace(parts.registry);
    ca_metrics_.emplace(parts.registry);
    signers_.ReportTo(*ca_metrics_);
    return std::make_unique<signer::Reconciler>(
        signer::ReconcilerParts{.csrs = parts.csrs,
                                .signers = signers_,
                                .fresh = fresh_,
                                .clock = platform_.clock,
                                .rng = platform_.rng,
                                .log = parts.log,
                                .metrics = *metrics_,
                                .limiter = limiter_,
                                .audit = audit_.get()});
  }

  void AddBackgrounds(const service::CsrServiceParts& parts,
                      service::Backgrounds& backgrounds) {
    backgrounds.Add(
        service::When::kAlways,
        std::make_unique<service::Periodic>(platform_.clock, kUpkeepPeriod,
                                            [this] { signers_.LookAtCas(); }));
    if (!config_.trust_bundles.empty()) {
      config_maps_ = parts.client.Api<api::ConfigMap>();
      trust_bundles_ = parts.client.Api<api::ClusterTrustBundle>();
      publisher_.emplace(config_.trust_bundles, signers_, platform_.files,
                         *config_maps_, *trust_bundles_);
      backgrounds.Add(service::When::kLeading,
                      std::make_unique<service::Periodic>(
                          platform_.clock, kUpkeepPeriod, [this] {
                            publisher_->RunOnce().IgnoreError();  // It tells.
                          }));
    }
    if (flags_.operation.csr_cleaner) {
      cleaner_.emplace(parts.csrs, platform_.clock, *metrics_, removed_.get(),
                       [this](const api::CertificateSigningRequest& csr) {
                         return IsInShard(csr);
                       });
      backgrounds.Add(service::When::kLeading,
                      std::make_unique<service::Periodic>(
                          platform_.clock, policy::kCleaningPeriod, [this] {
                            cleaner_->RunOnce().IgnoreError();  // It tells.
                          }));
    }
  }

  const Flags& flags_;
  const service::Platform& platform_;
  const signer::SignerConfiguration config_;
  const signer::SignerSet signers_;
  signer::FreshRequests fresh_;
  signer::RequestLimiter limiter_;
  std::unique_ptr<service::AuditLog> audit_;
  std::unique_ptr<service::AuditLog> removed_;
  // Made with RunCsrService's parts, and used while it runs.
  std::optional<signer::SignerMetrics> metrics_;
  std::optional<signer::CaMetrics> ca_metrics_;
  std::unique_ptr<k8s::ResourceApi<api::ConfigMap>> config_maps_;
  std::unique_ptr<k8s::ResourceApi<api::ClusterTrustBundle>> trust_bundles_;
  std::optional<signer::TrustBundlePublisher> publisher_;
  std::optional<signer::CsrCleaner> cleaner_;
};

absl::Status Run(const Flags& flags, const service::Platform& platform,
                 const absl::Notification& stop) {
  if (flags.signer.check) {
    return signer::CheckSigners(flags.signer, platform.files, platform.clock,
                                OpenTokenKeys(platform.files), std::cout);
  }
  ABSL_ASSIGN_OR_RETURN(const std::unique_ptr<Signer> signer,
                        Signer::Create(flags, platform));
  return signer->Run(stop);
}

int Main(int argc, char** argv) {
  Flags flags;
  CLI::App app(kDescription, "signet-signer");
  app.footer(kExamples);
  signer::AddSignerFlags(app, flags.signer);
  signer::AddOperationFlags(app, flags.operation);
  if (const auto code = service::ParseFlags(app, argc, argv)) return *code;

  // The signals before any thread, which the log may start.
  absl::Notification stop;
  const sys::SignalWatcher signals([&stop](int) {
    if (stop.HasBeenNotified()) std::_Exit(service::kExitFailure);
    stop.Notify();
  });
  service::StartLogging(flags.signer.service);
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
