#include "core/sys/pkcs11_encoding.h"

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/pki/private_key.h"
#include "core/pki/signature_algorithm.h"
#include "openssl/base.h"
#include "openssl/bytestring.h"
#include "openssl/digest.h"
#include "openssl/err.h"
#include "openssl/mem.h"
#include "openssl/nid.h"
#include "openssl/rsa.h"

namespace signet::sys {
namespace {

using pki::SignatureAlgorithm;

// 1.2.840.113549.1.1.1 and 1.2.840.10045.2.1.
constexpr uint8_t kRsaEncryption[] = {0x2a, 0x86, 0x48, 0x86, 0xf7,
                                      0x0d, 0x01, 0x01, 0x01};
constexpr uint8_t kEcPublicKey[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01};

absl::string_view View(const CBB& cbb) {
  return {reinterpret_cast<const char*>(CBB_data(&cbb)), CBB_len(&cbb)};
}

const uint8_t* Bytes(absl::string_view text) {
  return reinterpret_cast<const uint8_t*>(text.data());
}

// INTEGER of a positive big-endian number.
bool AddNumber(CBB* out, absl::string_view number) {
  while (number.size() > 1 && number.front() == '\0') number.remove_prefix(1);
  CBB integer;
  return !number.empty() && CBB_add_asn1(out, &integer, CBS_ASN1_INTEGER) &&
         ((number.front() & 0x80) == 0 || CBB_add_u8(&integer, 0)) &&
         CBB_add_bytes(&integer, Bytes(number), number.size()) &&
         CBB_flush(out);
}

absl::Status Malformed() {
  ERR_clear_error();
  return absl::InvalidArgumentError("PKCS#11: malformed key or signature");
}

// SEQUENCE { two numbers }: an RSAPublicKey, or an ECDSA signature.
absl::StatusOr<std::string> Numbers(absl::string_view first,
                                    absl::string_view second) {
  bssl::ScopedCBB cbb;
  CBB sequence;
  if (!CBB_init(cbb.get(), first.size() + second.size() + 16) ||
      !CBB_add_asn1(cbb.get(), &sequence, CBS_ASN1_SEQUENCE) ||
      !AddNumber(&sequence, first) || !AddNumber(&sequence, second) ||
      !CBB_flush(cbb.get())) {
    return Malformed();
  }
  return std::string(View(*cbb.get()));
}

// SubjectPublicKeyInfo; `params` is DER, empty for NULL.
absl::StatusOr<pki::PublicKey> Spki(absl::string_view oid,
                                    absl::string_view params,
                                    absl::string_view key) {
  bssl::ScopedCBB cbb;
  CBB spki, algorithm, type, null, bits;
  if (!CBB_init(cbb.get(), key.size() + 64) ||
      !CBB_add_asn1(cbb.get(), &spki, CBS_ASN1_SEQUENCE) ||
      !CBB_add_asn1(&spki, &algorithm, CBS_ASN1_SEQUENCE) ||
      !CBB_add_asn1(&algorithm, &type, CBS_ASN1_OBJECT) ||
      !CBB_add_bytes(&type, Bytes(oid), oid.size()) ||
      !(params.empty()
            ? CBB_add_asn1(&algorithm, &null, CBS_ASN1_NULL)
            : CBB_add_bytes(&algorithm, Bytes(params), params.size())) ||
      !CBB_add_asn1(&spki, &bits, CBS_ASN1_BITSTRING) ||
      !CBB_add_u8(&bits, 0) || !CBB_add_bytes(&bits, Bytes(key), key.size()) ||
      !CBB_flush(cbb.get())) {
    return Malformed();
  }
  return pki::PublicKey::FromSpki(View(*cbb.get()));
}

struct Hash {
  const EVP_MD* (*digest)();
  int nid;
};

absl::StatusOr<Hash> HashOf(pki::KeyType type, SignatureAlgorithm algorithm) {
  const bool rsa = type == pki::KeyType::kRsa;
  switch (algorithm) {
    case SignatureAlgorithm::kRsaSha256:
      if (rsa) return Hash{EVP_sha256, NID_sha256};
      break;
    case SignatureAlgorithm::kRsaSha384:
      if (rsa) return Hash{EVP_sha384, NID_sha384};
      break;
    case SignatureAlgorithm::kRsaSha512:
      if (rsa) return Hash{EVP_sha512, NID_sha512};
      break;
    case SignatureAlgorithm::kEcdsaSha256:
      if (!rsa) return Hash{EVP_sha256, NID_sha256};
      break;
    case SignatureAlgorithm::kEcdsaSha384:
      if (!rsa) return Hash{EVP_sha384, NID_sha384};
      break;
    case SignatureAlgorithm::kEcdsaSha512:
      if (!rsa) return Hash{EVP_sha512, NID_sha512};
      break;
    default:
      break;
  }
  return absl::UnimplementedError(
      "PKCS#11: the key does not sign with this algorithm");
}

}  // namespace

absl::StatusOr<pki::PublicKey> RsaPublicKey(absl::string_view modulus,
                                            absl::string_view exponent) {
  const absl::StatusOr<std::string> key = Numbers(modulus, exponent);
  if (!key.ok()) return key.status();
  return Spki(
      {reinterpret_cast<const char*>(kRsaEncryption), sizeof(kRsaEncryption)},
      "", *key);
}

absl::StatusOr<pki::PublicKey> EcPublicKey(absl::string_view params,
                                           absl::string_view point) {
  CBS in, contents;
  CBS_init(&in, Bytes(point), point.size());
  // An uncompressed point begins with 4, as an OCTET STRING does; but the
  // length that would follow is then wrong.
  if (CBS_get_asn1(&in, &contents, CBS_ASN1_OCTETSTRING) && CBS_len(&in) == 0) {
    point = {reinterpret_cast<const char*>(CBS_data(&contents)),
             CBS_len(&contents)};
  }
  return Spki(
      {reinterpret_cast<const char*>(kEcPublicKey), sizeof(kEcPublicKey)},
      params, point);
}

absl::StatusOr<std::string> DigestToSign(pki::KeyType type,
                                         SignatureAlgorithm algorithm,
                                         absl::string_view message) {
  const absl::StatusOr<Hash> hash = HashOf(type, algorithm);
  if (!hash.ok()) return hash.status();
  uint8_t digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  if (!EVP_Digest(message.data(), message.size(), digest, &length,
                  hash->digest(), nullptr)) {
    return Malformed();
  }
  if (type != pki::KeyType::kRsa) {
    return std::string(reinterpret_cast<const char*>(digest), length);
  }
  uint8_t* info = nullptr;
  size_t info_length = 0;
  int is_alloced = 0;
  if (!RSA_add_pkcs1_prefix(&info, &info_length, &is_alloced, hash->nid, digest,
                            length)) {
    return Malformed();
  }
  std::string out(reinterpret_cast<const char*>(info), info_length);
  if (is_alloced) OPENSSL_free(info);
  return out;
}

absl::StatusOr<std::string> EcdsaSignature(absl::string_view raw) {
  if (raw.empty() || raw.size() % 2 != 0) return Malformed();
  return Numbers(raw.substr(0, raw.size() / 2), raw.substr(raw.size() / 2));
}

}  // namespace signet::sys
