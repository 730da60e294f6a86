#include "core/service/serving_tls.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/log/log.h"
#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "core/base/file_system.h"
#include "core/base/secret.h"
#include "core/http/tls_identity.h"
#include "core/pki/trust_bundle.h"
#include "core/service/watched_files.h"

namespace signet::service {
namespace {

constexpr size_t kMaxFileBytes = 1 << 20;

using Identity = std::shared_ptr<const http::TlsIdentity>;
using Bundle = std::shared_ptr<const pki::TrustBundle>;

// A value read from files, and again when they have changed. Thread-safe.
template <class T>
class Watched {
 public:
  using Load = std::function<absl::StatusOr<T>()>;

  Watched(FileSystem& files, std::vector<std::string> paths, Load load)
      : load_(std::move(load)), files_(files, std::move(paths)) {}

  // Takes in the files as they are now.
  absl::Status Refresh() ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(mutex_);
    ABSL_ASSIGN_OR_RETURN(const bool changed, files_.Changed());
    if (!changed) return absl::OkStatus();
    absl::StatusOr<T> loaded = load_();
    // Files that are no good are not read again before they change.
    files_.Accept();
    ABSL_RETURN_IF_ERROR(loaded.status());
    value_ = *std::move(loaded);
    told_.clear();
    return absl::OkStatus();
  }

  T Current() ABSL_LOCKS_EXCLUDED(mutex_) {
    const absl::Status status = Refresh();
    absl::MutexLock lock(mutex_);
    if (!status.ok() && told_ != status.message()) {
      told_ = std::string(status.message());
      LOG(WARNING) << "keeping what was loaded before: " << told_;
    }
    return value_;
  }

 private:
  const Load load_;
  absl::Mutex mutex_;
  WatchedFiles files_ ABSL_GUARDED_BY(mutex_);
  T value_ ABSL_GUARDED_BY(mutex_);
  std::string told_ ABSL_GUARDED_BY(mutex_);
};

class WatchedIdentity : public http::IdentitySource {
 public:
  explicit WatchedIdentity(std::unique_ptr<Watched<Identity>> watched)
      : watched_(std::move(watched)) {}
  Identity Current() override { return watched_->Current(); }

 private:
  const std::unique_ptr<Watched<Identity>> watched_;
};

class WatchedTrust : public http::TrustSource {
 public:
  explicit WatchedTrust(std::unique_ptr<Watched<Bundle>> watched)
      : watched_(std::move(watched)) {}
  Bundle Current() override { return watched_->Current(); }

 private:
  const std::unique_ptr<Watched<Bundle>> watched_;
};

absl::StatusOr<Identity> LoadIdentity(FileSystem& files,
                                      const std::string& certificate_file,
                                      const std::string& key_file) {
  ABSL_ASSIGN_OR_RETURN(const std::string certificate,
                        files.Read(certificate_file, kMaxFileBytes));
  ABSL_ASSIGN_OR_RETURN(std::string key, files.Read(key_file, kMaxFileBytes));
  absl::StatusOr<Identity> identity =
      http::TlsIdentity::FromPem(certificate, key);
  Wipe(key);
  if (!identity.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(certificate_file, " and ", key_file, ": ",
                     identity.status().message()));
  }
  return identity;
}

absl::StatusOr<Bundle> LoadTrust(FileSystem& files, const std::string& file) {
  ABSL_ASSIGN_OR_RETURN(const std::string pem, files.Read(file, kMaxFileBytes));
  absl::StatusOr<pki::TrustBundle> bundle = pki::TrustBundle::FromPem(pem);
  if (!bundle.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(file, ": ", bundle.status().message()));
  }
  return std::make_shared<const pki::TrustBundle>(*std::move(bundle));
}

}  // namespace

absl::StatusOr<std::shared_ptr<http::IdentitySource>> WatchIdentity(
    FileSystem& files, std::string certificate_file, std::string key_file) {
  auto watched = std::make_unique<Watched<Identity>>(
      files, std::vector<std::string>{certificate_file, key_file},
      [&files, certificate_file, key_file] {
        return LoadIdentity(files, certificate_file, key_file);
      });
  ABSL_RETURN_IF_ERROR(watched->Refresh());
  return std::make_shared<WatchedIdentity>(std::move(watched));
}

absl::StatusOr<std::shared_ptr<http::TrustSource>> WatchTrust(
    FileSystem& files, std::string file) {
  auto watched = std::make_unique<Watched<Bundle>>(
      files, std::vector<std::string>{file},
      [&files, file] { return LoadTrust(files, file); });
  ABSL_RETURN_IF_ERROR(watched->Refresh());
  return std::make_shared<WatchedTrust>(std::move(watched));
}

}  // namespace signet::service
