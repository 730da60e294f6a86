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
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "core/base/file_system.h"
#include "core/base/secret.h"
#include "core/pki/certificate.h"
#include "core/pki/certificate_authority.h"
#include "core/pki/key_usage.h"
#include "core/pki/private_key.h"
#include "core/pki/validity.h"
#include "signer_service/ca_metrics.h"

namespace signet::signer {
namespace {

constexpr size_t kMaxFileBytes = 1 << 20;

bool IsTokenKey(absl::string_view key) {
  return absl::StartsWith(key, "pkcs11:");
}

// `error` about the CA's `what` file, named.
absl::Status InFile(absl::string_view what, absl::string_view path,
                    const absl::Status& error) {
  return absl::Status(error.code(),
                      absl::StrCat("error reading CA ", what, " file \"", path,
                                   "\": ", error.message()));
}

// The CA's own certificate, and its parents' if there may be any.
absl::StatusOr<std::vector<pki::Certificate>> ReadCertificates(
    FileSystem& files, const CaFiles& paths) {
  ABSL_ASSIGN_OR_RETURN(const std::string pem,
                        files.Read(paths.certificate, kMaxFileBytes));
  ABSL_ASSIGN_OR_RETURN(std::vector<pki::Certificate> certificates,
                        pki::ParseCertificatesPem(pem));
  if (!paths.chain && certificates.size() != 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("expected 1 certificate, found ", certificates.size()));
  }
  for (const pki::Certificate& certificate : certificates) {
    const pki::KeyUsage usage = certificate.usages().key_usage;
    if (!certificate.is_ca() || (usage != 0 && (usage & pki::kCertSign) == 0)) {
      return absl::InvalidArgumentError(
          absl::StrCat("the certificate of \"",
                       certificate.subject().ToString(), "\" is no CA's"));
    }
  }
  return certificates;
}

absl::StatusOr<std::shared_ptr<const pki::SigningKey>> ReadKey(
    FileSystem& files, absl::string_view path,
    const TokenKeyOpener& open_token_key) {
  if (IsTokenKey(path)) {
    if (open_token_key == nullptr) {
      return absl::UnimplementedError("keys in tokens are not supported here");
    }
    return open_token_key(path);
  }
  ABSL_ASSIGN_OR_RETURN(std::string text, files.Read(path, kMaxFileBytes));
  const Secret pem = Secret::FromString(std::move(text));
  ABSL_ASSIGN_OR_RETURN(pki::PrivateKey key,
                        pki::PrivateKey::FromPem(pem.Reveal()));
  return std::make_shared<const pki::PrivateKey>(std::move(key));
}

std::string Time(absl::Time time) {
  return absl::FormatTime(absl::RFC3339_sec, time, absl::UTCTimeZone());
}

}  // namespace

absl::StatusOr<pki::CertificateAuthority> ReadCa(
    FileSystem& files, const CaFiles& paths,
    const TokenKeyOpener& open_token_key) {
  absl::StatusOr<std::vector<pki::Certificate>> certificates =
      ReadCertificates(files, paths);
  if (!certificates.ok()) {
    return InFile("cert", paths.certificate, certificates.status());
  }
  absl::StatusOr<std::shared_ptr<const pki::SigningKey>> key =
      ReadKey(files, paths.key, open_token_key);
  if (!key.ok()) return InFile("key", paths.key, key.status());
  pki::Certificate own = std::move(certificates->front());
  if ((*key)->public_key() != own.public_key()) {
    return InFile("key", paths.key,
                  absl::InvalidArgumentError(absl::StrCat(
                      "not the key of \"", paths.certificate, "\"")));
  }
  certificates->erase(certificates->begin());
  absl::StatusOr<pki::CertificateAuthority> ca =
      pki::CertificateAuthority::Create(std::move(own), *std::move(key),
                                        *std::move(certificates));
  if (!ca.ok()) return InFile("cert", paths.certificate, ca.status());
  return ca;
}

