#ifndef SIGNET_CORE_TESTING_FAKE_RESOURCE_STORE_H_
#define SIGNET_CORE_TESTING_FAKE_RESOURCE_STORE_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "core/api/resource.h"
#include "core/k8s/resource_api.h"
#include "google/protobuf/message.h"

namespace signet::testing {

enum class Verb {
  kGet,
  kList,
  kCreate,
  kUpdate,
  kUpdateSubresource,
  kPatch,
  kDelete,
  kWatch,
};

// FakeResourceStore is FakeResourceApi without its type: see
// fake_resource_api.h, which is what tests use.
class FakeResourceStore {
 public:
  using Message = google::protobuf::Message;
  using Object = std::shared_ptr<const Message>;    // Of the store's kind.
  using Key = std::pair<std::string, std::string>;  // Namespace and name.

  class Watch;

  FakeResourceStore(const api::ResourceInfo& info, const Message& prototype,
                    absl::Clock& clock);

  // ---- The API.

  absl::StatusOr<Object> Get(const Key& key);
  absl::StatusOr<std::pair<std::vector<Object>, std::string>> List(
      const k8s::ListOptions& options);
  absl::StatusOr<Object> Create(const Message& object);
  // `subresource` is empty for the object itself.
  absl::StatusOr<Object> Update(absl::string_view subresource,
                                const Message& object);
  absl::StatusOr<Object> Patch(const Key& key, absl::string_view content_type,
                               absl::string_view patch);
  absl::Status Delete(const Key& key);
  absl::StatusOr<std::unique_ptr<Watch>> StartWatch(
      const k8s::WatchOptions& options);

  // ---- The test's.

  void FailNext(Verb verb, absl::Status status, int times, bool takes_effect);
  void OnCreate(std::function<absl::Status(Message&)> hook);
  Object Put(const Message& object);
  void Remove(const Key& key);
  std::vector<Object> objects() const;
  void Compact();
  void EndWatches(absl::Status status);
  void SendBookmarks();
  int calls(Verb verb) const;
  int writes() const;
  int watches() const;

 private:
  struct Change {
    int64_t version;
    Object before;  // Null if it was created.
    Object after;   // Null if it was deleted.
  };
  struct Fault {
    absl::Status status;
    int times;
    bool takes_effect;
  };
  struct Selection {
    std::string namespace_name;
    // Path of a field (JSON names), whether it must be equal, value.
    struct Term {
      std::string key;
      bool equal;
      std::string value;
    };
    std::vector<Term> fields;
    std::vector<Term> labels;
  };

  // Counts a call. An error: it fails, at once or, with *takes_effect, after
  // the work is done.
  absl::Status Begin(Verb verb, bool* takes_effect)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<Object> Find(const Key& key) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Stores `object` under the next version; `before` may be null.
  Object Store(std::unique_ptr<Message> object, Object before)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Erase(const Key& key) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<Object> Replace(absl::string_view subresource,
                                 const Message& object)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<std::unique_ptr<Message>> Merge(const Message& object,
                                                 absl::string_view patch) const;
  static absl::StatusOr<Selection> Select(absl::string_view namespace_name,
                                          absl::string_view field_selector,
                                          absl::string_view label_selector);
  static bool Matches(const Selection& selection, const Object& object);
  absl::Status Error(int code, absl::string_view reason,
                     absl::string_view message) const;
  // certificatesigningrequests.certificates.k8s.io "name"
  std::string Called(const Key& key) const;

  const api::ResourceInfo info_;
  const Message& prototype_;
  absl::Clock& clock_;

  mutable absl::Mutex mutex_;
  std::map<Key, Object> objects_ ABSL_GUARDED_BY(mutex_);
  int64_t version_ ABSL_GUARDED_BY(mutex_) = 1;
  int64_t compacted_ ABSL_GUARDED_BY(mutex_) = 0;
  std::deque<Change> changes_ ABSL_GUARDED_BY(mutex_);
  std::map<Verb, std::deque<Fault>> faults_ ABSL_GUARDED_BY(mutex_);
  std::map<Verb, int> calls_ ABSL_GUARDED_BY(mutex_);
  int writes_ ABSL_GUARDED_BY(mutex_) = 0;
  int made_ ABSL_GUARDED_BY(mutex_) = 0;  // For uids and generated names.
  std::vector<Watch*> watches_ ABSL_GUARDED_BY(mutex_);
  std::function<absl::Status(Message&)> on_create_ ABSL_GUARDED_BY(mutex_);
};

// One watch. The store must outlive it.
class FakeResourceStore::Watch {
 public:
  ~Watch();
  absl::StatusOr<std::pair<k8s::WatchEventType, Object>> Next(
      absl::Duration timeout);
  void Stop();

 private:
  friend class FakeResourceStore;
  using Event = std::pair<k8s::WatchEventType, Object>;

  Watch(FakeResourceStore& store, Selection selection)
      : store_(store), selection_(std::move(selection)) {}
  // Moves what has changed to `events_`. These two need the store's mutex.
  void Advance();
  bool Ready();

  FakeResourceStore& store_;
  const Selection selection_;
  // The rest belongs to the store's mutex.
  std::deque<Event> events_;
  int64_t position_ = 0;
  bool bookmarks_ = false;
  absl::Time end_;
  absl::Status broken_;
  bool stopped_ = false;
};

}  // namespace signet::testing

#endif  // SIGNET_CORE_TESTING_FAKE_RESOURCE_STORE_H_
