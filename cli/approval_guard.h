#ifndef SIGNET_CLI_APPROVAL_GUARD_H_
#define SIGNET_CLI_APPROVAL_GUARD_H_

#include <string>
#include <vector>

#include "absl/types/span.h"
#include "core/api/certificates.pb.h"

// What somebody who approves requests by hand should see first. Pure.
namespace signet::cli {

// DangersOf tells, a sentence each, what a certificate for this request would
// give away that nobody approves in passing: a member of system:masters, a CA,
// a name of the API server, a key good for anything, a request that cannot be
// read. `api_server_hosts` are names and addresses by which the API server is
// reached, beside those it has in every cluster. Empty: nothing.
std::vector<std::string> DangersOf(
    const api::CertificateSigningRequest& csr,
    absl::Span<const std::string> api_server_hosts);

// PreviewOf is what is asked for, on one line: who asks, whom, for whom, for
// what.
std::string PreviewOf(const api::CertificateSigningRequest& csr);

}  // namespace signet::cli

#endif  // SIGNET_CLI_APPROVAL_GUARD_H_
