#ifndef SIGNET_APPROVER_SERVICE_RIGHTS_H_
#define SIGNET_APPROVER_SERVICE_RIGHTS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "approver_service/decision_journal.h"
#include "core/api/authorization.pb.h"
#include "core/k8s/resource_api.h"
#include "core/policy/approver_config.h"
#include "core/service/service_flags.h"

namespace signet::approver {

// Right is something that the approver must be allowed to do.
struct Right {
  std::string verb;
  std::string group;  // "" for the core group.
  std::string resource;
  std::string subresource;
  std::string name;            // Of one object, or a signer's.
  std::string namespace_name;  // Empty: in the whole cluster.
  std::string purpose;         // "to read requests"

  // "update certificatesigningrequests.certificates.k8s.io/approval", with the
  // name in quotes and the namespace behind it if there are any.
  std::string ToString() const;
};

// What beside the configuration says which rights it takes.
struct RightsOptions {
  Explanations explanations;
  bool dry_run = false;
  service::LeaderFlags leader;
};

// The rights that it takes to work by `config`, those of deploy/rbac. Whom the
// policies of other signers are about is a pattern, so the right to approve for
// these is not among them.
std::vector<Right> NeededRights(const policy::ApproverConfig& config,
                                const RightsOptions& options);

// Those of `rights` that the API server does not grant us. Everybody may ask
// that of himself (SelfSubjectAccessReview). Errors are the server's.
absl::StatusOr<std::vector<Right>> MissingRights(
    k8s::ResourceApi<api::SelfSubjectAccessReview>& reviews,
    absl::Span<const Right> rights);

}  // namespace signet::approver

#endif  // SIGNET_APPROVER_SERVICE_RIGHTS_H_
