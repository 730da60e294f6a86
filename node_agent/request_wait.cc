#include "node_agent/request_wait.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/log/log.h"
#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "core/api/certificates.pb.h"
#include "core/controller/backoff.h"
#include "core/k8s/http_status.h"
#include "core/k8s/resource_api.h"
#include "core/rotation/request_outcome.h"
#include "node_agent/because.h"
#include "node_agent/event.h"

namespace signet::node_agent {
namespace {

using Csr = api::CertificateSigningRequest;

constexpr controller::BackoffPolicy kBackoff = {absl::Seconds(1), 2.0,
                                                absl::Seconds(30)};
constexpr absl::Duration kWatchTimeout = absl::Minutes(5);
constexpr absl::Duration kShortestWatch = absl::Seconds(1);
constexpr int kUnauthorized = 401;
constexpr int kGone = 410;

// One wait. An empty optional means: not yet.
class Wait {
 public:
  using Outcome = absl::StatusOr<std::optional<std::string>>;

  Wait(k8s::ResourceApi<Csr>& requests, const Csr& created,
       const WaitLimits& limits, absl::Clock& clock, const Sleeper& sleep_until)
      : requests_(requests),
        name_(created.metadata().name()),
        uid_(created.metadata().uid()),
        limits_(limits),
        clock_(clock),
        seen_(clock.TimeNow()),
        deadline_(seen_ + limits.timeout),
        sleep_until_(sleep_until) {}

  absl::StatusOr<std::string> Run() {
    while (true) {
      ABSL_ASSIGN_OR_RETURN(std::optional<std::string> issued, List());
      while (!issued.has_value() && !list_again_) {
        ABSL_ASSIGN_OR_RETURN(issued, Watch());
      }
      if (issued.has_value()) return *std::move(issued);
    }
  }

 private:
  // Learns the request's state and where to watch from.
  Outcome List() {
    ABSL_RETURN_IF_ERROR(CheckTime());
    k8s::ListOptions options;
    options.field_selector = absl::StrCat("metadata.name=", name_);
    const auto list = requests_.List(options);
    if (!list.ok()) return Pause(list.status());
    trouble_ = absl::OkStatus();
    list_again_ = false;
    resource_version_ = list->resource_version;
    for (const Csr& csr : list->items) {
      if (csr.metadata().name() == name_) return Look(csr);
    }
    return rotation::DeletedOutcome(name_);
  }

  // Watches until the stream ends.
  Outcome Watch() {
    ABSL_RETURN_IF_ERROR(CheckTime());
    const absl::Time start = Now();
    k8s::WatchOptions options;
    options.field_selector = absl::StrCat("metadata.name=", name_);
    options.resource_version = resource_version_;
    options.timeout = std::min(kWatchTimeout, deadline_ - start);
    const auto watcher = requests_.Watch(options);
    if (!watcher.ok()) return Pause(watcher.status());
    while (true) {
      ABSL_RETURN_IF_ERROR(CheckTime());
      const absl::StatusOr<k8s::WatchEvent<Csr>> event =
          (*watcher)->Next(std::min(limits_.look, deadline_ - Now()));
      if (event.ok()) {
        failures_ = 0;
        trouble_ = absl::OkStatus();
        resource_version_ = event->object.metadata().resource_version();
        if (event->type == k8s::WatchEventType::kBookmark ||
            event->object.metadata().name() != name_) {
          continue;
        }
        if (event->type == k8s::WatchEventType::kDeleted) {
          return rotation::DeletedOutcome(name_);
        }
        ABSL_ASSIGN_OR_RETURN(std::optional<std::string> issued,
                              Look(event->object));
        if (issued.has_value()) return issued;
        continue;
      }
      if (absl::IsDeadlineExceeded(event.status())) continue;
      if (absl::IsOutOfRange(event.status()) &&
          k8s::HttpCode(event.status()) != kGone &&
          Now() - start >= kShortestWatch) {
        return std::nullopt;  // The regular end.
      }
      return Pause(event.status());
    }
  }

  Outcome Look(const Csr& csr) {
    if (rotation::IsApproved(csr) && !approved_) {
      approved_ = true;
      LOG(INFO) << Event("approved").With("csr", name_);
    }
    return rotation::RequestOutcome(csr, uid_);
  }

  // Waits after `error`, as the server wishes or longer each time. List next.
  Outcome Pause(const absl::Status& error) {
    list_again_ = true;
    trouble_ = error;
    // Waiting does not mend credentials; another attempt brings others.
    if (k8s::HttpCode(error) == kUnauthorized) {
      return Because("not accepted any more, perhaps expired", error);
    }
    const absl::Duration pause =
        std::max(controller::BackoffDelay(kBackoff, ++failures_),
                 k8s::RetryAfter(error).value_or(absl::ZeroDuration()));
    LOG(WARNING) << Event("cannot_watch")
                        .With("csr", name_)
                        .With("error", error.message());
    const absl::Time now = Now();
    ABSL_RETURN_IF_ERROR(sleep_until_(std::min(now + pause, deadline_)));
    return std::nullopt;
  }

  absl::Status CheckTime() {
    const absl::Time now = Now();
    ABSL_RETURN_IF_ERROR(sleep_until_(now));
    if (now < deadline_) return absl::OkStatus();
    absl::Status late =
        rotation::TimeoutOutcome(name_, approved_, limits_.timeout);
    if (trouble_.ok()) return late;
    return absl::Status(
        late.code(),
        absl::StrCat(late.message(), "; last trouble: ", trouble_.message()));
  }

  // The time; if the clock was set back, the deadline moves with it.
  absl::Time Now() {
    const absl::Time now = clock_.TimeNow();
    if (now < seen_) deadline_ -= seen_ - now;
    seen_ = now;
    return now;
  }

  k8s::ResourceApi<Csr>& requests_;
  const std::string name_;
  const std::string uid_;
  const WaitLimits limits_;
  absl::Clock& clock_;
  absl::Time seen_;  // The latest look at the clock.
  absl::Time deadline_;
  const Sleeper& sleep_until_;

  std::string resource_version_;
  bool list_again_ = true;
  bool approved_ = false;
  int failures_ = 0;
  absl::Status trouble_;
};

}  // namespace

absl::StatusOr<std::string> AwaitCertificate(k8s::ResourceApi<Csr>& requests,
                                             const Csr& created,
                                             const WaitLimits& limits,
                                             absl::Clock& clock,
                                             const Sleeper& sleep_until) {
  return Wait(requests, created, limits, clock, sleep_until).Run();
}

}  // namespace signet::node_agent
