#include "approver_service/housekeeper.h"

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/log/log.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "approver_service/rights.h"
#include "approver_service/settings.h"
#include "core/api/authorization.pb.h"
#include "core/k8s/resource_api.h"
#include "prometheus/counter.h"
#include "prometheus/family.h"
#include "prometheus/gauge.h"
#include "prometheus/registry.h"

namespace signet::approver {
namespace {

prometheus::Family<prometheus::Counter>& Reloads(
    prometheus::Registry& registry) {
  return prometheus::BuildCounter()
      .Name("signet_config_reloads_total")
      .Help("Times that changed configuration files were read.")
      .Register(registry);
}

prometheus::Gauge& NewGauge(prometheus::Registry& registry, const char* name,
                            const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add(
      {});
}

}  // namespace

Housekeeper::Housekeeper(
    SettingsSource& settings, const RequestHistory& history,
    k8s::ResourceApi<api::SelfSubjectAccessReview>& reviews, absl::Clock& clock,
    prometheus::Registry& registry, RightsOptions rights,
    std::function<void(absl::string_view)> reconcile)
    : settings_(settings),
      history_(history),
      reviews_(reviews),
      clock_(clock),
      rights_(std::move(rights)),
      reconcile_(std::move(reconcile)),
      reloads_(Reloads(registry).Add({{"result", "ok"}})),
      failed_reloads_(Reloads(registry).Add({{"result", "error"}})),
      is_current_(NewGauge(registry, "signet_config_is_current",
                           "0 while changed configuration files are bad and "
                           "the old ones are in force.")),
      missing_rights_(NewGauge(registry, "signet_missing_rights",
                               "Permissions that the program needs and does "
                               "not have.")) {
  is_current_.Set(1);
}

void Housekeeper::Stop() {
  absl::MutexLock lock(mutex_);
  stopped_ = true;
}

void Housekeeper::Run() {
  absl::Time next_check = absl::InfinitePast();
  std::string failed;
  while (true) {
    if (clock_.TimeNow() >= next_check) {
      const absl::Status status = CheckRights();
      next_check =
          clock_.TimeNow() + (status.ok() ? kCheckRightsEvery : kAskAgainAfter);
      if (!status.ok() && status.message() != failed) {
        LOG(WARNING) << status.message() << "; will try again";
      }
      failed = std::string(status.message());
    }
    ReloadIfChanged();
    absl::MutexLock lock(mutex_);
    clock_.AwaitWithDeadline(&mutex_, absl::Condition(&stopped_),
                             clock_.TimeNow() + kReloadEvery);
    if (stopped_) return;
  }
}

void Housekeeper::ReloadIfChanged() {
  const absl::StatusOr<bool> changed = settings_.Refresh();
  if (!changed.ok()) {
    is_current_.Set(0);
    const std::string error(changed.status().message());
    if (error == told_error_) return;
    told_error_ = error;
    failed_reloads_.Increment();
    LOG(ERROR) << "the changed configuration is bad, the old one stays in "
                  "force: "
               << error;
    return;
  }
  is_current_.Set(1);
  if (!told_error_.empty() && !*changed) {
    LOG(INFO) << "the configuration is as before again";
  }
  told_error_.clear();
  if (!*changed) return;
  reloads_.Increment();
  LOG(INFO) << "took over the changed configuration, SHA-256 "
            << settings_.Current()->config_sha256;
  for (const std::string& name : history_.Undecided()) reconcile_(name);
  // Another configuration takes other rights.
  if (const absl::Status status = CheckRights(); !status.ok()) {
    LOG(WARNING) << status.message();
  }
}

absl::Status Housekeeper::CheckRights() {
  const absl::StatusOr<std::vector<Right>> missing = MissingRights(
      reviews_, NeededRights(settings_.Current()->config, rights_));
  if (!missing.ok()) {
    return absl::Status(missing.status().code(),
                        absl::StrCat("asking for our own rights: ",
                                     missing.status().message()));
  }
  missing_rights_.Set(static_cast<double>(missing->size()));
  std::vector<std::string> texts;
  for (const Right& right : *missing) {
    texts.push_back(absl::StrCat(right.ToString(), " (", right.purpose, ")"));
  }
  if (texts.empty() && (!told_all_ || !told_missing_.empty())) {
    told_all_ = true;
    LOG(INFO) << "has all permissions it needs";
  }
  if (texts != told_missing_) {
    for (const std::string& text : texts) {
      LOG(ERROR) << "lacks the permission to " << text
                 << ": see deploy/rbac/approver.yaml";
    }
  }
  told_missing_ = std::move(texts);
  return absl::OkStatus();
}

}  // namespace signet::approver
