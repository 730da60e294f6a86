#ifndef SIGNET_TOOLS_APISERVER_STORE_H_
#define SIGNET_TOOLS_APISERVER_STORE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "core/api/meta.pb.h"
#include "google/protobuf/message.h"
#include "tools/apiserver/journal.h"

namespace signet::apiserver {

using ObjectPtr = std::shared_ptr<const google::protobuf::Message>;

// The metadata of any of the API's objects (their field 1). The message must
// have one.
const api::ObjectMeta& MetadataOf(const google::protobuf::Message& object);
api::ObjectMeta& MutableMetadataOf(google::protobuf::Message& object);

enum class EventType { kAdded, kModified, kDeleted };

struct StoreEvent {
  EventType type = EventType::kAdded;
  int64_t revision = 0;
  ObjectKey key;
  // The state after the event; of a deletion, the last state with the
  // deletion's resource version (SPEC D-19).
  ObjectPtr object;
  ObjectPtr previous;  // Null for kAdded.
};

struct StoreLimits {
  size_t max_object_bytes = 3 << 19;   // 1.5 MiB, as etcd's (SPEC A-48b).
  size_t max_total_bytes = 512 << 20;  // Of all objects together.
  size_t max_history_events = 20000;   // For watches to catch up with.
  size_t max_history_bytes = 64 << 20;
};

// Store holds the API's objects in memory and, with a journal, on disk too: a
// write returns OK only once the journal has it. One counter numbers all
// changes; it is every object's metadata.resourceVersion (SPEC D-19).
//
// Objects are immutable and shared. Thread-safe; nothing is called back under
// the lock, except the journal.
class Store {
 public:
  // `journal` may be null, else must outlive the store.
  explicit Store(Journal* journal, const StoreLimits& limits = {});
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // Load reads the journal; call it once, before anything else. `make` returns
  // an empty message for a resource, or null if the resource is not known
  // (kFailedPrecondition). kDataLoss if an object does not parse.
  absl::Status Load(
      const std::function<std::unique_ptr<google::protobuf::Message>(
          absl::string_view resource)>& make);

  struct Snapshot {
    std::vector<ObjectPtr> objects;  // By namespace, then name.
    int64_t revision = 0;
  };
  // `namespace_name` empty: of all namespaces.
  Snapshot List(absl::string_view resource,
                absl::string_view namespace_name) const;
  // Null if there is none.
  ObjectPtr Get(const ObjectKey& key) const;
  int64_t revision() const;

  // Create adds an object and sets its resource version; returns what is
  // stored. kAlreadyExists; kInvalidArgument for an object over its limit;
  // kResourceExhausted for a store over its; the journal's errors.
  absl::StatusOr<ObjectPtr> Create(
      const ObjectKey& key, std::unique_ptr<google::protobuf::Message> object);
  // Update replaces `current`, as Get returned it. kAborted if something else
  // is stored by now, kNotFound if nothing is. An object that equals the
  // current one is not written: no revision, no event, as in etcd3's store.
  absl::StatusOr<ObjectPtr> Update(
      const ObjectKey& key, const ObjectPtr& current,
      std::unique_ptr<google::protobuf::Message> object);
  // Delete removes `current`; returns its last state with the new resource
  // version. That is `last`, or if it is null what `current` says. Errors as
  // Update's.
  absl::StatusOr<ObjectPtr> Delete(
      const ObjectKey& key, const ObjectPtr& current,
      std::unique_ptr<google::protobuf::Message> last = nullptr);

  // EventsAfter appends to `events` what happened to `resource` after
  // `*revision` and moves `*revision` up to the latest change that it has
  // looked at; at most `max` events. kOutOfRange if the history does not reach
  // back so far (410), kInvalidArgument if `*revision` is of the future.
  absl::Status EventsAfter(absl::string_view resource,
                           absl::string_view namespace_name, size_t max,
                           int64_t* revision,
                           std::vector<StoreEvent>* events) const;

  // Subscribe calls `wake` after every change to `resource`, from the thread
  // that made it. Unsubscribe may return while a call is under way.
  using SubscriptionId = uint64_t;
  SubscriptionId Subscribe(absl::string_view resource,
                           std::function<void()> wake);
  void Unsubscribe(SubscriptionId id);

  // Compact forgets the history of changes (tests of 410).
  void Compact();

 private:
  struct Entry {
    ObjectPtr object;
    size_t bytes = 0;
  };
  struct Subscription {
    std::string resource;
    std::shared_ptr<const std::function<void()>> wake;
  };
  using Wakes = std::vector<std::shared_ptr<const std::function<void()>>>;

  // Numbers and stores the change; the journal first.
  absl::StatusOr<ObjectPtr> Write(
      EventType type, const ObjectKey& key,
      std::unique_ptr<google::protobuf::Message> object, ObjectPtr previous)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void TrimHistory() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Wakes WakesFor(absl::string_view resource)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Journal* const journal_;
  const StoreLimits limits_;
  mutable absl::Mutex mutex_;
  std::map<ObjectKey, Entry> entries_ ABSL_GUARDED_BY(mutex_);
  size_t total_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t revision_ ABSL_GUARDED_BY(mutex_) = 0;
  // Every change since `history_start_`, one each: the event numbered r is at
  // r - history_start_ - 1.
  std::deque<StoreEvent> history_ ABSL_GUARDED_BY(mutex_);
  std::deque<size_t> history_sizes_ ABSL_GUARDED_BY(mutex_);
  size_t history_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t history_start_ ABSL_GUARDED_BY(mutex_) = 0;
  SubscriptionId next_subscription_ ABSL_GUARDED_BY(mutex_) = 1;
  absl::flat_hash_map<SubscriptionId, Subscription> subscriptions_
      ABSL_GUARDED_BY(mutex_);
};

}  // namespace signet::apiserver

#endif  // SIGNET_TOOLS_APISERVER_STORE_H_
