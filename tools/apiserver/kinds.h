#ifndef SIGNET_TOOLS_APISERVER_KINDS_H_
#define SIGNET_TOOLS_APISERVER_KINDS_H_

#include <vector>

#include "absl/strings/string_view.h"
#include "tools/apiserver/kind.h"

namespace signet::apiserver {

// The kinds that are stored (SPEC D-15, D-18), in the order of discovery.
// Beside certificates.k8s.io these are what clients of signet and a kubelet's
// registration touch. Access reviews are not stored: see api_server.cc.
const std::vector<Kind>& Kinds();

// Null if there is none.
const Kind* FindKind(absl::string_view group, absl::string_view version,
                     absl::string_view plural);
// Whether any kind of the group is served.
bool IsKnownGroup(absl::string_view group);
// Whether there is a kind of this name: ("certificates.k8s.io/v1",
// "ClusterTrustBundle").
bool IsKnownKind(absl::string_view api_version, absl::string_view kind);
// By the store's name for it.
const Kind* FindKindByKey(absl::string_view key);

}  // namespace signet::apiserver

#endif  // SIGNET_TOOLS_APISERVER_KINDS_H_
