#ifndef SIGNET_CORE_HTTP_URL_H_
#define SIGNET_CORE_HTTP_URL_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace signet::http {

// Where a server or a proxy is: "https://user:pass@host:port/path".
struct Url {
  std::string scheme;     // "http" or "https".
  std::string user_info;  // "user:pass", decoded; mostly empty.
  std::string host;       // Lower case; IPv6 without its brackets.
  uint16_t port = 0;      // 80 or 443 unless given.
  std::string authority;  // "host:port" as given: for a Host header.
  std::string path;       // As given, without slashes at its end; may be empty.
};

// kInvalidArgument for another scheme, no host, a bad port, a query or fragment
// or characters that do not belong into a URL. Messages don't repeat user_info.
absl::StatusOr<Url> ParseUrl(absl::string_view text);

// "host:port", with brackets around IPv6.
std::string HostPort(absl::string_view host, uint16_t port);

}  // namespace signet::http

#endif  // SIGNET_CORE_HTTP_URL_H_
