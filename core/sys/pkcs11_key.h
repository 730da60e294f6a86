#ifndef SIGNET_CORE_SYS_PKCS11_KEY_H_
#define SIGNET_CORE_SYS_PKCS11_KEY_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "core/base/file_system.h"
#include "core/base/secret.h"
#include "core/pki/private_key.h"
#include "core/pki/signature_algorithm.h"
#include "core/sys/pkcs11_abi.h"
#include "core/sys/pkcs11_module.h"
#include "core/sys/pkcs11_uri.h"

namespace signet::sys {

// Pkcs11Key is a private key inside a PKCS#11 token (CKM_ECDSA and
// CKM_RSA_PKCS): the token signs, the key stays there. Sessions are kept for
// the next signature; each thread has its own, as far as the token has as many.
// When the token was away, or the
// sessions were ended, the key is looked up anew and the signature tried once
// more. Every signature is verified before it is given out. Thread-safe.
class Pkcs11Key : public pki::SigningKey {
 public:
  // Loads the library, logs in and finds the key that `uri` means, with its
  // public half, which the token must have too. `files` must outlive the key:
  // the PIN is read from its file at each login. The log warns if the token
  // would give the key away. kNotFound if there is no such
  // token or key, kFailedPrecondition if there are several, kUnauthenticated
  // for a wrong PIN, kUnimplemented for a key that is neither RSA nor ECDSA.
  static absl::StatusOr<std::shared_ptr<Pkcs11Key>> Open(Pkcs11Uri uri,
                                                         FileSystem& files);
  ~Pkcs11Key() override;
  Pkcs11Key(const Pkcs11Key&) = delete;
  Pkcs11Key& operator=(const Pkcs11Key&) = delete;

  const pki::PublicKey& public_key() const override { return *public_key_; }
  // kUnavailable while the token is away. kUnauthenticated for a PIN that was
  // refused: it is not tried again, which could lock the token, before its file
  // holds another.
  absl::StatusOr<std::string> Sign(pki::SignatureAlgorithm algorithm,
                                   absl::string_view message) const override;

  // True if the token would give the key away (CKA_EXTRACTABLE).
  bool extractable() const { return extractable_; }

 private:
  // The token as found in a slot. Another one after each reconnection.
  struct Connection {
    pkcs11::Slot slot = 0;
    pkcs11::Object private_key = 0;
    uint64_t generation = 0;
  };
  struct Use {
    pkcs11::Session session = 0;
    Connection connection;
  };

  Pkcs11Key(Pkcs11Module module, Pkcs11Uri uri, FileSystem& files)
      : module_(std::move(module)), uri_(std::move(uri)), files_(files) {}

  absl::StatusOr<pkcs11::Slot> FindToken() const;
  absl::StatusOr<pkcs11::Object> FindKey(pkcs11::Session session,
                                         pkcs11::Ulong object_class) const;
  absl::StatusOr<pki::PublicKey> ReadPublicKey(
      pkcs11::Session session, pkcs11::Object private_key) const;
  absl::Status Login(pkcs11::Session session) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status Connect() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<Use> Borrow() const;
  void GiveBack(const Use& use) const;
  // Forgets the sessions of a connection that does not work.
  void Drop(const Use& use) const;
  void Disconnect() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Whether Borrow has any prospect.
  bool CanBorrow() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return !idle_.empty() || borrowed_ == 0 || !connection_.has_value();
  }
  absl::StatusOr<std::string> SignOnce(absl::string_view to_sign) const;

  const Pkcs11Module module_;
  const Pkcs11Uri uri_;
  FileSystem& files_;
  std::optional<pki::PublicKey> public_key_;  // Set by Open.
  bool extractable_ = false;

  mutable absl::Mutex mutex_;
  mutable std::optional<Connection> connection_ ABSL_GUARDED_BY(mutex_);
  mutable uint64_t generation_ ABSL_GUARDED_BY(mutex_) = 0;
  mutable std::vector<pkcs11::Session> idle_ ABSL_GUARDED_BY(mutex_);
  mutable int borrowed_ ABSL_GUARDED_BY(mutex_) = 0;
  mutable Secret refused_pin_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace signet::sys

#endif  // SIGNET_CORE_SYS_PKCS11_KEY_H_
