#include "core/service/audit_log.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "boost/json/object.hpp"
#include "boost/json/serialize.hpp"
#include "core/base/file_system.h"

namespace signet::service {
namespace {

constexpr uint32_t kMode = 0600;

std::string DirectoryOf(absl::string_view path) {
  const size_t slash = path.rfind('/');
  if (slash == absl::string_view::npos) return ".";
  return std::string(path.substr(0, slash == 0 ? 1 : slash));
}

class FileAuditLog : public AuditLog {
 public:
  FileAuditLog(FileSystem& files, std::string path)
      : files_(files), path_(std::move(path)) {}

  // Makes the file and shows that it can be written.
  absl::Status Open() {
    const absl::StatusOr<FileInfo> info = files_.Stat(path_);
    if (info.ok() && info->type != FileType::kRegular) {
      return absl::FailedPreconditionError(
          absl::StrCat(path_, ": not a regular file"));
    }
    return Append("");
  }

  absl::Status Record(const boost::json::object& record) override
      ABSL_LOCKS_EXCLUDED(mutex_) {
    const std::string line = absl::StrCat(boost::json::serialize(record), "\n");
    absl::MutexLock lock(mutex_);
    const std::shared_ptr<Batch> mine = next_;
    mine->data += line;
    while (!mine->done) {
      if (!writing_) {
        // Nobody writes, and `mine` is not written: it is still the next one.
        WriteNext();
        continue;
      }
      const auto done_or_free = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
        return mine->done || !writing_;
      };
      mutex_.Await(absl::Condition(&done_or_free));
    }
    return mine->status;
  }

 private:
  // Records that are written together.
  struct Batch {
    std::string data;
    absl::Status status;
    bool done = false;
  };

  // Writes the next batch, without the lock.
  void WriteNext() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const std::shared_ptr<Batch> batch =
        std::exchange(next_, std::make_shared<Batch>());
    writing_ = true;
    mutex_.unlock();
    absl::Status status = Append(batch->data);
    mutex_.lock();
    writing_ = false;
    batch->status = std::move(status);
    batch->done = true;
  }

  // Called by one thread at a time.
  absl::Status Append(std::string data) {
    const bool is_new = absl::IsNotFound(files_.Stat(path_).status());
    if (end_unknown_ && !is_new && !data.empty()) {
      ABSL_ASSIGN_OR_RETURN(const std::string end, files_.ReadEnd(path_, 1));
      if (!end.empty() && end != "\n") data.insert(0, "\n");
    }
    absl::Status status = files_.Append(path_, data, kMode);
    if (status.ok() && is_new)
      status = files_.SyncDirectory(DirectoryOf(path_));
    if (!data.empty()) end_unknown_ = !status.ok();
    return status;
  }

  FileSystem& files_;
  const std::string path_;
  // Whether the file may end in the middle of a line. The writer's.
  bool end_unknown_ = true;

  absl::Mutex mutex_;
  std::shared_ptr<Batch> next_ ABSL_GUARDED_BY(mutex_) =
      std::make_shared<Batch>();
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<AuditLog>> AuditLog::Open(FileSystem& files,
                                                         std::string path) {
  auto log = std::make_unique<FileAuditLog>(files, std::move(path));
  ABSL_RETURN_IF_ERROR(log->Open()) << "audit log";
  return log;
}

}  // namespace signet::service
