#include "core/testing/fake_key_generator.h"

#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "core/pki/private_key.h"
#include "openssl/ec.h"
#include "openssl/ec_key.h"
#include "openssl/evp.h"
#include "openssl/sha.h"

namespace signet::testing {
namespace {

const EC_GROUP* Curve(pki::KeyAlgorithm algorithm) {
  switch (algorithm) {
    case pki::KeyAlgorithm::kEcdsaP256:
      return EC_group_p256();
    case pki::KeyAlgorithm::kEcdsaP384:
      return EC_group_p384();
    case pki::KeyAlgorithm::kEcdsaP521:
      return EC_group_p521();
    default:
      return nullptr;
  }
}

}  // namespace

absl::StatusOr<pki::PrivateKey> FakeKeyGenerator::Generate(
    pki::KeyAlgorithm algorithm) {
  ++count_;
  return Key(algorithm, next_++);
}

absl::StatusOr<pki::PrivateKey> FakeKeyGenerator::Key(
    pki::KeyAlgorithm algorithm, uint64_t number) {
  const std::string text = absl::StrCat("signet test key ", number);
  uint8_t secret[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const uint8_t*>(text.data()), text.size(), secret);
  bssl::UniquePtr<EVP_PKEY> key;
  if (algorithm == pki::KeyAlgorithm::kEd25519) {
    key.reset(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, secret,
                                           sizeof secret));
  } else if (const EC_GROUP* const curve = Curve(algorithm)) {
    bssl::UniquePtr<EC_KEY> ec(
        EC_KEY_derive_from_secret(curve, secret, sizeof secret));
    key.reset(EVP_PKEY_new());
    if (ec == nullptr || key == nullptr ||
        EVP_PKEY_set1_EC_KEY(key.get(), ec.get()) != 1) {
      return absl::InternalError("cannot derive a key");
    }
  } else {
    return absl::UnimplementedError("fake keys are ECDSA or Ed25519");
  }
  return pki::PrivateKey::FromEvp(std::move(key));
}

}  // namespace signet::testing
