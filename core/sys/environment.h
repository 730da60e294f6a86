#ifndef SIGNET_CORE_SYS_ENVIRONMENT_H_
#define SIGNET_CORE_SYS_ENVIRONMENT_H_

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace signet::sys {

// GetEnv returns an environment variable, "" if it is not set.
std::string GetEnv(absl::string_view name);

// HostName returns what gethostname(2) does: "localhost" if that is nothing.
std::string HostName();

// ProxyFor returns the proxy for requests to `server` ("https://host:port"), as
// a URL, or "" for none, by the rules of Go's x/net/http/httpproxy:
// HTTPS_PROXY or https_proxy for https and HTTP_PROXY or http_proxy for http
// (not under CGI), a value without scheme is http://. None for localhost,
// loopback addresses and what NO_PROXY or no_proxy lists, separated by commas:
// "*", addresses, CIDR ranges, host names (which stand for their subdomains
// too; for these alone if they begin with "." or "*."), each but "*" and
// ranges with an optional port. Names beyond ASCII are not converted.
// `env` looks a variable up. kInvalidArgument if `server` or the proxy is no
// URL.
absl::StatusOr<std::string> ProxyFor(
    absl::string_view server,
    const std::function<std::string(absl::string_view)>& env);

// The same by this process's environment.
absl::StatusOr<std::string> ProxyFromEnvironment(absl::string_view server);

}  // namespace signet::sys

#endif  // SIGNET_CORE_SYS_ENVIRONMENT_H_
