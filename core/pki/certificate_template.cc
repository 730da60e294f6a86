#include "core/pki/certificate_template.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "core/pki/certificate_request.h"
#include "core/pki/der.h"
#include "core/pki/key_usage.h"
#include "core/pki/name.h"
#include "core/pki/oid.h"
#include "core/pki/private_key.h"
#include "core/pki/signature_algorithm.h"
#include "openssl/bytestring.h"

namespace signet::pki {
namespace {

constexpr size_t kMaxSerialBytes = 20;  // RFC 5280, 4.1.2.2.
constexpr absl::string_view kEmptySequence("\x30\x00", 2);
constexpr CBS_ASN1_TAG kContext0 = CBS_ASN1_CONTEXT_SPECIFIC | 0;
constexpr CBS_ASN1_TAG kExplicit0 = kContext0 | CBS_ASN1_CONSTRUCTED;
constexpr CBS_ASN1_TAG kExplicit3 =
    CBS_ASN1_CONTEXT_SPECIFIC | CBS_ASN1_CONSTRUCTED | 3;
constexpr CBS_ASN1_TAG kUriTag = CBS_ASN1_CONTEXT_SPECIFIC | 6;
constexpr Oid kOcspAccess("1.3.6.1.5.5.7.48.1");
constexpr Oid kIssuerAccess("1.3.6.1.5.5.7.48.2");
constexpr Oid kCpsQualifier("1.3.6.1.5.5.7.2.1");
constexpr Oid kUserNoticeQualifier("1.3.6.1.5.5.7.2.2");

std::string Sequence(absl::string_view contents) {
  return der::Element(CBS_ASN1_SEQUENCE, contents);
}

std::string OidElement(const Oid& oid) {
  return der::Element(CBS_ASN1_OBJECT, oid.contents());
}

// The contents of an OBJECT IDENTIFIER in dotted form.
absl::StatusOr<std::string> OidContents(absl::string_view dotted) {
  const absl::Status wrong =
      absl::InvalidArgumentError(absl::StrCat("invalid OID ", dotted));
  std::vector<uint64_t> arcs;
  for (const absl::string_view part : absl::StrSplit(dotted, '.')) {
    uint64_t arc = 0;
    if (!absl::SimpleAtoi(part, &arc) ||
        arc > std::numeric_limits<int32_t>::max()) {
      return wrong;
    }
    arcs.push_back(arc);
  }
  if (arcs.size() < 2 || arcs[0] > 2 || (arcs[0] < 2 && arcs[1] >= 40)) {
    return wrong;
  }
  arcs[1] += 40 * arcs[0];
  std::string contents;
  for (size_t i = 1; i < arcs.size(); ++i) {
    int groups = 1;
    while (groups < 9 && arcs[i] >> (7 * groups) != 0) ++groups;
    while (groups-- > 0) {
      contents.push_back(static_cast<char>(((arcs[i] >> (7 * groups)) & 0x7f) |
                                           (groups > 0 ? 0x80 : 0)));
    }
  }
  return contents;
}

// PrintableString's alphabet (X.680, 41.4).
bool IsPrintable(char c) {
  return ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z') ||
         ('0' <= c && c <= '9') || ('\'' <= c && c <= ')') ||
         ('+' <= c && c <= '/') || c == ' ' || c == ':' || c == '=' || c == '?';
}

absl::StatusOr<std::string> Urls(absl::Span<const std::string> urls,
                                 const Oid* access_method) {
  std::string out;
  for (const std::string& url : urls) {
    if (!der::IsAscii(url)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "x509: \"", url, "\" cannot be encoded as an IA5String"));
    }
    std::string uri = der::Element(kUriTag, url);
    if (access_method != nullptr) {
      absl::StrAppend(&out, Sequence(OidElement(*access_method) + uri));
    } else {
      absl::StrAppend(&out, Sequence(der::Element(
                                kExplicit0, der::Element(kExplicit0, uri))));
    }
  }
  return out;
}

std::string Integer(uint64_t value) {
  std::string bytes;
  do {
    bytes.insert(bytes.begin(), static_cast<char>(value & 0xff));
    value >>= 8;
  } while (value != 0);
  if ((bytes[0] & 0x80) != 0) bytes.insert(bytes.begin(), '\0');
  return der::Element(CBS_ASN1_INTEGER, bytes);
}

