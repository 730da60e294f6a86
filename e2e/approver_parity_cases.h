#ifndef SIGNET_E2E_APPROVER_PARITY_CASES_H_
#define SIGNET_E2E_APPROVER_PARITY_CASES_H_

#include <functional>
#include <string>
#include <vector>

#include "core/api/certificates.pb.h"
#include "core/testing/csr_builder.h"
#include "e2e/requester.h"

// Requests about which the approver of kube-controller-manager and ours must
// think the same (SPEC B-1 to B-7).
namespace signet::e2e {

// What becomes of a request.
enum class ParityOutcome {
  kSelf,  // Approved as a node's renewal of its own certificate.
  kNode,  // Approved as a node's that joins.
  kLeft,  // Stays as it was.
};

struct ParityCase {
  std::string sentence;
  Requester requester;
  // Everything but name and requester.
  api::CertificateSigningRequest csr;
  ParityOutcome outcome = ParityOutcome::kLeft;
  // What somebody did to it before the approvers come: the subresource to
  // write, and the change. Empty: nothing.
  std::string subresource;
  std::function<void(api::CertificateSigningRequest&)> before;
};

// Makes the table. Runs `openssl` for requests that our own code cannot make.
std::vector<ParityCase> MakeParityCases();

// The rights that the requesters of the table have, beside those of
// deploy/rbac/nodes.yaml, as a manifest.
std::string ParityRights();

}  // namespace signet::e2e

#endif  // SIGNET_E2E_APPROVER_PARITY_CASES_H_