absl::StatusOr<std::unique_ptr<FileCaSource>> FileCaSource::Create(
    FileSystem& files, absl::Clock& clock, CaFiles paths,
    TokenKeyOpener open_token_key) {
  // The look comes first: a change after it is seen by the next.
  ABSL_ASSIGN_OR_RETURN(const Versions versions, Look(files, paths));
  ABSL_ASSIGN_OR_RETURN(pki::CertificateAuthority ca,
                        ReadCa(files, paths, open_token_key));
  return absl::WrapUnique(new FileCaSource(files, clock, std::move(paths),
                                           std::move(open_token_key), versions,
                                           std::move(ca)));
}

FileCaSource::FileCaSource(FileSystem& files, absl::Clock& clock, CaFiles paths,
                           TokenKeyOpener open_token_key, Versions versions,
                           pki::CertificateAuthority ca)
    : files_(files),
      clock_(clock),
      paths_(std::move(paths)),
      open_token_key_(std::move(open_token_key)),
      ca_(std::move(ca)),
      versions_(versions),
      next_look_(clock.TimeNow() + kCheckInterval) {}

absl::StatusOr<pki::CertificateAuthority> FileCaSource::Current() {
  absl::MutexLock lock(mutex_);
  const absl::Time now = clock_.TimeNow();
  if (now < next_look_) return ca_;
  next_look_ = now + kCheckInterval;
  LookAgain().IgnoreError();  // Told, and made up for by the old CA.
  return ca_;
}

absl::Status FileCaSource::Problem() {
  absl::MutexLock lock(mutex_);
  ABSL_RETURN_IF_ERROR(LookAgain());
  if (ca_.validity().not_after <= clock_.TimeNow()) {
    return absl::FailedPreconditionError(
        absl::StrCat("the CA of \"", paths_.certificate, "\" has ended at ",
                     Time(ca_.validity().not_after)));
  }
  return absl::OkStatus();
}

void FileCaSource::ReportTo(CaMetrics& metrics) {
  absl::MutexLock lock(mutex_);
  metrics_ = &metrics;
  metrics.SetCa(paths_.certificate, ca_.certificate(), ca_.validity());
  metrics.SetProblem(paths_.certificate, !told_.empty());
}

absl::Status FileCaSource::LookAgain() {
  const absl::Status status = Refresh();
  if (!status.ok() && told_ != status.message()) {
    LOG(ERROR) << status.message()
               << "; signing goes on with the CA that was read before";
    // A count for each new trouble, not for each look at it.
    if (metrics_ != nullptr) metrics_->CountReload(paths_.certificate, false);
  }
  told_ = status.message();
  if (metrics_ != nullptr)
    metrics_->SetProblem(paths_.certificate, !status.ok());
  return status;
}

absl::Status FileCaSource::Refresh() {
  ABSL_ASSIGN_OR_RETURN(const Versions versions, Look(files_, paths_));
  if (versions == versions_) return absl::OkStatus();
  ABSL_ASSIGN_OR_RETURN(pki::CertificateAuthority ca,
                        ReadCa(files_, paths_, open_token_key_));
  if (ca.validity().not_after <= clock_.TimeNow()) {
    return InFile("cert", paths_.certificate,
                  absl::FailedPreconditionError(absl::StrCat(
                      "it has ended at ", Time(ca.validity().not_after))));
  }
  ca_ = std::move(ca);
  versions_ = versions;
  LOG(INFO) << "read the CA anew from " << paths_.certificate << " and "
            << paths_.key << ": " << ca_.certificate().subject().ToString();
  if (metrics_ != nullptr) {
    metrics_->CountReload(paths_.certificate, true);
    metrics_->SetCa(paths_.certificate, ca_.certificate(), ca_.validity());
  }
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
  // A key in a token does not change.
  if (IsTokenKey(paths.key)) return Versions{*certificate, {}};
  absl::StatusOr<Version> key = Look(files, paths.key);
  if (!key.ok()) return InFile("key", paths.key, key.status());
  return Versions{*certificate, *key};
}

}  // namespace signet::signer
