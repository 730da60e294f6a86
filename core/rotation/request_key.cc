#include "core/rotation/request_key.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/pki/private_key.h"

namespace signet::rotation {

std::vector<std::string> RequestUsages(Purpose purpose, pki::KeyType type,
                                       UsageOrder order) {
  std::vector<std::string> usages = {"digital signature"};
  const bool encipher = type == pki::KeyType::kRsa;
  if (encipher && order == UsageOrder::kRotation) {
    usages.push_back("key encipherment");
  }
  usages.push_back(purpose == Purpose::kClient ? "client auth" : "server auth");
  if (encipher && order == UsageOrder::kForeground) {
    usages.push_back("key encipherment");
  }
  return usages;
}

pki::KeyType TypeOf(pki::KeyAlgorithm algorithm) {
  switch (algorithm) {
    case pki::KeyAlgorithm::kRsa2048:
    case pki::KeyAlgorithm::kRsa3072:
    case pki::KeyAlgorithm::kRsa4096:
      return pki::KeyType::kRsa;
    case pki::KeyAlgorithm::kEd25519:
      return pki::KeyType::kEd25519;
    case pki::KeyAlgorithm::kEcdsaP256:
    case pki::KeyAlgorithm::kEcdsaP384:
    case pki::KeyAlgorithm::kEcdsaP521:
      break;
  }
  return pki::KeyType::kEcdsa;
}

absl::Status CheckRequestKey(pki::KeyType type, int bits) {
  constexpr int kMinRsaBits = 2048;
  constexpr int kMinEcdsaBits = 256;
  switch (type) {
    case pki::KeyType::kRsa:
      if (bits >= kMinRsaBits) return absl::OkStatus();
      return absl::InvalidArgumentError(
          absl::StrCat("the new key is insecure: RSA key size ", bits,
                       " bits is below the minimum of ", kMinRsaBits));
    case pki::KeyType::kEcdsa:
      if (bits >= kMinEcdsaBits) return absl::OkStatus();
      return absl::InvalidArgumentError(
          absl::StrCat("the new key is insecure: ECDSA key of ", bits,
                       " bits is below the minimum of ", kMinEcdsaBits));
    case pki::KeyType::kEd25519:
      return absl::InvalidArgumentError(
          "the new key is of a type that kubelets cannot store: Ed25519");
  }
  return absl::InternalError("unknown KeyType");
}

}  // namespace signet::rotation
