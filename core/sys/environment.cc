#include "core/sys/environment.h"

#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "core/http/url.h"
#include "core/pki/ip_address.h"

namespace signet::sys {
namespace {

using Environment = std::function<std::string(absl::string_view)>;

std::string FirstOf(const Environment& env, absl::string_view name) {
  std::string value = env(name);
  return value.empty() ? env(absl::AsciiStrToLower(name)) : value;
}

std::optional<pki::IpAddress> ParseIp(absl::string_view text) {
  absl::StatusOr<pki::IpAddress> address = pki::IpAddress::Parse(text);
  if (!address.ok()) return std::nullopt;
  return *std::move(address);
}

bool IsLoopback(const pki::IpAddress& address) {
  const std::string& bytes = address.bytes();
  if (address.is_v4()) return bytes[0] == 127;
  return bytes == std::string(15, '\0') + '\1';
}

// Whether "192.0.2.0/24" has the address in it; nullopt if it is no such range.
std::optional<bool> InRange(absl::string_view range,
                            const std::optional<pki::IpAddress>& address) {
  const std::pair<absl::string_view, absl::string_view> halves =
      absl::StrSplit(range, absl::MaxSplits('/', 1));
  const std::optional<pki::IpAddress> base = ParseIp(halves.first);
  uint32_t length;
  if (!base || !absl::SimpleAtoi(halves.second, &length) ||
      length > 8 * base->bytes().size()) {
    return std::nullopt;
  }
  if (!address || address->is_v4() != base->is_v4()) return false;
  for (size_t i = 0; i < base->bytes().size() && length > 0; ++i) {
    const uint32_t bits = std::min(length, 8u);
    const int differ = (base->bytes()[i] ^ address->bytes()[i]) & 0xff;
    if (differ >> (8 - bits) != 0) return false;
    length -= bits;
  }
  return true;
}

// Splits "host:port" and "[address]:port"; the port is "" if there is none. A
// bare IPv6 address has none.
std::pair<absl::string_view, absl::string_view> SplitPort(
    absl::string_view entry) {
  const size_t colon = entry.rfind(':');
  if (colon == absl::string_view::npos) return {entry, ""};
  absl::string_view host = entry.substr(0, colon);
  const absl::string_view port = entry.substr(colon + 1);
  if (absl::ConsumePrefix(&host, "[")) {
    if (!absl::ConsumeSuffix(&host, "]")) return {entry, ""};
    return {host, port};
  }
  if (absl::StrContains(host, ':')) return {entry, ""};
  return {host, port};
}

// Whether one entry of NO_PROXY covers the server.
bool Covers(absl::string_view entry, const http::Url& server,
            const std::optional<pki::IpAddress>& address) {
  if (entry.empty()) return false;
  if (entry == "*") return true;
  if (const std::optional<bool> in = InRange(entry, address)) return *in;
  const auto [host, port] = SplitPort(entry);
  if (host.empty()) return false;
  if (!port.empty() && port != absl::StrCat(server.port)) return false;
  if (const std::optional<pki::IpAddress> listed = ParseIp(host)) {
    return address == listed;
  }
  if (address) return false;
  absl::string_view domain = host;
  const bool subdomains_only =
      absl::ConsumePrefix(&domain, "*.") || absl::ConsumePrefix(&domain, ".");
  return (!subdomains_only && server.host == domain) ||
         absl::EndsWith(server.host, absl::StrCat(".", domain));
}

}  // namespace

std::string GetEnv(absl::string_view name) {
  const char* const value = getenv(std::string(name).c_str());
  return value == nullptr ? "" : value;
}

std::string HostName() {
  char name[256] = "";
  // What was cut short has no NUL at its end.
  if (gethostname(name, sizeof name - 1) != 0 || name[0] == '\0') {
    return "localhost";
  }
  return name;
}

absl::StatusOr<std::string> ProxyFor(absl::string_view server,
                                     const Environment& env) {
  ABSL_ASSIGN_OR_RETURN(const http::Url url, http::ParseUrl(server));
  const bool https = url.scheme == "https";
  // Under CGI a request's header "Proxy" becomes HTTP_PROXY.
  if (!https && !env("REQUEST_METHOD").empty()) return "";
  std::string proxy = FirstOf(env, https ? "HTTPS_PROXY" : "HTTP_PROXY");
  if (proxy.empty()) return "";
  const std::optional<pki::IpAddress> address = ParseIp(url.host);
  if (url.host == "localhost" || (address && IsLoopback(*address))) return "";
  const std::string no_proxy = FirstOf(env, "NO_PROXY");
  for (const absl::string_view entry : absl::StrSplit(no_proxy, ',')) {
    if (Covers(absl::AsciiStrToLower(absl::StripAsciiWhitespace(entry)), url,
               address)) {
      return "";
    }
  }
  if (!absl::StrContains(proxy, "://")) proxy = absl::StrCat("http://", proxy);
  ABSL_RETURN_IF_ERROR(http::ParseUrl(proxy).status())
      << (https ? "HTTPS_PROXY" : "HTTP_PROXY");
  return proxy;
}

absl::StatusOr<std::string> ProxyFromEnvironment(absl::string_view server) {
  return ProxyFor(server, GetEnv);
}

}  // namespace signet::sys
