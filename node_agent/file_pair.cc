#include "node_agent/file_pair.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/log/log.h"
#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "core/base/file_system.h"
#include "core/base/secret.h"
#include "core/http/tls_identity.h"
#include "node_agent/event.h"

namespace signet::node_agent {
namespace {

constexpr size_t kMaxFileBytes = 1 << 20;
constexpr absl::Duration kLook = absl::Seconds(1);

}  // namespace

FilePair::FilePair(std::string certificate_file, std::string key_file,
                   FileSystem& files, absl::Clock& clock)
    : certificate_file_(std::move(certificate_file)),
      key_file_(std::move(key_file)),
      files_(files),
      clock_(clock),
      watched_(files, {certificate_file_, key_file_}) {}

absl::StatusOr<std::shared_ptr<FilePair>> FilePair::Load(
    std::string certificate_file, std::string key_file, FileSystem& files,
    absl::Clock& clock) {
  const std::shared_ptr<FilePair> pair(new FilePair(
      std::move(certificate_file), std::move(key_file), files, clock));
  absl::MutexLock lock(pair->mutex_);
  pair->looked_ = clock.TimeNow();
  ABSL_RETURN_IF_ERROR(pair->watched_.Changed().status());
  ABSL_RETURN_IF_ERROR(pair->Read());
  pair->watched_.Accept();
  return pair;
}

absl::Status FilePair::Read() {
  ABSL_ASSIGN_OR_RETURN(const std::string certificate,
                        files_.Read(certificate_file_, kMaxFileBytes));
  ABSL_ASSIGN_OR_RETURN(std::string text,
                        files_.Read(key_file_, kMaxFileBytes));
  const Secret key = Secret::FromString(std::move(text));
  auto pair = http::TlsIdentity::FromPem(certificate, key.Reveal());
  if (!pair.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", certificate_file_, "\" and \"", key_file_,
                     "\": ", pair.status().message()));
  }
  pair_ = *std::move(pair);
  return absl::OkStatus();
}

std::shared_ptr<const http::TlsIdentity> FilePair::Current() {
  absl::MutexLock lock(mutex_);
  const absl::Time now = clock_.TimeNow();
  // A clock that was put back counts as much as time that has passed.
  if (now - looked_ < kLook && now >= looked_) return pair_;
  looked_ = now;
  const absl::StatusOr<bool> changed = watched_.Changed();
  absl::Status status = changed.status();
  if (changed.ok() && *changed) {
    status = Read();
    // A pair that is half replaced is looked at again.
    if (status.ok()) watched_.Accept();
  }
  if (!status.ok() && status.message() != told_) {
    LOG(WARNING)
        << Event("keeping_serving_pair").With("error", status.message());
  }
  told_ = std::string(status.message());
  return pair_;
}

}  // namespace signet::node_agent
