#include "core/pki/certificate.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/pki/byte_range.h"
#include "core/pki/der.h"
#include "core/pki/extension_form.h"
#include "core/pki/key_usage.h"
#include "core/pki/name.h"
#include "core/pki/oid.h"
#include "core/pki/pem.h"
#include "core/pki/private_key.h"
#include "core/pki/signature_algorithm.h"
#include "core/pki/subject_alt_name.h"
#include "openssl/bytestring.h"
#include "openssl/sha2.h"

namespace signet::pki {
namespace {

constexpr absl::string_view kPemType = "CERTIFICATE";

constexpr CBS_ASN1_TAG Context(unsigned number) {
  return CBS_ASN1_CONTEXT_SPECIFIC | number;
}
constexpr CBS_ASN1_TAG Explicit(unsigned number) {
  return Context(number) | CBS_ASN1_CONSTRUCTED;
}

absl::Status Fail(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("x509: ", what));
}

// Version ::= INTEGER { v1(0), v2(1), v3(2) }; 3 is returned for v3.
absl::StatusOr<int> ReadVersion(CBS* tbs) {
  CBS version;
  int present;
  int64_t value = 0;
  if (!CBS_get_optional_asn1(tbs, &version, &present, Explicit(0)) ||
      (present &&
       (!CBS_get_asn1_int64(&version, &value) || CBS_len(&version) != 0)) ||
      value < 0) {
    return Fail("malformed version");
  }
  if (value > 2) return Fail("invalid version");
  return static_cast<int>(value) + 1;
}

absl::StatusOr<std::string> ReadSerial(CBS* tbs) {
  CBS serial;
  int negative;
  if (!CBS_get_asn1(tbs, &serial, CBS_ASN1_INTEGER) ||
      !CBS_is_valid_asn1_integer(&serial, &negative)) {
    return Fail("malformed serial number");
  }
  if (negative) return Fail("negative serial number");
  if (CBS_len(&serial) > 1 && CBS_data(&serial)[0] == 0) CBS_skip(&serial, 1);
  return der::String(serial);
}

}  // namespace

// Certificate ::= SEQUENCE {
//   tbsCertificate      TBSCertificate,
//   signatureAlgorithm  AlgorithmIdentifier,
//   signatureValue      BIT STRING }
// TBSCertificate ::= SEQUENCE {
//   version          [0] EXPLICIT Version DEFAULT v1,
//   serialNumber         CertificateSerialNumber,
//   signature            AlgorithmIdentifier,
//   issuer               Name,
//   validity             Validity,
//   subject              Name,
//   subjectPublicKeyInfo SubjectPublicKeyInfo,
//   issuerUniqueID   [1] IMPLICIT UniqueIdentifier OPTIONAL,
//   subjectUniqueID  [2] IMPLICIT UniqueIdentifier OPTIONAL,
//   extensions       [3] EXPLICIT Extensions OPTIONAL }
absl::StatusOr<Certificate> Certificate::Parse(absl::string_view der) {
  if (der.size() > kMaxBytes) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "certificate of ", der.size(), " bytes is longer than ", kMaxBytes));
  }
  CBS in = der::Cbs(der);
  CBS certificate, tbs_element, tbs;
  if (!CBS_get_asn1(&in, &certificate, CBS_ASN1_SEQUENCE)) {
    return Fail("malformed certificate");
  }
  if (CBS_len(&in) != 0) return Fail("trailing data");
  if (!CBS_get_asn1_element(&certificate, &tbs_element, CBS_ASN1_SEQUENCE)) {
    return Fail("malformed tbs certificate");
  }
  CBS element = tbs_element;
  if (!CBS_get_asn1(&element, &tbs, CBS_ASN1_SEQUENCE)) {
    return Fail("malformed tbs certificate");
  }
  ABSL_ASSIGN_OR_RETURN(const int version, ReadVersion(&tbs));
  ABSL_ASSIGN_OR_RETURN(std::string serial, ReadSerial(&tbs));

  CBS inner_algorithm, outer_algorithm, issuer, subject, validity, spki;
  if (!CBS_get_asn1(&tbs, &inner_algorithm, CBS_ASN1_SEQUENCE)) {
    return Fail("malformed signature algorithm identifier");
  }
  if (!CBS_get_asn1(&certificate, &outer_algorithm, CBS_ASN1_SEQUENCE)) {
    return Fail("malformed algorithm identifier");
  }
  if (der::View(inner_algorithm) != der::View(outer_algorithm)) {
    return Fail("inner and outer signature algorithm identifiers don't match");
  }
  if (!CBS_get_asn1_element(&tbs, &issuer, CBS_ASN1_SEQUENCE)) {
    return Fail("malformed issuer");
  }
  if (!CBS_get_asn1(&tbs, &validity, CBS_ASN1_SEQUENCE)) {
    return Fail("malformed validity");
  }
  if (!CBS_get_asn1_element(&tbs, &subject, CBS_ASN1_SEQUENCE)) {
    return Fail("malformed subject");
  }
  if (!CBS_get_asn1_element(&tbs, &spki, CBS_ASN1_SEQUENCE)) {
    return Fail("malformed spki");
  }
  ABSL_ASSIGN_OR_RETURN(PublicKey key, PublicKey::FromSpki(der::View(spki)));
  Certificate out(std::move(key));
  out.serial_number_ = std::move(serial);
  ABSL_ASSIGN_OR_RETURN(out.algorithm_,
                        ParseSignatureAlgorithm(der::View(inner_algorithm)));
  ABSL_ASSIGN_OR_RETURN(out.issuer_,
                        DistinguishedName::Parse(der::View(issuer)));
  ABSL_ASSIGN_OR_RETURN(out.validity_.not_before, der::GetTime(&validity));
  ABSL_ASSIGN_OR_RETURN(out.validity_.not_after, der::GetTime(&validity));
  ABSL_ASSIGN_OR_RETURN(out.subject_,
                        DistinguishedName::Parse(der::View(subject)));
  if (version > 1) {
    if (!CBS_get_optional_asn1(&tbs, nullptr, nullptr, Context(1))) {
      return Fail("malformed issuerUniqueID");
    }
    if (!CBS_get_optional_asn1(&tbs, nullptr, nullptr, Context(2))) {
      return Fail("malformed subjectUniqueID");
    }
  }
  if (version == 3) ABSL_RETURN_IF_ERROR(out.ParseExtensions(&tbs));
  der::Bits signature;
  if (!der::GetBits(&certificate, &signature)) {
    return Fail("malformed signature");
  }
  out.der_ = std::string(der);
  out.raw_subject_ = ByteRange::Of(der::View(subject), der);
  out.raw_issuer_ = ByteRange::Of(der::View(issuer), der);
  out.raw_tbs_ = ByteRange::Of(der::View(tbs_element), der);
  out.signature_ = signature.RightAligned();
  return out;
}

