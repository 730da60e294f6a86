#ifndef SIGNET_SIGNER_SERVICE_SHARD_H_
#define SIGNET_SIGNER_SERVICE_SHARD_H_

#include "absl/strings/string_view.h"

namespace signet::signer {

// ShardOf says which of `shards` (>= 1) active replicas a request of this name
// is for: 0 to shards - 1, evenly, and the same in every process and version.
int ShardOf(absl::string_view csr_name, int shards);

}  // namespace signet::signer

#endif  // SIGNET_SIGNER_SERVICE_SHARD_H_