std::string BasicConstraints(bool is_ca, std::optional<int> max_path_len) {
  std::string contents;
  if (is_ca) contents = der::Element(CBS_ASN1_BOOLEAN, "\xff");
  if (is_ca && max_path_len.has_value()) {
    absl::StrAppend(&contents, Integer(static_cast<uint64_t>(*max_path_len)));
  }
  return Sequence(contents);
}

absl::StatusOr<std::string> EncodeExtension(
    const RequestedExtension& extension) {
  ABSL_ASSIGN_OR_RETURN(const std::string oid, OidContents(extension.oid));
  return Sequence(absl::StrCat(
      der::Element(CBS_ASN1_OBJECT, oid),
      extension.critical ? der::Element(CBS_ASN1_BOOLEAN, "\xff") : "",
      der::Element(CBS_ASN1_OCTETSTRING, extension.value_der)));
}

absl::StatusOr<std::string> EncodeExtensions(
    absl::Span<const RequestedExtension> extensions) {
  std::string out;
  for (const RequestedExtension& extension : extensions) {
    ABSL_ASSIGN_OR_RETURN(const std::string one, EncodeExtension(extension));
    absl::StrAppend(&out, one);
  }
  return Sequence(out);
}

// All extensions, in Go's order (SPEC C-12).
absl::StatusOr<std::vector<RequestedExtension>> Extensions(
    const CertificateTemplate& tbs, absl::string_view authority_key_id,
    bool subject_is_empty) {
  std::vector<RequestedExtension> all;
  const auto add = [&](const Oid& oid, bool critical, std::string value) {
    const bool replaced = std::any_of(
        tbs.extensions.begin(), tbs.extensions.end(),
        [&](const RequestedExtension& e) { return e.oid == oid.dotted(); });
    if (!replaced) {
      all.push_back({std::string(oid.dotted()), critical, std::move(value)});
    }
  };
  if (tbs.key_usage != 0) {
    add(oid::kKeyUsage, true, EncodeKeyUsage(tbs.key_usage));
  }
  if (!tbs.extended.empty()) {
    add(oid::kExtendedKeyUsage, false, EncodeExtendedKeyUsage(tbs.extended));
  }
  add(oid::kBasicConstraints, true,
      BasicConstraints(tbs.is_ca, tbs.max_path_len));
  if (!tbs.subject_key_id.empty()) {
    add(oid::kSubjectKeyId, false,
        der::Element(CBS_ASN1_OCTETSTRING, tbs.subject_key_id));
  }
  if (!authority_key_id.empty()) {
    add(oid::kAuthorityKeyId, false,
        Sequence(der::Element(kContext0, authority_key_id)));
  }
  ABSL_ASSIGN_OR_RETURN(std::string access,
                        Urls(tbs.ocsp_servers, &kOcspAccess));
  ABSL_ASSIGN_OR_RETURN(const std::string issuers,
                        Urls(tbs.issuing_certificates, &kIssuerAccess));
  absl::StrAppend(&access, issuers);
  if (!access.empty()) {
    add(oid::kAuthorityInfoAccess, false, Sequence(access));
  }
  if (!tbs.subject_alt_names.empty()) {
    ABSL_ASSIGN_OR_RETURN(std::string sans, tbs.subject_alt_names.Encode());
    add(oid::kSubjectAltName, subject_is_empty, std::move(sans));
  }
  if (!tbs.crl_distribution_points.empty()) {
    ABSL_ASSIGN_OR_RETURN(const std::string points,
                          Urls(tbs.crl_distribution_points, nullptr));
    add(oid::kCrlDistributionPoints, false, Sequence(points));
  }
  all.insert(all.end(), tbs.extensions.begin(), tbs.extensions.end());
  return all;
}

absl::StatusOr<std::string> SerialElement(absl::string_view serial) {
  while (serial.size() > 1 && serial.front() == '\0') serial.remove_prefix(1);
  std::string bytes(serial);
  if (bytes.empty() || (bytes.size() == 1 && bytes[0] == '\0')) {
    return absl::InvalidArgumentError("x509: serial number must be positive");
  }
  if ((bytes[0] & 0x80) != 0) bytes.insert(bytes.begin(), '\0');
  if (bytes.size() > kMaxSerialBytes) {
    return absl::InvalidArgumentError(
        "serial number is longer than 20 octets, sign included");
  }
  return der::Element(CBS_ASN1_INTEGER, bytes);
}

