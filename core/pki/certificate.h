#ifndef SIGNET_CORE_PKI_CERTIFICATE_H_
#define SIGNET_CORE_PKI_CERTIFICATE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/pki/byte_range.h"
#include "core/pki/key_usage.h"
#include "core/pki/name.h"
#include "core/pki/private_key.h"
#include "core/pki/subject_alt_name.h"
#include "core/pki/validity.h"
#include "openssl/base.h"

namespace signet::pki {

// Certificate is a parsed X.509 certificate (RFC 5280). Copyable value,
// immutable, thread-safe. Parsing checks form, not signature, time or trust.
class Certificate {
 public:
  static constexpr size_t kMaxBytes = 1 << 20;
  // Parses one DER certificate with nothing after it, under the rules of Go's
  // x509.ParseCertificate and with its words. Keys and signature algorithms
  // that PublicKey and SignatureAlgorithm do not know (DSA, MD5) are refused.
  static absl::StatusOr<Certificate> Parse(absl::string_view der);

  const std::string& der() const { return der_; }
  absl::string_view raw_subject() const { return raw_subject_.In(der_); }
  absl::string_view raw_issuer() const { return raw_issuer_.In(der_); }
  absl::string_view raw_tbs() const { return raw_tbs_.In(der_); }
  const DistinguishedName& subject() const { return subject_; }
  const DistinguishedName& issuer() const { return issuer_; }
  // Big-endian contents of the INTEGER, without leading zero bytes.
  const std::string& serial_number() const { return serial_number_; }
  const Validity& validity() const { return validity_; }
  const PublicKey& public_key() const { return public_key_; }
  SignatureAlgorithm signature_algorithm() const { return algorithm_; }
  absl::string_view signature() const { return signature_; }
  const SubjectAltNames& subject_alt_names() const { return sans_; }
  const Usages& usages() const { return usages_; }
  // Extended key usages we have no name for, dotted.
  const std::vector<std::string>& unknown_extended_key_usages() const {
    return unknown_ekus_;
  }
  bool has_basic_constraints() const { return has_basic_constraints_; }
  bool is_ca() const { return is_ca_; }
  std::optional<int> max_path_len() const { return max_path_len_; }
  const std::string& subject_key_id() const { return subject_key_id_; }
  const std::string& authority_key_id() const { return authority_key_id_; }
  // Dotted OIDs of all extensions, in order, and whether each is critical.
  const std::vector<std::pair<std::string, bool>>& extensions() const {
    return extensions_;
  }

  std::array<uint8_t, 32> Sha256() const;  // The fingerprint: of the DER.
  std::string ToPem() const;
  // OK if `issuer`'s key made this certificate's signature.
  absl::Status CheckSignatureFrom(const Certificate& issuer) const;

 private:
  explicit Certificate(PublicKey key) : public_key_(std::move(key)) {}
  absl::Status ParseExtensions(CBS* tbs);
  absl::Status ParseExtension(absl::string_view type, bool critical,
                              absl::string_view value);

  std::string der_, signature_;
  ByteRange raw_subject_, raw_issuer_, raw_tbs_;
  DistinguishedName subject_, issuer_;
  std::string serial_number_;
  Validity validity_;
  PublicKey public_key_;
  SignatureAlgorithm algorithm_ = SignatureAlgorithm::kEcdsaSha256;
  SubjectAltNames sans_;
  Usages usages_;
  std::vector<std::string> unknown_ekus_;
  bool has_basic_constraints_ = false;
  bool is_ca_ = false;
  std::optional<int> max_path_len_;
  std::string subject_key_id_, authority_key_id_;
  std::vector<std::pair<std::string, bool>> extensions_;
};

// ParseCertificatesPem returns the certificates in a PEM text, in order. Blocks
// of another type and blocks with headers are skipped, as client-go's
// cert.ParseCertsPEM does; a CERTIFICATE block that doesn't parse is an error,
// and so is a text without any (`data does not contain any valid RSA or ECDSA
// certificates`).
absl::StatusOr<std::vector<Certificate>> ParseCertificatesPem(
    absl::string_view pem);

// SerialToHex is lower-case hex without separators; SerialToDecimal base 10.
std::string SerialToHex(absl::string_view serial_number);
std::string SerialToDecimal(absl::string_view serial_number);

}  // namespace signet::pki

#endif  // SIGNET_CORE_PKI_CERTIFICATE_H_
