#ifndef SIGNET_CORE_TESTING_FAKE_KEY_GENERATOR_H_
#define SIGNET_CORE_TESTING_FAKE_KEY_GENERATOR_H_

#include <atomic>
#include <cstdint>

#include "absl/status/statusor.h"
#include "core/pki/private_key.h"

namespace signet::testing {

// FakeKeyGenerator gives the same sequence of keys in each run, cheaply, and no
// key twice. They are derived from a number, so they are no secret. ECDSA and
// Ed25519; RSA is kUnimplemented. Thread-safe.
class FakeKeyGenerator : public pki::KeyGenerator {
 public:
  explicit FakeKeyGenerator(uint64_t first = 0) : next_(first) {}
  absl::StatusOr<pki::PrivateKey> Generate(
      pki::KeyAlgorithm algorithm) override;
  // How many keys were asked for.
  uint64_t count() const { return count_; }

  // The key that a generator makes as its number `number`.
  static absl::StatusOr<pki::PrivateKey> Key(pki::KeyAlgorithm algorithm,
                                             uint64_t number);

 private:
  std::atomic<uint64_t> next_;
  std::atomic<uint64_t> count_ = 0;
};

}  // namespace signet::testing

#endif  // SIGNET_CORE_TESTING_FAKE_KEY_GENERATOR_H_
