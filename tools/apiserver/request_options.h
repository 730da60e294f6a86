#ifndef SIGNET_TOOLS_APISERVER_REQUEST_OPTIONS_H_
#define SIGNET_TOOLS_APISERVER_REQUEST_OPTIONS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/api/meta.pb.h"
#include "core/http/message.h"
#include "google/protobuf/message.h"
#include "tools/apiserver/kind.h"
#include "tools/apiserver/selectors.h"
#include "tools/apiserver/table.h"

// What a request's query says beside its path, checked as Kubernetes checks it
// (apimachinery, pkg/apis/meta). Errors are api_error's. Pure.
namespace signet::apiserver {

// ListOptions: of lists, of watches and of deletions of a collection.
struct ListParameters {
  FieldSelector fields;
  LabelSelector labels;
  std::optional<int64_t> revision;  // Nothing: the latest.
  std::optional<bool> send_initial_events;
  int64_t limit = 0;  // 0: no limit.
  std::string continue_token;
  bool bookmarks = false;
  std::optional<absl::Duration> timeout;

  bool Matches(const Kind& kind, const google::protobuf::Message& object) const;
};
absl::StatusOr<ListParameters> ParseListParameters(
    const Kind& kind, const http::ParsedTarget& target, bool watch);

absl::StatusOr<IncludeObject> ParseIncludeObject(
    const http::ParsedTarget& target);

// What a write is: it has options of a kind of its own.
enum class WriteVerb { kCreate, kUpdate, kPatch, kApply, kDelete };

// What is done about fields that nobody knows.
enum class FieldValidation { kWarn, kIgnore, kStrict };

// CreateOptions and their like.
struct WriteOptions {
  bool dry_run = false;
  FieldValidation validation = FieldValidation::kWarn;
  std::string field_manager;  // Empty: not given.
  bool force = false;         // Of kApply.
};
absl::StatusOr<WriteOptions> ParseWriteOptions(const http::ParsedTarget& target,
                                               WriteVerb verb);

// Checks the options in the body of a deletion.
absl::Status CheckDeleteOptions(const api::DeleteOptions& options);

}  // namespace signet::apiserver

#endif  // SIGNET_TOOLS_APISERVER_REQUEST_OPTIONS_H_
