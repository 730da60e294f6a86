#include "node_agent/agent.h"

#include <algorithm>
#include <memory>
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
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "core/api/certificates.pb.h"
#include "core/base/rng.h"
#include "core/k8s/http_status.h"
#include "core/k8s/resource_api.h"
#include "core/pki/certificate.h"
#include "core/pki/certificate_request.h"
#include "core/pki/pem.h"
#include "core/pki/private_key.h"
#include "core/rotation/next_step.h"
#include "core/rotation/request_key.h"
#include "core/rotation/request_outcome.h"
#include "core/rotation/retry_ladder.h"
#include "core/rotation/rotation_window.h"
#include "core/rotation/template_match.h"
#include "node_agent/certificate_store.h"
#include "node_agent/current_certificate.h"
#include "node_agent/event.h"
#include "node_agent/request_clients.h"
#include "node_agent/request_wait.h"

namespace signet::node_agent {
namespace {

using Csr = api::CertificateSigningRequest;

// The wall clock may be set while we wait for a deadline; look this often.
constexpr absl::Duration kLongestWait = absl::Minutes(1);

absl::Status Because(absl::string_view what, const absl::Status& status) {
  return absl::Status(status.code(),
                      absl::StrCat(what, ": ", status.message()));
}

// SPEC A-13.
bool IsHealthyDespite(const absl::Status& create_error) {
  const int code = k8s::HttpCode(create_error);
  if (code == 401) return true;  // Also from a proxy that ends TLS.
  if (k8s::IsUnexpectedServerError(create_error)) return false;
  return code == 403 || code == 404;
}

// SPEC A-10.
Csr NewRequest(const AgentOptions& options, const pki::PublicKey& key,
               absl::string_view request_pem) {
  Csr csr;
  csr.mutable_metadata()->set_generate_name("csr-");
  auto* spec = csr.mutable_spec();
  spec->set_request(std::string(request_pem));
  spec->set_signer_name(options.signer_name);
  std::vector<std::string> usages = options.usages;
  if (usages.empty()) {
    usages = rotation::RequestUsages(options.purpose, key.type(),
                                     rotation::UsageOrder::kRotation);
  }
  for (std::string& usage : usages) spec->add_usages(std::move(usage));
  if (options.lifetime.has_value()) {
    spec->set_expiration_seconds(
        static_cast<int32_t>(absl::ToInt64Seconds(*options.lifetime)));
  }
  return csr;
}

std::string Serial(const pki::Certificate& certificate) {
  return pki::SerialToHex(certificate.serial_number());
}

}  // namespace

AgentOptions NodeClientOptions(absl::string_view node_name) {
  rotation::CertificateTemplate wanted;
  wanted.common_name = absl::StrCat("system:node:", node_name);
  wanted.organizations = {"system:nodes"};
  AgentOptions options;
  options.wanted = [wanted] { return wanted; };
  return options;
}

absl::string_view ToString(Phase phase) {
  switch (phase) {
    case Phase::kStarting:
      return "starting";
    case Phase::kWaiting:
      return "waiting";
    case Phase::kRequesting:
      return "requesting";
    case Phase::kPending:
      return "pending";
    case Phase::kRetrying:
      return "retrying";
    case Phase::kStopped:
      return "stopped";
  }
  return "unknown";
}

Agent::Agent(AgentOptions options, CertificateStore& store,
             CurrentCertificate& current, RequestClients& clients,
             pki::KeyGenerator& keys, absl::Clock& clock, Rng& rng)
    : options_(std::move(options)),
      store_(store),
      current_(current),
      clients_(clients),
      keys_(keys),
      clock_(clock),
      rng_(rng),
      started_(clock.TimeNow()) {}

absl::Status Agent::Start(CertificateStore::Pair bootstrap) {
  const absl::StatusOr<CertificateStore::Pair> stored = store_.Current();
  if (!stored.ok() && !absl::IsNotFound(stored.status())) {
    return stored.status();
  }
  std::optional<pki::Validity> validity;
  if (stored.ok()) validity = (*stored)->chain.front().validity();
  const rotation::StartWith start =
      rotation::DecideStart(validity, bootstrap != nullptr, clock_.TimeNow());
  if (start == rotation::StartWith::kStored) {
    Install(*stored, "stored");
    return absl::OkStatus();
  }
  {
    absl::MutexLock lock(mutex_);
    forced_ = true;
  }
  if (start == rotation::StartWith::kNothing) {
    LOG(INFO) << Event("no_certificate")
                     .With("path", store_.current_path())
                     .With("why", stored.ok() ? "expired" : "none stored");
    return absl::OkStatus();
  }
  std::string chain_pem;
  for (const pki::Certificate& certificate : bootstrap->chain) {
    chain_pem += certificate.ToPem();
  }
  const auto kept = store_.Update(chain_pem, bootstrap->key);
  if (!kept.ok()) {
    LOG(ERROR) << Event("cannot_store_bootstrap_pair")
                      .With("error", kept.status().message());
  }
  Install(std::move(bootstrap), "bootstrap_pair");
  return absl::OkStatus();
}

void Agent::Install(CertificateStore::Pair pair, absl::string_view event) {
  const pki::Certificate& leaf = pair->chain.front();
  const absl::Time deadline = rotation::Deadline(
      {leaf.validity(), rotation::Jitter::FromFingerprint(leaf.Sha256()),
       std::nullopt});
  {
    absl::MutexLock lock(mutex_);
    state_.pair = pair;
    state_.deadline = deadline;
  }
  LOG(INFO) << Event(event)
                   .With("serial", Serial(leaf))
                   .With("subject", leaf.subject().ToString())
                   .With("not_before", leaf.validity().not_before)
                   .With("not_after", leaf.validity().not_after)
                   .With("deadline", deadline);
  current_.Set(std::move(pair));
}

std::optional<rotation::InUse> Agent::InUse(
    const std::optional<rotation::CertificateTemplate>& wanted) const {
  const auto pair = current_.Latest();
  if (pair == nullptr) return std::nullopt;
  const pki::Certificate& leaf = pair->chain.front();
  rotation::InUse in_use = {leaf.validity(),
                            rotation::Jitter::FromFingerprint(leaf.Sha256()),
                            std::nullopt};
  if (wanted.has_value()) {
    in_use.mismatch = rotation::FindMismatch(*wanted, leaf.subject(),
                                             leaf.subject_alt_names());
  }
  return in_use;
}

absl::Time Agent::Pass() {
  // Look.
  const absl::Time now = clock_.TimeNow();
  const std::optional<rotation::CertificateTemplate> wanted = options_.wanted();
  rotation::Situation situation;
  situation.certificate = InUse(wanted);
  situation.has_template = wanted.has_value();
  {
    absl::MutexLock lock(mutex_);
    situation.forced = forced_;
    situation.failed = failed_;
    situation.retry_at = state_.next_attempt;
  }

  // Decide. Pure; its cases are the table in core/rotation/next_step_test.cc.
  const rotation::NextStep step = rotation::DecideNextStep(situation, now);
  if (step.action == rotation::Action::kWait) {
    SetPhase(situation.failed.count > 0 ? Phase::kRetrying : Phase::kWaiting);
    return step.at;
  }

  // Act.
  LOG(INFO) << Event("requesting").With("why", step.why);
  {
    absl::MutexLock lock(mutex_);
    forced_ = false;
    state_.phase = Phase::kRequesting;
    state_.next_attempt = absl::InfinitePast();
  }
  absl::Status status = Request(*wanted, step.credentials);
  const absl::Time then = clock_.TimeNow();
  if (status.ok()) {
    // What would be replaced at once is as good as a failed attempt: otherwise
    // a signer of useless certificates would be asked again every second.
    const rotation::NextStep next =
        rotation::DecideNextStep({.certificate = InUse(wanted)}, then);
    if (next.action == rotation::Action::kRequest) {
      status = absl::FailedPreconditionError(
          absl::StrCat("the new certificate is of no use: ", next.why));
    }
  }
  absl::MutexLock lock(mutex_);
  state_.request.clear();
  if (stopped_) return then;
  if (status.ok()) {
    failed_ = {};
    state_.failed_attempts = 0;
    state_.next_attempt = absl::InfinitePast();
    return then + rotation::kPause;
  }
  failed_.Add(then);
  state_.phase = Phase::kRetrying;
  state_.failed_attempts = failed_.count;
  state_.last_error = std::string(status.message());
  state_.next_attempt = rotation::NextAttempt(failed_, rng_.Fraction());
  LOG(ERROR) << Event("attempt_failed")
                    .With("attempt", failed_.count)
                    .With("error", status.message())
                    .With("next_attempt", state_.next_attempt);
  return state_.next_attempt;
}

absl::Status Agent::Request(const rotation::CertificateTemplate& wanted,
                            rotation::Credentials credentials) {
  const absl::Status status = [&]() -> absl::Status {
    // A new key for each attempt (SPEC A-9).
    const auto key = keys_.Generate(options_.key_algorithm);
    if (!key.ok()) {
      return Because("unable to generate a new private key", key.status());
    }
    ABSL_RETURN_IF_ERROR(rotation::CheckRequestKey(key->public_key().type(),
                                                   key->public_key().bits()));
    const auto der = pki::CertificateRequest::Build(
        wanted.subject(), wanted.subject_alt_names(), *key);
    if (!der.ok()) {
      return Because("unable to generate a certificate signing request",
                     der.status());
    }
    const auto client = clients_.ForAttempt(credentials);
    if (!client.ok()) {
      return Because("unable to load a client to request certificates",
                     client.status());
    }
    {
      absl::MutexLock lock(mutex_);
      if (stopped_) return absl::CancelledError("stopped");
      active_ = client->get();
      submitted_ = wanted;
    }
    const absl::Cleanup forget = [&] {
      absl::MutexLock lock(mutex_);
      active_ = nullptr;
    };
    return RequestWith(**client, wanted, *key,
                       pki::EncodePem("CERTIFICATE REQUEST", *der));
  }();
  absl::MutexLock lock(mutex_);
  if (!status.ok() && !stopped_) ++state_.renew_errors;  // SPEC A-12.
  return status;
}

absl::Status Agent::RequestWith(RequestClient& client,
                                const rotation::CertificateTemplate& wanted,
                                const pki::PrivateKey& key,
                                absl::string_view request_pem) {
  const absl::StatusOr<Csr> created = client.requests().Create(
      NewRequest(options_, key.public_key(), request_pem));
  if (!created.ok()) {
    absl::MutexLock lock(mutex_);
    state_.server_healthy = IsHealthyDespite(created.status());
    return Because(
        absl::StrCat("cannot create certificate signing request with ",
                     client.credentials(),
                     k8s::HttpCode(created.status()) == 401
                         ? ": not accepted, perhaps expired"
                         : ""),
        created.status());
  }
  const std::string& name = created->metadata().name();
  LOG(INFO) << Event("requested")
                   .With("csr", name)
                   .With("common_name", wanted.common_name)
                   .With("credentials", client.credentials());
  {
    absl::MutexLock lock(mutex_);
    state_.phase = Phase::kPending;
    state_.request = name;
  }
  const absl::StatusOr<std::string> issued = AwaitCertificate(
      client.requests(), *created, rotation::kIssueTimeout, clock_,
      [this](absl::Time time) { return WaitUntil(time); });
  if (!issued.ok()) {
    return Because(absl::StrCat("csr \"", name, "\" brought no certificate"),
                   issued.status());
  }
  absl::StatusOr<CertificateStore::Pair> stored = store_.Update(*issued, key);
  if (!stored.ok()) {
    return Because(absl::StrCat(absl::IsInvalidArgument(stored.status())
                                    ? "refused the certificate of csr \""
                                    : "cannot store the certificate of csr \"",
                                name, "\""),
                   stored.status());
  }
  {
    absl::MutexLock lock(mutex_);
    ++state_.issued;
    if (state_.pair != nullptr) ++state_.rotations;
    state_.server_healthy = true;
  }
  Install(*std::move(stored), "issued");
  return absl::OkStatus();
}

void Agent::Run() {
  while (!stopped()) {
    const absl::Time next = Pass();
    if (!WaitForPass(std::min(next, clock_.TimeNow() + kLongestWait))) break;
  }
  SetPhase(Phase::kStopped);
}

void Agent::Stop() {
  absl::MutexLock lock(mutex_);
  stopped_ = true;
  if (active_ != nullptr) active_->Cancel();
}

void Agent::TemplateChanged() {
  const std::optional<rotation::CertificateTemplate> wanted = options_.wanted();
  const std::optional<rotation::InUse> in_use = InUse(wanted);
  const bool satisfied = in_use.has_value() && !in_use->mismatch.has_value();
  absl::MutexLock lock(mutex_);
  template_changed_ = true;
  if (active_ != nullptr && wanted.has_value() && !satisfied &&
      submitted_ != wanted) {
    LOG(INFO) << Event("request_given_up")
                     .With("csr", state_.request)
                     .With("why", "what is wanted has changed");
    active_->Cancel();
  }
}

AgentState Agent::State() const {
  absl::MutexLock lock(mutex_);
  return state_;
}

bool Agent::ShouldExit() const {
  const absl::Time now = clock_.TimeNow();
  absl::MutexLock lock(mutex_);
  absl::Time last_available = started_;
  if (state_.pair != nullptr) {
    const pki::Validity& validity = state_.pair->chain.front().validity();
    last_available = std::max(
        started_, rotation::IsUsable(validity, now) ? now : validity.not_after);
  }
  return rotation::ShouldExit(last_available, state_.server_healthy, now);
}

void Agent::SetPhase(Phase phase) {
  absl::MutexLock lock(mutex_);
  state_.phase = phase;
}

bool Agent::stopped() const {
  absl::MutexLock lock(mutex_);
  return stopped_;
}

bool Agent::WaitUntil(absl::Time time) {
  absl::MutexLock lock(mutex_);
  return !clock_.AwaitWithDeadline(&mutex_, absl::Condition(&stopped_), time);
}

bool Agent::WaitForPass(absl::Time time) {
  const auto due = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return stopped_ || template_changed_;
  };
  absl::MutexLock lock(mutex_);
  clock_.AwaitWithDeadline(&mutex_, absl::Condition(&due), time);
  template_changed_ = false;
  return !stopped_;
}

}  // namespace signet::node_agent
