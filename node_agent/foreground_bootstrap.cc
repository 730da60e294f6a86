#include "node_agent/foreground_bootstrap.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/log/log.h"
#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "core/api/certificates.pb.h"
#include "core/base/file_system.h"
#include "core/base/rng.h"
#include "core/k8s/kubeconfig.h"
#include "core/pki/certificate_request.h"
#include "core/pki/pem.h"
#include "core/pki/private_key.h"
#include "core/rotation/next_step.h"
#include "core/rotation/pending_request.h"
#include "core/rotation/request_key.h"
#include "core/rotation/request_name.h"
#include "core/rotation/template_match.h"
#include "node_agent/because.h"
#include "node_agent/certificate_store.h"
#include "node_agent/event.h"
#include "node_agent/request_clients.h"
#include "node_agent/request_wait.h"
#include "node_agent/start_up.h"

namespace signet::node_agent {
namespace {

using Csr = api::CertificateSigningRequest;

constexpr char kSigner[] = "kubernetes.io/kube-apiserver-client-kubelet";
constexpr absl::Duration kServerTimeout = absl::Minutes(1);
constexpr absl::Duration kHealthTimeout = absl::Seconds(1);
constexpr absl::Duration kHealthPause = absl::Seconds(2);
constexpr double kHealthSpread = 0.2;
constexpr absl::Duration kIssueTimeout = absl::Seconds(3600);

rotation::CertificateTemplate NodeTemplate(const std::string& node_name) {
  rotation::CertificateTemplate wanted;
  wanted.common_name = absl::StrCat("system:node:", node_name);
  wanted.organizations = {"system:nodes"};
  return wanted;
}

}  // namespace

ForegroundBootstrap::ForegroundBootstrap(
    KubeconfigPaths paths, std::string node_name, CertificateStore& store,
    RequestClients& clients, pki::KeyGenerator& keys, FileSystem& files,
    absl::Clock& clock, Rng& rng)
    : paths_(std::move(paths)),
      wanted_(NodeTemplate(node_name)),
      store_(store),
      clients_(clients),
      keys_(keys),
      files_(files),
      clock_(clock),
      rng_(rng) {}

absl::Status ForegroundBootstrap::Run() {
  if (paths_.bootstrap.empty()) {
    return LoadStartUp(paths_, store_.current_path(), files_, clock_).status();
  }
  ABSL_ASSIGN_OR_RETURN(const std::optional<std::string> flaw,
                        FindKubeconfigFlaw(paths_.kubeconfig, files_, clock_));
  if (!flaw.has_value()) {
    LOG(INFO) << Event("kubeconfig_valid").With("path", paths_.kubeconfig);
    return absl::OkStatus();
  }
  LOG(INFO) << Event("bootstrapping")
                   .With("why", absl::StrCat("kubeconfig: ", *flaw))
                   .With("bootstrap_kubeconfig", paths_.bootstrap);
  const auto bootstrap = k8s::LoadKubeconfig(files_, paths_.bootstrap);
  if (!bootstrap.ok()) {
    return Because("unable to load bootstrap kubeconfig", bootstrap.status());
  }
  const auto client = clients_.ForAttempt(rotation::Credentials::kFallback);
  if (!client.ok()) {
    return Because("unable to create certificates signing request client",
                   client.status());
  }
  {
    absl::MutexLock lock(mutex_);
    if (stopped_) return absl::CancelledError("stopped");
    active_ = client->get();
  }
  const absl::Cleanup forget = [&] {
    absl::MutexLock lock(mutex_);
    active_ = nullptr;
  };

  ABSL_ASSIGN_OR_RETURN(const pki::PrivateKey key, KeyToUse());
  AwaitServer(**client);
  ABSL_ASSIGN_OR_RETURN(const Csr csr, File(**client, key));
  const absl::StatusOr<std::string> issued =
      AwaitCertificate((*client)->requests(), csr, {kIssueTimeout}, clock_,
                       [this](absl::Time time) { return SleepUntil(time); });
  if (!issued.ok()) {
    return Because(absl::StrCat("csr \"", csr.metadata().name(),
                                "\" brought no certificate"),
                   issued.status());
  }
  const auto stored = store_.Update(*issued, key);
  if (!stored.ok()) {
    return Because(absl::StrCat("cannot store the certificate of csr \"",
                                csr.metadata().name(), "\""),
                   stored.status());
  }
  const absl::Status forgotten = store_.ForgetTemporaryKey();
  if (!forgotten.ok()) {
    LOG(WARNING)
        << Event("cannot_remove_key").With("error", forgotten.message());
  }
  ABSL_RETURN_IF_ERROR(WriteNodeKubeconfig(*bootstrap, paths_.kubeconfig,
                                           store_.current_path(), files_));
  LOG(INFO) << Event("bootstrapped")
                   .With("csr", csr.metadata().name())
                   .With("wrote", paths_.kubeconfig)
                   .With("not_after",
                         (*stored)->chain.front().validity().not_after);
  return absl::OkStatus();
}

absl::StatusOr<pki::PrivateKey> ForegroundBootstrap::KeyToUse() {
  const auto stored = store_.Current();
  if (stored.ok()) return (*stored)->key;
  absl::StatusOr<pki::PrivateKey> kept = store_.TemporaryKey();
  if (kept.ok() || !absl::IsNotFound(kept.status())) return kept;
  absl::StatusOr<pki::PrivateKey> made =
      keys_.Generate(pki::KeyAlgorithm::kEcdsaP256);
  if (!made.ok()) {
    return Because("unable to generate a new private key", made.status());
  }
  ABSL_RETURN_IF_ERROR(store_.KeepTemporaryKey(*made));
  return made;
}

void ForegroundBootstrap::AwaitServer(RequestClient& client) {
  const absl::Time deadline = clock_.TimeNow() + kServerTimeout;
  while (clock_.TimeNow() < deadline) {
    const absl::Status health = client.CheckHealth(kHealthTimeout);
    if (health.ok()) return;
    LOG(WARNING) << Event("server_not_well").With("error", health.message());
    const absl::Duration pause =
        kHealthPause * (1 + kHealthSpread * rng_.Fraction());
    if (!SleepUntil(clock_.TimeNow() + pause).ok()) return;
  }
  LOG(WARNING) << Event("server_not_well")
                      .With("error",
                            "timed out waiting to connect to apiserver");
}

absl::StatusOr<Csr> ForegroundBootstrap::File(RequestClient& client,
                                              const pki::PrivateKey& key) {
  const auto der = pki::CertificateRequest::Build(
      wanted_.subject(), wanted_.subject_alt_names(), key);
  if (!der.ok()) {
    return Because("unable to generate certificate request", der.status());
  }
  const std::vector<std::string> usages = rotation::RequestUsages(
      rotation::Purpose::kClient, key.public_key().type(),
      rotation::UsageOrder::kForeground);
  const std::string name =
      rotation::RequestName(key.public_key().spki_der(), wanted_.common_name,
                            wanted_.organizations, usages);
  Csr csr;
  csr.mutable_metadata()->set_name(name);
  csr.mutable_spec()->set_request(pki::EncodePem("CERTIFICATE REQUEST", *der));
  csr.mutable_spec()->set_signer_name(kSigner);
  for (const std::string& usage : usages) csr.mutable_spec()->add_usages(usage);

  absl::StatusOr<Csr> created = client.requests().Create(csr);
  if (created.ok()) {
    LOG(INFO) << Event("requested").With("csr", name);
    return created;
  }
  if (!absl::IsAlreadyExists(created.status())) {
    return Because(
        absl::StrCat("cannot create certificate signing request with ",
                     client.credentials()),
        created.status());
  }
  absl::StatusOr<Csr> stored = client.requests().Get("", name);
  if (!stored.ok()) {
    return Because("cannot retrieve certificate signing request",
                   stored.status());
  }
  const absl::Status fits = rotation::CheckRetrieved(
      *stored, wanted_, kSigner, key.public_key(), clock_.TimeNow());
  if (!fits.ok()) {
    return Because(
        absl::StrCat("csr \"", name, "\": retrieved csr is not compatible"),
        fits);
  }
  LOG(INFO) << Event("resumed").With("csr", name);
  return stored;
}

absl::Status ForegroundBootstrap::SleepUntil(absl::Time time) {
  absl::MutexLock lock(mutex_);
  if (clock_.AwaitWithDeadline(&mutex_, absl::Condition(&stopped_), time)) {
    return absl::CancelledError("stopped");
  }
  return absl::OkStatus();
}

void ForegroundBootstrap::Stop() {
  absl::MutexLock lock(mutex_);
  stopped_ = true;
  if (active_ != nullptr) active_->Cancel();
}

}  // namespace signet::node_agent
