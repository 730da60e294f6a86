#ifndef SIGNET_CORE_HTTP_TLS_IDENTITY_H_
#define SIGNET_CORE_HTTP_TLS_IDENTITY_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/pki/certificate.h"
#include "core/pki/private_key.h"
#include "core/pki/trust_bundle.h"

namespace signet::http {

// What one presents in a TLS handshake: a chain (leaf first) and its key.
struct TlsIdentity {
  std::vector<pki::Certificate> chain;
  pki::PrivateKey key;

  // kInvalidArgument if the texts do not parse or leaf and key do not match.
  static absl::StatusOr<std::shared_ptr<const TlsIdentity>> FromPem(
      absl::string_view certificates_pem, absl::string_view key_pem);
};

// IdentitySource is asked at every handshake, so that a rotated certificate is
// used from the next connection on (SPEC A-44). Thread-safe, must not block.
class IdentitySource {
 public:
  virtual ~IdentitySource() = default;
  // Null: a client presents no certificate; a server refuses the handshake.
  virtual std::shared_ptr<const TlsIdentity> Current() = 0;
};

// TrustSource likewise, for the roots by which the peer is judged.
class TrustSource {
 public:
  virtual ~TrustSource() = default;
  virtual std::shared_ptr<const pki::TrustBundle> Current() = 0;
};

// The same identity or bundle for ever.
class FixedIdentity : public IdentitySource {
 public:
  explicit FixedIdentity(std::shared_ptr<const TlsIdentity> identity)
      : identity_(std::move(identity)) {}
  std::shared_ptr<const TlsIdentity> Current() override { return identity_; }

 private:
  const std::shared_ptr<const TlsIdentity> identity_;
};
class FixedTrust : public TrustSource {
 public:
  explicit FixedTrust(pki::TrustBundle bundle)
      : bundle_(std::make_shared<const pki::TrustBundle>(std::move(bundle))) {}
  std::shared_ptr<const pki::TrustBundle> Current() override { return bundle_; }

 private:
  const std::shared_ptr<const pki::TrustBundle> bundle_;
};

}  // namespace signet::http

#endif  // SIGNET_CORE_HTTP_TLS_IDENTITY_H_
