#ifndef SIGNET_CORE_SYS_PKCS11_ENCODING_H_
#define SIGNET_CORE_SYS_PKCS11_ENCODING_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/pki/private_key.h"
#include "core/pki/signature_algorithm.h"

// What PKCS#11 has for keys and signatures, and what X.509 has. Pure.
namespace signet::sys {

// From CKA_MODULUS and CKA_PUBLIC_EXPONENT: big-endian numbers.
absl::StatusOr<pki::PublicKey> RsaPublicKey(absl::string_view modulus,
                                            absl::string_view exponent);
// From CKA_EC_PARAMS, a DER ECParameters, and CKA_EC_POINT, a DER OCTET STRING
// (some tokens leave that out) with the point.
absl::StatusOr<pki::PublicKey> EcPublicKey(absl::string_view params,
                                           absl::string_view point);

// What CKM_RSA_PKCS (a DigestInfo) or CKM_ECDSA (a digest) is given to sign
// `message`. kUnimplemented for another algorithm than RSA PKCS #1 v1.5 or
// ECDSA with SHA-2.
absl::StatusOr<std::string> DigestToSign(pki::KeyType type,
                                         pki::SignatureAlgorithm algorithm,
                                         absl::string_view message);

// The DER form of CKM_ECDSA's signature: two numbers of one size.
absl::StatusOr<std::string> EcdsaSignature(absl::string_view raw);

}  // namespace signet::sys

#endif  // SIGNET_CORE_SYS_PKCS11_ENCODING_H_
