#ifndef SIGNET_CORE_PKI_CERTIFICATE_REQUEST_H_
#define SIGNET_CORE_PKI_CERTIFICATE_REQUEST_H_

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/pki/byte_range.h"
#include "core/pki/name.h"
#include "core/pki/private_key.h"
#include "core/pki/subject_alt_name.h"

namespace signet::pki {

struct RequestedExtension {
  std::string oid;  // Dotted.
  bool critical = false;
  std::string value_der;
};

// CertificateRequest is a parsed PKCS #10 message (RFC 2986). Copyable value.
class CertificateRequest {
 public:
  // Parses DER under Go's x509.ParseCertificateRequest rules (SPEC D-4, D-5):
  // trailing bytes are `asn1: syntax error: trailing data`; duplicate requested
  // extensions and unsupported keys are refused. The signature is NOT checked.
  // At most `kMaxBytes`.
  static constexpr size_t kMaxBytes = 3 << 20;
  static absl::StatusOr<CertificateRequest> Parse(absl::string_view der);
  // Parses the first PEM block, which must be "CERTIFICATE REQUEST"
  // (`PEM block type must be CERTIFICATE REQUEST`).
  static absl::StatusOr<CertificateRequest> ParsePem(absl::string_view pem);

  // VerifySignature proves that the requester holds the key (SPEC B-9, C-5).
  absl::Status VerifySignature() const;

  const std::string& der() const { return der_; }
  const DistinguishedName& subject() const { return subject_; }
  absl::string_view raw_subject() const { return raw_subject_.In(der_); }
  const PublicKey& public_key() const { return public_key_; }
  SignatureAlgorithm signature_algorithm() const { return algorithm_; }
  const SubjectAltNames& subject_alt_names() const { return sans_; }
  const std::vector<RequestedExtension>& extensions() const {
    return extensions_;
  }

  // Build makes and signs a request. The subject is encoded as given (Go's
  // order); the only extension is the SANs, none if empty, and the attributes
  // are then an empty [0] (SPEC A-16). Returns DER.
  static absl::StatusOr<std::string> Build(const DistinguishedName& subject,
                                           const SubjectAltNames& sans,
                                           const SigningKey& key);

 private:
  explicit CertificateRequest(PublicKey key) : public_key_(std::move(key)) {}
  std::string der_;
  DistinguishedName subject_;
  ByteRange raw_subject_;
  PublicKey public_key_;
  SignatureAlgorithm algorithm_ = SignatureAlgorithm::kEcdsaSha256;
  ByteRange signed_part_;  // CertificationRequestInfo
  std::string signature_;
  SubjectAltNames sans_;
  std::vector<RequestedExtension> extensions_;
};

}  // namespace signet::pki

#endif  // SIGNET_CORE_PKI_CERTIFICATE_REQUEST_H_
