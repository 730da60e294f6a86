#ifndef SIGNET_NODE_AGENT_SERVING_TEMPLATE_H_
#define SIGNET_NODE_AGENT_SERVING_TEMPLATE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "core/api/core.pb.h"
#include "core/pki/ip_address.h"
#include "core/rotation/template_match.h"

// What a node's serving certificate is to say. Pure.
namespace signet::node_agent {

// Where a server can be reached: sorted, DNS names by bytes and addresses by
// their canonical text.
struct ServingNames {
  std::vector<std::string> dns_names;
  std::vector<pki::IpAddress> ip_addresses;

  friend bool operator==(const ServingNames&, const ServingNames&) = default;
};

// The names in a Node's status.addresses (SPEC A-39): a Hostname is an IP
// address if it parses as one, else a DNS name; an InternalIP or ExternalIP
// that is no address is left out, as is what is empty or of another type;
// duplicates are told by their text. Leading zeros in the parts of an IPv4
// address are tolerated.
ServingNames NamesFromNode(const api::Node& node);

// The names that a user gives, each an IP address or a DNS name.
// kInvalidArgument naming the one that is neither.
absl::StatusOr<ServingNames> NamesFromText(absl::Span<const std::string> texts);

// The kubelet's serving certificate: CN system:node:<name>, O system:nodes and
// these names. Nullopt, nothing to ask for yet, without an IP address; with
// `allow_dns_only` (the gate AllowDNSOnlyNodeCSR) a DNS name will do.
std::optional<rotation::CertificateTemplate> ServingTemplate(
    absl::string_view node_name, const ServingNames& names,
    bool allow_dns_only);

// `wanted` for these names, too; sorted, each once.
rotation::CertificateTemplate WithNames(rotation::CertificateTemplate wanted,
                                        const ServingNames& names);

}  // namespace signet::node_agent

#endif  // SIGNET_NODE_AGENT_SERVING_TEMPLATE_H_
