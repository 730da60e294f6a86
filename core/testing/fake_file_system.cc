#include "core/testing/fake_file_system.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/base/file_system.h"

namespace signet::testing {
namespace {

constexpr uint64_t kRoot = 1;
constexpr uint32_t kUmask = 022;
constexpr int kMaxLinks = 40;

absl::Status NotFound(absl::string_view path) {
  return absl::NotFoundError(
      absl::StrCat("\"", path, "\": no such file or directory"));
}

absl::Status IsDirectory(absl::string_view path) {
  return absl::FailedPreconditionError(
      absl::StrCat("\"", path, "\": is a directory"));
}

}  // namespace

FakeFileSystem::FakeFileSystem()
    : next_id_(kRoot + 1), time_(absl::FromUnixSeconds(1'700'000'000)) {
  Node& root = nodes_[kRoot];
  root.type = FileType::kDirectory;
  root.mode = 0755;
}

void FakeFileSystem::FailAt(int operation, absl::Status status, Effect effect) {
  absl::MutexLock lock(mutex_);
  faults_[operations_ + operation] = {std::move(status), effect, false};
}

void FakeFileSystem::KillAt(int operation, Effect effect) {
  absl::MutexLock lock(mutex_);
  faults_[operations_ + operation] = {absl::UnavailableError("killed"), effect,
                                      true};
}

void FakeFileSystem::FailPath(absl::string_view path, absl::Status status) {
  absl::MutexLock lock(mutex_);
  if (status.ok()) {
    path_faults_.erase(std::string(path));
  } else {
    path_faults_[std::string(path)] = std::move(status);
  }
}

int FakeFileSystem::operations() const {
  absl::MutexLock lock(mutex_);
  return operations_;
}

bool FakeFileSystem::killed() const {
  absl::MutexLock lock(mutex_);
  return killed_;
}

int FakeFileSystem::unsynced_changes() const {
  absl::MutexLock lock(mutex_);
  return static_cast<int>(unsynced_.size());
}

void FakeFileSystem::Crash(uint64_t survivors, bool data_survives) {
  absl::MutexLock lock(mutex_);
  for (auto& [id, node] : nodes_) {
    node.entries = node.synced_entries;
    if (node.type == FileType::kRegular && !data_survives) {
      node.data = node.synced_data;
    }
  }
  std::vector<Change> changes;
  changes.swap(unsynced_);
  for (size_t i = 0; i < changes.size() && i < 64; ++i) {
    if ((survivors >> i & 1) != 0) Apply(changes[i]);
  }
  // What survived is on the disk.
  unsynced_.clear();
  for (auto& [id, node] : nodes_) {
    node.synced_entries = node.entries;
    node.synced_data = node.data;
  }
  faults_.clear();
  killed_ = false;
}

void FakeFileSystem::Restart() {
  absl::MutexLock lock(mutex_);
  faults_.clear();
  killed_ = false;
}

absl::Status FakeFileSystem::Begin(absl::string_view path, Effect* effect) {
  *effect = Effect::kNothing;
  ++operations_;
  if (killed_) return absl::UnavailableError("killed");
  if (auto it = faults_.find(operations_); it != faults_.end()) {
    *effect = it->second.effect;
    killed_ = it->second.kill;
    return absl::Status(
        it->second.status.code(),
        absl::StrCat("\"", path, "\": ", it->second.status.message()));
  }
  if (auto it = path_faults_.find(std::string(path));
      it != path_faults_.end()) {
    return absl::Status(it->second.code(),
                        absl::StrCat("\"", path, "\": ", it->second.message()));
  }
  return absl::OkStatus();
}

absl::StatusOr<FakeFileSystem::Place> FakeFileSystem::Find(
    absl::string_view path, bool follow) const {
  std::deque<std::string> names = absl::StrSplit(path, '/', absl::SkipEmpty());
  std::vector<Id> parents;  // Of `place.directory`.
  Place place{0, "", kRoot};
  int links = 0;
  while (!names.empty()) {
    const std::string name = names.front();
    names.pop_front();
    if (place.node == 0) return NotFound(path);
    const Node& directory = nodes_.at(place.node);
    if (directory.type != FileType::kDirectory) return NotFound(path);
    if (name == ".") continue;
    if (name == "..") {
      place = {0, "", parents.empty() ? kRoot : parents.back()};
      if (!parents.empty()) parents.pop_back();
      continue;
    }
    const auto entry = directory.entries.find(name);
    const Id child = entry == directory.entries.end() ? 0 : entry->second;
    if (child != 0 && nodes_.at(child).type == FileType::kSymlink &&
        (follow || !names.empty())) {
      if (++links > kMaxLinks) {
        return absl::FailedPreconditionError(
            absl::StrCat("\"", path, "\": too many symbolic links"));
      }
      const std::string& target = nodes_.at(child).data;
      std::deque<std::string> rest =
          absl::StrSplit(target, '/', absl::SkipEmpty());
      names.insert(names.begin(), rest.begin(), rest.end());
      if (target.starts_with('/')) {
        place.node = kRoot;
        parents.clear();
      }
      continue;
    }
    parents.push_back(place.node);
    place = {place.node, name, child};
  }
  return place;
}

void FakeFileSystem::Apply(Change change) {
  for (const Edit& edit : change) {
    auto& entries = nodes_.at(edit.directory).entries;
    if (edit.node == 0) {
      entries.erase(edit.name);
    } else {
      entries[edit.name] = edit.node;
    }
  }
  unsynced_.push_back(std::move(change));
}

absl::Time FakeFileSystem::Tick() { return time_ += absl::Seconds(1); }

absl::StatusOr<std::string> FakeFileSystem::Read(absl::string_view path,
                                                 size_t max_bytes) {
  absl::MutexLock lock(mutex_);
  Effect effect;
  ABSL_RETURN_IF_ERROR(Begin(path, &effect));
  ABSL_ASSIGN_OR_RETURN(const Place place, Find(path, /*follow=*/true));
  if (place.node == 0) return NotFound(path);
  const Node& node = nodes_.at(place.node);
  if (node.type == FileType::kDirectory) return IsDirectory(path);
  if (node.data.size() > max_bytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("\"", path, "\": more than ", max_bytes, " bytes"));
  }
  return node.data;
}

absl::StatusOr<std::string> FakeFileSystem::ReadEnd(absl::string_view path,
                                                    size_t max_bytes) {
  ABSL_ASSIGN_OR_RETURN(const std::string data,
                        Read(path, std::numeric_limits<size_t>::max()));
  return data.substr(data.size() - std::min(data.size(), max_bytes));
}

absl::Status FakeFileSystem::WriteNode(absl::string_view path,
                                       absl::string_view data, uint32_t mode,
                                       bool exclusive, bool append) {
  absl::MutexLock lock(mutex_);
  Effect effect;
  const absl::Status fault = Begin(path, &effect);
  if (!fault.ok() && effect == Effect::kNothing) return fault;

  ABSL_ASSIGN_OR_RETURN(Place place, Find(path, /*follow=*/!exclusive));
  if (exclusive && place.node != 0) {
    return absl::AlreadyExistsError(
        absl::StrCat("\"", path, "\": file exists"));
  }
  if (place.node == 0) {
    if (place.name.empty()) return IsDirectory(path);
    place.node = next_id_++;
    nodes_[place.node].mode = mode & ~kUmask;
    Apply({{place.directory, place.name, place.node}});
  }
  Node& node = nodes_.at(place.node);
  if (node.type == FileType::kDirectory) return IsDirectory(path);
  if (effect == Effect::kHalf) data = data.substr(0, data.size() / 2);
  if (append) {
    node.data.append(data);
  } else {
    node.data = std::string(data);
  }
  node.modified = Tick();
  if (effect != Effect::kHalf) node.synced_data = node.data;
  return fault;
}

absl::Status FakeFileSystem::Write(absl::string_view path,
                                   absl::string_view data, uint32_t mode) {
  return WriteNode(path, data, mode, /*exclusive=*/false, /*append=*/false);
}

absl::Status FakeFileSystem::Create(absl::string_view path,
                                    absl::string_view data, uint32_t mode) {
  return WriteNode(path, data, mode, /*exclusive=*/true, /*append=*/false);
}

absl::Status FakeFileSystem::Append(absl::string_view path,
                                    absl::string_view data, uint32_t mode) {
  return WriteNode(path, data, mode, /*exclusive=*/false, /*append=*/true);
}

absl::Status FakeFileSystem::Rename(absl::string_view from,
                                    absl::string_view to) {
  absl::MutexLock lock(mutex_);
  Effect effect;
  const absl::Status fault = Begin(from, &effect);
  if (!fault.ok() && effect != Effect::kEverything) return fault;
  ABSL_ASSIGN_OR_RETURN(const Place source, Find(from, /*follow=*/false));
  ABSL_ASSIGN_OR_RETURN(const Place target, Find(to, /*follow=*/false));
  if (source.node == 0) return NotFound(from);
  if (target.name.empty()) return IsDirectory(to);
  if (source.node == target.node) return fault;
  if (target.node != 0) {
    const Node& old = nodes_.at(target.node);
    const bool moves_directory =
        nodes_.at(source.node).type == FileType::kDirectory;
    if (old.type == FileType::kDirectory && !moves_directory) {
      return IsDirectory(to);
    }
    if (moves_directory &&
        (old.type != FileType::kDirectory || !old.entries.empty())) {
      return absl::FailedPreconditionError(
          absl::StrCat("\"", to, "\": not an empty directory"));
    }
  }
  Apply({{source.directory, source.name, 0},
         {target.directory, target.name, source.node}});
  Tick();
  return fault;
}

absl::Status FakeFileSystem::Symlink(absl::string_view target,
                                     absl::string_view path) {
  absl::MutexLock lock(mutex_);
  Effect effect;
  const absl::Status fault = Begin(path, &effect);
  if (!fault.ok() && effect != Effect::kEverything) return fault;
  ABSL_ASSIGN_OR_RETURN(const Place place, Find(path, /*follow=*/false));
  if (place.node != 0) {
    return absl::AlreadyExistsError(
        absl::StrCat("\"", path, "\": file exists"));
  }
  const Id id = next_id_++;
  Node& node = nodes_[id];
  node.type = FileType::kSymlink;
  node.mode = 0777;
  node.data = std::string(target);
  node.synced_data = node.data;
  node.modified = Tick();
  Apply({{place.directory, place.name, id}});
  return fault;
}

absl::StatusOr<std::string> FakeFileSystem::ReadLink(absl::string_view path) {
  absl::MutexLock lock(mutex_);
  Effect effect;
  ABSL_RETURN_IF_ERROR(Begin(path, &effect));
  ABSL_ASSIGN_OR_RETURN(const Place place, Find(path, /*follow=*/false));
  if (place.node == 0) return NotFound(path);
  const Node& node = nodes_.at(place.node);
  if (node.type != FileType::kSymlink) {
    return absl::UnavailableError(
        absl::StrCat("\"", path, "\": not a symbolic link"));
  }
  return node.data;
}

absl::Status FakeFileSystem::Remove(absl::string_view path) {
  absl::MutexLock lock(mutex_);
  Effect effect;
  const absl::Status fault = Begin(path, &effect);
  if (!fault.ok() && effect != Effect::kEverything) return fault;
  ABSL_ASSIGN_OR_RETURN(const Place place, Find(path, /*follow=*/false));
  if (place.node == 0) return NotFound(path);
  if (place.name.empty() || !nodes_.at(place.node).entries.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat("\"", path, "\": directory not empty"));
  }
  Apply({{place.directory, place.name, 0}});
  Tick();
  return fault;
}

