#ifndef SIGNET_CORE_API_RESOURCE_H_
#define SIGNET_CORE_API_RESOURCE_H_

#include <string>

#include "absl/strings/string_view.h"
#include "core/api/authorization.pb.h"
#include "core/api/certificates.pb.h"
#include "core/api/coordination.pb.h"
#include "core/api/core.pb.h"
#include "core/api/meta.pb.h"
#include "core/api/rbac.pb.h"

namespace signet::api {

// Where a kind lives in the API. The messages themselves are the protobuf
// types of core/api/*.proto: Kubernetes' own field numbers, so that they can be
// sent as they are, and unknown fields survive reading and writing.
struct ResourceInfo {
  absl::string_view group;  // "" for the core group.
  absl::string_view version;
  absl::string_view plural;
  absl::string_view kind;
  bool namespaced;

  // "certificates.k8s.io/v1", or "v1" for the core group.
  std::string ApiVersion() const;
  // "/apis/certificates.k8s.io/v1", or "/api/v1".
  std::string GroupPath() const;
};

template <class T>
struct Resource;  // Specialised for each kind: static constexpr ResourceInfo.

#define SIGNET_API_RESOURCE(T, group, version, plural, namespaced)     \
  template <>                                                          \
  struct Resource<T> {                                                 \
    static constexpr ResourceInfo kInfo = {group, version, plural, #T, \
                                           namespaced};                \
  }

SIGNET_API_RESOURCE(CertificateSigningRequest, "certificates.k8s.io", "v1",
                    "certificatesigningrequests", false);
SIGNET_API_RESOURCE(ClusterTrustBundle, "certificates.k8s.io", "v1",
                    "clustertrustbundles", false);
SIGNET_API_RESOURCE(SubjectAccessReview, "authorization.k8s.io", "v1",
                    "subjectaccessreviews", false);
SIGNET_API_RESOURCE(SelfSubjectAccessReview, "authorization.k8s.io", "v1",
                    "selfsubjectaccessreviews", false);
SIGNET_API_RESOURCE(Lease, "coordination.k8s.io", "v1", "leases", true);
SIGNET_API_RESOURCE(Node, "", "v1", "nodes", false);
SIGNET_API_RESOURCE(Namespace, "", "v1", "namespaces", false);
SIGNET_API_RESOURCE(Secret, "", "v1", "secrets", true);
SIGNET_API_RESOURCE(ConfigMap, "", "v1", "configmaps", true);
SIGNET_API_RESOURCE(Event, "", "v1", "events", true);
SIGNET_API_RESOURCE(Role, "rbac.authorization.k8s.io", "v1", "roles", true);
SIGNET_API_RESOURCE(RoleBinding, "rbac.authorization.k8s.io", "v1",
                    "rolebindings", true);
SIGNET_API_RESOURCE(ClusterRole, "rbac.authorization.k8s.io", "v1",
                    "clusterroles", false);
SIGNET_API_RESOURCE(ClusterRoleBinding, "rbac.authorization.k8s.io", "v1",
                    "clusterrolebindings", false);

}  // namespace signet::api

#endif  // SIGNET_CORE_API_RESOURCE_H_
