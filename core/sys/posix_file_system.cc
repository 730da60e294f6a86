#include "core/sys/posix_file_system.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/base/file_system.h"

namespace signet::sys {
namespace {

absl::StatusCode CodeOf(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return absl::StatusCode::kNotFound;
    case EEXIST:
      return absl::StatusCode::kAlreadyExists;
    case EACCES:
    case EPERM:
    case EROFS:
      return absl::StatusCode::kPermissionDenied;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return absl::StatusCode::kResourceExhausted;
    case ENOTEMPTY:
    case EISDIR:
    case ELOOP:
      return absl::StatusCode::kFailedPrecondition;
    default:
      return absl::StatusCode::kUnavailable;
  }
}

// "open /etc/x: Permission denied"
absl::Status Error(absl::string_view operation, absl::string_view path,
                   int error) {
  return absl::Status(CodeOf(error),
                      absl::StrCat(operation, " ", path, ": ",
                                   std::generic_category().message(error)));
}

// A path as the system takes it. A NUL would cut it short unnoticed.
absl::StatusOr<std::string> Native(absl::string_view path) {
  if (path.find('\0') != absl::string_view::npos) {
    return absl::InvalidArgumentError("a path with a NUL character");
  }
  return std::string(path);
}

// Repeats a call that a signal interrupted.
template <class F>
auto Retry(F call) {
  decltype(call()) result;
  do {
    result = call();
  } while (result == -1 && errno == EINTR);
  return result;
}

// Closes a descriptor when it goes out of scope.
class Descriptor {
 public:
  Descriptor(const std::string& path, int flags, uint32_t mode = 0)
      : fd_(Retry([&] {
          return open(path.c_str(), flags | O_CLOEXEC,
                      static_cast<mode_t>(mode));
        })) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  bool ok() const { return fd_ >= 0; }
  int get() const { return fd_; }
  // close(2) may be the one to report a failed write. The descriptor is gone
  // whatever it says.
  int Close() { return close(std::exchange(fd_, -1)); }

 private:
  int fd_;
};

absl::Status WriteAll(absl::string_view path, absl::string_view data, int flags,
                      uint32_t mode) {
  ABSL_ASSIGN_OR_RETURN(const std::string native, Native(path));
  Descriptor file(native, O_WRONLY | O_CREAT | flags, mode);
  if (!file.ok()) return Error("open", path, errno);
  while (!data.empty()) {
    const ssize_t n =
        Retry([&] { return write(file.get(), data.data(), data.size()); });
    if (n < 0) return Error("write", path, errno);
    data.remove_prefix(static_cast<size_t>(n));
  }
  if (Retry([&] { return fsync(file.get()); }) != 0) {
    return Error("fsync", path, errno);
  }
  if (file.Close() != 0 && errno != EINTR) return Error("close", path, errno);
  return absl::OkStatus();
}

FileInfo ToInfo(const struct stat& status) {
  FileInfo info;
  if (S_ISREG(status.st_mode)) info.type = FileType::kRegular;
  if (S_ISDIR(status.st_mode)) info.type = FileType::kDirectory;
  if (S_ISLNK(status.st_mode)) info.type = FileType::kSymlink;
  info.mode = status.st_mode & 07777;
  info.size = static_cast<uint64_t>(status.st_size);
  info.modified = absl::TimeFromTimespec(status.st_mtim);
  info.inode = status.st_ino;
  return info;
}

}  // namespace

absl::StatusOr<std::string> PosixFileSystem::Read(absl::string_view path,
                                                  size_t max_bytes) {
  ABSL_ASSIGN_OR_RETURN(const std::string native, Native(path));
  const Descriptor file(native, O_RDONLY);
  if (!file.ok()) return Error("open", path, errno);
  std::string data;
  char buffer[16 << 10];
  while (true) {
    // A byte more than is allowed shows that the file is too long.
    const size_t want = std::min(sizeof buffer, max_bytes - data.size() + 1);
    const ssize_t n = Retry([&] { return read(file.get(), buffer, want); });
    if (n < 0) return Error("read", path, errno);
    if (n == 0) return data;
    if (data.size() + static_cast<size_t>(n) > max_bytes) {
      return absl::ResourceExhaustedError(absl::StrCat(
          "read ", path, ": the file is over ", max_bytes, " bytes"));
    }
    data.append(buffer, static_cast<size_t>(n));
  }
}

absl::StatusOr<std::string> PosixFileSystem::ReadEnd(absl::string_view path,
                                                     size_t max_bytes) {
  ABSL_ASSIGN_OR_RETURN(const std::string native, Native(path));
  const Descriptor file(native, O_RDONLY);
  if (!file.ok()) return Error("open", path, errno);
  struct stat status;
  if (fstat(file.get(), &status) != 0) return Error("fstat", path, errno);
  const off_t size = status.st_size;
  const off_t start =
      size - std::min(size, static_cast<off_t>(std::min<size_t>(
                                max_bytes, std::numeric_limits<off_t>::max())));
  std::string data(static_cast<size_t>(size - start), '\0');
  size_t filled = 0;
  while (filled < data.size()) {
    const ssize_t n = Retry([&] {
      return pread(file.get(), data.data() + filled, data.size() - filled,
                   start + static_cast<off_t>(filled));
    });
    if (n < 0) return Error("read", path, errno);
    if (n == 0) break;  // It was cut short meanwhile.
    filled += static_cast<size_t>(n);
  }
  data.resize(filled);
  return data;
}

