#include "node_agent/certificate_files.h"

#include <cstddef>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/base/file_system.h"
#include "core/base/secret.h"
#include "core/http/tls_identity.h"
#include "core/pki/certificate.h"
#include "core/pki/private_key.h"
#include "core/sys/file_owners.h"

namespace signet::node_agent {
namespace {

constexpr size_t kMaxFileBytes = 1 << 20;
constexpr uint32_t kPrivate = 0600;

std::string NewName(absl::string_view path) {
  return absl::StrCat(path, ".signet-new");
}

std::string Parent(absl::string_view path) {
  const size_t slash = path.rfind('/');
  return std::string(slash == 0 ? "/" : path.substr(0, slash));
}

}  // namespace

absl::StatusOr<std::vector<CertificateFiles::Wanted>> CertificateFiles::All(
    const http::TlsIdentity& pair, absl::string_view ca_pem) const {
  std::vector<Wanted> all;
  if (!files_.key.empty()) {
    ABSL_ASSIGN_OR_RETURN(
        Secret key, pair.key.ToPem(pki::PrivateKey::Format::kTraditional));
    all.push_back({files_.key, std::move(key), files_.key_mode});
  }
  if (!files_.certificate.empty()) {
    std::string chain;
    for (const pki::Certificate& certificate : pair.chain) {
      chain += certificate.ToPem();
    }
    all.push_back({files_.certificate, Secret::FromString(std::move(chain)),
                   files_.certificate_mode});
  }
  if (!files_.ca.empty()) {
    all.push_back({files_.ca, Secret(ca_pem), files_.certificate_mode});
  }
  return all;
}

absl::StatusOr<bool> CertificateFiles::IsRight(const Wanted& wanted,
                                               const sys::FileOwner& owner) {
  const absl::StatusOr<FileInfo> info = file_system_.Stat(wanted.path);
  if (absl::IsNotFound(info.status())) return false;
  ABSL_RETURN_IF_ERROR(info.status());
  if (info->type != FileType::kRegular) {
    return absl::FailedPreconditionError(
        absl::StrCat("\"", wanted.path, "\" is no file"));
  }
  if (info->mode != wanted.mode) return false;
  ABSL_ASSIGN_OR_RETURN(const sys::FileOwner present, owners_.Of(wanted.path));
  if ((owner.user.has_value() && owner.user != present.user) ||
      (owner.group.has_value() && owner.group != present.group)) {
    return false;
  }
  absl::StatusOr<std::string> text =
      file_system_.Read(wanted.path, kMaxFileBytes);
  if (absl::IsResourceExhausted(text.status())) return false;
  ABSL_RETURN_IF_ERROR(text.status());
  return Secret::FromString(*std::move(text)).Equals(wanted.text.Reveal());
}

absl::StatusOr<bool> CertificateFiles::UpToDate(const http::TlsIdentity& pair,
                                                absl::string_view ca_pem) {
  ABSL_ASSIGN_OR_RETURN(const sys::FileOwner owner,
                        owners_.Find(files_.owner, files_.group));
  ABSL_ASSIGN_OR_RETURN(const std::vector<Wanted> all, All(pair, ca_pem));
  for (const Wanted& wanted : all) {
    ABSL_ASSIGN_OR_RETURN(const bool right, IsRight(wanted, owner));
    if (!right) return false;
  }
  return true;
}

absl::Status CertificateFiles::Prepare(const Wanted& wanted,
                                       const sys::FileOwner& owner) {
  const std::string path = NewName(wanted.path);
  // One that a crash left behind might have another's owner or mode.
  const absl::Status removed = file_system_.Remove(path);
  if (!absl::IsNotFound(removed)) ABSL_RETURN_IF_ERROR(removed);
  ABSL_RETURN_IF_ERROR(
      file_system_.Create(path, wanted.text.Reveal(), kPrivate));
  ABSL_RETURN_IF_ERROR(owners_.Change(path, owner));
  return file_system_.ChangeMode(path, wanted.mode);
}

absl::Status CertificateFiles::Write(const http::TlsIdentity& pair,
                                     absl::string_view ca_pem) {
  ABSL_ASSIGN_OR_RETURN(const sys::FileOwner owner,
                        owners_.Find(files_.owner, files_.group));
  ABSL_ASSIGN_OR_RETURN(const std::vector<Wanted> all, All(pair, ca_pem));
  std::vector<const Wanted*> prepared;
  const auto give_up = [&](const absl::Status& status) {
    for (const Wanted* wanted : prepared) {
      file_system_.Remove(NewName(wanted->path)).IgnoreError();
    }
    return status;
  };
  for (const Wanted& wanted : all) {
    const absl::StatusOr<bool> right = IsRight(wanted, owner);
    if (!right.ok()) return give_up(right.status());
    if (*right) continue;
    prepared.push_back(&wanted);
    const absl::Status status = Prepare(wanted, owner);
    if (!status.ok()) return give_up(status);
  }
  std::set<std::string> directories;
  while (!prepared.empty()) {
    const std::string& path = prepared.front()->path;
    const absl::Status status = file_system_.Rename(NewName(path), path);
    if (!status.ok()) return give_up(status);
    directories.insert(Parent(path));
    prepared.erase(prepared.begin());
  }
  for (const std::string& directory : directories) {
    ABSL_RETURN_IF_ERROR(file_system_.SyncDirectory(directory));
  }
  return absl::OkStatus();
}

}  // namespace signet::node_agent
