#include "core/pki/signature_algorithm.h"

#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/pki/der.h"
#include "core/pki/oid.h"
#include "openssl/bytestring.h"

namespace signet::pki {
namespace {

constexpr absl::string_view kNull("\x05\x00", 2);

// The algorithms without parameters that matter. The last column is the
// AlgorithmIdentifier that we write: RSA's has a NULL, the others' nothing.
struct Row {
  const Oid* oid;
  SignatureAlgorithm algorithm;
  absl::string_view encoded = {};
};
constexpr Row kRows[] = {
    {&oid::kEcdsaWithSha256,
     SignatureAlgorithm::kEcdsaSha256,
     {"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02", 12}},
    {&oid::kEcdsaWithSha384,
     SignatureAlgorithm::kEcdsaSha384,
     {"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x03", 12}},
    {&oid::kEcdsaWithSha512,
     SignatureAlgorithm::kEcdsaSha512,
     {"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x04", 12}},
    {&oid::kSha256WithRsa,
     SignatureAlgorithm::kRsaSha256,
     {"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b\x05\x00", 15}},
    {&oid::kSha384WithRsa,
     SignatureAlgorithm::kRsaSha384,
     {"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c\x05\x00", 15}},
    {&oid::kSha512WithRsa,
     SignatureAlgorithm::kRsaSha512,
     {"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d\x05\x00", 15}},
    {&oid::kEd25519,
     SignatureAlgorithm::kEd25519,
     {"\x30\x05\x06\x03\x2b\x65\x70", 7}},
    {&oid::kSha1WithRsa, SignatureAlgorithm::kRsaSha1},
    {&oid::kIsoSha1WithRsa, SignatureAlgorithm::kRsaSha1},
    {&oid::kEcdsaWithSha1, SignatureAlgorithm::kEcdsaSha1},
};

constexpr CBS_ASN1_TAG Explicit(unsigned number) {
  return CBS_ASN1_CONTEXT_SPECIFIC | CBS_ASN1_CONSTRUCTED | number;
}

absl::Status Unimplemented() {
  return absl::UnimplementedError(
      "x509: cannot verify signature: algorithm unimplemented");
}

// An AlgorithmIdentifier's OID and its parameters with tag and length.
struct AlgorithmIdentifier {
  absl::string_view oid;
  absl::string_view parameters;
};

std::optional<AlgorithmIdentifier> ReadContents(CBS in) {
  AlgorithmIdentifier out;
  CBS parameters;
  CBS_ASN1_TAG tag;
  if (!der::GetOid(&in, &out.oid)) return std::nullopt;
  if (CBS_len(&in) == 0) return out;
  if (!CBS_get_any_asn1_element(&in, &parameters, &tag, nullptr)) {
    return std::nullopt;
  }
  out.parameters = der::View(parameters);
  return out;
}

// ReadExplicit reads [number] EXPLICIT AlgorithmIdentifier.
std::optional<AlgorithmIdentifier> ReadExplicit(CBS* in, unsigned number) {
  CBS explicit_tag, contents;
  if (!CBS_get_asn1(in, &explicit_tag, Explicit(number)) ||
      !CBS_get_asn1(&explicit_tag, &contents, CBS_ASN1_SEQUENCE) ||
      CBS_len(&explicit_tag) != 0) {
    return std::nullopt;
  }
  return ReadContents(contents);
}

bool ReadExplicitInteger(CBS* in, unsigned number, int64_t* out) {
  CBS explicit_tag;
  return CBS_get_asn1(in, &explicit_tag, Explicit(number)) &&
         CBS_get_asn1_int64(&explicit_tag, out) && CBS_len(&explicit_tag) == 0;
}

bool AbsentOrNull(absl::string_view parameters) {
  return parameters.empty() || parameters == kNull;
}

// RSASSA-PSS-params ::= SEQUENCE {
//   hashAlgorithm    [0] HashAlgorithm    DEFAULT sha1,
//   maskGenAlgorithm [1] MaskGenAlgorithm DEFAULT mgf1SHA1,
//   saltLength       [2] INTEGER          DEFAULT 20,
//   trailerField     [3] TrailerField     DEFAULT trailerFieldBC(1) }
//
// Of all these, three are accepted: one hash for both, a salt of its length.
absl::StatusOr<SignatureAlgorithm> ParsePss(absl::string_view parameters) {
  CBS in = der::Cbs(parameters);
  CBS pss;
  if (!CBS_get_asn1(&in, &pss, CBS_ASN1_SEQUENCE)) return Unimplemented();
  const auto hash = ReadExplicit(&pss, 0);
  if (!hash.has_value()) return Unimplemented();
  const auto mgf = ReadExplicit(&pss, 1);
  if (!mgf.has_value() || mgf->oid != oid::kMgf1.contents()) {
    return Unimplemented();
  }
  CBS mgf_parameters = der::Cbs(mgf->parameters);
  CBS mgf_hash_contents;
  if (!CBS_get_asn1(&mgf_parameters, &mgf_hash_contents, CBS_ASN1_SEQUENCE)) {
    return Unimplemented();
  }
  const auto mgf_hash = ReadContents(mgf_hash_contents);
  int64_t salt_length;
  int64_t trailer = 1;
  if (!mgf_hash.has_value() || mgf_hash->oid != hash->oid ||
      !AbsentOrNull(hash->parameters) || !AbsentOrNull(mgf_hash->parameters) ||
      !ReadExplicitInteger(&pss, 2, &salt_length) ||
      (CBS_len(&pss) != 0 && !ReadExplicitInteger(&pss, 3, &trailer)) ||
      CBS_len(&pss) != 0 || trailer != 1) {
    return Unimplemented();
  }
  if (hash->oid == oid::kSha256.contents() && salt_length == 32) {
    return SignatureAlgorithm::kRsaPssSha256;
  }
  if (hash->oid == oid::kSha384.contents() && salt_length == 48) {
    return SignatureAlgorithm::kRsaPssSha384;
  }
  if (hash->oid == oid::kSha512.contents() && salt_length == 64) {
    return SignatureAlgorithm::kRsaPssSha512;
  }
  return Unimplemented();
}

}  // namespace

absl::StatusOr<SignatureAlgorithm> ParseSignatureAlgorithm(
    absl::string_view contents) {
  const auto identifier = ReadContents(der::Cbs(contents));
  if (!identifier.has_value()) {
    return absl::InvalidArgumentError(
        "x509: malformed signature algorithm identifier");
  }
  if (identifier->oid == oid::kRsaPss.contents()) {
    return ParsePss(identifier->parameters);
  }
  if (identifier->oid == oid::kMd5WithRsa.contents()) {
    return absl::InvalidArgumentError(
        "x509: cannot verify signature: insecure algorithm MD5-RSA");
  }
  for (const Row& row : kRows) {
    if (row.oid->contents() != identifier->oid) continue;
    // RFC 8410, 3: "the parameters MUST be absent". For the others Go doesn't
    // look at them.
    if (row.algorithm == SignatureAlgorithm::kEd25519 &&
        !identifier->parameters.empty()) {
      return Unimplemented();
    }
    return row.algorithm;
  }
  return Unimplemented();
}

absl::string_view EncodedSignatureAlgorithm(SignatureAlgorithm algorithm) {
  for (const Row& row : kRows) {
    if (row.algorithm == algorithm) return row.encoded;
  }
  return {};
}

absl::string_view SignatureAlgorithmName(SignatureAlgorithm algorithm) {
  switch (algorithm) {
    case SignatureAlgorithm::kRsaSha1:
      return "SHA1-RSA";
    case SignatureAlgorithm::kRsaSha256:
      return "SHA256-RSA";
    case SignatureAlgorithm::kRsaSha384:
      return "SHA384-RSA";
    case SignatureAlgorithm::kRsaSha512:
      return "SHA512-RSA";
    case SignatureAlgorithm::kRsaPssSha256:
      return "SHA256-RSAPSS";
    case SignatureAlgorithm::kRsaPssSha384:
      return "SHA384-RSAPSS";
    case SignatureAlgorithm::kRsaPssSha512:
      return "SHA512-RSAPSS";
    case SignatureAlgorithm::kEcdsaSha1:
      return "ECDSA-SHA1";
    case SignatureAlgorithm::kEcdsaSha256:
      return "ECDSA-SHA256";
    case SignatureAlgorithm::kEcdsaSha384:
      return "ECDSA-SHA384";
    case SignatureAlgorithm::kEcdsaSha512:
      return "ECDSA-SHA512";
    case SignatureAlgorithm::kEd25519:
      return "Ed25519";
  }
  return "unknown";
}

}  // namespace signet::pki
