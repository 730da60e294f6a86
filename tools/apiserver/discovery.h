#ifndef SIGNET_TOOLS_APISERVER_DISCOVERY_H_
#define SIGNET_TOOLS_APISERVER_DISCOVERY_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

// What the server tells about itself: which groups, versions and resources
// there are, in the old form and in the aggregated one (SPEC D-18), and as much
// OpenAPI as kubectl wants before it writes. All JSON; computed once. Pure.
namespace signet::apiserver {

struct Document {
  std::string content_type;
  std::string body;
};

// The document at `path` (/api, /apis, /api/v1, /apis/<group>,
// /apis/<group>/<version>, /openapi/v3, /openapi/v3/…) for a client that sends
// `accept`; nothing if there is none. `server_address` is "host:port".
std::optional<Document> Discover(absl::string_view path,
                                 absl::string_view accept,
                                 absl::string_view server_address);

// The body of /version.
std::string VersionJson();

}  // namespace signet::apiserver

#endif  // SIGNET_TOOLS_APISERVER_DISCOVERY_H_
