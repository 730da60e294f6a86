#include "core/pki/certificate_authority.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/pki/certificate.h"
#include "core/pki/certificate_request.h"
#include "core/pki/der.h"
#include "core/pki/key_usage.h"
#include "core/pki/oid.h"
#include "core/pki/private_key.h"
#include "core/pki/signature_algorithm.h"
#include "core/pki/subject_alt_name.h"
#include "openssl/bytestring.h"
#include "openssl/digest.h"
#include "openssl/sha.h"

namespace signet::pki {
namespace {

constexpr size_t kMaxSerialBytes = 20;  // RFC 5280, 4.1.2.2.
constexpr absl::string_view kEmptySequence("\x30\x00", 2);
constexpr CBS_ASN1_TAG kVersionTag =
    CBS_ASN1_CONTEXT_SPECIFIC | CBS_ASN1_CONSTRUCTED | 0;
constexpr CBS_ASN1_TAG kExtensionsTag =
    CBS_ASN1_CONTEXT_SPECIFIC | CBS_ASN1_CONSTRUCTED | 3;
constexpr CBS_ASN1_TAG kKeyIdentifierTag = CBS_ASN1_CONTEXT_SPECIFIC | 0;

// The issuer's part of a certificate.
struct Issuer {
  absl::string_view raw_name;  // Empty: the subject's, of a self-signed one.
  absl::string_view key_id;    // Empty: no AKI.
  SignatureAlgorithm algorithm;
};

absl::Status AddSerial(CBB* out, absl::string_view serial) {
  if (serial.empty()) {
    return absl::InvalidArgumentError("serial number is empty");
  }
  while (serial.size() > 1 && serial.front() == '\0') serial.remove_prefix(1);
  const bool sign_byte = (serial.front() & 0x80) != 0;
  if (serial.size() + (sign_byte ? 1 : 0) > kMaxSerialBytes) {
    return absl::InvalidArgumentError(
        "serial number is longer than 20 octets, sign included");
  }
  CBB integer;
  if (!CBB_add_asn1(out, &integer, CBS_ASN1_INTEGER) ||
      (sign_byte && !CBB_add_u8(&integer, 0)) ||
      !der::AddBytes(&integer, serial) || !CBB_flush(out)) {
    return der::BuildError();
  }
  return absl::OkStatus();
}

absl::Status AddSpki(CBB* out, absl::string_view spki) {
  CBS in = der::Cbs(spki);
  CBS contents;
  if (!CBS_get_asn1(&in, &contents, CBS_ASN1_SEQUENCE) || CBS_len(&in) != 0) {
    return absl::InvalidArgumentError("x509: malformed spki");
  }
  if (!der::AddBytes(out, spki)) return der::BuildError();
  return absl::OkStatus();
}

// BasicConstraints ::= SEQUENCE {
//   cA                 BOOLEAN DEFAULT FALSE,
//   pathLenConstraint  INTEGER (0..MAX) OPTIONAL }
absl::StatusOr<std::string> EncodeBasicConstraints(const TbsCertificate& tbs) {
  if (!tbs.is_ca) {
    if (tbs.max_path_len.has_value()) {
      return absl::InvalidArgumentError(
          "x509: only CAs are allowed to specify MaxPathLen");
    }
    return std::string(kEmptySequence);
  }
  if (tbs.max_path_len.value_or(0) < 0) {
    return absl::InvalidArgumentError("x509: invalid MaxPathLen");
  }
  bssl::ScopedCBB cbb;
  CBB sequence;
  if (!CBB_init(cbb.get(), 16) ||
      !CBB_add_asn1(cbb.get(), &sequence, CBS_ASN1_SEQUENCE) ||
      !CBB_add_asn1_bool(&sequence, 1) ||
      (tbs.max_path_len.has_value() &&
       !CBB_add_asn1_uint64(&sequence,
                            static_cast<uint64_t>(*tbs.max_path_len)))) {
    return der::BuildError();
  }
  return der::Finish(cbb.get());
}

absl::Status AddRequested(CBB* out, const RequestedExtension& extension) {
  CBB sequence, oid;
  if (!CBB_add_asn1(out, &sequence, CBS_ASN1_SEQUENCE) ||
      !CBB_add_asn1(&sequence, &oid, CBS_ASN1_OBJECT)) {
    return der::BuildError();
  }
  if (!CBB_add_asn1_oid_from_text(&oid, extension.oid.data(),
                                  extension.oid.size())) {
    return absl::InvalidArgumentError(
        absl::StrCat("invalid OID ", extension.oid));
  }
  if ((extension.critical && !CBB_add_asn1_bool(&sequence, 1)) ||
      !der::AddElement(&sequence, CBS_ASN1_OCTETSTRING, extension.value_der) ||
      !CBB_flush(out)) {
    return der::BuildError();
  }
  return absl::OkStatus();
}

// AddExtensions writes them in the order of SPEC C-12.
absl::Status AddExtensions(CBB* out, const TbsCertificate& tbs,
                           absl::string_view authority_key_id,
                           bool subject_is_empty) {
  if (tbs.usages.key_usage != 0 &&
      !der::AddExtension(out, oid::kKeyUsage, /*critical=*/true,
                         EncodeKeyUsage(tbs.usages.key_usage))) {
    return der::BuildError();
  }
  if (!tbs.usages.extended.empty() &&
      !der::AddExtension(out, oid::kExtendedKeyUsage, /*critical=*/false,
                         EncodeExtendedKeyUsage(tbs.usages.extended))) {
    return der::BuildError();
  }
  ABSL_ASSIGN_OR_RETURN(const std::string basic_constraints,
                        EncodeBasicConstraints(tbs));
  if (!der::AddExtension(out, oid::kBasicConstraints, /*critical=*/true,
                         basic_constraints)) {
    return der::BuildError();
  }
  if (!tbs.subject_key_id.empty() &&
      !der::AddExtension(
          out, oid::kSubjectKeyId, /*critical=*/false,
          der::Element(CBS_ASN1_OCTETSTRING, tbs.subject_key_id))) {
    return der::BuildError();
  }
  if (!authority_key_id.empty() &&
      !der::AddExtension(
          out, oid::kAuthorityKeyId, /*critical=*/false,
          der::Element(CBS_ASN1_SEQUENCE,
                       der::Element(kKeyIdentifierTag, authority_key_id)))) {
    return der::BuildError();
  }
  if (!tbs.subject_alt_names.empty()) {
    ABSL_ASSIGN_OR_RETURN(const std::string sans,
                          tbs.subject_alt_names.Encode());
    if (!der::AddExtension(out, oid::kSubjectAltName,
                           /*critical=*/subject_is_empty, sans)) {
      return der::BuildError();
    }
  }
  for (const RequestedExtension& extension : tbs.more_extensions) {
    ABSL_RETURN_IF_ERROR(AddRequested(out, extension));
  }
  return absl::OkStatus();
}

// AddTbs writes TBSCertificate; its grammar is in certificate.cc.
absl::Status AddTbs(CBB* out, const TbsCertificate& tbs, const Issuer& issuer) {
  ABSL_ASSIGN_OR_RETURN(const std::string subject, tbs.subject.Encode());
  const absl::string_view issuer_name =
      issuer.raw_name.empty() ? subject : issuer.raw_name;
  CBB body, version, validity, explicit_tag, extensions;
  if (!CBB_add_asn1(out, &body, CBS_ASN1_SEQUENCE) ||
      !CBB_add_asn1(&body, &version, kVersionTag) ||
      !CBB_add_asn1_uint64(&version, 2)) {
    return der::BuildError();
  }
  ABSL_RETURN_IF_ERROR(AddSerial(&body, tbs.serial_number));
  if (!der::AddBytes(&body, EncodedSignatureAlgorithm(issuer.algorithm)) ||
      !der::AddBytes(&body, issuer_name) ||
      !CBB_add_asn1(&body, &validity, CBS_ASN1_SEQUENCE)) {
    return der::BuildError();
  }
  ABSL_RETURN_IF_ERROR(der::AddTime(&validity, tbs.validity.not_before));
  ABSL_RETURN_IF_ERROR(der::AddTime(&validity, tbs.validity.not_after));
  if (!der::AddBytes(&body, subject)) return der::BuildError();
  ABSL_RETURN_IF_ERROR(AddSpki(&body, tbs.spki_der));
  if (!CBB_add_asn1(&body, &explicit_tag, kExtensionsTag) ||
      !CBB_add_asn1(&explicit_tag, &extensions, CBS_ASN1_SEQUENCE)) {
    return der::BuildError();
  }
  // SPEC C-12: an AKI only where the names differ.
  const absl::string_view authority_key_id =
      issuer_name == subject ? absl::string_view() : issuer.key_id;
  ABSL_RETURN_IF_ERROR(AddExtensions(&extensions, tbs, authority_key_id,
                                     subject == kEmptySequence));
  if (!CBB_flush(out)) return der::BuildError();
  return absl::OkStatus();
}

absl::StatusOr<std::string> BuildAndSign(const TbsCertificate& tbs,
                                         const Issuer& issuer,
                                         const SigningKey& key) {
  bssl::ScopedCBB cbb;
  CBB certificate;
  if (!CBB_init(cbb.get(), 1024) ||
      !CBB_add_asn1(cbb.get(), &certificate, CBS_ASN1_SEQUENCE)) {
    return der::BuildError();
  }
  ABSL_RETURN_IF_ERROR(AddTbs(&certificate, tbs, issuer));
  ABSL_ASSIGN_OR_RETURN(const std::string signature,
                        key.Sign(issuer.algorithm, der::CbbView(&certificate)));
  if (!der::AddBytes(&certificate,
                     EncodedSignatureAlgorithm(issuer.algorithm)) ||
      !der::AddBitString(&certificate, signature)) {
    return der::BuildError();
  }
  return der::Finish(cbb.get());
}

Issuer IssuerOf(const Certificate& certificate) {
  return {certificate.raw_subject(), certificate.subject_key_id(),
          IssuerSignatureAlgorithm(certificate.public_key())};
}

}  // namespace

absl::StatusOr<CertificateAuthority> CertificateAuthority::Create(
    Certificate certificate, std::shared_ptr<const SigningKey> key,
    std::vector<Certificate> parents) {
  if (key == nullptr || key->public_key() != certificate.public_key()) {
    return absl::InvalidArgumentError(
        "private key does not match the CA certificate's public key");
  }
  Validity validity = certificate.validity();
  std::string chain_pem;
  const Certificate* below = &certificate;
  for (const Certificate& parent : parents) {
    if (below->raw_issuer() != parent.raw_subject() ||
        !below->CheckSignatureFrom(parent).ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("the certificate of \"", below->subject().ToString(),
                       "\" is not followed by its issuer's: that of \"",
                       parent.subject().ToString(), "\" has not signed it"));
    }
    validity.not_before =
        std::max(validity.not_before, parent.validity().not_before);
    validity.not_after =
        std::min(validity.not_after, parent.validity().not_after);
    // What stands below is no root, as it has an issuer of its own here.
    absl::StrAppend(&chain_pem, below->ToPem());
    below = &parent;
  }
  if (!parents.empty() && below->raw_issuer() != below->raw_subject()) {
    absl::StrAppend(&chain_pem, below->ToPem());
  }
  CertificateAuthority authority;
  authority.identity_ = std::make_shared<const Identity>(
      Identity{std::move(certificate), std::move(parents), validity,
               std::move(chain_pem)});
  authority.key_ = std::move(key);
  return authority;
}

