#ifndef SIGNET_TOOLS_APISERVER_BOOTSTRAP_POLICY_H_
#define SIGNET_TOOLS_APISERVER_BOOTSTRAP_POLICY_H_

#include <string>
#include <vector>

#include "core/api/rbac.pb.h"

namespace signet::apiserver {

struct BootstrapPolicyOptions {
  // Users that get what deploy/rbac gives signet-approver and signet-signer;
  // empty: none.
  std::string approver_user = "signet-approver";
  std::string signer_user = "signet-signer";
  // Resource names of the virtual resource `signers`: full names or
  // "example.com/*" (SPEC C-24).
  std::vector<std::string> approver_signers = {
      "kubernetes.io/kube-apiserver-client-kubelet",
      "kubernetes.io/kubelet-serving",
  };
  std::vector<std::string> signer_signers = {
      "kubernetes.io/kube-apiserver-client",
      "kubernetes.io/kube-apiserver-client-kubelet",
      "kubernetes.io/kubelet-serving",
      "kubernetes.io/legacy-unknown",
  };
};

struct BootstrapPolicy {
  std::vector<api::ClusterRole> roles;
  std::vector<api::ClusterRoleBinding> bindings;
  // Of one namespace.
  std::vector<api::Role> namespace_roles;
  std::vector<api::RoleBinding> namespace_bindings;
};

// MakeBootstrapPolicy returns the roles and bindings that a cluster made by
// kubeadm begins with, as far as certificates need them (SPEC B-11, B-12,
// C-26), and those of our services. Pure.
BootstrapPolicy MakeBootstrapPolicy(const BootstrapPolicyOptions& options);

}  // namespace signet::apiserver

#endif  // SIGNET_TOOLS_APISERVER_BOOTSTRAP_POLICY_H_
