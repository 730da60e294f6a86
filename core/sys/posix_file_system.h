#ifndef SIGNET_CORE_SYS_POSIX_FILE_SYSTEM_H_
#define SIGNET_CORE_SYS_POSIX_FILE_SYSTEM_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/base/file_system.h"

namespace signet::sys {

// The real files, by way of POSIX. Descriptors are not inherited by children.
// Thread-safe; without state.
class PosixFileSystem : public FileSystem {
 public:
  absl::StatusOr<std::string> Read(absl::string_view path,
                                   size_t max_bytes) override;
  absl::StatusOr<std::string> ReadEnd(absl::string_view path,
                                      size_t max_bytes) override;
  absl::Status Write(absl::string_view path, absl::string_view data,
                     uint32_t mode) override;
  absl::Status Create(absl::string_view path, absl::string_view data,
                      uint32_t mode) override;
  absl::Status Append(absl::string_view path, absl::string_view data,
                      uint32_t mode) override;
  absl::Status Rename(absl::string_view from, absl::string_view to) override;
  absl::Status Symlink(absl::string_view target,
                       absl::string_view path) override;
  absl::StatusOr<std::string> ReadLink(absl::string_view path) override;
  absl::Status Remove(absl::string_view path) override;
  absl::Status MakeDirectories(absl::string_view path, uint32_t mode) override;
  absl::Status SyncDirectory(absl::string_view path) override;
  absl::StatusOr<FileInfo> Stat(absl::string_view path) override;
  absl::StatusOr<FileInfo> LinkStat(absl::string_view path) override;
  absl::StatusOr<std::vector<std::string>> List(
      absl::string_view path) override;
  absl::Status ChangeMode(absl::string_view path, uint32_t mode) override;
};

}  // namespace signet::sys

#endif  // SIGNET_CORE_SYS_POSIX_FILE_SYSTEM_H_
