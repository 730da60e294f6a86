#ifndef SIGNET_CORE_PKI_SUBJECT_ALT_NAME_H_
#define SIGNET_CORE_PKI_SUBJECT_ALT_NAME_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/pki/ip_address.h"

namespace signet::pki {

// SubjectAltNames are the general names Go keeps (RFC 5280, 4.2.1.6); others
// (otherName, directoryName, registeredID) are dropped in parsing.
struct SubjectAltNames {
  std::vector<std::string> dns_names;
  std::vector<std::string> email_addresses;
  std::vector<IpAddress> ip_addresses;
  std::vector<std::string> uris;

  bool empty() const {
    return dns_names.empty() && email_addresses.empty() &&
           ip_addresses.empty() && uris.empty();
  }
  // Parses the extension's value (a GeneralNames). kInvalidArgument for what Go
  // refuses: non-IA5 strings, IPs of another length than 4 or 16 (SPEC D-5),
  // URIs that do not parse. URIs come out as Go's URL.String writes them.
  static absl::StatusOr<SubjectAltNames> Parse(absl::string_view der);
  // Encodes the value, grouped DNS, email, IP, URI (SPEC C-15).
  // kInvalidArgument for non-ASCII names.
  absl::StatusOr<std::string> Encode() const;
};

}  // namespace signet::pki

#endif  // SIGNET_CORE_PKI_SUBJECT_ALT_NAME_H_
