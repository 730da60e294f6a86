#ifndef SIGNET_CLI_EXPLAIN_H_
#define SIGNET_CLI_EXPLAIN_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "cli/context.h"
#include "cli/csr_workflow.h"
#include "core/api/authorization.pb.h"
#include "core/api/certificates.pb.h"
#include "core/api/coordination.pb.h"
#include "core/k8s/resource_api.h"

// Why a request is where it is (SPEC F-1).
namespace signet::cli {

// What was found out beside the request itself.
struct ExplainFacts {
  // Whether the requester may have a client certificate approved for it alone
  // (selfnodeclient) and for another node (nodeclient). Unset: one could not
  // ask, for the reason in `review_error`.
  std::optional<bool> may_self_node_client, may_node_client;
  std::string review_error;
  // When the Leases of who could act were last renewed; unset: there is none.
  // `leases_error` if they could not be read.
  std::optional<absl::Time> controller_manager_seen;
  std::optional<absl::Time> approver_seen, signer_seen;
  std::string leases_error;
};

// ExplainCsr says it, a line each: first the cause, then what to do, then what
// comes next. Pure. Kubernetes' own rules (SPEC B, C) are what it goes by.
std::vector<std::string> ExplainCsr(const api::CertificateSigningRequest& csr,
                                    const ExplainFacts& facts, absl::Time now);

struct ExplainApis {
  CsrApi& csrs;
  k8s::ResourceApi<api::SubjectAccessReview>& reviews;
  k8s::ResourceApi<api::Lease>& leases;
};
// Finds out, and prints the lines. A request that is not there is kNotFound,
// with the reasons why it may be gone.
absl::Status CsrExplain(const Context& context, const ExplainApis& apis,
                        const std::string& name);

}  // namespace signet::cli

#endif  // SIGNET_CLI_EXPLAIN_H_
