#ifndef SIGNET_APPROVER_SERVICE_NODE_INVENTORY_H_
#define SIGNET_APPROVER_SERVICE_NODE_INVENTORY_H_

#include <cstddef>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/policy/serving_approval.h"

namespace signet::approver {

// NodeInventory is what the administrator wrote down about each node: the
// names and addresses that are its own.
//
//   apiVersion: signet.dev/v1alpha1
//   kind: NodeInventory
//   nodes:
//   - name: node-a
//     dnsNames: [node-a, node-a.example.com]
//     ipAddresses: [192.0.2.7]
//
// Value, immutable, thread-safe.
class NodeInventory {
 public:
  // Reads a file's `text`; `file` is for messages. kInvalidArgument names file
  // and lines; a node twice is an error.
  static absl::StatusOr<NodeInventory> Parse(absl::string_view file,
                                             absl::string_view text);

  bool Has(absl::string_view node) const { return nodes_.contains(node); }
  size_t size() const { return nodes_.size(); }
  // What it has for a node. It always knows: a node that is not in it has
  // nothing.
  policy::Testimony TestimonyOf(absl::string_view node) const;

 private:
  absl::flat_hash_map<std::string, policy::Testimony> nodes_;
};

}  // namespace signet::approver

#endif  // SIGNET_APPROVER_SERVICE_NODE_INVENTORY_H_