absl::Status Certificate::ParseExtensions(CBS* tbs) {
  CBS explicit_tag, extensions;
  int present;
  if (!CBS_get_optional_asn1(tbs, &explicit_tag, &present, Explicit(3))) {
    return Fail("malformed extensions");
  }
  if (!present) return absl::OkStatus();
  if (!CBS_get_asn1(&explicit_tag, &extensions, CBS_ASN1_SEQUENCE)) {
    return Fail("malformed extensions");
  }
  while (CBS_len(&extensions) > 0) {
    CBS extension, value;
    absl::string_view type;
    bool critical = false;
    if (!CBS_get_asn1(&extensions, &extension, CBS_ASN1_SEQUENCE)) {
      return Fail("malformed extension");
    }
    if (!der::GetOid(&extension, &type)) {
      return Fail("malformed extension OID field");
    }
    if (CBS_peek_asn1_tag(&extension, CBS_ASN1_BOOLEAN) &&
        !der::GetBool(&extension, &critical)) {
      return Fail("malformed extension critical field");
    }
    if (!CBS_get_asn1(&extension, &value, CBS_ASN1_OCTETSTRING)) {
      return Fail("malformed extension value field");
    }
    std::string dotted = OidToDotted(type);
    if (absl::c_any_of(extensions_, [&dotted](const auto& other) {
          return other.first == dotted;
        })) {
      return Fail(
          absl::StrCat("certificate contains duplicate extension with OID \"",
                       dotted, "\""));
    }
    extensions_.emplace_back(std::move(dotted), critical);
    ABSL_RETURN_IF_ERROR(ParseExtension(type, critical, der::View(value)));
  }
  return absl::OkStatus();
}

