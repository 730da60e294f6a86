#ifndef SIGNET_NODE_AGENT_CERTIFICATE_STORE_H_
#define SIGNET_NODE_AGENT_CERTIFICATE_STORE_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "core/base/file_system.h"
#include "core/base/secret.h"
#include "core/http/tls_identity.h"
#include "core/pki/private_key.h"
#include "core/rotation/pending_request.h"

namespace signet::node_agent {

struct CertificateStoreOptions {
  // Absolute. Made on the first update, 0755.
  std::string directory = "/var/lib/kubelet/pki";
  // Of the files: "kubelet-client" or "kubelet-server".
  std::string prefix = "kubelet-client";
  // A pair to look for where the store has none. Empty: none.
  std::string certificate_file;
  std::string key_file;
  // Where <prefix>.key may lie; empty: `directory`.
  std::string key_directory;
  // How many pairs an update leaves in the directory, the current one
  // included; 0: all. The kubelet leaves all (SPEC A-27).
  int keep = 3;
};

// CertificateStore keeps one certificate with its key in files, as the kubelet
// does (SPEC ), so that either can take over from the other:
//
//   <prefix>-2026-11-24-10-00-21.pem  certificates, then the key; 0600
//   <prefix>-current.pem              symbolic link to the pair in use
//   <prefix>-updated.pem              the same, while an update is under way
//   <prefix>.key.tmp                  a key whose request is under way in the
//                                     foreground (SPEC A-33)
//   <prefix>-pending.pem              ours: the same in the background
//
// It differs where no reader can tell. The directory is fsynced too, so a pair
// that Update returned survives the loss of power; `current` is replaced in one
// step and never missing; a pair does not overwrite one of the same second but
// takes the next second's name; a link that dangles, or leads to a file that is
// no pair, is mended: it is pointed at the newest pair that has not expired. At
// every moment, also after a crash, `current` is the old or the new pair.
// Thread-safe.
class CertificateStore {
 public:
  using Pair = std::shared_ptr<const http::TlsIdentity>;

  // Open finishes an update that was interrupted (SPEC A-26) and mends
  // `current`. Names of files are in `zone`. The references must outlive the
  // store. kInvalidArgument if the directory is not absolute;
  // kFailedPrecondition if there is a file where a link should be; the file
  // system's errors.
  static absl::StatusOr<std::unique_ptr<CertificateStore>> Open(
      CertificateStoreOptions options, FileSystem& files, absl::Clock& clock,
      absl::TimeZone zone);

  // <directory>/<prefix>-current.pem.
  const std::string& current_path() const { return current_path_; }

  // Current reads the pair in use: `current`, else the certificate and key file
  // of the options, else <prefix>.crt and <prefix>.key (SPEC A-22). kNotFound
  // if there is none of them; other errors name the file: it cannot be read or
  // parsed, or the key does not belong to the certificate (SPEC A-23).
  absl::StatusOr<Pair> Current();

  // Update stores a new pair and makes it the current one; the leaf comes first
  // in `certificates_pem`. kInvalidArgument if that doesn't parse or the key
  // does not belong to the leaf: nothing is written then. After another error
  // the old pair is current, or the new one.
  absl::StatusOr<Pair> Update(absl::string_view certificates_pem,
                              const pki::PrivateKey& key);

  // ---- The request under way, kept so that whoever comes after a crash finds
  // its key (SPEC F-2).

  // Pending returns what was kept; nullopt if nothing was. Errors name the
  // file: it cannot be read (kInvalidArgument: or parsed).
  absl::StatusOr<std::optional<rotation::PendingRequest>> Pending();
  // KeepPending replaces it, durably and in one step.
  absl::Status KeepPending(const rotation::PendingRequest& pending);
  absl::Status ForgetPending();

  // The same for the key alone, where a kubelet keeps it (SPEC A-33). kNotFound
  // if there is none, or what there is is no key.
  absl::StatusOr<pki::PrivateKey> TemporaryKey();
  absl::Status KeepTemporaryKey(const pki::PrivateKey& key);
  absl::Status ForgetTemporaryKey();

 private:
  CertificateStore(CertificateStoreOptions options, FileSystem& files,
                   absl::Clock& clock, absl::TimeZone zone);

  std::string PathOf(absl::string_view qualifier) const;
  // <prefix>-YYYY-MM-DD-HH-MM-SS.pem?
  bool IsPairName(absl::string_view name) const;
  absl::Status Recover();
  // What can be done if `current` leads nowhere, or to what is no pair.
  absl::Status Mend();
  absl::StatusOr<bool> Exists(absl::string_view path);
  // Whether `path` is a symbolic link; a file is kFailedPrecondition.
  absl::StatusOr<bool> IsLink(absl::string_view path);
  absl::StatusOr<Pair> Load(absl::string_view certificate_path,
                            absl::string_view key_path);
  // Replaces a file, durably and in one step.
  absl::Status Keep(const std::string& path, const Secret& text);
  absl::Status Forget(const std::string& path);
  absl::Status MakeDirectory() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<std::string> CreatePair(absl::string_view text);
  absl::Status PointTo(absl::string_view path);
  void RemoveOldPairs();

  const CertificateStoreOptions options_;
  FileSystem& files_;
  absl::Clock& clock_;
  const absl::TimeZone zone_;
  const std::string current_path_;
  const std::string updated_path_;
  const std::string pending_path_;
  const std::string key_path_;

  absl::Mutex mutex_;  // One update at a time.
  bool directory_is_durable_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace signet::node_agent

#endif  // SIGNET_NODE_AGENT_CERTIFICATE_STORE_H_
