#ifndef SIGNET_CORE_SYS_BORING_KEY_GENERATOR_H_
#define SIGNET_CORE_SYS_BORING_KEY_GENERATOR_H_

#include "absl/status/statusor.h"
#include "core/pki/private_key.h"

namespace signet::sys {

// New keys, from BoringSSL's randomness. RSA takes a good part of a second,
// 4096 bits several. Thread-safe; without state.
class BoringKeyGenerator : public pki::KeyGenerator {
 public:
  absl::StatusOr<pki::PrivateKey> Generate(
      pki::KeyAlgorithm algorithm) override;
};

}  // namespace signet::sys

#endif  // SIGNET_CORE_SYS_BORING_KEY_GENERATOR_H_