absl::Status PosixFileSystem::Write(absl::string_view path,
                                    absl::string_view data, uint32_t mode) {
  return WriteAll(path, data, O_TRUNC, mode);
}

absl::Status PosixFileSystem::Create(absl::string_view path,
                                     absl::string_view data, uint32_t mode) {
  return WriteAll(path, data, O_EXCL, mode);
}

absl::Status PosixFileSystem::Append(absl::string_view path,
                                     absl::string_view data, uint32_t mode) {
  return WriteAll(path, data, O_APPEND, mode);
}

absl::Status PosixFileSystem::Rename(absl::string_view from,
                                     absl::string_view to) {
  ABSL_ASSIGN_OR_RETURN(const std::string native_from, Native(from));
  ABSL_ASSIGN_OR_RETURN(const std::string native_to, Native(to));
  if (rename(native_from.c_str(), native_to.c_str()) != 0) {
    return Error("rename", absl::StrCat(from, " to ", to), errno);
  }
  return absl::OkStatus();
}

absl::Status PosixFileSystem::Symlink(absl::string_view target,
                                      absl::string_view path) {
  ABSL_ASSIGN_OR_RETURN(const std::string native_target, Native(target));
  ABSL_ASSIGN_OR_RETURN(const std::string native, Native(path));
  if (symlink(native_target.c_str(), native.c_str()) != 0) {
    return Error("symlink", path, errno);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> PosixFileSystem::ReadLink(absl::string_view path) {
  ABSL_ASSIGN_OR_RETURN(const std::string native, Native(path));
  char buffer[PATH_MAX];
  const ssize_t n = readlink(native.c_str(), buffer, sizeof buffer);
  if (n < 0) return Error("readlink", path, errno);
  return std::string(buffer, static_cast<size_t>(n));
}

absl::Status PosixFileSystem::Remove(absl::string_view path) {
  ABSL_ASSIGN_OR_RETURN(const std::string native, Native(path));
  if (remove(native.c_str()) != 0) return Error("remove", path, errno);
  return absl::OkStatus();
}

absl::Status PosixFileSystem::MakeDirectories(absl::string_view path,
                                              uint32_t mode) {
  ABSL_ASSIGN_OR_RETURN(const std::string native, Native(path));
  for (size_t end = 0; end < native.size();) {
    end = std::min(native.find('/', end + 1), native.size());
    const std::string part = native.substr(0, end);
    if (mkdir(part.c_str(), static_cast<mode_t>(mode)) == 0) continue;
    const int error = errno;
    struct stat status;
    if (error == EEXIST || error == EROFS || error == EACCES) {
      // It may be there; if it is no directory, the next step would say so.
      if (stat(part.c_str(), &status) == 0) {
        if (S_ISDIR(status.st_mode)) continue;
        return Error("mkdir", part, end < native.size() ? ENOTDIR : EEXIST);
      }
    }
    return Error("mkdir", part, error);
  }
  return absl::OkStatus();
}

absl::Status PosixFileSystem::SyncDirectory(absl::string_view path) {
  ABSL_ASSIGN_OR_RETURN(const std::string native, Native(path));
  const Descriptor directory(native, O_RDONLY | O_DIRECTORY);
  if (!directory.ok()) return Error("open", path, errno);
  if (Retry([&] { return fsync(directory.get()); }) != 0) {
    return Error("fsync", path, errno);
  }
  return absl::OkStatus();
}

absl::StatusOr<FileInfo> PosixFileSystem::Stat(absl::string_view path) {
  ABSL_ASSIGN_OR_RETURN(const std::string native, Native(path));
  struct stat status;
  if (stat(native.c_str(), &status) != 0) return Error("stat", path, errno);
  return ToInfo(status);
}

absl::StatusOr<FileInfo> PosixFileSystem::LinkStat(absl::string_view path) {
  ABSL_ASSIGN_OR_RETURN(const std::string native, Native(path));
  struct stat status;
  if (lstat(native.c_str(), &status) != 0) return Error("lstat", path, errno);
  return ToInfo(status);
}

absl::StatusOr<std::vector<std::string>> PosixFileSystem::List(
    absl::string_view path) {
  ABSL_ASSIGN_OR_RETURN(const std::string native, Native(path));
  struct Closer {
    void operator()(DIR* directory) const { closedir(directory); }
  };
  const std::unique_ptr<DIR, Closer> directory(opendir(native.c_str()));
  if (directory == nullptr) return Error("opendir", path, errno);
  std::vector<std::string> names;
  while (true) {
    errno = 0;
    const dirent* const entry = readdir(directory.get());
    if (entry == nullptr) break;
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  if (errno != 0) return Error("readdir", path, errno);
  std::sort(names.begin(), names.end());
  return names;
}

absl::Status PosixFileSystem::ChangeMode(absl::string_view path,
                                         uint32_t mode) {
  ABSL_ASSIGN_OR_RETURN(const std::string native, Native(path));
  if (chmod(native.c_str(), static_cast<mode_t>(mode)) != 0) {
    return Error("chmod", path, errno);
  }
  return absl::OkStatus();
}

}  // namespace signet::sys
