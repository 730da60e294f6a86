#ifndef SIGNET_NODE_AGENT_FILE_PAIR_H_
#define SIGNET_NODE_AGENT_FILE_PAIR_H_

#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "core/base/file_system.h"
#include "core/http/tls_identity.h"
#include "core/service/watched_files.h"

namespace signet::node_agent {

// FilePair serves with a certificate and key that somebody else keeps in files
// (the kubelet's tlsCertFile and tlsPrivateKeyFile, SPEC A-42). It looks at
// them when asked, at most every second; what has changed is read at once, and
// what is no pair is told in the log and leaves the last good one in place
// . Thread-safe.
class FilePair : public http::IdentitySource {
 public:
  // Errors name the files: they cannot be read, or are no pair. `files` and
  // `clock` must outlive the object.
  static absl::StatusOr<std::shared_ptr<FilePair>> Load(
      std::string certificate_file, std::string key_file, FileSystem& files,
      absl::Clock& clock);

  std::shared_ptr<const http::TlsIdentity> Current() override;

 private:
  FilePair(std::string certificate_file, std::string key_file,
           FileSystem& files, absl::Clock& clock);
  absl::Status Read() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::string certificate_file_;
  const std::string key_file_;
  FileSystem& files_;
  absl::Clock& clock_;
  absl::Mutex mutex_;
  service::WatchedFiles watched_ ABSL_GUARDED_BY(mutex_);
  absl::Time looked_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  std::string told_ ABSL_GUARDED_BY(mutex_);  // The last error in the log.
  std::shared_ptr<const http::TlsIdentity> pair_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace signet::node_agent

#endif  // SIGNET_NODE_AGENT_FILE_PAIR_H_