absl::StatusOr<std::string> ValidityElement(const Validity& validity) {
  bssl::ScopedCBB cbb;
  CBB sequence;
  if (!CBB_init(cbb.get(), 64) ||
      !CBB_add_asn1(cbb.get(), &sequence, CBS_ASN1_SEQUENCE)) {
    return der::BuildError();
  }
  ABSL_RETURN_IF_ERROR(der::AddTime(&sequence, validity.not_before));
  ABSL_RETURN_IF_ERROR(der::AddTime(&sequence, validity.not_after));
  return der::Finish(cbb.get());
}

// SEQUENCE { signed part, algorithm, signature }
absl::StatusOr<std::string> Signed(absl::string_view part,
                                   SignatureAlgorithm algorithm,
                                   const SigningKey& key) {
  ABSL_ASSIGN_OR_RETURN(const std::string signature, key.Sign(algorithm, part));
  bssl::ScopedCBB cbb;
  CBB sequence;
  if (!CBB_init(cbb.get(), part.size() + signature.size() + 64) ||
      !CBB_add_asn1(cbb.get(), &sequence, CBS_ASN1_SEQUENCE) ||
      !der::AddBytes(&sequence, part) ||
      !der::AddBytes(&sequence, EncodedSignatureAlgorithm(algorithm)) ||
      !der::AddBitString(&sequence, signature)) {
    return der::BuildError();
  }
  return der::Finish(cbb.get());
}

}  // namespace

absl::StatusOr<std::string> EncodeName(const DistinguishedName& name,
                                       absl::Span<const NameAttribute> more) {
  ABSL_ASSIGN_OR_RETURN(const std::string encoded, name.Encode());
  if (more.empty()) return encoded;
  CBS in = der::Cbs(encoded);
  CBS contents;
  if (!CBS_get_asn1(&in, &contents, CBS_ASN1_SEQUENCE)) {
    return der::BuildError();
  }
  std::string rdns = der::String(contents);
  for (const auto& [type, value] : more) {
    ABSL_ASSIGN_OR_RETURN(const std::string oid, OidContents(type));
    const bool printable = std::all_of(value.begin(), value.end(), IsPrintable);
    if (!printable && !der::IsUtf8(value)) {
      return absl::InvalidArgumentError("asn1: string not valid UTF-8");
    }
    der::AppendElement(
        CBS_ASN1_SET,
        Sequence(der::Element(CBS_ASN1_OBJECT, oid) +
                 der::Element(
                     printable ? CBS_ASN1_PRINTABLESTRING : CBS_ASN1_UTF8STRING,
                     value)),
        &rdns);
  }
  return Sequence(rdns);
}

absl::StatusOr<std::string> SignTemplate(const CertificateTemplate& tbs,
                                         const IssuerTemplate& issuer,
                                         const SigningKey& key) {
  ABSL_ASSIGN_OR_RETURN(const std::string subject,
                        EncodeName(tbs.subject, tbs.subject_more));
  ABSL_ASSIGN_OR_RETURN(const std::string serial,
                        SerialElement(tbs.serial_number));
  ABSL_ASSIGN_OR_RETURN(const std::string validity,
                        ValidityElement(tbs.validity));
  const std::string& issuer_name =
      issuer.raw_name.empty() ? subject : issuer.raw_name;
  ABSL_ASSIGN_OR_RETURN(
      const std::vector<RequestedExtension> extensions,
      Extensions(tbs, issuer_name == subject ? "" : issuer.subject_key_id,
                 subject == kEmptySequence));
  ABSL_ASSIGN_OR_RETURN(const std::string encoded,
                        EncodeExtensions(extensions));
  const std::string part = Sequence(absl::StrCat(
      der::Element(kExplicit0, Integer(2)), serial,
      EncodedSignatureAlgorithm(issuer.algorithm), issuer_name, validity,
      subject, tbs.spki_der, der::Element(kExplicit3, encoded)));
  return Signed(part, issuer.algorithm, key);
}

