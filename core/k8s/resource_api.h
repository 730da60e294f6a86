#ifndef SIGNET_CORE_K8S_RESOURCE_API_H_
#define SIGNET_CORE_K8S_RESOURCE_API_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/api/meta.pb.h"

namespace signet::k8s {

struct ListOptions {
  std::string namespace_name;  // Empty: all, or a cluster-scoped kind.
  std::string field_selector;
  std::string label_selector;
  int64_t limit = 500;  // Page size; List follows `continue` to the end.
};

template <class T>
struct ListResult {
  std::vector<T> items;
  std::string resource_version;
};

enum class WatchEventType { kAdded, kModified, kDeleted, kBookmark };

template <class T>
struct WatchEvent {
  WatchEventType type;
  T object;  // A bookmark has only metadata.resource_version.
};

// Watcher is one watch that is under way.
template <class T>
class Watcher {
 public:
  virtual ~Watcher() = default;
  // Next blocks for an event. kOutOfRange: the regular end of the stream (watch
  // again from the last resource version) or 410 (see HttpCode: list again).
  // kDeadlineExceeded: none within `timeout`. kCancelled after Stop.
  virtual absl::StatusOr<WatchEvent<T>> Next(absl::Duration timeout) = 0;
  virtual void Stop() = 0;  // Thread-safe; ends a Next under way.
};

struct WatchOptions {
  std::string namespace_name;
  std::string field_selector;
  std::string label_selector;
  std::string resource_version;
  bool allow_bookmarks = true;
  absl::Duration timeout = absl::Minutes(5);  // timeoutSeconds
};

// ResourceApi is the typed client of one kind. Implementations (ApiClient's,
// and the fake in core/testing) are thread-safe. Errors are those of
// http_status.h. T is a message of core/api.
template <class T>
class ResourceApi {
 public:
  virtual ~ResourceApi() = default;
  // `namespace_name` is "" for cluster-scoped kinds, here and below.
  virtual absl::StatusOr<T> Get(absl::string_view namespace_name,
                                absl::string_view name) = 0;
  virtual absl::StatusOr<ListResult<T>> List(const ListOptions& options) = 0;
  // Creates `object`, in metadata.namespace; returns what the server stored.
  virtual absl::StatusOr<T> Create(const T& object) = 0;
  // Replaces. metadata.resource_version set: kAborted if it is not the latest.
  virtual absl::StatusOr<T> Update(const T& object) = 0;
  // The same on a subresource: "status", "approval".
  virtual absl::StatusOr<T> UpdateSubresource(absl::string_view subresource,
                                              const T& object) = 0;
  // Patches with `content_type` "application/merge-patch+json" and the like.
  virtual absl::StatusOr<T> Patch(absl::string_view namespace_name,
                                  absl::string_view name,
                                  absl::string_view content_type,
                                  absl::string_view patch) = 0;
  virtual absl::Status Delete(absl::string_view namespace_name,
                              absl::string_view name) = 0;
  virtual absl::StatusOr<std::unique_ptr<Watcher<T>>> Watch(
      const WatchOptions& options) = 0;
};

}  // namespace signet::k8s

#endif  // SIGNET_CORE_K8S_RESOURCE_API_H_
