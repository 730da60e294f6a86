#ifndef SIGNET_CORE_SYS_FILE_OWNERS_H_
#define SIGNET_CORE_SYS_FILE_OWNERS_H_

#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace signet::sys {

struct FileOwner {
  std::optional<uint32_t> user;   // Nullopt: as it is.
  std::optional<uint32_t> group;  // Likewise.

  friend bool operator==(const FileOwner&, const FileOwner&) = default;
};

// FileOwners tells and changes to whom files belong. Thread-safe.
class FileOwners {
 public:
  virtual ~FileOwners() = default;
  // By name or number; empty: as it is. kNotFound naming whom the system does
  // not know.
  virtual absl::StatusOr<FileOwner> Find(absl::string_view user,
                                         absl::string_view group) = 0;
  // A symbolic link is followed.
  virtual absl::StatusOr<FileOwner> Of(absl::string_view path) = 0;
  virtual absl::Status Change(absl::string_view path,
                              const FileOwner& owner) = 0;
};

class PosixFileOwners : public FileOwners {
 public:
  absl::StatusOr<FileOwner> Find(absl::string_view user,
                                 absl::string_view group) override;
  absl::StatusOr<FileOwner> Of(absl::string_view path) override;
  absl::Status Change(absl::string_view path, const FileOwner& owner) override;
};

}  // namespace signet::sys

#endif  // SIGNET_CORE_SYS_FILE_OWNERS_H_
