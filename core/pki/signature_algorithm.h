#ifndef SIGNET_CORE_PKI_SIGNATURE_ALGORITHM_H_
#define SIGNET_CORE_PKI_SIGNATURE_ALGORITHM_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace signet::pki {

// How a signature is made (X.509 AlgorithmIdentifiers we produce or accept).
enum class SignatureAlgorithm {
  kRsaSha1,  // Accepted in requests only (SPEC D-5).
  kRsaSha256,
  kRsaSha384,
  kRsaSha512,
  kRsaPssSha256,  // The three PSS forms are accepted in requests only.
  kRsaPssSha384,
  kRsaPssSha512,
  kEcdsaSha1,  // Accepted in requests only.
  kEcdsaSha256,
  kEcdsaSha384,
  kEcdsaSha512,
  kEd25519,
};

// SignatureAlgorithmName is Go's: "ECDSA-SHA256".
absl::string_view SignatureAlgorithmName(SignatureAlgorithm algorithm);

// ParseSignatureAlgorithm reads the contents of an AlgorithmIdentifier as Go's
// x509 does: an unknown one is kUnimplemented, an unsafe one kInvalidArgument,
// both with Go's words.
absl::StatusOr<SignatureAlgorithm> ParseSignatureAlgorithm(
    absl::string_view contents);

// EncodedSignatureAlgorithm returns the whole AlgorithmIdentifier of one that
// we sign with; empty for SHA-1 and PSS.
absl::string_view EncodedSignatureAlgorithm(SignatureAlgorithm algorithm);

}  // namespace signet::pki

#endif  // SIGNET_CORE_PKI_SIGNATURE_ALGORITHM_H_
