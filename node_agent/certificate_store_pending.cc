// Keys whose requests are under way.

#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "core/base/file_system.h"
#include "core/base/secret.h"
#include "core/pki/private_key.h"
#include "core/rotation/pending_request.h"
#include "node_agent/certificate_store.h"
#include "node_agent/pending_request_text.h"

namespace signet::node_agent {
namespace {

constexpr size_t kMaxFileBytes = 1 << 20;
constexpr uint32_t kFileMode = 0600;

// What a crash may leave beside a file that is replaced.
std::string Unfinished(const std::string& path) {
  return absl::StrCat(path, ".new");
}

}  // namespace

absl::Status CertificateStore::Keep(const std::string& path,
                                    const Secret& text) {
  absl::MutexLock lock(mutex_);
  ABSL_RETURN_IF_ERROR(MakeDirectory());
  ABSL_RETURN_IF_ERROR(
      files_.Write(Unfinished(path), text.Reveal(), kFileMode));
  ABSL_RETURN_IF_ERROR(files_.Rename(Unfinished(path), path));
  return files_.SyncDirectory(options_.directory);
}

absl::Status CertificateStore::Forget(const std::string& path) {
  absl::MutexLock lock(mutex_);
  const absl::Status removed = files_.Remove(path);
  if (absl::IsNotFound(removed)) return absl::OkStatus();
  ABSL_RETURN_IF_ERROR(removed);
  return files_.SyncDirectory(options_.directory);
}

absl::StatusOr<std::optional<rotation::PendingRequest>>
CertificateStore::Pending() {
  files_.Remove(Unfinished(pending_path_)).IgnoreError();
  absl::StatusOr<std::string> read = files_.Read(pending_path_, kMaxFileBytes);
  if (absl::IsNotFound(read.status())) return std::nullopt;
  ABSL_RETURN_IF_ERROR(read.status());
  const Secret text = Secret::FromString(*std::move(read));
  absl::StatusOr<rotation::PendingRequest> pending =
      ParsePendingRequest(text.Reveal());
  if (!pending.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", pending_path_, "\": ", pending.status().message()));
  }
  return *std::move(pending);
}

absl::Status CertificateStore::KeepPending(
    const rotation::PendingRequest& pending) {
  ABSL_ASSIGN_OR_RETURN(const Secret text, EncodePendingRequest(pending));
  return Keep(pending_path_, text);
}

absl::Status CertificateStore::ForgetPending() { return Forget(pending_path_); }

absl::StatusOr<pki::PrivateKey> CertificateStore::TemporaryKey() {
  files_.Remove(Unfinished(key_path_)).IgnoreError();
  ABSL_ASSIGN_OR_RETURN(std::string read,
                        files_.Read(key_path_, kMaxFileBytes));
  const Secret text = Secret::FromString(std::move(read));
  absl::StatusOr<pki::PrivateKey> key = pki::PrivateKey::FromPem(text.Reveal());
  if (!key.ok()) {
    return absl::NotFoundError(
        absl::StrCat("\"", key_path_, "\": ", key.status().message()));
  }
  return key;
}

absl::Status CertificateStore::KeepTemporaryKey(const pki::PrivateKey& key) {
  ABSL_ASSIGN_OR_RETURN(const Secret text,
                        key.ToPem(pki::PrivateKey::Format::kTraditional));
  return Keep(key_path_, text);
}

absl::Status CertificateStore::ForgetTemporaryKey() {
  return Forget(key_path_);
}

}  // namespace signet::node_agent