absl::StatusOr<std::string> SignRequestTemplate(const RequestTemplate& request,
                                                const SigningKey& key) {
  ABSL_ASSIGN_OR_RETURN(const std::string subject,
                        EncodeName(request.subject, request.subject_more));
  std::vector<RequestedExtension> extensions;
  const bool replaced =
      std::any_of(request.extensions.begin(), request.extensions.end(),
                  [](const RequestedExtension& e) {
                    return e.oid == oid::kSubjectAltName.dotted();
                  });
  if (!request.subject_alt_names.empty() && !replaced) {
    ABSL_ASSIGN_OR_RETURN(std::string sans, request.subject_alt_names.Encode());
    extensions.push_back({std::string(oid::kSubjectAltName.dotted()),
                          /*critical=*/false, std::move(sans)});
  }
  extensions.insert(extensions.end(), request.extensions.begin(),
                    request.extensions.end());
  std::string attributes;
  if (!extensions.empty()) {
    ABSL_ASSIGN_OR_RETURN(const std::string encoded,
                          EncodeExtensions(extensions));
    attributes = Sequence(OidElement(oid::kExtensionRequest) +
                          der::Element(CBS_ASN1_SET, encoded));
  }
  const std::string part =
      Sequence(absl::StrCat(Integer(0), subject, key.public_key().spki_der(),
                            der::Element(kExplicit0, attributes)));
  return Signed(part, RequestSignatureAlgorithm(key.public_key()), key);
}

RequestedExtension CaRequestExtension(std::optional<int> path_len) {
  return {std::string(oid::kBasicConstraints.dotted()), /*critical=*/true,
          BasicConstraints(/*is_ca=*/true, path_len)};
}

absl::StatusOr<RequestedExtension> PoliciesExtension(
    absl::Span<const CertificatePolicy> policies) {
  std::string list;
  for (const CertificatePolicy& policy : policies) {
    ABSL_ASSIGN_OR_RETURN(const std::string oid, OidContents(policy.oid));
    std::string qualifiers;
    for (const PolicyQualifier& qualifier : policy.qualifiers) {
      const bool cps = qualifier.kind == PolicyQualifier::Kind::kCps;
      if (cps ? !der::IsAscii(qualifier.text) : !der::IsUtf8(qualifier.text)) {
        return absl::InvalidArgumentError(
            "a policy qualifier has characters that cannot be encoded");
      }
      absl::StrAppend(
          &qualifiers,
          Sequence(cps ? OidElement(kCpsQualifier) +
                             der::Element(CBS_ASN1_IA5STRING, qualifier.text)
                       : OidElement(kUserNoticeQualifier) +
                             Sequence(der::Element(CBS_ASN1_UTF8STRING,
                                                   qualifier.text))));
    }
    absl::StrAppend(
        &list,
        Sequence(absl::StrCat(der::Element(CBS_ASN1_OBJECT, oid),
                              qualifiers.empty() ? "" : Sequence(qualifiers))));
  }
  return RequestedExtension{std::string(oid::kCertificatePolicies.dotted()),
                            /*critical=*/false, Sequence(list)};
}

absl::StatusOr<std::optional<CaRequest>> ParseCaRequest(
    absl::Span<const RequestedExtension> extensions) {
  for (const RequestedExtension& extension : extensions) {
    if (extension.oid != oid::kBasicConstraints.dotted()) continue;
    const absl::Status wrong = absl::InvalidArgumentError(
        "asn1: structure error: malformed X.509 BasicConstraints");
    CaRequest out;
    CBS in = der::Cbs(extension.value_der);
    CBS contents;
    if (!CBS_get_asn1(&in, &contents, CBS_ASN1_SEQUENCE)) return wrong;
    if (CBS_len(&in) != 0) {
      return absl::InvalidArgumentError(
          "x509: trailing data after X.509 BasicConstraints");
    }
    if (CBS_peek_asn1_tag(&contents, CBS_ASN1_BOOLEAN) &&
        !der::GetBool(&contents, &out.is_ca)) {
      return wrong;
    }
    if (CBS_peek_asn1_tag(&contents, CBS_ASN1_INTEGER)) {
      int64_t length = 0;
      if (!CBS_get_asn1_int64(&contents, &length) ||
          length < std::numeric_limits<int32_t>::min() ||
          length > std::numeric_limits<int32_t>::max()) {
        return wrong;
      }
      out.max_path_len = static_cast<int>(length);
    }
    return out;
  }
  return std::nullopt;
}

}  // namespace signet::pki
