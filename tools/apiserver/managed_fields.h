#ifndef SIGNET_TOOLS_APISERVER_MANAGED_FIELDS_H_
#define SIGNET_TOOLS_APISERVER_MANAGED_FIELDS_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/api/resource.h"
#include "google/protobuf/message.h"
#include "tools/apiserver/kind.h"

// Who owns which fields of an object (metadata.managedFields) and server-side
// apply, as k8s.io/apimachinery, pkg/util/managedfields. Pure.
namespace signet::apiserver {

// One write.
struct FieldWriter {
  std::string manager;      // Empty: "unknown".
  std::string subresource;  // "", "status", "approval".
  absl::Time now;
};

// The manager of a client that names none: its User-Agent up to the slash.
std::string ManagerOf(absl::string_view field_manager,
                      absl::string_view user_agent);

// Sets the owners in `updated`, as a writer wants it to be, by what differs
// from `live`; an empty object is the one before its creation. An object whose
// fields nobody owned stays so.
void TrackUpdate(const api::ResourceInfo& info,
                 const google::protobuf::Message& live,
                 const FieldWriter& writer, google::protobuf::Message& updated);

// Applies a configuration, in YAML or JSON, to `live`. Errors are api_error's:
// 409 if another manager owns a field that would change, unless `force`.
absl::StatusOr<std::unique_ptr<google::protobuf::Message>> ApplyConfiguration(
    const Kind& kind, const google::protobuf::Message& live,
    const FieldWriter& writer, absl::string_view configuration, bool force);

}  // namespace signet::apiserver

#endif  // SIGNET_TOOLS_APISERVER_MANAGED_FIELDS_H_
