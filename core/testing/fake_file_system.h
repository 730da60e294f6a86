#ifndef SIGNET_CORE_TESTING_FAKE_FILE_SYSTEM_H_
#define SIGNET_CORE_TESTING_FAKE_FILE_SYSTEM_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/base/file_system.h"

namespace signet::testing {

// FakeFileSystem keeps files in memory and forgets in a crash what was not
// synced, as a disk may: the contents of a file that was not fsynced, and each
// creation, rename and removal in a directory that was not synced since. It can
// fail, or kill its user, at any operation. Paths that are not absolute start
// at "/", the only directory there is at first. The umask is 022. Permissions
// are kept but not enforced: see FailPath. Thread-safe.
class FakeFileSystem : public FileSystem {
 public:
  FakeFileSystem();

  // ---- Faults.

  // What an operation that fails has done nevertheless.
  enum class Effect {
    kNothing,
    // Write, Create and Append leave half of the data, not synced. The others
    // do nothing.
    kHalf,
    kEverything,  // As if it had succeeded.
  };
  // Makes the operation number `operation` (counted from operations() + 1 on)
  // fail with `status` and `effect`.
  void FailAt(int operation, absl::Status status, Effect effect);
  // Likewise, and every later operation fails and does nothing, as if the
  // process had been killed there; until Crash or Restart.
  void KillAt(int operation, Effect effect);
  // Makes every operation that names `path` fail; OK to end that.
  void FailPath(absl::string_view path, absl::Status status);
  // The number of operations so far, failed ones included.
  int operations() const;
  bool killed() const;

  // ---- Crashes.

  // The number of changes of directories that are not synced, oldest first. A
  // rename is one change.
  int unsynced_changes() const;
  // Takes the machine's power away and gives it back: what is not synced is
  // lost, except the directory changes whose bit in `survivors` is set (bit 0
  // is the oldest) and, with `data_survives`, the contents of files. A disk may
  // keep any part of it, in any order. Ends faults of FailAt and KillAt.
  void Crash(uint64_t survivors = 0, bool data_survives = false);
  // Restarts the process only: nothing is lost. Ends faults as Crash does.
  void Restart();

  // ---- FileSystem.

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

 private:
  using Id = uint64_t;
  struct Node {
    FileType type = FileType::kRegular;
    uint32_t mode = 0;
    std::string data;  // Of a file; the target of a symbolic link.
    std::string synced_data;
    std::map<std::string, Id> entries;  // Of a directory.
    std::map<std::string, Id> synced_entries;
    absl::Time modified;
  };
  // One entry of a directory set to a node, or removed (0).
  struct Edit {
    Id directory;
    std::string name;
    Id node;
  };
  using Change = std::vector<Edit>;  // All or nothing.
  // Where a path leads: the directory, the last name, and the node (0: none).
  struct Place {
    Id directory = 0;
    std::string name;
    Id node = 0;
  };
  struct Fault {
    absl::Status status;
    Effect effect = Effect::kNothing;
    bool kill = false;
  };

  // Counts an operation on `path`. Non-OK: it fails; `effect` says what it has
  // to do before it returns that.
  absl::Status Begin(absl::string_view path, Effect* effect)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<Place> Find(absl::string_view path, bool follow) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Apply(Change change) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status WriteNode(absl::string_view path, absl::string_view data,
                         uint32_t mode, bool exclusive, bool append)
      ABSL_LOCKS_EXCLUDED(mutex_);
  absl::StatusOr<FileInfo> StatNode(absl::string_view path, bool follow)
      ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Time Tick() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  std::map<Id, Node> nodes_ ABSL_GUARDED_BY(mutex_);
  Id next_id_ ABSL_GUARDED_BY(mutex_);
  std::vector<Change> unsynced_ ABSL_GUARDED_BY(mutex_);
  std::map<int, Fault> faults_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, absl::Status> path_faults_ ABSL_GUARDED_BY(mutex_);
  int operations_ ABSL_GUARDED_BY(mutex_) = 0;
  bool killed_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Time time_ ABSL_GUARDED_BY(mutex_);  // A second later at each change.
};

}  // namespace signet::testing

#endif  // SIGNET_CORE_TESTING_FAKE_FILE_SYSTEM_H_
