#include "core/sys/file_owners.h"

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace signet::sys {
namespace {

constexpr size_t kEntryBytes = 64 << 10;

// Looks `name` up by getpwnam_r or getgrnam_r.
template <class Entry, class Look, class Id>
absl::StatusOr<std::optional<uint32_t>> Find(absl::string_view what,
                                             absl::string_view name, Look look,
                                             Id id) {
  if (name.empty()) return std::nullopt;
  Entry entry;
  Entry* found = nullptr;
  std::vector<char> buffer(kEntryBytes);
  const int error = look(std::string(name).c_str(), &entry, buffer.data(),
                         buffer.size(), &found);
  if (found != nullptr) return static_cast<uint32_t>(id(*found));
  uint32_t number = 0;
  if (absl::SimpleAtoi(name, &number)) return number;
  if (error != 0 && error != ENOENT) {
    return absl::ErrnoToStatus(
        error, absl::StrCat("cannot look up ", what, " \"", name, "\""));
  }
  return absl::NotFoundError(
      absl::StrCat("there is no ", what, " \"", name, "\""));
}

}  // namespace

absl::StatusOr<FileOwner> PosixFileOwners::Find(absl::string_view user,
                                                absl::string_view group) {
  FileOwner owner;
  ABSL_ASSIGN_OR_RETURN(
      owner.user, sys::Find<passwd>("user", user, getpwnam_r,
                                    [](const passwd& p) { return p.pw_uid; }));
  ABSL_ASSIGN_OR_RETURN(
      owner.group,
      sys::Find<::group>("group", group, getgrnam_r,
                         [](const ::group& g) { return g.gr_gid; }));
  return owner;
}

absl::StatusOr<FileOwner> PosixFileOwners::Of(absl::string_view path) {
  struct stat info;
  if (stat(std::string(path).c_str(), &info) != 0) {
    return absl::ErrnoToStatus(errno,
                               absl::StrCat("cannot look at \"", path, "\""));
  }
  return FileOwner{info.st_uid, info.st_gid};
}

absl::Status PosixFileOwners::Change(absl::string_view path,
                                     const FileOwner& owner) {
  if (!owner.user.has_value() && !owner.group.has_value()) {
    return absl::OkStatus();
  }
  if (chown(std::string(path).c_str(),
            owner.user.value_or(static_cast<uid_t>(-1)),
            owner.group.value_or(static_cast<gid_t>(-1))) != 0) {
    return absl::ErrnoToStatus(
        errno, absl::StrCat("cannot change the owner of \"", path, "\""));
  }
  return absl::OkStatus();
}

}  // namespace signet::sys
