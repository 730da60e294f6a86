#include "core/service/watched_files.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "core/base/file_system.h"

namespace signet::service {
namespace {

bool Same(const FileInfo& a, const FileInfo& b) {
  return a.inode == b.inode && a.size == b.size && a.modified == b.modified;
}

}  // namespace

WatchedFiles::WatchedFiles(FileSystem& files, std::vector<std::string> paths)
    : files_(files), paths_(std::move(paths)) {}

absl::StatusOr<bool> WatchedFiles::Changed() {
  seen_.reset();
  std::vector<FileInfo> now;
  for (const std::string& path : paths_) {
    ABSL_ASSIGN_OR_RETURN(now.emplace_back(), files_.Stat(path));
  }
  seen_ = std::move(now);
  return !accepted_.has_value() || !absl::c_equal(*accepted_, *seen_, Same);
}

void WatchedFiles::Accept() {
  if (seen_.has_value()) accepted_ = seen_;
}

}  // namespace signet::service
