#ifndef SIGNET_SIGNER_SERVICE_FILE_CA_SOURCE_H_
#define SIGNET_SIGNER_SERVICE_FILE_CA_SOURCE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "core/base/file_system.h"
#include "core/pki/certificate_authority.h"
#include "core/pki/private_key.h"
#include "signer_service/ca_metrics.h"
#include "signer_service/ca_source.h"

namespace signet::signer {

struct CaFiles {
  // PEM: exactly one certificate (SPEC C-19), or with `chain` the CA's own and
  // then its parents', bottom up.
  std::string certificate;
  // The first PEM private key (SPEC A-28), or a "pkcs11:" URI (RFC 7512).
  std::string key;
  bool chain = false;
};

// Opens a key inside a token, by its URI.
using TokenKeyOpener =
    std::function<absl::StatusOr<std::shared_ptr<const pki::SigningKey>>(
        absl::string_view uri)>;

// Reads a CA from its two files. kInvalidArgument names the file: `expected 1
// certificate, found N` (SPEC C-19), or what else is wrong with it: a
// certificate that is no CA's, a key that is not the certificate's. Without
// `open_token_key` a key cannot be in a token. The time is not looked at.
absl::StatusOr<pki::CertificateAuthority> ReadCa(
    FileSystem& files, const CaFiles& paths,
    const TokenKeyOpener& open_token_key = nullptr);

// FileCaSource is a CA in two files, which may be replaced at any time: once
// they differ (in inode, time or size) they are read again. A pair that is not
// whole, not right, or at its end, changes nothing but is told in the log,
// once, and in the metrics; the files are then read again at each look until
// they are right (SPEC C-20). Unlike Kubernetes' signer it counts the
// certificates then too. Thread-safe.
class FileCaSource : public CaSource {
 public:
  // How often, at most, the files are looked at.
  static constexpr absl::Duration kCheckInterval = absl::Seconds(5);

  // Reads the files; they must be right, but may be at their end (nothing is
  // then signed, SPEC C-10, until they are replaced). `files` and `clock` must
  // outlive the source.
  static absl::StatusOr<std::unique_ptr<FileCaSource>> Create(
      FileSystem& files, absl::Clock& clock, CaFiles paths,
      TokenKeyOpener open_token_key = nullptr);

  // The CA of the files, as of kCheckInterval ago at most. Always OK.
  absl::StatusOr<pki::CertificateAuthority> Current() override;

  void ReportTo(CaMetrics& metrics) override;
  // Looks now, whenever the last look was.
  absl::Status Problem() override;

 private:
  // What tells one version of a file from another.
  struct Version {
    uint64_t inode = 0;
    uint64_t size = 0;
    absl::Time modified;
    friend bool operator==(const Version&, const Version&) = default;
  };
  struct Versions {
    Version certificate;
    Version key;
    friend bool operator==(const Versions&, const Versions&) = default;
  };

  FileCaSource(FileSystem& files, absl::Clock& clock, CaFiles paths,
               TokenKeyOpener open_token_key, Versions versions,
               pki::CertificateAuthority ca);
  static absl::StatusOr<Version> Look(FileSystem& files,
                                      absl::string_view path);
  static absl::StatusOr<Versions> Look(FileSystem& files, const CaFiles& paths);
  // Reads the files anew if they differ.
  absl::Status Refresh() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Refreshes, and tells of it.
  absl::Status LookAgain() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  FileSystem& files_;
  absl::Clock& clock_;
  const CaFiles paths_;
  const TokenKeyOpener open_token_key_;
  absl::Mutex mutex_;
  pki::CertificateAuthority ca_ ABSL_GUARDED_BY(mutex_);
  Versions versions_ ABSL_GUARDED_BY(mutex_);  // Those of ca_.
  absl::Time next_look_ ABSL_GUARDED_BY(mutex_);
  std::string told_ ABSL_GUARDED_BY(mutex_);  // The last error in the log.
  CaMetrics* metrics_ ABSL_GUARDED_BY(mutex_) = nullptr;
};

}  // namespace signet::signer

#endif  // SIGNET_SIGNER_SERVICE_FILE_CA_SOURCE_H_
