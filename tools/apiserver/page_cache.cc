#include "tools/apiserver/page_cache.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "tools/apiserver/api_error.h"
#include "tools/apiserver/store.h"

namespace signet::apiserver {

PageCache::Page PageCache::Cut(const Cached& list, size_t start,
                               int64_t limit) {
  Page page;
  page.metadata.set_resource_version(absl::StrCat(list.revision));
  const size_t left = list.objects.size() - start;
  const size_t count =
      limit == 0 ? left : std::min(left, static_cast<size_t>(limit));
  const auto begin = list.objects.begin() + static_cast<ptrdiff_t>(start);
  page.objects.assign(begin, begin + static_cast<ptrdiff_t>(count));
  if (count < left) {
    page.metadata.set_continue_(absl::StrCat(list.id, ".", start + count));
    page.metadata.set_remaining_item_count(static_cast<int64_t>(left - count));
  }
  return page;
}

PageCache::Page PageCache::First(absl::string_view resource,
                                 absl::string_view namespace_name,
                                 std::vector<ObjectPtr> objects,
                                 int64_t revision, int64_t limit) {
  auto list = std::make_shared<Cached>();
  list->resource = std::string(resource);
  list->namespace_name = std::string(namespace_name);
  list->objects = std::move(objects);
  list->revision = revision;
  if (limit > 0 && list->objects.size() > static_cast<size_t>(limit)) {
    absl::MutexLock lock(mutex_);
    list->id = next_id_++;
    lists_.push_front(list);
    if (lists_.size() > max_lists_) lists_.pop_back();
  }
  return Cut(*list, 0, limit);
}

absl::StatusOr<PageCache::Page> PageCache::Next(
    absl::string_view token, absl::string_view resource,
    absl::string_view namespace_name, int64_t limit) {
  const std::vector<absl::string_view> parts = absl::StrSplit(token, '.');
  uint64_t id = 0;
  size_t start = 0;
  if (parts.size() != 2 || !absl::SimpleAtoi(parts[0], &id) ||
      !absl::SimpleAtoi(parts[1], &start)) {
    return BadRequest("continue key is not valid");
  }
  std::shared_ptr<const Cached> list;
  {
    absl::MutexLock lock(mutex_);
    const auto it =
        std::find_if(lists_.begin(), lists_.end(),
                     [id](const auto& one) { return one->id == id; });
    if (it != lists_.end()) list = *it;
  }
  if (list == nullptr) {
    return Expired(
        "The provided continue parameter is too old to display a consistent "
        "list result. You can start a new list without the continue "
        "parameter.");
  }
  if (list->resource != resource || list->namespace_name != namespace_name ||
      start > list->objects.size()) {
    return BadRequest("continue key is not valid");
  }
  Page page = Cut(*list, start, limit);
  if (page.metadata.continue_().empty()) {
    absl::MutexLock lock(mutex_);
    lists_.remove(list);
  }
  return page;
}

}  // namespace signet::apiserver
