#ifndef SIGNET_CORE_SERVICE_WATCHED_FILES_H_
#define SIGNET_CORE_SERVICE_WATCHED_FILES_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/file_system.h"

namespace signet::service {

// WatchedFiles tells whether files were replaced or changed since they were
// last accepted, from their inode, size and modification time (symbolic links
// followed, so that the ..data switch of a mounted ConfigMap or Secret counts).
// Polled; it has no thread. Not thread-safe.
class WatchedFiles {
 public:
  // `files` must outlive the object. Nothing has been accepted yet.
  WatchedFiles(FileSystem& files, std::vector<std::string> paths);

  // True if they differ from the last Accept. An error names the file that
  // cannot be looked at; what was accepted stays so.
  absl::StatusOr<bool> Changed();
  // Takes the state that the last Changed saw as the known one; after an error
  // of Changed it does nothing. Read the files between Changed and Accept: what
  // changes meanwhile is found next time.
  void Accept();

 private:
  FileSystem& files_;
  const std::vector<std::string> paths_;
  // One entry for each path; nullopt: none yet, or it could not be had.
  std::optional<std::vector<FileInfo>> accepted_;
  std::optional<std::vector<FileInfo>> seen_;
};

}  // namespace signet::service

#endif  // SIGNET_CORE_SERVICE_WATCHED_FILES_H_
