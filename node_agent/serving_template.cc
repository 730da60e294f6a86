#include "node_agent/serving_template.h"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "core/api/core.pb.h"
#include "core/pki/ip_address.h"
#include "core/rotation/template_match.h"

namespace signet::node_agent {
namespace {

// "010.0.0.1" is 10.0.0.1: what Go's net.ParseIP took before 1.17, and what
// Kubernetes still takes (k8s.io/utils/net ParseIPSloppy).
std::string WithoutLeadingZeros(absl::string_view text) {
  const size_t colon = text.rfind(':');
  const size_t start = colon == absl::string_view::npos ? 0 : colon + 1;
  const absl::string_view dotted = text.substr(start);
  if (!absl::StrContains(dotted, '.')) return std::string(text);
  std::vector<absl::string_view> octets = absl::StrSplit(dotted, '.');
  for (absl::string_view& octet : octets) {
    while (octet.size() > 1 && octet[0] == '0') octet.remove_prefix(1);
  }
  return absl::StrCat(text.substr(0, start), absl::StrJoin(octets, "."));
}

std::optional<pki::IpAddress> ParseIpSloppy(absl::string_view text) {
  const absl::StatusOr<pki::IpAddress> address =
      pki::IpAddress::Parse(WithoutLeadingZeros(text));
  if (!address.ok()) return std::nullopt;
  return *address;
}

// Texts of addresses, and names, each once.
struct Texts {
  std::set<std::string> dns_names;
  std::set<std::string> ip_addresses;
};

template <class T, class Less>
void Merge(std::vector<T>& into, const std::vector<T>& from, Less less) {
  into.insert(into.end(), from.begin(), from.end());
  std::sort(into.begin(), into.end(), less);
  into.erase(std::unique(into.begin(), into.end()), into.end());
}

bool LessByText(const pki::IpAddress& a, const pki::IpAddress& b) {
  return a.ToString() < b.ToString();
}

ServingNames Sorted(const Texts& texts) {
  ServingNames names;
  names.dns_names.assign(texts.dns_names.begin(), texts.dns_names.end());
  for (const std::string& text : texts.ip_addresses) {
    names.ip_addresses.push_back(*ParseIpSloppy(text));
  }
  std::sort(names.ip_addresses.begin(), names.ip_addresses.end(), LessByText);
  return names;
}

// A name that a client could ask for: labels of letters, digits, `-` and `_`;
// the first may be `*`.
bool IsDnsName(absl::string_view name) {
  if (name.empty() || name.size() > 253) return false;
  bool first = true;
  for (absl::string_view label : absl::StrSplit(name, '.')) {
    if (first && label == "*") {
      first = false;
      continue;
    }
    first = false;
    if (label.empty() || label.size() > 63 || label.front() == '-' ||
        label.back() == '-' ||
        !std::all_of(label.begin(), label.end(), [](unsigned char c) {
          return absl::ascii_isalnum(c) || c == '-' || c == '_';
        })) {
      return false;
    }
  }
  return true;
}

}  // namespace

ServingNames NamesFromNode(const api::Node& node) {
  Texts texts;
  for (const api::NodeAddress& entry : node.status().addresses()) {
    const std::string& address = entry.address();
    if (address.empty()) continue;
    const absl::string_view type = entry.type();
    if (type == "Hostname") {
      (ParseIpSloppy(address).has_value() ? texts.ip_addresses
                                          : texts.dns_names)
          .insert(address);
    } else if (type == "InternalIP" || type == "ExternalIP") {
      if (ParseIpSloppy(address).has_value()) {
        texts.ip_addresses.insert(address);
      }
    } else if (type == "InternalDNS" || type == "ExternalDNS") {
      texts.dns_names.insert(address);
    }
  }
  return Sorted(texts);
}

absl::StatusOr<ServingNames> NamesFromText(
    absl::Span<const std::string> texts) {
  Texts sorted;
  for (const std::string& text : texts) {
    if (ParseIpSloppy(text).has_value()) {
      sorted.ip_addresses.insert(text);
    } else if (IsDnsName(text)) {
      sorted.dns_names.insert(text);
    } else {
      return absl::InvalidArgumentError(absl::StrCat(
          "\"", text, "\" is neither an IP address nor a DNS ", "name"));
    }
  }
  return Sorted(sorted);
}

std::optional<rotation::CertificateTemplate> ServingTemplate(
    absl::string_view node_name, const ServingNames& names,
    bool allow_dns_only) {
  if (names.ip_addresses.empty() &&
      !(allow_dns_only && !names.dns_names.empty())) {
    return std::nullopt;
  }
  rotation::CertificateTemplate wanted;
  wanted.common_name = absl::StrCat("system:node:", node_name);
  wanted.organizations = {"system:nodes"};
  wanted.dns_names = names.dns_names;
  wanted.ip_addresses = names.ip_addresses;
  return wanted;
}

rotation::CertificateTemplate WithNames(rotation::CertificateTemplate wanted,
                                        const ServingNames& names) {
  Merge(wanted.dns_names, names.dns_names, std::less<>());
  Merge(wanted.ip_addresses, names.ip_addresses, LessByText);
  return wanted;
}

}  // namespace signet::node_agent
