#ifndef SIGNET_CORE_PKI_CERTIFICATE_AUTHORITY_H_
#define SIGNET_CORE_PKI_CERTIFICATE_AUTHORITY_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/pki/certificate.h"
#include "core/pki/certificate_request.h"
#include "core/pki/key_usage.h"
#include "core/pki/name.h"
#include "core/pki/private_key.h"
#include "core/pki/subject_alt_name.h"
#include "core/pki/validity.h"

namespace signet::pki {

// TbsCertificate is all that a certificate is to say, unsigned (the issuer's
// part comes from the CA). A plain value: policy fills it, the CA encodes it.
struct TbsCertificate {
  // Contents of the serial INTEGER, big-endian, as random bytes: the encoder
  // strips leading zeros and adds the sign byte. Must not be empty; at most 20
  // octets, sign byte included (so clear the top bit of 20 random ones).
  std::string serial_number;
  DistinguishedName subject;
  Validity validity;
  std::string spki_der;
  Usages usages;
  SubjectAltNames subject_alt_names;
  // BasicConstraints is always written, critical. false: an empty SEQUENCE.
  bool is_ca = false;
  std::optional<int> max_path_len;
  // Written only when set: leaves of Kubernetes' signer have none (SPEC C-12).
  std::string subject_key_id;
  // Written last, as they are. Of a type that is not written above.
  std::vector<RequestedExtension> more_extensions;
};

// CertificateAuthority turns a TbsCertificate into a certificate, with the
// extension order of SPEC C-12: KeyUsage (critical), ExtKeyUsage,
// BasicConstraints (critical), SKI, AKI, SAN; then any more. Cheaply copied,
// immutable, thread-safe (as far as its SigningKey is).
class CertificateAuthority {
 public:
  // kInvalidArgument if the key is not the certificate's, or if one of
  // `parents` (bottom up, the last perhaps a root) has not signed the one below
  // it.
  static absl::StatusOr<CertificateAuthority> Create(
      Certificate certificate, std::shared_ptr<const SigningKey> key,
      std::vector<Certificate> parents = {});

  const Certificate& certificate() const { return identity_->certificate; }
  const std::vector<Certificate>& parents() const { return identity_->parents; }
  // When the CA and all of its parents are valid.
  const Validity& validity() const { return identity_->validity; }
  // What a certificate is followed by where its chain is wanted: PEM of the CA
  // and its parents, but of no root. Empty for a CA without parents.
  const std::string& chain_pem() const { return identity_->chain_pem; }

  // Issue encodes and signs; returns DER. The subject is rebuilt (SPEC C-16).
  // AKI is the CA's SKI, if it has one and the names differ (SPEC C-12). SAN is
  // critical exactly if the subject is empty. kInvalidArgument if a field
  // cannot be encoded. No check of validity against the CA's: that is policy.
  absl::StatusOr<std::string> Issue(const TbsCertificate& tbs) const;

  // EncodeTbs returns the DER that Issue would sign.
  absl::StatusOr<std::string> EncodeTbs(const TbsCertificate& tbs) const;

  // SelfSign makes a self-signed certificate (issuer = subject, no AKI).
  static absl::StatusOr<std::string> SelfSign(const TbsCertificate& tbs,
                                              const SigningKey& key);

 private:
  struct Identity {
    Certificate certificate;
    std::vector<Certificate> parents;
    Validity validity;
    std::string chain_pem;
  };
  CertificateAuthority() = default;
  std::shared_ptr<const Identity> identity_;
  std::shared_ptr<const SigningKey> key_;
};

// KeyId is SHA-1 over the public key's bits: RFC 5280, 4.2.1.2, method 1.
std::string KeyId(const PublicKey& key);

}  // namespace signet::pki

#endif  // SIGNET_CORE_PKI_CERTIFICATE_AUTHORITY_H_
