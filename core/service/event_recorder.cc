#include "core/service/event_recorder.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/log/log.h"
#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "boost/json/object.hpp"
#include "boost/json/serialize.hpp"
#include "core/api/core.pb.h"
#include "core/api/meta.pb.h"
#include "core/base/rng.h"
#include "core/k8s/resource_api.h"

namespace signet::service {
namespace {

constexpr absl::Duration kRepeatAfter = absl::Minutes(5);
// Beyond this many different Events the memory starts afresh.
constexpr size_t kMaxTold = 4096;
// Kubernetes' limits: pkg/apis/core/validation/events.go, and names.
constexpr size_t kMaxMessage = 1024;
constexpr size_t kMaxName = 253;

// The beginning of `text`, which is UTF-8, without half a character at its end.
std::string Shorten(absl::string_view text, size_t max_bytes) {
  if (text.size() <= max_bytes) return std::string(text);
  size_t end = max_bytes;
  while (end > 0 && (static_cast<uint8_t>(text[end]) & 0xC0) == 0x80) --end;
  return std::string(text.substr(0, end));
}

api::Time ToTime(absl::Time time) {
  api::Time result;
  result.set_seconds(absl::ToUnixSeconds(time));
  return result;
}

}  // namespace

EventRecorder::EventRecorder(k8s::ResourceApi<api::Event>& events,
                             absl::Clock& clock, Rng& rng,
                             std::string component, std::string host)
    : events_(events),
      clock_(clock),
      rng_(rng),
      component_(std::move(component)),
      host_(std::move(host)) {}

void EventRecorder::Record(const api::ObjectReference& about, EventType type,
                           absl::string_view reason,
                           absl::string_view message) {
  const absl::Time now = clock_.TimeNow();
  api::Event event;
  api::ObjectMeta& meta = *event.mutable_metadata();
  meta.set_namespace_(about.namespace_().empty() ? "default"
                                                 : about.namespace_());
  *event.mutable_involved_object() = about;
  event.set_reason(reason);
  event.set_message(Shorten(message, kMaxMessage));
  event.mutable_source()->set_component(component_);
  event.mutable_source()->set_host(host_);
  event.set_type(type == EventType::kNormal ? "Normal" : "Warning");
  event.set_reporting_component(component_);
  event.set_reporting_instance(host_);

  const std::string key = absl::StrJoin(
      {absl::string_view(about.api_version()), absl::string_view(about.kind()),
       absl::string_view(about.namespace_()), absl::string_view(about.name()),
       absl::string_view(about.uid()), absl::string_view(event.type()), reason,
       message},
      absl::string_view("\0", 1));
  bool exists;
  {
    absl::MutexLock lock(mutex_);
    if (told_.size() >= kMaxTold) told_.clear();
    Told& told = told_[key];
    if (told.count == 0) {
      told.name = NewName(about.name());
      told.first = now;
    } else if (now - told.written < kRepeatAfter) {
      ++told.count;
      return;
    }
    ++told.count;
    told.written = now;
    meta.set_name(told.name);
    *event.mutable_first_timestamp() = ToTime(told.first);
    *event.mutable_last_timestamp() = ToTime(now);
    event.set_count(told.count);
    exists = told.exists;
  }
  exists = Send(event, exists);
  absl::MutexLock lock(mutex_);
  if (const auto told = told_.find(key); told != told_.end()) {
    told->second.exists = exists;
  }
}

bool EventRecorder::Send(const api::Event& event, bool exists) {
  absl::Status status = absl::NotFoundError("");
  if (exists) {
    const boost::json::object patch = {
        {"count", event.count()},
        {"lastTimestamp",
         absl::FormatTime(
             "%Y-%m-%d%ET%H:%M:%SZ",
             absl::FromUnixSeconds(event.last_timestamp().seconds()),
             absl::UTCTimeZone())},
        {"message", event.message()}};
    status = events_
                 .Patch(event.metadata().namespace_(), event.metadata().name(),
                        "application/merge-patch+json",
                        boost::json::serialize(patch))
                 .status();
  }
  // A server keeps Events for an hour or so.
  if (absl::IsNotFound(status)) status = events_.Create(event).status();
  if (absl::IsAlreadyExists(status)) status = absl::OkStatus();
  Account(status);
  return status.ok();
}

std::string EventRecorder::NewName(absl::string_view object_name) {
  uint8_t random[8];
  rng_.Fill(absl::MakeSpan(random));
  const std::string suffix = absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(random), sizeof random));
  absl::string_view prefix =
      object_name.substr(0, kMaxName - 1 - suffix.size());
  while (prefix.ends_with('.') || prefix.ends_with('-'))
    prefix.remove_suffix(1);
  return absl::StrCat(prefix, ".", suffix);
}

void EventRecorder::Account(const absl::Status& status) {
  absl::MutexLock lock(mutex_);
  if (!status.ok() && !failing_) {
    LOG(WARNING) << "an Event could not be written, which is told once: "
                 << status.message() << " ("
                 << absl::StatusCodeToString(status.code()) << ")";
  }
  failing_ = !status.ok();
}

}  // namespace signet::service
