#ifndef SIGNET_APPROVER_SERVICE_SETTINGS_H_
#define SIGNET_APPROVER_SERVICE_SETTINGS_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "approver_service/node_inventory.h"
#include "core/base/file_system.h"
#include "core/pki/trust_bundle.h"
#include "core/policy/approver_config.h"
#include "core/service/watched_files.h"

namespace signet::approver {

// All that the files say, at one moment. Immutable once made.
struct Settings {
  policy::ApproverConfig config;
  std::string config_sha256;  // Of the file, in hexadecimal; empty without one.
  // As far as `config` asks for them.
  std::optional<NodeInventory> inventory;
  std::optional<pki::TrustBundle> kubelet_ca;
};

// SettingsSource reads the configuration file and those that it names, again
// whenever one of them changes. All are taken together or not at all: while one
// is bad, the settings stay as they were. Current is thread-safe, Refresh for
// one thread.
class SettingsSource {
 public:
  // `path` is empty for the defaults. `files` must outlive the source. Errors
  // name the file.
  static absl::StatusOr<std::unique_ptr<SettingsSource>> Create(
      FileSystem& files, std::string path);

  std::shared_ptr<const Settings> Current() const;

  // True if files changed and there are new settings. An error says what is
  // wrong with the changed files; it comes again until they are good.
  absl::StatusOr<bool> Refresh();

 private:
  SettingsSource(FileSystem& files, std::string path)
      : files_(files), path_(std::move(path)) {}

  FileSystem& files_;
  const std::string path_;
  std::optional<service::WatchedFiles> watched_;
  mutable absl::Mutex mutex_;
  std::shared_ptr<const Settings> current_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace signet::approver

#endif  // SIGNET_APPROVER_SERVICE_SETTINGS_H_
