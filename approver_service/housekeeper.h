#ifndef SIGNET_APPROVER_SERVICE_HOUSEKEEPER_H_
#define SIGNET_APPROVER_SERVICE_HOUSEKEEPER_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "approver_service/request_history.h"
#include "approver_service/rights.h"
#include "approver_service/settings.h"
#include "core/api/authorization.pb.h"
#include "core/k8s/resource_api.h"
#include "core/service/background.h"
#include "prometheus/counter.h"
#include "prometheus/family.h"
#include "prometheus/gauge.h"
#include "prometheus/registry.h"

namespace signet::approver {

// Housekeeper does what is to be done from time to time: it has changed files
// read again, and then all requests that wait judged again; and it asks whether
// we have the rights we need. It tells in the log, and by
//   signet_config_reloads_total{result}   "ok", or "error": the old one stays
//   signet_config_is_current              0 while the changed files are bad
//   signet_missing_rights                 how many
class Housekeeper : public service::Background {
 public:
  static constexpr absl::Duration kReloadEvery = absl::Seconds(2);
  static constexpr absl::Duration kCheckRightsEvery = absl::Minutes(1);
  // After the server could not be asked.
  static constexpr absl::Duration kAskAgainAfter = absl::Seconds(5);

  // References must outlive the housekeeper. `reconcile` has a request judged
  // again.
  Housekeeper(SettingsSource& settings, const RequestHistory& history,
              k8s::ResourceApi<api::SelfSubjectAccessReview>& reviews,
              absl::Clock& clock, prometheus::Registry& registry,
              RightsOptions rights,
              std::function<void(absl::string_view name)> reconcile);

  void Run() override;
  void Stop() override;

  // What Run does, for tests; by one thread at a time.
  void ReloadIfChanged();
  absl::Status CheckRights();

 private:
  SettingsSource& settings_;
  const RequestHistory& history_;
  k8s::ResourceApi<api::SelfSubjectAccessReview>& reviews_;
  absl::Clock& clock_;
  const RightsOptions rights_;
  const std::function<void(absl::string_view)> reconcile_;
  prometheus::Counter& reloads_;
  prometheus::Counter& failed_reloads_;
  prometheus::Gauge& is_current_;
  prometheus::Gauge& missing_rights_;
  std::string told_error_;                 // Of the last reload.
  std::vector<std::string> told_missing_;  // Rights.
  bool told_all_ = false;

  absl::Mutex mutex_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace signet::approver

#endif  // SIGNET_APPROVER_SERVICE_HOUSEKEEPER_H_
