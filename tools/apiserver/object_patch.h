#ifndef SIGNET_TOOLS_APISERVER_OBJECT_PATCH_H_
#define SIGNET_TOOLS_APISERVER_OBJECT_PATCH_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"
#include "tools/apiserver/kind.h"
#include "tools/apiserver/patch.h"
#include "tools/apiserver/request_options.h"

// Patches of objects. Errors are api_error's, in the words of Kubernetes. Pure.
namespace signet::apiserver {

// True for the Content-Type of server-side apply.
bool IsApply(absl::string_view content_type);
// By its Content-Type; nullopt for what is no patch that ApplyPatch knows.
std::optional<PatchType> PatchTypeOf(absl::string_view content_type);

// PatchObject returns what `patch` makes of `current`, whose name must stay.
// Fields that nobody knows are appended to `warnings`, or refused.
absl::StatusOr<std::unique_ptr<google::protobuf::Message>> PatchObject(
    const Kind& kind, PatchType type, const google::protobuf::Message& current,
    absl::string_view patch, FieldValidation validation,
    std::vector<std::string>& warnings);

}  // namespace signet::apiserver

#endif  // SIGNET_TOOLS_APISERVER_OBJECT_PATCH_H_
