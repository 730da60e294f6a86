#include "core/policy/server_names.h"

#include <string>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "core/pki/ip_address.h"
#include "core/policy/decision.h"
#include "core/policy/ip_prefix.h"
#include "core/policy/request_form.h"

namespace signet::policy {
namespace {

std::string Fault(absl::string_view name, absl::string_view what) {
  return absl::StrCat("DNS name ", Quoted(name), " ", what);
}

// `name` is `domain`, or lies below it. Both in lower case.
bool IsWithin(absl::string_view name, absl::string_view domain) {
  return name == domain || (absl::EndsWith(name, domain) &&
                            name[name.size() - domain.size() - 1] == '.');
}

// Numbers all through, as in "10.0.0.1" and "10.1": what resolvers take for an
// address.
bool IsNumeric(absl::string_view name) {
  return absl::c_all_of(
      name, [](char c) { return absl::ascii_isdigit(c) || c == '.'; });
}

struct Block {
  absl::string_view prefix;
  absl::string_view what;
};
constexpr Block kBlocks[] = {
    {"0.0.0.0/8", "is unspecified"},
    {"127.0.0.0/8", "is a loopback address"},
    {"169.254.0.0/16", "is a link-local address"},
    {"224.0.0.0/4", "is a multicast address"},
    {"240.0.0.0/4", "is a reserved address"},
    {"::/128", "is unspecified"},
    {"::1/128", "is a loopback address"},
    {"::/96", "is an IPv4 address in the form of an IPv6 one"},
    {"::ffff:0:0:0/96", "is an IPv4 address in the form of an IPv6 one"},
    {"fe80::/10", "is a link-local address"},
    {"fec0::/10", "is a reserved address"},
    {"ff00::/8", "is a multicast address"},
};

struct ParsedBlock {
  IpPrefix prefix;
  absl::string_view what;
};
const std::vector<ParsedBlock>& Blocks() {
  static const auto* const blocks = [] {
    auto* const parsed = new std::vector<ParsedBlock>;
    for (const Block& block : kBlocks) {
      parsed->push_back({*IpPrefix::Parse(block.prefix), block.what});
    }
    return parsed;
  }();
  return *blocks;
}

}  // namespace

std::string DnsNameFault(absl::string_view name) {
  const std::string lower = absl::AsciiStrToLower(name);
  if (absl::StrContains(name, '*')) return Fault(name, "is a wildcard");
  if (absl::EndsWith(name, ".")) return Fault(name, "ends in a dot");
  if (lower == "localhost" || absl::StartsWith(lower, "localhost.") ||
      absl::EndsWith(lower, ".localhost")) {
    return Fault(name, "means every host itself");
  }
  if (!IsDnsSubdomain(lower)) return Fault(name, "is no host name");
  if (IsNumeric(name)) return Fault(name, "is an address, not a name");
  return "";
}

std::string AddressFault(const pki::IpAddress& address) {
  for (const ParsedBlock& block : Blocks()) {
    if (block.prefix.Contains(address)) {
      return absl::StrCat("IP address ", address.ToString(), " ", block.what);
    }
  }
  return "";
}

std::string ServiceNameFault(absl::string_view name,
                             absl::string_view cluster_domain) {
  const std::string lower = absl::AsciiStrToLower(name);
  if (lower == "kubernetes" || lower == "kubernetes.default") {
    return Fault(name, "is the API server's");
  }
  const std::vector<absl::string_view> labels = absl::StrSplit(lower, '.');
  const auto svc = absl::c_find(labels, "svc");
  if (svc != labels.end() && svc != labels.begin()) {
    if (absl::StartsWith(lower, "kubernetes.default.svc")) {
      return Fault(name, "is the API server's");
    }
    return Fault(name, "is a service's");
  }
  const std::string domain = absl::AsciiStrToLower(cluster_domain);
  if (lower == domain || IsWithin(lower, absl::StrCat("svc.", domain)) ||
      IsWithin(lower, absl::StrCat("pod.", domain))) {
    return Fault(name, "is a cluster-internal name");
  }
  return "";
}

}  // namespace signet::policy
