#ifndef SIGNET_SIGNER_SERVICE_OPERATION_FLAGS_H_
#define SIGNET_SIGNER_SERVICE_OPERATION_FLAGS_H_

#include <string>

#include "CLI/CLI.hpp"

namespace signet::signer {

// How signet-signer works, beside what it signs (SignerFlags).
struct OperationFlags {
  std::string audit_log_file;  // Empty: none.
  bool csr_cleaner = false;
  std::string csr_cleaner_export_file;  // Empty: none.
  int shards = 1;
  int shard_index = 0;
  double kube_api_qps = 0;  // 0: no limit.
  int kube_api_burst = 30;
};

// Adds --audit-log-file, --csr-cleaner, --csr-cleaner-export-file, --shards,
// --shard-index, --kube-api-qps and --kube-api-burst. `flags` must outlive
// `app`.
void AddOperationFlags(CLI::App& app, OperationFlags& flags);

// The name of the Lease that this replica competes for: that of its shard.
std::string ShardLeaseName(const std::string& name,
                           const OperationFlags& flags);

}  // namespace signet::signer

#endif  // SIGNET_SIGNER_SERVICE_OPERATION_FLAGS_H_
