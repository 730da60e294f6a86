#ifndef SIGNET_CLI_CLUSTER_ITEMS_H_
#define SIGNET_CLI_CLUSTER_ITEMS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cli/contents.h"
#include "cli/context.h"
#include "core/api/core.pb.h"
#include "core/k8s/resource_api.h"

// The certificates that are in a cluster.
namespace signet::cli {

struct ClusterExpiryFlags {
  bool secrets = false;
  std::string namespace_name;  // Of the Secrets; empty: all.
  bool nodes = false;
};

// ClusterItems reads the Secrets, and asks each node's kubelet what it serves.
// What cannot be read or reached is said on `err` and left out.
absl::StatusOr<std::vector<Item>> ClusterItems(
    const Context& context, k8s::ResourceApi<api::Secret>& secrets,
    k8s::ResourceApi<api::Node>& nodes, const ClusterExpiryFlags& flags);

// Prints what is in one Secret, "namespace/name" or "name".
absl::Status InspectSecret(const Context& context,
                           k8s::ResourceApi<api::Secret>& secrets,
                           const std::string& name,
                           absl::string_view default_namespace);

}  // namespace signet::cli

#endif  // SIGNET_CLI_CLUSTER_ITEMS_H_
