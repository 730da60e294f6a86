#include "core/policy/key_policy.h"

#include <string>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "core/pki/certificate_request.h"
#include "core/pki/private_key.h"
#include "core/pki/signature_algorithm.h"

namespace signet::policy {

std::string KeyFault(const pki::CertificateRequest& request,
                     const KeyPolicy& policy) {
  const pki::SignatureAlgorithm algorithm = request.signature_algorithm();
  if (!policy.sha1 && (algorithm == pki::SignatureAlgorithm::kRsaSha1 ||
                       algorithm == pki::SignatureAlgorithm::kEcdsaSha1)) {
    return absl::StrCat("the request is signed with ",
                        pki::SignatureAlgorithmName(algorithm));
  }
  const pki::PublicKey& key = request.public_key();
  switch (key.type()) {
    case pki::KeyType::kRsa:
      if (policy.min_rsa_bits == 0) return "RSA keys are not allowed";
      if (key.bits() < policy.min_rsa_bits) {
        return absl::StrCat("an RSA key of ", key.bits(), " bits, where ",
                            policy.min_rsa_bits, " are required");
      }
      return "";
    case pki::KeyType::kEcdsa:
      if (absl::c_linear_search(policy.ecdsa_bits, key.bits())) return "";
      return absl::StrCat("keys on P-", key.bits(), " are not allowed");
    case pki::KeyType::kEd25519:
      return policy.ed25519 ? "" : "Ed25519 keys are not allowed";
  }
  return "a key of unknown type";
}

}  // namespace signet::policy
