#ifndef SIGNET_TOOLS_APISERVER_PATCH_H_
#define SIGNET_TOOLS_APISERVER_PATCH_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace signet::apiserver {

enum class PatchType {
  kMerge,      // application/merge-patch+json, RFC 7396
  kJson,       // application/json-patch+json, RFC 6902
  kStrategic,  // application/strategic-merge-patch+json
};

// ApplyPatch applies `patch` to the JSON text `document` of an object of `kind`
// and returns the new text. kInvalidArgument if the patch is no good, in the
// words of Kubernetes; kFailedPrecondition if a JSON patch does not fit the
// document (a missing path, a failed test): HTTP 422; kInternal for what the
// real server answers with 500. At most 10,000 operations. Pure.
//
// A strategic merge merges lists that Kubernetes marks so in the kinds we know
// (owner references by uid, node conditions by type, …) and understands
// $patch: delete|replace, $deleteFromPrimitiveList/x, $setElementOrder/x and
// $retainKeys; other lists are replaced.
absl::StatusOr<std::string> ApplyPatch(PatchType type, absl::string_view kind,
                                       absl::string_view document,
                                       absl::string_view patch);

}  // namespace signet::apiserver

#endif  // SIGNET_TOOLS_APISERVER_PATCH_H_
