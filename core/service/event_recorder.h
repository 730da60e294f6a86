#ifndef SIGNET_CORE_SERVICE_EVENT_RECORDER_H_
#define SIGNET_CORE_SERVICE_EVENT_RECORDER_H_

#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "core/api/core.pb.h"
#include "core/base/rng.h"
#include "core/k8s/resource_api.h"

namespace signet::service {

enum class EventType { kNormal, kWarning };

// EventRecorder writes Kubernetes Events about an object, so that `kubectl
// describe` shows them. Repeats of one (object, type, reason, message) raise
// its count, written at most once in 5 minutes; a server that forbids or fails
// is told in the log once and otherwise ignored: Events never hold up work.
// Record may block for two requests. Needs the rights to create and to patch
// Events. Thread-safe.
class EventRecorder {
 public:
  // `component` is the source ("signet-approver"), `host` may be empty.
  // References must outlive the recorder.
  EventRecorder(k8s::ResourceApi<api::Event>& events, absl::Clock& clock,
                Rng& rng, std::string component, std::string host);

  // An Event in the object's namespace, or "default" for cluster-scoped ones.
  // `reason` is a CamelCase word of at most 128 characters; of `message`, as in
  // Kubernetes, 1024 bytes are kept.
  void Record(const api::ObjectReference& about, EventType type,
              absl::string_view reason, absl::string_view message);

 private:
  // What is known of one Event.
  struct Told {
    std::string name;
    int count = 0;
    absl::Time first;    // When it happened first,
    absl::Time written;  // and when it was last sent.
    bool exists = false;
  };

  // Sends the Event as `told` says; true if the server then has it.
  bool Send(const api::Event& event, bool exists);
  std::string NewName(absl::string_view object_name);
  // Tells the first of several failures.
  void Account(const absl::Status& status);

  k8s::ResourceApi<api::Event>& events_;
  absl::Clock& clock_;
  Rng& rng_;
  const std::string component_;
  const std::string host_;

  absl::Mutex mutex_;
  absl::flat_hash_map<std::string, Told> told_ ABSL_GUARDED_BY(mutex_);
  bool failing_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace signet::service

#endif  // SIGNET_CORE_SERVICE_EVENT_RECORDER_H_
