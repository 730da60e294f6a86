#include "node_agent/agent.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/log/log.h"
#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "core/base/rng.h"
#include "core/k8s/http_status.h"
#include "core/pki/certificate.h"
#include "core/pki/private_key.h"
#include "core/rotation/next_step.h"
#include "core/rotation/request_outcome.h"
#include "core/rotation/retry_ladder.h"
#include "core/rotation/rotation_window.h"
#include "core/rotation/template_match.h"
#include "node_agent/certificate_store.h"
#include "node_agent/current_certificate.h"
#include "node_agent/event.h"
#include "node_agent/request_clients.h"
#include "node_agent/request_filer.h"

namespace signet::node_agent {
namespace {

// The wall clock may be set while we wait for a deadline; look this often.
constexpr absl::Duration kLongestWait = absl::Minutes(1);
// No server is to put us off for longer.
constexpr absl::Duration kLongestRetryAfter = rotation::kIssueTimeout;

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
      clock_(clock),
      rng_(rng),
      started_(clock.TimeNow()),
      filer_(store, keys, clock, options_.max_pending) {}

absl::Status Agent::Start(CertificateStore::Pair bootstrap) {
  const absl::StatusOr<CertificateStore::Pair> stored = store_.Current();
  if (!stored.ok() && !absl::IsNotFound(stored.status())) {
    return stored.status();
  }
  filer_.Recall(stored.ok() ? *stored : nullptr);
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
  situation.under_way = filer_.under_way();
  situation.refused = refused_;
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
    // What is wanted may change meanwhile (SPEC A-5).
    return options_.dynamic ? std::min(step.at, now + rotation::kPause)
                            : step.at;
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
  if (status.ok() || absl::IsCancelled(status)) {
    failed_ = {};
    state_.failed_attempts = 0;
    state_.next_attempt = absl::InfinitePast();
    return then + rotation::kPause;
  }
  failed_.Add(then);
  state_.phase = Phase::kRetrying;
  state_.failed_attempts = failed_.count;
  state_.last_error = std::string(status.message());
  state_.next_attempt = std::max(
      rotation::NextAttempt(failed_, rng_.Fraction()),
      then + std::min(k8s::RetryAfter(status).value_or(absl::ZeroDuration()),
                      kLongestRetryAfter));
  LOG(ERROR) << Event("attempt_failed")
                    .With("attempt", failed_.count)
                    .With("error", status.message())
                    .With("next_attempt", state_.next_attempt);
  return state_.next_attempt;
}

void Agent::Run() {
  while (!stopped()) {
    const absl::Time next = Pass();
    if (!WaitUntil(std::min(next, clock_.TimeNow() + kLongestWait))) break;
  }
  SetPhase(Phase::kStopped);
}

void Agent::Stop() {
  absl::MutexLock lock(mutex_);
  stopped_ = true;
  if (active_ != nullptr) active_->Cancel();
}

AgentState Agent::State() const {
  absl::MutexLock lock(mutex_);
  return state_;
}

bool Agent::ShouldExit() const {
  if (!options_.exit_rule) return false;
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

}  // namespace signet::node_agent
