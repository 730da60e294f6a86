#include "signer_service/shard.h"

#include <cstdint>

#include "absl/strings/string_view.h"

namespace signet::signer {

int ShardOf(absl::string_view csr_name, int shards) {
  // FNV-1a, whose low bits are then mixed with the others.
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : csr_name) {
    hash ^= static_cast<uint8_t>(c);
    hash *= 0x100000001b3;
  }
  hash ^= hash >> 32;
  hash *= 0x9e3779b97f4a7c15;
  hash ^= hash >> 32;
  return static_cast<int>(hash % static_cast<uint64_t>(shards));
}

}  // namespace signet::signer
