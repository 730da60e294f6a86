#ifndef SIGNET_CORE_PKI_PRIVATE_KEY_H_
#define SIGNET_CORE_PKI_PRIVATE_KEY_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/base/secret.h"
#include "core/pki/signature_algorithm.h"
#include "openssl/base.h"

namespace signet::pki {

enum class KeyType { kRsa, kEcdsa, kEd25519 };

// What a new key may be. P-521 and RSA of other sizes can be read, not made.
enum class KeyAlgorithm {
  kEcdsaP256,
  kEcdsaP384,
  kEcdsaP521,
  kRsa2048,
  kRsa3072,
  kRsa4096,
  kEd25519,
};

// PublicKey is an immutable, cheaply copied view of a SubjectPublicKeyInfo.
// Thread-safe.
class PublicKey {
 public:
  // Parses a DER SubjectPublicKeyInfo with nothing after it. Accepted: RSA of
  // 1024 to 8192 bits, P-224, P-256, P-384, P-521, Ed25519. What is no part of
  // the key (Go skips it) is dropped: `spki_der` is canonical. kUnimplemented
  // for an unknown algorithm, else kInvalidArgument, with Go's words.
  static absl::StatusOr<PublicKey> FromSpki(absl::string_view spki_der);

  KeyType type() const;
  int bits() const;  // 2048 for RSA-2048, 256 for P-256 and Ed25519.
  const std::string& spki_der() const;
  // The contents of the subjectPublicKey BIT STRING, of which SHA-1 gives the
  // key identifier of RFC 5280, 4.2.1.2 (1).
  absl::string_view key_bits() const;

  // Verify returns OK if `signature` over `message` is this key's; otherwise
  // kInvalidArgument with Go's text (`x509: ECDSA verification failure`,
  // `crypto/rsa: verification error`, `x509: Ed25519 verification failure`).
  absl::Status Verify(SignatureAlgorithm algorithm, absl::string_view message,
                      absl::string_view signature) const;

  friend bool operator==(const PublicKey& a, const PublicKey& b) {
    return a.spki_der() == b.spki_der();
  }

  EVP_PKEY* evp() const;  // Not owned; for core/pki and TLS set-up.

 private:
  struct Rep;
  explicit PublicKey(std::shared_ptr<const Rep> rep);
  std::shared_ptr<const Rep> rep_;
};

// SigningKey is a private key one can use but perhaps not read: a file's, or
// one inside a PKCS#11 token. Implementations are thread-safe.
class SigningKey {
 public:
  virtual ~SigningKey() = default;
  virtual const PublicKey& public_key() const = 0;
  // Sign returns the signature over `message` as X.509 stores it (ECDSA: DER).
  virtual absl::StatusOr<std::string> Sign(SignatureAlgorithm algorithm,
                                           absl::string_view message) const = 0;
};

// PrivateKey is a key held in this process. Its bytes are wiped when freed and
// leave it only through ToPem, as a Secret. Cheaply copied (shared, immutable).
class PrivateKey : public SigningKey {
 public:
  // Reads the first private key of a PEM text: PKCS#8 "PRIVATE KEY", SEC1
  // "EC PRIVATE KEY" or PKCS#1 "RSA PRIVATE KEY"; other blocks (such as
  // "EC PARAMETERS") are skipped (SPEC A-28). Encrypted keys are
  // kUnimplemented. Halves that do not match are kInvalidArgument.
  static absl::StatusOr<PrivateKey> FromPem(absl::string_view pem);
  // Takes over a key. kInvalidArgument if its type is not supported.
  static absl::StatusOr<PrivateKey> FromEvp(bssl::UniquePtr<EVP_PKEY> key);
  // Makes a new key with BoringSSL's own randomness. Only core/sys and tests
  // may call this; others get a KeyGenerator.
  static absl::StatusOr<PrivateKey> Generate(KeyAlgorithm algorithm);

  // kTraditional writes SEC1 or PKCS#1 as the kubelet and cfssl do (Ed25519 has
  // no such form and is written as PKCS#8).
  enum class Format { kTraditional, kPkcs8 };
  absl::StatusOr<Secret> ToPem(Format format) const;

  const PublicKey& public_key() const override { return public_key_; }
  absl::StatusOr<std::string> Sign(SignatureAlgorithm algorithm,
                                   absl::string_view message) const override;

  EVP_PKEY* evp() const { return key_.get(); }  // Not owned.

 private:
  PrivateKey(std::shared_ptr<EVP_PKEY> key, PublicKey public_key)
      : key_(std::move(key)), public_key_(std::move(public_key)) {}

  std::shared_ptr<EVP_PKEY> key_;  // BoringSSL wipes what it frees.
  // Without the private half, so that a copy may outlive this key.
  PublicKey public_key_;
};

// The algorithm Go picks for a request made with this key (SPEC A-16): RSA by
// size SHA-256/384/512, P-256/384/521 SHA-256/384/512, Ed25519.
SignatureAlgorithm RequestSignatureAlgorithm(const PublicKey& key);
// The algorithm Go's CreateCertificate picks for a CA (SPEC C-11): as above,
// but SHA-256 for RSA of any size.
SignatureAlgorithm IssuerSignatureAlgorithm(const PublicKey& key);

// KeyGenerator makes keys; a seam, so that tests need not generate any.
class KeyGenerator {
 public:
  virtual ~KeyGenerator() = default;
  virtual absl::StatusOr<PrivateKey> Generate(KeyAlgorithm algorithm) = 0;
};

}  // namespace signet::pki

#endif  // SIGNET_CORE_PKI_PRIVATE_KEY_H_
