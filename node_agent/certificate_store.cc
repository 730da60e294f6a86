#include "node_agent/certificate_store.h"

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/log/log.h"
#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "core/base/file_system.h"
#include "core/base/secret.h"
#include "core/http/tls_identity.h"
#include "core/pki/certificate.h"
#include "core/pki/private_key.h"
#include "core/rotation/next_step.h"

namespace signet::node_agent {
namespace {

constexpr size_t kMaxFileBytes = 1 << 20;
constexpr uint32_t kFileMode = 0600;
constexpr uint32_t kDirectoryMode = 0755;
constexpr absl::string_view kNameFormat = "%Y-%m-%d-%H-%M-%S";
// Names to try, a second apart, before giving up.
constexpr int kMaxNames = 600;

std::string Join(absl::string_view directory, absl::string_view name) {
  return absl::StrCat(directory, "/", name);
}

// The directory that holds `path`, which is absolute.
absl::string_view Parent(absl::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

absl::string_view BaseName(absl::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

}  // namespace

absl::StatusOr<std::unique_ptr<CertificateStore>> CertificateStore::Open(
    CertificateStoreOptions options, FileSystem& files, absl::Clock& clock,
    absl::TimeZone zone) {
  if (!options.directory.starts_with('/')) {
    return absl::InvalidArgumentError(
        absl::StrCat("certificate directory \"", options.directory,
                     "\" is not an absolute path"));
  }
  while (options.directory.size() > 1 && options.directory.ends_with('/')) {
    options.directory.pop_back();
  }
  if (options.key_directory.empty()) options.key_directory = options.directory;
  auto store = std::unique_ptr<CertificateStore>(
      new CertificateStore(std::move(options), files, clock, zone));
  ABSL_RETURN_IF_ERROR(store->Recover());
  return store;
}

CertificateStore::CertificateStore(CertificateStoreOptions options,
                                   FileSystem& files, absl::Clock& clock,
                                   absl::TimeZone zone)
    : options_(std::move(options)),
      files_(files),
      clock_(clock),
      zone_(zone),
      current_path_(PathOf("current")),
      updated_path_(PathOf("updated")),
      pending_path_(PathOf("pending")),
      key_path_(Join(options_.directory,
                     absl::StrCat(options_.prefix, ".key.tmp"))) {}

std::string CertificateStore::PathOf(absl::string_view qualifier) const {
  return Join(options_.directory,
              absl::StrCat(options_.prefix, "-", qualifier, ".pem"));
}

bool CertificateStore::IsPairName(absl::string_view name) const {
  constexpr absl::string_view kShape = "-0000-00-00-00-00-00.pem";
  if (!absl::ConsumePrefix(&name, options_.prefix) ||
      name.size() != kShape.size()) {
    return false;
  }
  for (size_t i = 0; i < name.size(); ++i) {
    const bool fits =
        kShape[i] == '0' ? absl::ascii_isdigit(name[i]) : name[i] == kShape[i];
    if (!fits) return false;
  }
  return true;
}

absl::StatusOr<bool> CertificateStore::Exists(absl::string_view path) {
  if (path.empty()) return false;
  const absl::Status status = files_.Stat(path).status();
  if (absl::IsNotFound(status)) return false;
  ABSL_RETURN_IF_ERROR(status);
  return true;
}

absl::StatusOr<bool> CertificateStore::IsLink(absl::string_view path) {
  const absl::StatusOr<FileInfo> info = files_.LinkStat(path);
  if (absl::IsNotFound(info.status())) return false;
  ABSL_RETURN_IF_ERROR(info.status());
  if (info->type != FileType::kSymlink) {
    return absl::FailedPreconditionError(absl::StrCat(
        "expected \"", path, "\" to be a symlink but it is a file"));
  }
  return true;
}

absl::Status CertificateStore::Recover() {
  // An update was interrupted between the removal of `current` and the renaming
  // of `updated`: a kubelet's, as ours has no such moment.
  ABSL_ASSIGN_OR_RETURN(const bool has_current, Exists(current_path_));
  if (!has_current) {
    ABSL_ASSIGN_OR_RETURN(const bool has_updated, IsLink(updated_path_));
    ABSL_ASSIGN_OR_RETURN(const bool leads_somewhere, Exists(updated_path_));
    if (has_updated && leads_somewhere) {
      ABSL_RETURN_IF_ERROR(files_.Rename(updated_path_, current_path_));
      ABSL_RETURN_IF_ERROR(files_.SyncDirectory(options_.directory));
      LOG(WARNING) << "certificate store: finished an interrupted update path="
                   << current_path_;
    }
  }
  return Mend();
}

absl::Status CertificateStore::Mend() {
  // A link that was removed is somebody's wish to start anew and stays removed;
  // a file in its place is somebody's own.
  const absl::StatusOr<FileInfo> info = files_.LinkStat(current_path_);
  if (!info.ok() || info->type != FileType::kSymlink) return absl::OkStatus();
  const absl::Status flaw = Load(current_path_, current_path_).status();
  // What may not be read is not broken.
  if (!absl::IsNotFound(flaw) && !absl::IsInvalidArgument(flaw)) {
    return absl::OkStatus();
  }
  ABSL_ASSIGN_OR_RETURN(const std::string target,
                        files_.ReadLink(current_path_));
  const absl::StatusOr<std::vector<std::string>> names =
      files_.List(options_.directory);
  if (!names.ok()) return absl::OkStatus();
  std::vector<std::string> candidates;
  // The directory may have been moved, or restored elsewhere, with the pair.
  if (IsPairName(BaseName(target))) {
    candidates.push_back(std::string(BaseName(target)));
  }
  for (auto name = names->rbegin(); name != names->rend(); ++name) {
    if (IsPairName(*name)) candidates.push_back(*name);  // Newest first.
  }
  for (const std::string& name : candidates) {
    const std::string path = Join(options_.directory, name);
    const absl::StatusOr<Pair> pair = Load(path, path);
    if (!pair.ok()) continue;
    if (!rotation::IsUsable((*pair)->chain.front().validity(),
                            clock_.TimeNow()) &&
        name != BaseName(target)) {
      continue;
    }
    ABSL_RETURN_IF_ERROR(PointTo(path));
    LOG(WARNING) << "certificate store: mended a link path=" << current_path_
                 << " was=" << target << " is=" << path << " flaw=\""
                 << flaw.message() << "\"";
    return absl::OkStatus();
  }
  return absl::OkStatus();
}

absl::StatusOr<CertificateStore::Pair> CertificateStore::Load(
    absl::string_view certificate_path, absl::string_view key_path) {
  ABSL_ASSIGN_OR_RETURN(std::string key_text,
                        files_.Read(key_path, kMaxFileBytes));
  const Secret key = Secret::FromString(std::move(key_text));
  std::string certificates;  // Holds the key too if it is the same file.
  const absl::Cleanup wipe = [&] { Wipe(certificates); };
  ABSL_ASSIGN_OR_RETURN(certificates,
                        files_.Read(certificate_path, kMaxFileBytes));
  absl::StatusOr<Pair> pair =
      http::TlsIdentity::FromPem(certificates, key.Reveal());
  if (!pair.ok()) {
    return absl::Status(
        pair.status().code(),
        absl::StrCat("could not convert data from \"", certificate_path, "\"",
                     certificate_path == key_path
                         ? ""
                         : absl::StrCat(" and \"", key_path, "\""),
                     " into cert/key pair: ", pair.status().message()));
  }
  return pair;
}

absl::StatusOr<CertificateStore::Pair> CertificateStore::Current() {
  const std::pair<std::string, std::string> kPlaces[] = {
      {current_path_, current_path_},
      {options_.certificate_file, options_.key_file},
      {Join(options_.directory, absl::StrCat(options_.prefix, ".crt")),
       Join(options_.key_directory, absl::StrCat(options_.prefix, ".key"))},
  };
  for (const auto& [certificate, key] : kPlaces) {
    ABSL_ASSIGN_OR_RETURN(const bool has_certificate, Exists(certificate));
    ABSL_ASSIGN_OR_RETURN(const bool has_key, Exists(key));
    if (has_certificate && has_key) return Load(certificate, key);
  }
  return absl::NotFoundError(absl::StrCat(
      "no cert/key files read at \"", current_path_, "\", (\"",
      options_.certificate_file, "\", \"", options_.key_file, "\") or (\"",
      options_.directory, "\", \"", options_.key_directory, "\")"));
}

absl::StatusOr<CertificateStore::Pair> CertificateStore::Update(
    absl::string_view certificates_pem, const pki::PrivateKey& key) {
  absl::MutexLock lock(mutex_);
  ABSL_ASSIGN_OR_RETURN(const std::vector<pki::Certificate> certificates,
                        pki::ParseCertificatesPem(certificates_pem));
  if (!(certificates.front().public_key() == key.public_key())) {
    return absl::InvalidArgumentError(
        "the certificate does not belong to the private key");
  }
  std::string text;
  const absl::Cleanup wipe = [&] { Wipe(text); };
  {
    ABSL_ASSIGN_OR_RETURN(const Secret key_pem,
                          key.ToPem(pki::PrivateKey::Format::kTraditional));
    size_t size = key_pem.size();
    for (const auto& certificate : certificates) {
      size += certificate.ToPem().size();
    }
    text.reserve(size);  // Growing would leave copies of the key behind.
    for (const auto& certificate : certificates) text += certificate.ToPem();
    text += key_pem.Reveal();
  }

  ABSL_RETURN_IF_ERROR(MakeDirectory());
  ABSL_ASSIGN_OR_RETURN(const std::string path, CreatePair(text));
  // The pair's name must be on the disk before a link to it can be.
  const absl::Status synced = files_.SyncDirectory(options_.directory);
  absl::StatusOr<Pair> pair =
      synced.ok() ? Load(path, path) : absl::StatusOr<Pair>(synced);
  if (!pair.ok()) {
    files_.Remove(path).IgnoreError();  // Nothing leads there.
    return pair.status();
  }
  ABSL_RETURN_IF_ERROR(PointTo(path));
  RemoveOldPairs();
  return pair;
}

absl::Status CertificateStore::MakeDirectory() {
  if (directory_is_durable_) return absl::OkStatus();
  std::vector<absl::string_view> to_sync = {Parent(options_.directory)};
  for (absl::string_view path = Parent(options_.directory); path != "/";
       path = Parent(path)) {
    ABSL_ASSIGN_OR_RETURN(const bool exists, Exists(path));
    if (exists) break;
    to_sync.push_back(Parent(path));
  }
  ABSL_RETURN_IF_ERROR(
      files_.MakeDirectories(options_.directory, kDirectoryMode));
  // An earlier process may have made the directory and been killed before it
  // could sync, so its parent is synced in any case; unless it isn't ours.
  for (absl::string_view path : to_sync) {
    const absl::Status status = files_.SyncDirectory(path);
    if (!absl::IsPermissionDenied(status)) ABSL_RETURN_IF_ERROR(status);
  }
  directory_is_durable_ = true;
  return absl::OkStatus();
}

absl::StatusOr<std::string> CertificateStore::CreatePair(
    absl::string_view text) {
  const absl::Time now = clock_.TimeNow();
  for (int i = 0; i < kMaxNames; ++i) {
    const std::string path =
        PathOf(absl::FormatTime(kNameFormat, now + absl::Seconds(i), zone_));
    // Asked first, so that what Create leaves behind when it fails is known to
    // be ours to remove.
    const absl::Status taken = files_.LinkStat(path).status();
    if (taken.ok()) continue;
    if (!absl::IsNotFound(taken)) return taken;
    const absl::Status status = files_.Create(path, text, kFileMode);
    if (absl::IsAlreadyExists(status)) continue;
    if (!status.ok()) {
      files_.Remove(path).IgnoreError();
      return status;
    }
    return path;
  }
  return absl::AlreadyExistsError(absl::StrCat("\"", options_.directory,
                                               "\" has a pair for each of the ",
                                               kMaxNames, " seconds from now"));
}

absl::Status CertificateStore::PointTo(absl::string_view path) {
  // Both may be links only: a file was put there by somebody else.
  ABSL_RETURN_IF_ERROR(IsLink(current_path_).status());
  ABSL_ASSIGN_OR_RETURN(const bool has_updated, IsLink(updated_path_));
  if (has_updated) ABSL_RETURN_IF_ERROR(files_.Remove(updated_path_));
  ABSL_RETURN_IF_ERROR(files_.Symlink(path, updated_path_));
  ABSL_RETURN_IF_ERROR(files_.Rename(updated_path_, current_path_));
  return files_.SyncDirectory(options_.directory);
}

void CertificateStore::RemoveOldPairs() {
  if (options_.keep <= 0) return;
  const absl::StatusOr<std::string> target = files_.ReadLink(current_path_);
  const absl::StatusOr<std::vector<std::string>> names =
      files_.List(options_.directory);
  if (!target.ok() || !names.ok()) return;
  std::vector<std::string> old;  // Oldest first, as names sort by time.
  for (const std::string& name : *names) {
    if (IsPairName(name) && name != BaseName(*target)) old.push_back(name);
  }
  for (size_t i = 0; i + options_.keep - 1 < old.size(); ++i) {
    const absl::Status status = files_.Remove(Join(options_.directory, old[i]));
    if (!status.ok()) {
      LOG(WARNING) << "certificate store: cannot remove an old pair error=\""
                   << status.message() << "\"";
      return;
    }
  }
}

}  // namespace signet::node_agent
