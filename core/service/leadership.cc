#include "core/service/leadership.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <thread>
#include <utility>

#include "absl/log/log.h"
#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "core/api/coordination.pb.h"
#include "core/base/rng.h"
#include "core/controller/leader_lease.h"
#include "core/k8s/resource_api.h"
#include "core/service/leader_elector.h"
#include "core/service/service_flags.h"
#include "prometheus/gauge.h"
#include "prometheus/registry.h"

namespace signet::service {
namespace {

// How often the end of the leadership is looked for while the signal to stop is
// waited for: two notifications cannot be waited for at once.
constexpr absl::Duration kLook = absl::Milliseconds(100);

}  // namespace

Leadership::Leadership(const LeaderFlags& flags, std::string identity,
                       k8s::ResourceApi<api::Lease>& leases, absl::Clock& clock,
                       Rng& rng, prometheus::Registry& registry)
    : flags_(flags),
      elector_({.namespace_name = flags.resource_namespace,
                .name = flags.resource_name,
                .identity = std::move(identity),
                .timing = flags.timing},
               leases, clock, rng),
      gauge_(prometheus::BuildGauge()
                 .Name("leader_election_master_status")
                 .Help("1 if this process leads by the Lease, 0 if it stands "
                       "by.")
                 .Register(registry)
                 .Add({{"name", flags.resource_name}})) {}

absl::Status Leadership::Run(const LeaderWork& work,
                             const absl::Notification& stop) {
  if (!flags_.elect) {
    SetLeads(true);
    work.start();
    stop.WaitForNotification();
    work.finish();
    SetLeads(false);
    return absl::OkStatus();
  }
  absl::Status result;
  absl::Notification ended;
  std::thread leading([&] {
    result = Lead(work);
    ended.Notify();
  });
  while (!ended.HasBeenNotified() &&
         !stop.WaitForNotificationWithTimeout(kLook)) {
  }
  bool finish;
  {
    absl::MutexLock lock(mutex_);
    stopping_ = true;
    finish = started_;
  }
  // The Lease is given up last: the next one starts when nothing is done here.
  if (finish && !ended.HasBeenNotified()) work.finish();
  elector_.Stop();
  leading.join();
  return result;
}

absl::Status Leadership::Ready() const {
  const absl::Status trouble = elector_.Trouble();
  if (trouble.ok()) return trouble;
  return absl::UnavailableError(
      absl::StrCat("cannot stand by: the Lease ", flags_.resource_namespace,
                   "/", flags_.resource_name, ": ", trouble.message()));
}

std::string Leadership::Standing() const {
  {
    absl::MutexLock lock(mutex_);
    if (leads_) return "leads";
  }
  const std::string holder = elector_.Holder();
  return absl::StrCat("stands by; ", holder.empty()
                                         ? "nobody leads yet"
                                         : absl::StrCat(holder, " leads"));
}

absl::Status Leadership::Lead(const LeaderWork& work) {
  // Stopped before it led: in good order.
  if (!elector_.Acquire().ok()) return absl::OkStatus();
  {
    absl::MutexLock lock(mutex_);
    if (!stopping_) {
      started_ = true;
      work.start();
    }
  }
  SetLeads(true);
  const absl::Status status = elector_.Hold([&] {
    SetLeads(false);
    LOG(ERROR) << "leads no more: ending";
    work.cut();
  });
  SetLeads(false);
  return status;
}

void Leadership::SetLeads(bool leads) {
  gauge_.Set(leads ? 1 : 0);
  absl::MutexLock lock(mutex_);
  leads_ = leads;
}

absl::Duration LeaseRequestTimeout(const controller::LeaseTiming& timing) {
  return std::min(
      timing.renew_deadline / 2,
      absl::Trunc(timing.lease, absl::Seconds(1)) - timing.renew_deadline);
}

std::string LeaderIdentity(absl::string_view host, Rng& rng) {
  uint8_t random[16];
  rng.Fill(absl::MakeSpan(random));
  return absl::StrCat(
      host, "_",
      absl::BytesToHexString(absl::string_view(
          reinterpret_cast<const char*>(random), sizeof random)));
}

}  // namespace signet::service