absl::Status Certificate::ParseExtension(absl::string_view type, bool critical,
                                         absl::string_view value) {
  CBS in = der::Cbs(value);
  CBS contents;
  if (type == oid::kKeyUsage.contents()) {
    ABSL_ASSIGN_OR_RETURN(usages_.key_usage, ParseKeyUsage(value));
  } else if (type == oid::kExtendedKeyUsage.contents()) {
    ABSL_ASSIGN_OR_RETURN(usages_.extended,
                          ParseExtendedKeyUsage(value, &unknown_ekus_));
  } else if (type == oid::kSubjectAltName.contents()) {
    ABSL_ASSIGN_OR_RETURN(sans_, SubjectAltNames::Parse(value));
  } else if (type == oid::kBasicConstraints.contents()) {
    // BasicConstraints ::= SEQUENCE {
    //   cA                 BOOLEAN DEFAULT FALSE,
    //   pathLenConstraint  INTEGER (0..MAX) OPTIONAL }
    uint64_t max_path_len;
    if (!CBS_get_asn1(&in, &contents, CBS_ASN1_SEQUENCE) ||
        (CBS_peek_asn1_tag(&contents, CBS_ASN1_BOOLEAN) &&
         !der::GetBool(&contents, &is_ca_))) {
      return Fail("invalid basic constraints");
    }
    if (CBS_peek_asn1_tag(&contents, CBS_ASN1_INTEGER)) {
      if (!CBS_get_asn1_uint64(&contents, &max_path_len) ||
          max_path_len > std::numeric_limits<int64_t>::max()) {
        return Fail("invalid basic constraints");
      }
      max_path_len_ = static_cast<int>(
          std::min<uint64_t>(max_path_len, std::numeric_limits<int>::max()));
    }
    has_basic_constraints_ = true;
  } else if (type == oid::kSubjectKeyId.contents()) {
    if (critical) {
      return Fail("subject key identifier incorrectly marked critical");
    }
    if (!CBS_get_asn1(&in, &contents, CBS_ASN1_OCTETSTRING)) {
      return Fail("invalid subject key identifier");
    }
    subject_key_id_ = der::String(contents);
  } else if (type == oid::kAuthorityKeyId.contents()) {
    // AuthorityKeyIdentifier ::= SEQUENCE {
    //   keyIdentifier [0] IMPLICIT OCTET STRING OPTIONAL, ... }
    if (critical) {
      return Fail("authority key identifier incorrectly marked critical");
    }
    CBS key_id;
    if (!CBS_get_asn1(&in, &contents, CBS_ASN1_SEQUENCE)) {
      return Fail("invalid authority key identifier");
    }
    if (CBS_peek_asn1_tag(&contents, Context(0))) {
      if (!CBS_get_asn1(&contents, &key_id, Context(0))) {
        return Fail("invalid authority key identifier");
      }
      authority_key_id_ = der::String(key_id);
    }
  } else {
    return CheckExtensionForm(type, critical, value);
  }
  return absl::OkStatus();
}

std::array<uint8_t, 32> Certificate::Sha256() const {
  std::array<uint8_t, 32> digest;
  SHA256(reinterpret_cast<const uint8_t*>(der_.data()), der_.size(),
         digest.data());
  return digest;
}

std::string Certificate::ToPem() const { return EncodePem(kPemType, der_); }

absl::Status Certificate::CheckSignatureFrom(const Certificate& issuer) const {
  if (algorithm_ == SignatureAlgorithm::kRsaSha1 ||
      algorithm_ == SignatureAlgorithm::kEcdsaSha1) {
    return Fail(absl::StrCat("cannot verify signature: insecure algorithm ",
                             SignatureAlgorithmName(algorithm_)));
  }
  return issuer.public_key().Verify(algorithm_, raw_tbs(), signature_);
}

absl::StatusOr<std::vector<Certificate>> ParseCertificatesPem(
    absl::string_view pem) {
  ABSL_ASSIGN_OR_RETURN(const std::vector<PemBlock> blocks, ParsePem(pem));
  std::vector<Certificate> certificates;
  for (const PemBlock& block : blocks) {
    if (block.type != kPemType || !block.headers.empty()) continue;
    ABSL_ASSIGN_OR_RETURN(Certificate certificate,
                          Certificate::Parse(block.der));
    certificates.push_back(std::move(certificate));
  }
  if (certificates.empty()) {
    return absl::InvalidArgumentError(
        "data does not contain any valid RSA or ECDSA certificates");
  }
  return certificates;
}

std::string SerialToHex(absl::string_view serial_number) {
  return absl::BytesToHexString(serial_number);
}

std::string SerialToDecimal(absl::string_view serial_number) {
  // Schoolbook: for each byte, decimal digits * 256 + byte; least first.
  std::string digits(1, 0);
  for (const char c : serial_number) {
    int carry = static_cast<uint8_t>(c);
    for (char& digit : digits) {
      carry += digit * 256;
      digit = static_cast<char>(carry % 10);
      carry /= 10;
    }
    for (; carry > 0; carry /= 10) {
      digits.push_back(static_cast<char>(carry % 10));
    }
  }
  std::reverse(digits.begin(), digits.end());
  for (char& digit : digits) digit = static_cast<char>(digit + '0');
  return digits;
}

}  // namespace signet::pki
