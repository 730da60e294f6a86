#ifndef SIGNET_TOOLS_APISERVER_PAGE_CACHE_H_
#define SIGNET_TOOLS_APISERVER_PAGE_CACHE_H_

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "core/api/meta.pb.h"
#include "tools/apiserver/store.h"

namespace signet::apiserver {

// PageCache serves lists in pages (limit, continue): every page shows the state
// of the first one. It keeps the lists that are being read, as the objects in
// them are shared this costs little; the oldest is dropped for a new one, and
// its reader then gets 410 and begins again. Thread-safe.
class PageCache {
 public:
  explicit PageCache(size_t max_lists = 64) : max_lists_(max_lists) {}

  struct Page {
    std::vector<ObjectPtr> objects;
    api::ListMeta metadata;
  };
  // `limit` 0: everything at once.
  Page First(absl::string_view resource, absl::string_view namespace_name,
             std::vector<ObjectPtr> objects, int64_t revision, int64_t limit);
  // Errors are api_error's: 400 for a token that was never given for this
  // resource, 410 for one that is too old.
  absl::StatusOr<Page> Next(absl::string_view token, absl::string_view resource,
                            absl::string_view namespace_name, int64_t limit);

 private:
  struct Cached {
    uint64_t id = 0;
    std::string resource;
    std::string namespace_name;
    std::vector<ObjectPtr> objects;
    int64_t revision = 0;
  };
  static Page Cut(const Cached& list, size_t start, int64_t limit);

  const size_t max_lists_;
  absl::Mutex mutex_;
  uint64_t next_id_ ABSL_GUARDED_BY(mutex_) = 1;
  std::list<std::shared_ptr<const Cached>> lists_
      ABSL_GUARDED_BY(mutex_);  // The newest first.
};

}  // namespace signet::apiserver

#endif  // SIGNET_TOOLS_APISERVER_PAGE_CACHE_H_
