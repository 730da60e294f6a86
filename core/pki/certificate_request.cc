#include "core/pki/certificate_request.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/pki/byte_range.h"
#include "core/pki/der.h"
#include "core/pki/name.h"
#include "core/pki/oid.h"
#include "core/pki/pem.h"
#include "core/pki/private_key.h"
#include "core/pki/signature_algorithm.h"
#include "core/pki/subject_alt_name.h"
#include "openssl/bytestring.h"

namespace signet::pki {
namespace {

constexpr absl::string_view kPemType = "CERTIFICATE REQUEST";
constexpr CBS_ASN1_TAG kAttributes =
    CBS_ASN1_CONTEXT_SPECIFIC | CBS_ASN1_CONSTRUCTED | 0;

absl::Status Malformed(absl::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("asn1: syntax error: malformed ", what));
}

// Extensions ::= SEQUENCE SIZE (1..MAX) OF Extension
// Extension ::= SEQUENCE {
//   extnID     OBJECT IDENTIFIER,
//   critical   BOOLEAN DEFAULT FALSE,
//   extnValue  OCTET STRING }
absl::Status ReadExtensions(CBS in, std::vector<RequestedExtension>* out) {
  CBS extensions;
  if (!CBS_get_asn1(&in, &extensions, CBS_ASN1_SEQUENCE)) {
    return Malformed("requested extensions");
  }
  while (CBS_len(&extensions) > 0) {
    CBS extension, value;
    absl::string_view type;
    RequestedExtension requested;
    if (!CBS_get_asn1(&extensions, &extension, CBS_ASN1_SEQUENCE) ||
        !der::GetOid(&extension, &type) ||
        (CBS_peek_asn1_tag(&extension, CBS_ASN1_BOOLEAN) &&
         !der::GetBool(&extension, &requested.critical)) ||
        !CBS_get_asn1(&extension, &value, CBS_ASN1_OCTETSTRING)) {
      return Malformed("requested extension");
    }
    requested.oid = OidToDotted(type);
    requested.value_der = der::String(value);
    if (absl::c_any_of(*out, [&requested](const RequestedExtension& other) {
          return other.oid == requested.oid;
        })) {
      return absl::InvalidArgumentError(
          "x509: certificate request contains duplicate requested extensions");
    }
    out->push_back(std::move(requested));
  }
  return absl::OkStatus();
}

// Attributes ::= SET OF Attribute
// Attribute ::= SEQUENCE { type OBJECT IDENTIFIER, values SET OF ANY }
//
// Only the first value of an extensionRequest says anything. As in Go, an
// attribute that does not have this form is no error.
absl::Status ReadAttributes(CBS attributes,
                            std::vector<RequestedExtension>* out) {
  while (CBS_len(&attributes) > 0) {
    CBS attribute, values, first;
    absl::string_view type;
    CBS_ASN1_TAG tag;
    if (!CBS_get_any_asn1(&attributes, &attribute, &tag)) {
      return Malformed("attribute");
    }
    if (tag != CBS_ASN1_SEQUENCE || !der::GetOid(&attribute, &type) ||
        type != oid::kExtensionRequest.contents() ||
        !CBS_get_asn1(&attribute, &values, CBS_ASN1_SET) ||
        !CBS_get_any_asn1_element(&values, &first, nullptr, nullptr)) {
      continue;
    }
    bool values_ok = true;
    while (values_ok && CBS_len(&values) > 0) {
      values_ok = CBS_get_any_asn1_element(&values, nullptr, nullptr, nullptr);
    }
    if (!values_ok) continue;
    ABSL_RETURN_IF_ERROR(ReadExtensions(first, out));
  }
  return absl::OkStatus();
}

}  // namespace

