#ifndef SIGNET_TOOLS_APISERVER_RBAC_H_
#define SIGNET_TOOLS_APISERVER_RBAC_H_

#include <memory>
#include <vector>

#include "core/api/rbac.pb.h"
#include "tools/apiserver/access.h"

namespace signet::apiserver {

// RuleAllows tells whether one rule covers a request.
bool RuleAllows(const api::PolicyRule& rule, const AccessRequest& request);

// RbacPolicy is a set of roles and bindings, judged as Kubernetes' RBAC does:
// what no binding grants is refused. Immutable, thread-safe. The reason of a
// grant is `RBAC: allowed by ClusterRoleBinding "b" of ClusterRole "r" to Group
// "g"`. Aggregated roles hold the rules written in them, no others.
class RbacPolicy : public Authorizer {
 public:
  struct Objects {
    std::vector<std::shared_ptr<const api::ClusterRole>> cluster_roles;
    std::vector<std::shared_ptr<const api::ClusterRoleBinding>>
        cluster_role_bindings;
    std::vector<std::shared_ptr<const api::Role>> roles;
    std::vector<std::shared_ptr<const api::RoleBinding>> role_bindings;
  };
  explicit RbacPolicy(Objects objects) : objects_(std::move(objects)) {}
  AccessDecision Authorize(const AccessRequest& request) const override;

 private:
  const Objects objects_;
};

// NodeAuthorizer gives nodes (users system:node:<name> of the group
// system:nodes) what a kubelet needs: its own Node and lease, requests for
// certificates, events, and to read what is for everyone. There are no pods
// here, so that a node has no Secret or ConfigMap to read. Stateless.
class NodeAuthorizer : public Authorizer {
 public:
  AccessDecision Authorize(const AccessRequest& request) const override;

 private:
  static AccessDecision JudgeByNode(const AccessRequest& request);
};

// MastersAuthorizer allows the group system:masters everything, whatever the
// roles say. Stateless.
class MastersAuthorizer : public Authorizer {
 public:
  AccessDecision Authorize(const AccessRequest& request) const override;
};

}  // namespace signet::apiserver

#endif  // SIGNET_TOOLS_APISERVER_RBAC_H_
