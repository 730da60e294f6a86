#ifndef SIGNET_CORE_BASE_FILE_SYSTEM_H_
#define SIGNET_CORE_BASE_FILE_SYSTEM_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace signet {

enum class FileType { kRegular, kDirectory, kSymlink, kOther };

struct FileInfo {
  FileType type = FileType::kOther;
  uint32_t mode = 0;  // Permission bits only (07777).
  uint64_t size = 0;  // Bytes.
  absl::Time modified;
  uint64_t inode = 0;
};

// FileSystem is the only door to files for code outside core/sys. Paths are
// used as given; errors name the path. Codes: kNotFound (ENOENT, ENOTDIR),
// kAlreadyExists, kPermissionDenied (EACCES, EPERM, EROFS),
// kResourceExhausted (ENOSPC, EDQUOT, or a file over the caller's limit),
// kFailedPrecondition (ENOTEMPTY, EISDIR, ELOOP), kUnavailable (EIO and the
// rest). Implementations are thread-safe.
class FileSystem {
 public:
  virtual ~FileSystem() = default;

  // Read returns the whole file. More than `max_bytes` is kResourceExhausted.
  virtual absl::StatusOr<std::string> Read(absl::string_view path,
                                           size_t max_bytes) = 0;

  // ReadEnd returns the last `max_bytes` of a file, or all of a shorter one.
  virtual absl::StatusOr<std::string> ReadEnd(absl::string_view path,
                                              size_t max_bytes) = 0;

  // Write creates or truncates a file, writes `data` and fsyncs the file (not
  // its directory). `mode` is reduced by the umask and applies to a new file.
  virtual absl::Status Write(absl::string_view path, absl::string_view data,
                             uint32_t mode) = 0;

  // Create is Write for a file that must not exist (O_EXCL): kAlreadyExists.
  virtual absl::Status Create(absl::string_view path, absl::string_view data,
                              uint32_t mode) = 0;

  // Append adds `data` to the end of a file, created if missing, and fsyncs.
  virtual absl::Status Append(absl::string_view path, absl::string_view data,
                              uint32_t mode) = 0;

  // Rename replaces `to` in one step, as rename(2) does.
  virtual absl::Status Rename(absl::string_view from, absl::string_view to) = 0;
  // Symlink makes `path` a symbolic link with the text `target`.
  virtual absl::Status Symlink(absl::string_view target,
                               absl::string_view path) = 0;
  virtual absl::StatusOr<std::string> ReadLink(absl::string_view path) = 0;
  virtual absl::Status Remove(absl::string_view path) = 0;
  // MakeDirectories is mkdir -p; existing directories keep their mode.
  virtual absl::Status MakeDirectories(absl::string_view path,
                                       uint32_t mode) = 0;
  // SyncDirectory makes earlier renames and creations in `path` durable.
  virtual absl::Status SyncDirectory(absl::string_view path) = 0;

  // Stat follows symbolic links (a dangling one is kNotFound); LinkStat
  // doesn't.
  virtual absl::StatusOr<FileInfo> Stat(absl::string_view path) = 0;
  virtual absl::StatusOr<FileInfo> LinkStat(absl::string_view path) = 0;
  // List returns the names in a directory, sorted, without "." and "..".
  virtual absl::StatusOr<std::vector<std::string>> List(
      absl::string_view path) = 0;
  virtual absl::Status ChangeMode(absl::string_view path, uint32_t mode) = 0;
};

}  // namespace signet

#endif  // SIGNET_CORE_BASE_FILE_SYSTEM_H_