absl::Status FakeFileSystem::MakeDirectories(absl::string_view path,
                                             uint32_t mode) {
  absl::MutexLock lock(mutex_);
  Effect effect;
  const absl::Status fault = Begin(path, &effect);
  if (!fault.ok() && effect != Effect::kEverything) return fault;
  std::string prefix;
  for (absl::string_view name : absl::StrSplit(path, '/', absl::SkipEmpty())) {
    absl::StrAppend(&prefix, "/", name);
    ABSL_ASSIGN_OR_RETURN(const Place place, Find(prefix, /*follow=*/true));
    if (place.node != 0) {
      if (nodes_.at(place.node).type != FileType::kDirectory) {
        return absl::NotFoundError(
            absl::StrCat("\"", prefix, "\": not a directory"));
      }
      continue;
    }
    const Id id = next_id_++;
    Node& node = nodes_[id];
    node.type = FileType::kDirectory;
    node.mode = mode & ~kUmask;
    node.modified = Tick();
    Apply({{place.directory, place.name, id}});
  }
  return fault;
}

absl::Status FakeFileSystem::SyncDirectory(absl::string_view path) {
  absl::MutexLock lock(mutex_);
  Effect effect;
  const absl::Status fault = Begin(path, &effect);
  if (!fault.ok() && effect != Effect::kEverything) return fault;
  ABSL_ASSIGN_OR_RETURN(const Place place, Find(path, /*follow=*/true));
  if (place.node == 0) return NotFound(path);
  const auto touches = [&](const Change& change) {
    return std::any_of(change.begin(), change.end(), [&](const Edit& edit) {
      return edit.directory == place.node;
    });
  };
  for (const Change& change : unsynced_) {
    if (!touches(change)) continue;
    for (const Edit& edit : change) {
      auto& entries = nodes_.at(edit.directory).synced_entries;
      if (edit.node == 0) {
        entries.erase(edit.name);
      } else {
        entries[edit.name] = edit.node;
      }
    }
  }
  std::erase_if(unsynced_, touches);
  return fault;
}

