#ifndef SIGNET_CORE_SERVICE_AUDIT_LOG_H_
#define SIGNET_CORE_SERVICE_AUDIT_LOG_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "boost/json/object.hpp"
#include "core/base/file_system.h"

namespace signet::service {

// AuditLog is a file of JSON objects, one a line, that only grows (0600). A
// record is on the disk when Record returns OK: callers act afterwards. Records
// of several threads share an fsync (group commit), so that throughput does not
// hang on the disk's latency. A line cut short by a crash or a full disk is
// ended by a newline before the next record, so that it spoils no other. The
// file may be renamed at any time, as logrotate does: the next record makes a
// new one. Thread-safe.
class AuditLog {
 public:
  virtual ~AuditLog() = default;
  // Appends `record`, whose strings must be UTF-8. Errors name the file; then
  // the record may be missing, there in part, or there.
  virtual absl::Status Record(const boost::json::object& record) = 0;

  // Opens the log at `path`, which is made if missing; its directory must
  // exist. An error if it cannot be written. `files` must outlive it.
  static absl::StatusOr<std::unique_ptr<AuditLog>> Open(FileSystem& files,
                                                        std::string path);
};

}  // namespace signet::service

#endif  // SIGNET_CORE_SERVICE_AUDIT_LOG_H_
