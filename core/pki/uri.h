#ifndef SIGNET_CORE_PKI_URI_H_
#define SIGNET_CORE_PKI_URI_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace signet::pki {

// NormalizeUri reads a URI as Go's url.Parse does and writes it as Go's
// URL.String does, which is what becomes of a URI that passes through
// Kubernetes' signer: the scheme in lower case, odd characters escaped, the
// rest as it came. `uri` must be ASCII. kInvalidArgument, with Go's words, for
// what url.Parse refuses, and for a host that Go's x509 takes for no domain.
absl::StatusOr<std::string> NormalizeUri(absl::string_view uri);

// IsDomainName is the domainNameValid of Go's x509: non-empty labels of
// printable ASCII; a constraint may start with a dot. The empty name is one.
bool IsDomainName(absl::string_view name, bool constraint);

}  // namespace signet::pki

#endif  // SIGNET_CORE_PKI_URI_H_