absl::StatusOr<std::string> CertificateAuthority::Issue(
    const TbsCertificate& tbs) const {
  return BuildAndSign(tbs, IssuerOf(certificate()), *key_);
}

absl::StatusOr<std::string> CertificateAuthority::EncodeTbs(
    const TbsCertificate& tbs) const {
  bssl::ScopedCBB cbb;
  if (!CBB_init(cbb.get(), 1024)) return der::BuildError();
  ABSL_RETURN_IF_ERROR(AddTbs(cbb.get(), tbs, IssuerOf(certificate())));
  return der::Finish(cbb.get());
}

absl::StatusOr<std::string> CertificateAuthority::SelfSign(
    const TbsCertificate& tbs, const SigningKey& key) {
  const std::string& spki = key.public_key().spki_der();
  if (!tbs.spki_der.empty() && tbs.spki_der != spki) {
    return absl::InvalidArgumentError(
        "a self-signed certificate holds the key it is signed with");
  }
  TbsCertificate with_key = tbs;
  with_key.spki_der = spki;
  return BuildAndSign(
      with_key, {{}, {}, IssuerSignatureAlgorithm(key.public_key())}, key);
}

std::string KeyId(const PublicKey& key) {
  std::string digest(SHA_DIGEST_LENGTH, '\0');
  SHA1(reinterpret_cast<const uint8_t*>(key.key_bits().data()),
       key.key_bits().size(), reinterpret_cast<uint8_t*>(digest.data()));
  return digest;
}

}  // namespace signet::pki
