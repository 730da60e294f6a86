#include "core/http/url.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/http/message.h"
#include "core/http/wire.h"
#include "core/pki/ip_address.h"

namespace signet::http {
namespace {

bool IsHostName(absl::string_view host) {
  return !host.empty() && host.size() < 256 &&
         std::all_of(
             host.begin(), host.end(),
             [](char c) {
               return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
                      absl::StrContains("-._", c);
             });
}

}  // namespace

absl::StatusOr<Url> ParseUrl(absl::string_view text) {
  Url url;
  absl::string_view rest = text;
  const size_t colon = rest.find("://");
  if (colon != absl::string_view::npos) {
    url.scheme = absl::AsciiStrToLower(rest.substr(0, colon));
    rest.remove_prefix(colon + 3);
  }
  const size_t slash = std::min(rest.find_first_of("/?#"), rest.size());
  absl::string_view authority = rest.substr(0, slash);
  absl::string_view path = rest.substr(slash);
  const size_t at = authority.rfind('@');
  if (at != absl::string_view::npos) {
    url.user_info = ParseTarget(authority.substr(0, at)).path;
    authority.remove_prefix(at + 1);
  }
  url.authority = std::string(authority);

  const auto bad = [&](absl::string_view what) {
    return absl::InvalidArgumentError(absl::StrCat(
        "bad URL \"", url.scheme, url.scheme.empty() ? "" : "://",
        url.user_info.empty() ? "" : "***@", authority, path, "\": ", what));
  };
  if (url.scheme != "http" && url.scheme != "https") {
    return bad("it must begin with http:// or https://");
  }
  if (!path.empty() && !IsTargetText(path)) {
    return bad(
        "there are spaces or other characters to be escaped in its path");
  }
  if (absl::StrContains(path, '?') || absl::StrContains(path, '#')) {
    return bad("it must not have a query or a fragment");
  }
  while (absl::EndsWith(path, "/")) path.remove_suffix(1);
  url.path = std::string(path);

  absl::string_view port;
  if (absl::StartsWith(authority, "[")) {
    const size_t bracket = authority.find(']');
    if (bracket == absl::string_view::npos) return bad("a ] is missing");
    url.host = std::string(authority.substr(1, bracket - 1));
    port = authority.substr(bracket + 1);
    const auto address = pki::IpAddress::Parse(url.host);
    if (!address.ok() || !absl::StrContains(url.host, ':')) {
      return bad("there is no IPv6 address in the brackets");
    }
    if (!port.empty() && port.front() != ':') {
      return bad("after the ] there must be a port or nothing");
    }
  } else {
    const size_t split = std::min(authority.find(':'), authority.size());
    url.host = absl::AsciiStrToLower(authority.substr(0, split));
    port = authority.substr(split);
    if (!IsHostName(url.host)) return bad("it has no proper host");
  }
  if (port.size() <= 1) {  // Nothing, or a lone colon.
    if (port == ":") url.authority.pop_back();
    url.port = url.scheme == "https" ? 443 : 80;
    return url;
  }
  uint32_t number = 0;
  if (!absl::ascii_isdigit(static_cast<unsigned char>(port[1])) ||
      !absl::SimpleAtoi(port.substr(1), &number) || number == 0 ||
      number > 65535) {
    return bad("the port must be a number from 1 to 65535");
  }
  url.port = static_cast<uint16_t>(number);
  return url;
}

std::string HostPort(absl::string_view host, uint16_t port) {
  if (absl::StrContains(host, ':')) {
    return absl::StrCat("[", host, "]:", port);
  }
  return absl::StrCat(host, ":", port);
}

}  // namespace signet::http
