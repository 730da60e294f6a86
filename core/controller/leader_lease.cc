#include "core/controller/leader_lease.h"

#include <cstdint>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/api/coordination.pb.h"
#include "core/api/meta.pb.h"

namespace signet::controller {
namespace {

// client-go waits up to this much longer than the retry period.
constexpr double kJitterFactor = 1.2;

absl::Duration WholeSeconds(absl::Duration duration) {
  return absl::Trunc(duration, absl::Seconds(1));
}

api::MicroTime ToMicroTime(absl::Time time) {
  const int64_t micros = absl::ToUnixMicros(time);
  const absl::Time rounded = absl::FromUnixMicros(micros);
  api::MicroTime result;
  result.set_seconds(absl::ToUnixSeconds(rounded));
  result.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(
      rounded - absl::FromUnixSeconds(result.seconds()))));
  return result;
}

// What a record that `identity` writes has in common, whatever was before.
api::LeaseSpec NewSpec(absl::string_view identity, absl::Duration lease,
                       absl::Time now) {
  api::LeaseSpec spec;
  spec.set_holder_identity(identity);
  spec.set_lease_duration_seconds(
      static_cast<int32_t>(absl::ToInt64Seconds(lease)));
  *spec.mutable_acquire_time() = ToMicroTime(now);
  *spec.mutable_renew_time() = ToMicroTime(now);
  spec.set_lease_transitions(0);
  return spec;
}

}  // namespace

absl::Status ValidateLeaseTiming(const LeaseTiming& timing) {
  if (timing.retry_period <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError("the retry period must be above zero");
  }
  if (timing.renew_deadline <= timing.retry_period * kJitterFactor) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the renew deadline (", absl::FormatDuration(timing.renew_deadline),
        ") must be above 1.2 times the retry period (",
        absl::FormatDuration(timing.retry_period), ")"));
  }
  if (WholeSeconds(timing.lease) <= timing.renew_deadline) {
    return absl::InvalidArgumentError(
        absl::StrCat("the lease duration, in whole seconds (",
                     absl::FormatDuration(WholeSeconds(timing.lease)),
                     "), must be above the renew deadline (",
                     absl::FormatDuration(timing.renew_deadline), ")"));
  }
  return absl::OkStatus();
}

void Observe(ObservedLease& observed, std::optional<api::Lease> lease,
             absl::Time now) {
  const bool changed =
      observed.lease.has_value() != lease.has_value() ||
      (lease.has_value() && lease->spec().SerializeAsString() !=
                                observed.lease->spec().SerializeAsString());
  if (changed) observed.changed_at = now;
  observed.lease = std::move(lease);
}

absl::Time ExpiryOf(const ObservedLease& observed) {
  if (!observed.lease.has_value() ||
      observed.lease->spec().holder_identity().empty()) {
    return absl::InfinitePast();
  }
  return observed.changed_at +
         absl::Seconds(observed.lease->spec().lease_duration_seconds());
}

LeaseDecision DecideLease(const ObservedLease& observed,
                          absl::string_view namespace_name,
                          absl::string_view name, absl::string_view identity,
                          const LeaseTiming& timing, absl::Time now) {
  LeaseDecision decision;
  api::LeaseSpec spec = NewSpec(identity, timing.lease, now);
  if (!observed.lease.has_value()) {
    decision.action = LeaseAction::kCreate;
    decision.lease.mutable_metadata()->set_namespace_(namespace_name);
    decision.lease.mutable_metadata()->set_name(name);
    *decision.lease.mutable_spec() = std::move(spec);
    return decision;
  }
  const api::LeaseSpec& old = observed.lease->spec();
  const bool ours = old.holder_identity() == identity;
  if (!ours && ExpiryOf(observed) > now) {
    decision.action = LeaseAction::kWait;
    decision.holder = old.holder_identity();
    return decision;
  }
  decision.action = LeaseAction::kUpdate;
  spec.set_lease_transitions(old.lease_transitions() + (ours ? 0 : 1));
  if (ours) *spec.mutable_acquire_time() = old.acquire_time();
  decision.lease = *observed.lease;
  *decision.lease.mutable_spec() = std::move(spec);
  return decision;
}

api::Lease ReleasedLease(const api::Lease& lease, absl::Time now) {
  api::Lease released = lease;
  *released.mutable_spec() = NewSpec("", absl::Seconds(1), now);
  released.mutable_spec()->set_lease_transitions(
      lease.spec().lease_transitions());
  return released;
}

}  // namespace signet::controller
