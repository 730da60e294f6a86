#ifndef SIGNET_SIGNER_SERVICE_FILE_CA_SOURCE_H_
#define SIGNET_SIGNER_SERVICE_FILE_CA_SOURCE_H_

#include <cstdint>
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
#include "signer_service/ca_source.h"

namespace signet::signer {

struct CaFiles {
  std::string certificate;  // Exactly one PEM certificate (SPEC C-19).
  std::string key;          // The first PEM private key (SPEC A-28).
};

// Reads a CA from its two files. kInvalidArgument names the file: `expected 1
// certificate, found N` (SPEC C-19), or what else is wrong with it.
absl::StatusOr<pki::CertificateAuthority> ReadCa(FileSystem& files,
                                                 const CaFiles& paths);

// FileCaSource is a CA in two files, which may be replaced at any time: once
// they differ (in inode, time or size) they are read again. A pair that is not
// whole, or not right, changes nothing but is told in the log, once; the files
// are then read again at each look until they are right (SPEC C-20). Unlike
// Kubernetes' signer it counts the certificates then too. Thread-safe.
class FileCaSource : public CaSource {
 public:
  // How often, at most, the files are looked at.
  static constexpr absl::Duration kCheckInterval = absl::Seconds(5);

  // Reads the files; they must be right. `files` and `clock` must outlive the
  // source.
  static absl::StatusOr<std::unique_ptr<FileCaSource>> Create(
      FileSystem& files, absl::Clock& clock, CaFiles paths);

  // The CA of the files, as of kCheckInterval ago at most. Always OK.
  absl::StatusOr<pki::CertificateAuthority> Current() override;

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
               Versions versions, pki::CertificateAuthority ca);
  static absl::StatusOr<Version> Look(FileSystem& files,
                                      absl::string_view path);
  static absl::StatusOr<Versions> Look(FileSystem& files, const CaFiles& paths);
  absl::Status Refresh() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  FileSystem& files_;
  absl::Clock& clock_;
  const CaFiles paths_;
  absl::Mutex mutex_;
  pki::CertificateAuthority ca_ ABSL_GUARDED_BY(mutex_);
  Versions versions_ ABSL_GUARDED_BY(mutex_);  // Those of ca_.
  absl::Time next_look_ ABSL_GUARDED_BY(mutex_);
  std::string told_ ABSL_GUARDED_BY(mutex_);  // The last error in the log.
};

}  // namespace signet::signer

#endif  // SIGNET_SIGNER_SERVICE_FILE_CA_SOURCE_H_
