#include "approver_service/settings.h"

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "approver_service/approver_config_reader.h"
#include "approver_service/node_inventory.h"
#include "core/base/file_system.h"
#include "core/pki/sha256.h"
#include "core/pki/trust_bundle.h"
#include "core/policy/approver_config.h"
#include "core/policy/serving_approval.h"
#include "core/service/config_reader.h"
#include "core/service/watched_files.h"

namespace signet::approver {
namespace {

constexpr size_t kMaxCaBytes = 1 << 20;

// The files that a configuration names.
std::vector<std::string> FilesOf(const policy::ApproverConfig& config) {
  std::vector<std::string> paths;
  if (policy::UsesInventory(config)) {
    paths.push_back(config.witnesses.inventory_file);
  }
  if (policy::Asks(config, policy::Witness::kServedCertificate)) {
    paths.push_back(config.witnesses.kubelet_ca_file);
  }
  return paths;
}

absl::Status ReadFiles(FileSystem& files, Settings& settings) {
  const policy::WitnessSettings& witnesses = settings.config.witnesses;
  if (policy::UsesInventory(settings.config)) {
    const std::string& path = witnesses.inventory_file;
    ABSL_ASSIGN_OR_RETURN(const std::string text,
                          files.Read(path, service::kMaxConfigBytes));
    ABSL_ASSIGN_OR_RETURN(settings.inventory, NodeInventory::Parse(path, text));
  }
  if (policy::Asks(settings.config, policy::Witness::kServedCertificate)) {
    const std::string& path = witnesses.kubelet_ca_file;
    ABSL_ASSIGN_OR_RETURN(const std::string text,
                          files.Read(path, kMaxCaBytes));
    ABSL_ASSIGN_OR_RETURN(settings.kubelet_ca, pki::TrustBundle::FromPem(text),
                          _ << path);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<SettingsSource>> SettingsSource::Create(
    FileSystem& files, std::string path) {
  auto source = absl::WrapUnique(new SettingsSource(files, std::move(path)));
  if (source->path_.empty()) {
    absl::MutexLock lock(source->mutex_);
    source->current_ = std::make_shared<const Settings>();
    return source;
  }
  ABSL_RETURN_IF_ERROR(source->Refresh().status());
  return source;
}

std::shared_ptr<const Settings> SettingsSource::Current() const {
  absl::MutexLock lock(mutex_);
  return current_;
}

absl::StatusOr<bool> SettingsSource::Refresh() {
  if (path_.empty()) return false;
  if (watched_) {
    ABSL_ASSIGN_OR_RETURN(const bool changed, watched_->Changed());
    if (!changed) return false;
  }
  auto settings = std::make_shared<Settings>();
  ABSL_ASSIGN_OR_RETURN(const std::string text,
                        files_.Read(path_, service::kMaxConfigBytes));
  ABSL_ASSIGN_OR_RETURN(settings->config, ReadApproverConfig(path_, text));
  settings->config_sha256 = pki::Sha256Hex(text);

  // What changes from here on will be found by the next call.
  std::vector<std::string> paths = FilesOf(settings->config);
  paths.insert(paths.begin(), path_);
  service::WatchedFiles watched(files_, std::move(paths));
  ABSL_RETURN_IF_ERROR(watched.Changed().status());
  ABSL_ASSIGN_OR_RETURN(const std::string again,
                        files_.Read(path_, service::kMaxConfigBytes));
  if (again != text) {
    return absl::UnavailableError(
        absl::StrCat(path_, " changed while it was read"));
  }
  ABSL_RETURN_IF_ERROR(ReadFiles(files_, *settings));
  watched.Accept();
  watched_.emplace(std::move(watched));
  absl::MutexLock lock(mutex_);
  current_ = std::move(settings);
  return true;
}

}  // namespace signet::approver
