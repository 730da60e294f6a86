#include "signer_service/file_ca_source.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/log/log.h"
#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "core/base/file_system.h"
#include "core/base/secret.h"
#include "core/pki/certificate.h"
#include "core/pki/certificate_authority.h"
#include "core/pki/private_key.h"

namespace signet::signer {
namespace {

constexpr size_t kMaxFileBytes = 1 << 20;

// `error` about the CA's `what` file, named.
absl::Status InFile(absl::string_view what, absl::string_view path,
                    const absl::Status& error) {
  return absl::Status(error.code(),
                      absl::StrCat("error reading CA ", what, " file \"", path,
                                   "\": ", error.message()));
}

absl::StatusOr<pki::Certificate> ReadCertificate(FileSystem& files,
                                                 absl::string_view path) {
  ABSL_ASSIGN_OR_RETURN(const std::string pem, files.Read(path, kMaxFileBytes));
  ABSL_ASSIGN_OR_RETURN(std::vector<pki::Certificate> certificates,
                        pki::ParseCertificatesPem(pem));
  if (certificates.size() != 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("expected 1 certificate, found ", certificates.size()));
  }
  return std::move(certificates.front());
}

absl::StatusOr<pki::PrivateKey> ReadKey(FileSystem& files,
                                        absl::string_view path) {
  ABSL_ASSIGN_OR_RETURN(std::string text, files.Read(path, kMaxFileBytes));
  const Secret pem = Secret::FromString(std::move(text));
  return pki::PrivateKey::FromPem(pem.Reveal());
}

}  // namespace

absl::StatusOr<pki::CertificateAuthority> ReadCa(FileSystem& files,
                                                 const CaFiles& paths) {
  absl::StatusOr<pki::Certificate> certificate =
      ReadCertificate(files, paths.certificate);
  if (!certificate.ok()) {
    return InFile("cert", paths.certificate, certificate.status());
  }
  absl::StatusOr<pki::PrivateKey> key = ReadKey(files, paths.key);
  if (!key.ok()) return InFile("key", paths.key, key.status());
  absl::StatusOr<pki::CertificateAuthority> ca =
      pki::CertificateAuthority::Create(
          *std::move(certificate),
          std::make_shared<pki::PrivateKey>(*std::move(key)));
  if (!ca.ok()) {
    return InFile("key", paths.key,
                  absl::Status(ca.status().code(),
                               absl::StrCat("not the key of \"",
                                            paths.certificate, "\"")));
  }
  return ca;
}

absl::StatusOr<std::unique_ptr<FileCaSource>> FileCaSource::Create(
    FileSystem& files, absl::Clock& clock, CaFiles paths) {
  // The look comes first: a change after it is seen by the next.
  ABSL_ASSIGN_OR_RETURN(const Versions versions, Look(files, paths));
  ABSL_ASSIGN_OR_RETURN(pki::CertificateAuthority ca, ReadCa(files, paths));
  return absl::WrapUnique(new FileCaSource(files, clock, std::move(paths),
                                           versions, std::move(ca)));
}

FileCaSource::FileCaSource(FileSystem& files, absl::Clock& clock, CaFiles paths,
                           Versions versions, pki::CertificateAuthority ca)
    : files_(files),
      clock_(clock),
      paths_(std::move(paths)),
      ca_(std::move(ca)),
      versions_(versions),
      next_look_(clock.TimeNow() + kCheckInterval) {}

absl::StatusOr<pki::CertificateAuthority> FileCaSource::Current() {
  absl::MutexLock lock(mutex_);
  const absl::Time now = clock_.TimeNow();
  if (now < next_look_) return ca_;
  next_look_ = now + kCheckInterval;
  const absl::Status status = Refresh();
  if (!status.ok() && told_ != status.message()) {
    LOG(ERROR) << status.message()
               << "; signing goes on with the CA that was read before";
  }
  told_ = status.message();
  return ca_;
}

absl::Status FileCaSource::Refresh() {
  ABSL_ASSIGN_OR_RETURN(const Versions versions, Look(files_, paths_));
  if (versions == versions_) return absl::OkStatus();
  ABSL_ASSIGN_OR_RETURN(ca_, ReadCa(files_, paths_));
  versions_ = versions;
  LOG(INFO) << "read the CA anew from " << paths_.certificate << " and "
            << paths_.key << ": " << ca_.certificate().subject().ToString();
  return absl::OkStatus();
}

absl::StatusOr<FileCaSource::Version> FileCaSource::Look(
    FileSystem& files, absl::string_view path) {
  ABSL_ASSIGN_OR_RETURN(const FileInfo info, files.Stat(path));
  return Version{info.inode, info.size, info.modified};
}

absl::StatusOr<FileCaSource::Versions> FileCaSource::Look(
    FileSystem& files, const CaFiles& paths) {
  absl::StatusOr<Version> certificate = Look(files, paths.certificate);
  if (!certificate.ok()) {
    return InFile("cert", paths.certificate, certificate.status());
  }
  absl::StatusOr<Version> key = Look(files, paths.key);
  if (!key.ok()) return InFile("key", paths.key, key.status());
  return Versions{*certificate, *key};
}

}  // namespace signet::signer
