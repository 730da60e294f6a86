#ifndef SIGNET_CORE_POLICY_SERVER_NAMES_H_
#define SIGNET_CORE_POLICY_SERVER_NAMES_H_

#include <string>

#include "absl/strings/string_view.h"
#include "core/pki/ip_address.h"

// Names and addresses that no node's serving certificate may hold, whoever
// vouches for them (SPEC B-25). Pure; each says why, empty if nothing is wrong.
namespace signet::policy {

// Not a plain host name: wildcards, a dot at the end, bytes that no host name
// has, an address in the place of a name, localhost. Upper case is fine.
std::string DnsNameFault(absl::string_view name);

// Unspecified, loopback, link-local, multicast, reserved, or IPv4 written into
// IPv6 in another form than the mapped one.
std::string AddressFault(const pki::IpAddress& address);

// The API server's in-cluster names, and names of services and pods: those with
// a label "svc" after the first, and those below pod.<cluster_domain>. Without
// regard to case.
std::string ServiceNameFault(absl::string_view name,
                             absl::string_view cluster_domain);

}  // namespace signet::policy

#endif  // SIGNET_CORE_POLICY_SERVER_NAMES_H_
