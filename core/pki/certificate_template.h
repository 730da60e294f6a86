#ifndef SIGNET_CORE_PKI_CERTIFICATE_TEMPLATE_H_
#define SIGNET_CORE_PKI_CERTIFICATE_TEMPLATE_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "core/pki/certificate_request.h"
#include "core/pki/key_usage.h"
#include "core/pki/name.h"
#include "core/pki/private_key.h"
#include "core/pki/signature_algorithm.h"
#include "core/pki/subject_alt_name.h"
#include "core/pki/validity.h"

// Certificates and requests with any extension, for those who do not issue as
// Kubernetes' signer does (for that see certificate_authority.h): the bytes are
// those of Go's x509.CreateCertificate and CreateCertificateRequest (SPEC E-16
// to E-20). Pure.
namespace signet::pki {

// An attribute of a name for which DistinguishedName has no field: its dotted
// OID, and a text.
using NameAttribute = std::pair<std::string, std::string>;

// EncodeName is DistinguishedName::Encode with more attributes at the end, each
// by itself. kInvalidArgument for what is no OID or no UTF-8.
absl::StatusOr<std::string> EncodeName(const DistinguishedName& name,
                                       absl::Span<const NameAttribute> more);

// CertificateTemplate is what is to be in a certificate.
struct CertificateTemplate {
  std::string serial_number;  // Big-endian; at most 20 octets with its sign.
  DistinguishedName subject;
  std::vector<NameAttribute> subject_more;
  Validity validity;
  std::string spki_der;
  KeyUsage key_usage = 0;                         // 0: no extension.
  std::vector<ExtendedKeyUsage> extended;         // In the order given.
  bool is_ca = false;                             // Always written, critical.
  std::optional<int> max_path_len;                // Of a CA.
  std::string subject_key_id;                     // Empty: no extension.
  std::vector<std::string> ocsp_servers;          // URLs, as the two below.
  std::vector<std::string> issuing_certificates;  // Where the issuer's is.
  std::vector<std::string> crl_distribution_points;
  SubjectAltNames subject_alt_names;  // Critical if the subject is empty.
  // Written at the end; each takes the place of what is above.
  std::vector<RequestedExtension> extensions;
};

// The part of the issuer.
struct IssuerTemplate {
  std::string raw_name;        // A DER Name; empty: the subject's, self-signed.
  std::string subject_key_id;  // Becomes the AKI, if the names differ.
  SignatureAlgorithm algorithm = SignatureAlgorithm::kEcdsaSha256;
};

// SignTemplate encodes and signs; returns DER. kInvalidArgument for what cannot
// be encoded.
absl::StatusOr<std::string> SignTemplate(const CertificateTemplate& tbs,
                                         const IssuerTemplate& issuer,
                                         const SigningKey& key);

// RequestTemplate is what is to be in a certificate request.
struct RequestTemplate {
  DistinguishedName subject;
  std::vector<NameAttribute> subject_more;
  SubjectAltNames subject_alt_names;
  std::vector<RequestedExtension> extensions;  // After the names.
};
absl::StatusOr<std::string> SignRequestTemplate(const RequestTemplate& request,
                                                const SigningKey& key);

// BasicConstraints of a request that asks for a CA (SPEC E-19).
RequestedExtension CaRequestExtension(std::optional<int> path_len);

// A certificate policy (RFC 5280, 4.2.1.4) and what is said of it.
struct PolicyQualifier {
  enum class Kind { kUserNotice, kCps };
  Kind kind = Kind::kCps;
  std::string text;
};
struct CertificatePolicy {
  std::string oid;  // Dotted.
  std::vector<PolicyQualifier> qualifiers;
};
absl::StatusOr<RequestedExtension> PoliciesExtension(
    absl::Span<const CertificatePolicy> policies);

// ParseCaRequest reads BasicConstraints out of a request's extensions: whether
// it asks for a CA, and with which path length (-1: none was given).
struct CaRequest {
  bool is_ca = false;
  int max_path_len = -1;
};
absl::StatusOr<std::optional<CaRequest>> ParseCaRequest(
    absl::Span<const RequestedExtension> extensions);

}  // namespace signet::pki

#endif  // SIGNET_CORE_PKI_CERTIFICATE_TEMPLATE_H_
