#ifndef SIGNET_APPROVER_SERVICE_OFFLINE_EVIDENCE_H_
#define SIGNET_APPROVER_SERVICE_OFFLINE_EVIDENCE_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "approver_service/node_inventory.h"
#include "core/api/certificates.pb.h"
#include "core/api/core.pb.h"
#include "core/base/file_system.h"
#include "core/policy/approver_config.h"
#include "core/policy/approver_decision.h"

namespace signet::approver {

// Where `check` and `replay` have their evidence from, as they ask no network.
// What no file tells is unknown.
struct OfflineSources {
  std::string evidence;  // `kind: ApproverEvidence`; empty: none.
  std::string nodes;     // Nodes, as kubectl get nodes -o json; empty: none.
};

// Adds --evidence and --nodes. `sources` must outlive `command`.
void AddSourceFlags(CLI::App& command, OfflineSources& sources);

// Evidence from files. Value, immutable.
class OfflineEvidence {
 public:
  // Reads the sources and, if `config` needs it, its inventory file. Errors
  // name the file. `files` is not kept.
  static absl::StatusOr<OfflineEvidence> Read(
      const OfflineSources& sources, const policy::ApproverConfig& config,
      FileSystem& files);

  // What is known about `csr`. The evidence file speaks about every request;
  // Nodes and inventory about those for the node that the request names. A
  // Node that `nodes` does not have does not exist.
  policy::ApproverEvidence For(const api::CertificateSigningRequest& csr) const;

 private:
  policy::ApproverEvidence stated_;
  std::optional<std::map<std::string, api::Node>> nodes_;
  std::optional<NodeInventory> inventory_;
};

// Parses an evidence file; docs/approver.md explains it.
absl::StatusOr<policy::ApproverEvidence> ParseEvidence(absl::string_view file,
                                                       absl::string_view text);

}  // namespace signet::approver

#endif  // SIGNET_APPROVER_SERVICE_OFFLINE_EVIDENCE_H_
