#include "tools/apiserver/request_info.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "core/http/message.h"
#include "tools/apiserver/metadata_validation.h"
#include "tools/apiserver/selectors.h"

namespace signet::apiserver {
namespace {

std::string VerbOf(absl::string_view method) {
  if (method == "POST") return "create";
  if (method == "GET" || method == "HEAD") return "get";
  if (method == "PUT") return "update";
  if (method == "PATCH") return "patch";
  if (method == "DELETE") return "delete";
  return "";
}

}  // namespace

bool QueryFlag(const http::ParsedTarget& target, absl::string_view key) {
  if (!target.HasQuery(key)) return false;
  const std::string value = absl::AsciiStrToLower(target.Query(key));
  return value != "false" && value != "0";
}

RequestInfo ParseRequestInfo(absl::string_view method,
                             const http::ParsedTarget& target) {
  RequestInfo info;
  info.path = target.path;
  info.verb = absl::AsciiStrToLower(method);
  std::vector<absl::string_view> parts =
      absl::StrSplit(target.path, '/', absl::SkipEmpty());
  size_t next = 0;
  if (parts.size() >= 3 && parts[0] == "api") {
    next = 1;
  } else if (parts.size() >= 4 && parts[0] == "apis") {
    info.group = std::string(parts[1]);
    next = 2;
  } else {
    return info;
  }
  info.is_resource = true;
  info.version = std::string(parts[next++]);
  info.verb = VerbOf(method);
  if (parts[next] == "namespaces" && parts.size() > next + 1) {
    info.namespace_name = std::string(parts[next + 1]);
    const bool subresource =
        parts.size() > next + 2 &&
        (parts[next + 2] == "status" || parts[next + 2] == "finalize");
    if (parts.size() > next + 2 && !subresource) next += 2;
  }
  info.resource = std::string(parts[next]);
  if (parts.size() > next + 1) info.name = std::string(parts[next + 1]);
  if (parts.size() > next + 2) info.subresource = std::string(parts[next + 2]);
  info.has_more = parts.size() > next + 3;
  if (!info.name.empty()) return info;
  if (info.verb == "delete") info.verb = "deletecollection";
  if (info.verb != "get") return info;
  info.verb = QueryFlag(target, "watch") ? "watch" : "list";
  const absl::StatusOr<FieldSelector> selector =
      FieldSelector::Parse(target.Query("fieldSelector"));
  if (!selector.ok()) return info;
  const std::optional<std::string> name = selector->Exact("metadata.name");
  if (name.has_value() && CheckPathSegment(*name).empty()) info.name = *name;
  return info;
}

}  // namespace signet::apiserver