// CertificationRequest ::= SEQUENCE {
//   certificationRequestInfo  CertificationRequestInfo,
//   signatureAlgorithm        AlgorithmIdentifier,
//   signature                 BIT STRING }
// CertificationRequestInfo ::= SEQUENCE {
//   version        INTEGER { v1(0) },
//   subject        Name,
//   subjectPKInfo  SubjectPublicKeyInfo,
//   attributes     [0] Attributes }
absl::StatusOr<CertificateRequest> CertificateRequest::Parse(
    absl::string_view der) {
  if (der.size() > kMaxBytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("certificate request of ", der.size(),
                     " bytes is longer than ", kMaxBytes));
  }
  CBS in = der::Cbs(der);
  CBS request, info_element, info, algorithm;
  CBS subject, spki, attributes;
  int64_t version;
  if (!CBS_get_asn1(&in, &request, CBS_ASN1_SEQUENCE)) {
    return Malformed("certificate request");
  }
  if (CBS_len(&in) != 0) {
    return absl::InvalidArgumentError("asn1: syntax error: trailing data");
  }
  if (!CBS_get_asn1_element(&request, &info_element, CBS_ASN1_SEQUENCE)) {
    return Malformed("certification request info");
  }
  CBS element = info_element;
  if (!CBS_get_asn1(&element, &info, CBS_ASN1_SEQUENCE) ||
      !CBS_get_asn1_int64(&info, &version)) {
    return Malformed("version");
  }
  if (!CBS_get_any_asn1_element(&info, &subject, nullptr, nullptr)) {
    return Malformed("subject");
  }
  if (!CBS_get_asn1_element(&info, &spki, CBS_ASN1_SEQUENCE)) {
    return Malformed("subject public key info");
  }
  if (!CBS_get_asn1(&info, &attributes, kAttributes)) {
    return Malformed("attributes");
  }
  der::Bits signature;
  if (!CBS_get_asn1(&request, &algorithm, CBS_ASN1_SEQUENCE)) {
    return Malformed("signature algorithm");
  }
  if (!der::GetBits(&request, &signature)) return Malformed("signature");

  ABSL_ASSIGN_OR_RETURN(PublicKey key, PublicKey::FromSpki(der::View(spki)));
  CertificateRequest out(std::move(key));
  ABSL_ASSIGN_OR_RETURN(out.algorithm_,
                        ParseSignatureAlgorithm(der::View(algorithm)));
  ABSL_ASSIGN_OR_RETURN(out.subject_,
                        DistinguishedName::ParseOfRequest(der::View(subject)));
  ABSL_RETURN_IF_ERROR(ReadAttributes(attributes, &out.extensions_));
  for (const RequestedExtension& extension : out.extensions_) {
    if (extension.oid != oid::kSubjectAltName.dotted()) continue;
    ABSL_ASSIGN_OR_RETURN(out.sans_,
                          SubjectAltNames::Parse(extension.value_der));
  }
  out.der_ = std::string(der);
  out.raw_subject_ = ByteRange::Of(der::View(subject), der);
  out.signed_part_ = ByteRange::Of(der::View(info_element), der);
  out.signature_ = signature.RightAligned();
  return out;
}

absl::StatusOr<CertificateRequest> CertificateRequest::ParsePem(
    absl::string_view pem) {
  absl::StatusOr<PemBlock> block = ParseFirstPem(pem);
  if (absl::IsNotFound(block.status()) ||
      (block.ok() && block->type != kPemType)) {
    return absl::InvalidArgumentError(
        absl::StrCat("PEM block type must be ", kPemType));
  }
  ABSL_RETURN_IF_ERROR(block.status());
  return Parse(block->der);
}

absl::Status CertificateRequest::VerifySignature() const {
  return public_key_.Verify(algorithm_, signed_part_.In(der_), signature_);
}

absl::StatusOr<std::string> CertificateRequest::Build(
    const DistinguishedName& subject, const SubjectAltNames& sans,
    const SigningKey& key) {
  ABSL_ASSIGN_OR_RETURN(const std::string subject_der, subject.Encode());
  const SignatureAlgorithm algorithm =
      RequestSignatureAlgorithm(key.public_key());
  bssl::ScopedCBB cbb;
  CBB request, info, attributes;
  if (!CBB_init(cbb.get(), 1024) ||
      !CBB_add_asn1(cbb.get(), &request, CBS_ASN1_SEQUENCE) ||
      !CBB_add_asn1(&request, &info, CBS_ASN1_SEQUENCE) ||
      !CBB_add_asn1_uint64(&info, 0) || !der::AddBytes(&info, subject_der) ||
      !der::AddBytes(&info, key.public_key().spki_der()) ||
      !CBB_add_asn1(&info, &attributes, kAttributes)) {
    return der::BuildError();
  }
  if (!sans.empty()) {
    ABSL_ASSIGN_OR_RETURN(const std::string sans_der, sans.Encode());
    CBB attribute, values, extensions;
    if (!CBB_add_asn1(&attributes, &attribute, CBS_ASN1_SEQUENCE) ||
        !der::AddOid(&attribute, oid::kExtensionRequest) ||
        !CBB_add_asn1(&attribute, &values, CBS_ASN1_SET) ||
        !CBB_add_asn1(&values, &extensions, CBS_ASN1_SEQUENCE) ||
        !der::AddExtension(&extensions, oid::kSubjectAltName,
                           /*critical=*/false, sans_der) ||
        !CBB_flush(&attributes)) {  // While its children live.
      return der::BuildError();
    }
  }
  if (!CBB_flush(&request)) return der::BuildError();
  ABSL_ASSIGN_OR_RETURN(const std::string signature,
                        key.Sign(algorithm, der::CbbView(&request)));
  if (!der::AddBytes(&request, EncodedSignatureAlgorithm(algorithm)) ||
      !der::AddBitString(&request, signature)) {
    return der::BuildError();
  }
  return der::Finish(cbb.get());
}

}  // namespace signet::pki
