#include "core/service/leader_elector.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "absl/log/log.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "core/api/coordination.pb.h"
#include "core/base/rng.h"
#include "core/controller/leader_lease.h"
#include "core/k8s/resource_api.h"

namespace signet::service {
namespace {

// How often a release is tried: each but the last may meet with a conflict.
constexpr int kReleaseAttempts = 3;

}  // namespace

LeaderElector::LeaderElector(LeaderElectorOptions options,
                             k8s::ResourceApi<api::Lease>& leases,
                             absl::Clock& clock, Rng& rng)
    : options_(std::move(options)), leases_(leases), clock_(clock), rng_(rng) {}

absl::Status LeaderElector::Acquire() {
  const absl::Duration period = options_.timing.retry_period;
  while (!StoppedBefore(absl::InfinitePast())) {
    const absl::Status status = Try();
    // Others being quicker is ordinary.
    const bool in_trouble =
        !status.ok() && !absl::IsFailedPrecondition(status) &&
        !absl::IsAborted(status) && !absl::IsAlreadyExists(status);
    if (in_trouble) Tell(status);
    {
      absl::MutexLock lock(mutex_);
      trouble_ = in_trouble ? status : absl::OkStatus();
      leads_ = status.ok();
    }
    if (status.ok()) return status;
    // A little less than the period, so that replicas do not march in step.
    const absl::Time now = clock_.TimeNow();
    absl::Time next = now + period * (1 - 0.2 * rng_.Fraction());
    const absl::Time expiry = controller::ExpiryOf(observed());
    if (expiry > now) next = std::min(next, expiry);
    if (StoppedBefore(next)) break;
  }
  return absl::CancelledError("stopped before it led");
}

absl::Status LeaderElector::Hold(const std::function<void()>& lost) {
  absl::Status status;
  while (!absl::IsFailedPrecondition(status)) {
    if (StoppedBefore(std::min(clock_.TimeNow() + options_.timing.retry_period,
                               renew_before()))) {
      Release();
      return absl::OkStatus();
    }
    if (clock_.TimeNow() >= renew_before()) break;
    status = Try();
    if (!status.ok()) Tell(status);
  }
  {
    absl::MutexLock lock(mutex_);
    leads_ = false;
  }
  lost();
  if (!absl::IsFailedPrecondition(status)) {
    status = absl::AbortedError(
        absl::StrCat("not renewed within ",
                     absl::FormatDuration(options_.timing.renew_deadline),
                     status.ok() ? "" : ": ", status.message()));
  }
  return absl::AbortedError(
      absl::StrCat("lost the Lease ", options_.namespace_name, "/",
                   options_.name, ": ", status.message()));
}

void LeaderElector::Stop() {
  absl::MutexLock lock(mutex_);
  stopped_ = true;
}

bool LeaderElector::IsLeader() const {
  absl::MutexLock lock(mutex_);
  return leads_;
}

std::string LeaderElector::Holder() const {
  absl::MutexLock lock(mutex_);
  if (!observed_.lease.has_value()) return "";
  return std::string(observed_.lease->spec().holder_identity());
}

absl::Status LeaderElector::Trouble() const {
  absl::MutexLock lock(mutex_);
  return trouble_;
}

absl::Status LeaderElector::Try() {
  const auto decide = [this] {
    return controller::DecideLease(observed(), options_.namespace_name,
                                   options_.name, options_.identity,
                                   options_.timing, clock_.TimeNow());
  };
  const auto write = [this](const controller::LeaseDecision& decision) {
    const absl::Time sent = clock_.TimeNow();
    absl::StatusOr<api::Lease> stored =
        decision.action == controller::LeaseAction::kCreate
            ? leases_.Create(decision.lease)
            : leases_.Update(decision.lease);
    if (!stored.ok()) return stored.status();
    Saw(*std::move(stored));
    absl::MutexLock lock(mutex_);
    renewed_ = sent;
    told_.clear();
    return absl::OkStatus();
  };

  const bool leads = IsLeader();
  const auto is_late = [&] {
    return leads && clock_.TimeNow() >= renew_before();
  };
  const absl::Status late = absl::DeadlineExceededError("the answer was late");

  // A leader need not look: if the Lease is not as it was seen last, the update
  // fails.
  if (leads) {
    if (is_late()) return late;
    const controller::LeaseDecision decision = decide();
    if (decision.action == controller::LeaseAction::kUpdate) {
      const absl::Status status = write(decision);
      if (!absl::IsAborted(status) && !absl::IsNotFound(status)) return status;
    }
    if (is_late()) return late;
  }
  absl::StatusOr<api::Lease> lease =
      leases_.Get(options_.namespace_name, options_.name);
  if (lease.ok()) {
    Saw(*std::move(lease));
  } else if (absl::IsNotFound(lease.status())) {
    Saw(std::nullopt);
  } else {
    return lease.status();
  }
  const controller::LeaseDecision decision = decide();
  if (decision.action == controller::LeaseAction::kWait) {
    return absl::FailedPreconditionError(
        absl::StrCat(decision.holder, " holds it"));
  }
  if (is_late()) return late;
  return write(decision);
}

void LeaderElector::Release() {
  {
    absl::MutexLock lock(mutex_);
    leads_ = false;
  }
  for (int attempt = 1; attempt <= kReleaseAttempts; ++attempt) {
    const controller::ObservedLease seen = observed();
    if (!seen.lease.has_value() ||
        seen.lease->spec().holder_identity() != options_.identity) {
      return;  // Another's by now.
    }
    absl::StatusOr<api::Lease> lease = leases_.Update(
        controller::ReleasedLease(*seen.lease, clock_.TimeNow()));
    if (lease.ok()) {
      LOG(INFO) << "gave up the Lease " << options_.namespace_name << "/"
                << options_.name;
      return Saw(*std::move(lease));
    }
    if (absl::IsAborted(lease.status())) {
      lease = leases_.Get(options_.namespace_name, options_.name);
      if (lease.ok()) Saw(*lease);
    }
    if (!lease.ok()) {
      if (!absl::IsNotFound(lease.status())) Tell(lease.status());
      return;
    }
  }
}

void LeaderElector::Saw(std::optional<api::Lease> lease) {
  const std::string before = Holder();
  {
    absl::MutexLock lock(mutex_);
    controller::Observe(observed_, std::move(lease), clock_.TimeNow());
  }
  const std::string holder = Holder();
  if (holder == before || holder.empty()) return;
  LOG(INFO) << (holder == options_.identity ? "leads: " : "stands by: ")
            << holder << " holds the Lease " << options_.namespace_name << "/"
            << options_.name;
}

absl::Time LeaderElector::renew_before() const {
  absl::MutexLock lock(mutex_);
  return renewed_ + options_.timing.renew_deadline;
}

controller::ObservedLease LeaderElector::observed() const {
  absl::MutexLock lock(mutex_);
  return observed_;
}

void LeaderElector::Tell(const absl::Status& error) {
  absl::MutexLock lock(mutex_);
  if (told_ == error.message()) return;
  told_ = std::string(error.message());
  LOG(WARNING) << "the Lease " << options_.namespace_name << "/"
               << options_.name << ": " << error.message() << " ("
               << absl::StatusCodeToString(error.code()) << ")";
}

bool LeaderElector::StoppedBefore(absl::Time until) {
  absl::MutexLock lock(mutex_);
  clock_.AwaitWithDeadline(&mutex_, absl::Condition(&stopped_), until);
  return stopped_;
}

}  // namespace signet::service
