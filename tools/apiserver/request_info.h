#ifndef SIGNET_TOOLS_APISERVER_REQUEST_INFO_H_
#define SIGNET_TOOLS_APISERVER_REQUEST_INFO_H_

#include <string>

#include "absl/strings/string_view.h"
#include "core/http/message.h"

namespace signet::apiserver {

// What a request's method and path ask for.
struct RequestInfo {
  bool is_resource = false;
  std::string path;
  // get, list, watch, create, update, patch, delete, deletecollection; of a
  // request that is not for a resource, the method in lower case.
  std::string verb;
  std::string group;  // "" for the core group.
  std::string version;
  std::string namespace_name;
  std::string resource;  // The plural.
  std::string subresource;
  std::string name;
  // Path segments beyond the subresource: nothing here serves any.
  bool has_more = false;
};

// ParseRequestInfo understands /api/v1/… and /apis/<group>/<version>/…. A list
// or watch of one name by its field selector has that name, for authorisation.
// Pure.
RequestInfo ParseRequestInfo(absl::string_view method,
                             const http::ParsedTarget& target);

// True for "1", "true" and the like in a query; absent is false.
bool QueryFlag(const http::ParsedTarget& target, absl::string_view key);

}  // namespace signet::apiserver

#endif  // SIGNET_TOOLS_APISERVER_REQUEST_INFO_H_
