#include "core/sys/boring_key_generator.h"

#include "absl/status/statusor.h"
#include "core/pki/private_key.h"

namespace signet::sys {

absl::StatusOr<pki::PrivateKey> BoringKeyGenerator::Generate(
    pki::KeyAlgorithm algorithm) {
  return pki::PrivateKey::Generate(algorithm);
}

}  // namespace signet::sys