absl::StatusOr<FileInfo> FakeFileSystem::StatNode(absl::string_view path,
                                                  bool follow) {
  absl::MutexLock lock(mutex_);
  Effect effect;
  ABSL_RETURN_IF_ERROR(Begin(path, &effect));
  ABSL_ASSIGN_OR_RETURN(const Place place, Find(path, follow));
  if (place.node == 0) return NotFound(path);
  const Node& node = nodes_.at(place.node);
  FileInfo info;
  info.type = node.type;
  info.mode = node.mode;
  info.size = node.data.size();
  info.modified = node.modified;
  info.inode = place.node;
  return info;
}

absl::StatusOr<FileInfo> FakeFileSystem::Stat(absl::string_view path) {
  return StatNode(path, /*follow=*/true);
}

absl::StatusOr<FileInfo> FakeFileSystem::LinkStat(absl::string_view path) {
  return StatNode(path, /*follow=*/false);
}

absl::StatusOr<std::vector<std::string>> FakeFileSystem::List(
    absl::string_view path) {
  absl::MutexLock lock(mutex_);
  Effect effect;
  ABSL_RETURN_IF_ERROR(Begin(path, &effect));
  ABSL_ASSIGN_OR_RETURN(const Place place, Find(path, /*follow=*/true));
  if (place.node == 0 || nodes_.at(place.node).type != FileType::kDirectory) {
    return NotFound(path);
  }
  std::vector<std::string> names;
  for (const auto& [name, id] : nodes_.at(place.node).entries) {
    names.push_back(name);
  }
  return names;
}

absl::Status FakeFileSystem::ChangeMode(absl::string_view path, uint32_t mode) {
  absl::MutexLock lock(mutex_);
  Effect effect;
  const absl::Status fault = Begin(path, &effect);
  if (!fault.ok() && effect != Effect::kEverything) return fault;
  ABSL_ASSIGN_OR_RETURN(const Place place, Find(path, /*follow=*/true));
  if (place.node == 0) return NotFound(path);
  nodes_.at(place.node).mode = mode;
  return fault;
}

}  // namespace signet::testing
