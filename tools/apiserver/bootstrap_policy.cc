#include "tools/apiserver/bootstrap_policy.h"

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/api/rbac.pb.h"

namespace signet::apiserver {
namespace {

using Words = std::initializer_list<absl::string_view>;

constexpr absl::string_view kCertificates = "certificates.k8s.io";
constexpr absl::string_view kAuthorization = "authorization.k8s.io";
constexpr absl::string_view kRbac = "rbac.authorization.k8s.io";
constexpr absl::string_view kCsrs = "certificatesigningrequests";
constexpr absl::string_view kBootstrappers =
    "system:bootstrappers:kubeadm:default-node-token";

api::PolicyRule Rule(Words verbs, Words groups, Words resources,
                     const std::vector<std::string>& names = {}) {
  api::PolicyRule rule;
  for (const absl::string_view verb : verbs) rule.add_verbs(std::string(verb));
  for (const absl::string_view group : groups) {
    rule.add_api_groups(std::string(group));
  }
  for (const absl::string_view resource : resources) {
    rule.add_resources(std::string(resource));
  }
  for (const std::string& name : names) rule.add_resource_names(name);
  return rule;
}

api::PolicyRule Paths(Words paths) {
  api::PolicyRule rule;
  rule.add_verbs("get");
  for (const absl::string_view path : paths) {
    rule.add_non_resource_urls(std::string(path));
  }
  return rule;
}

class Builder {
 public:
  void Role(absl::string_view name, std::vector<api::PolicyRule> rules) {
    api::ClusterRole& role = policy_.roles.emplace_back();
    role.mutable_metadata()->set_name(std::string(name));
    Label(*role.mutable_metadata());
    for (api::PolicyRule& rule : rules) *role.add_rules() = std::move(rule);
  }

  void Bind(absl::string_view name, absl::string_view role,
            absl::string_view kind, Words subjects) {
    api::ClusterRoleBinding& binding = policy_.bindings.emplace_back();
    binding.mutable_metadata()->set_name(std::string(name));
    Label(*binding.mutable_metadata());
    for (const absl::string_view subject_name : subjects) {
      api::Subject& subject = *binding.add_subjects();
      subject.set_kind(std::string(kind));
      subject.set_api_group(std::string(kRbac));
      subject.set_name(std::string(subject_name));
    }
    binding.mutable_role_ref()->set_api_group(std::string(kRbac));
    binding.mutable_role_ref()->set_kind("ClusterRole");
    binding.mutable_role_ref()->set_name(std::string(role));
  }

  // A role in `namespace_name`, and its binding to `user`.
  void NamespaceRole(absl::string_view namespace_name, absl::string_view name,
                     absl::string_view user,
                     std::vector<api::PolicyRule> rules) {
    api::Role& role = policy_.namespace_roles.emplace_back();
    role.mutable_metadata()->set_namespace_(std::string(namespace_name));
    role.mutable_metadata()->set_name(std::string(name));
    Label(*role.mutable_metadata());
    for (api::PolicyRule& rule : rules) *role.add_rules() = std::move(rule);

    api::RoleBinding& binding = policy_.namespace_bindings.emplace_back();
    *binding.mutable_metadata() = role.metadata();
    api::Subject& subject = *binding.add_subjects();
    subject.set_kind("User");
    subject.set_api_group(std::string(kRbac));
    subject.set_name(std::string(user));
    binding.mutable_role_ref()->set_api_group(std::string(kRbac));
    binding.mutable_role_ref()->set_kind("Role");
    binding.mutable_role_ref()->set_name(std::string(name));
  }

  BootstrapPolicy Build() && { return std::move(policy_); }

 private:
  static void Label(api::ObjectMeta& metadata) {
    (*metadata.mutable_labels())["kubernetes.io/bootstrapping"] =
        "rbac-defaults";
  }

  BootstrapPolicy policy_;
};

void AddDefaults(Builder& builder) {
  builder.Role("cluster-admin", {Rule({"*"}, {"*"}, {"*"}), [] {
                                   api::PolicyRule rule;
                                   rule.add_verbs("*");
                                   rule.add_non_resource_urls("*");
                                   return rule;
                                 }()});
  builder.Bind("cluster-admin", "cluster-admin", "Group", {"system:masters"});

  builder.Role("system:discovery",
               {Paths({"/livez", "/readyz", "/healthz", "/version", "/version/",
                       "/openapi", "/openapi/*", "/api", "/api/*", "/apis",
                       "/apis/*"})});
  builder.Bind("system:discovery", "system:discovery", "Group",
               {"system:authenticated"});

  builder.Role(
      "system:basic-user",
      {Rule({"create"}, {kAuthorization},
            {"selfsubjectaccessreviews", "selfsubjectrulesreviews"}),
       Rule({"create"}, {"authentication.k8s.io"}, {"selfsubjectreviews"})});
  builder.Bind("system:basic-user", "system:basic-user", "Group",
               {"system:authenticated"});

  builder.Role(
      "system:public-info-viewer",
      {Paths({"/livez", "/readyz", "/healthz", "/version", "/version/"})});
  builder.Bind("system:public-info-viewer", "system:public-info-viewer",
               "Group", {"system:authenticated", "system:unauthenticated"});
}

// SPEC B-11, B-12.
void AddNodes(Builder& builder) {
  builder.Role(
      "system:node-bootstrapper",
      {Rule({"create", "get", "list", "watch"}, {kCertificates}, {kCsrs})});
  const auto request_role = [](absl::string_view subresource) {
    return absl::StrCat("system:", kCertificates, ":", kCsrs, ":", subresource);
  };
  for (const absl::string_view subresource : {"nodeclient", "selfnodeclient"}) {
    builder.Role(request_role(subresource),
                 {Rule({"create"}, {kCertificates},
                       {absl::StrCat(kCsrs, "/", subresource)})});
  }
  builder.Bind("kubeadm:kubelet-bootstrap", "system:node-bootstrapper", "Group",
               {kBootstrappers});
  builder.Bind("kubeadm:node-autoapprove-bootstrap", request_role("nodeclient"),
               "Group", {kBootstrappers});
  builder.Bind("kubeadm:node-autoapprove-certificate-rotation",
               request_role("selfnodeclient"), "Group", {"system:nodes"});
  for (const absl::string_view signer :
       {"legacy-unknown", "kubelet-serving", "kube-apiserver-client",
        "kube-apiserver-client-kubelet"}) {
    builder.Role(
        absl::StrCat("system:", kCertificates, ":", signer, "-approver"),
        {Rule({"approve"}, {kCertificates}, {"signers"},
              {absl::StrCat("kubernetes.io/", signer)})});
  }
}

// What one of our services may do: read requests, write its part of them, for
// the signers named. No names, no signers: without this care the rule would
// stand for all.
std::vector<api::PolicyRule> ServiceRules(
    absl::string_view subresource, absl::string_view verb,
    const std::vector<std::string>& signers) {
  std::vector<api::PolicyRule> rules = {
      Rule({"get", "list", "watch"}, {kCertificates}, {kCsrs}),
      Rule({"update"}, {kCertificates},
           {absl::StrCat(kCsrs, "/", subresource)})};
  if (!signers.empty()) {
    rules.push_back(Rule({verb}, {kCertificates}, {"signers"}, signers));
  }
  return rules;
}

// The Lease `name` by which one of several replicas is the active one.
std::vector<api::PolicyRule> LeaseRules(const std::string& name) {
  return {Rule({"create"}, {"coordination.k8s.io"}, {"leases"}),
          Rule({"get", "update"}, {"coordination.k8s.io"}, {"leases"}, {name})};
}

// SPEC C-26; as deploy/rbac.
void AddServices(const BootstrapPolicyOptions& options, Builder& builder) {
  if (!options.approver_user.empty()) {
    std::vector<api::PolicyRule> rules =
        ServiceRules("approval", "approve", options.approver_signers);
    rules.push_back(
        Rule({"create"}, {kAuthorization}, {"subjectaccessreviews"}));
    rules.push_back(Rule({"get"}, {""}, {"nodes"}));
    builder.Role("signet:approver", std::move(rules));
    builder.Bind("signet:approver", "signet:approver", "User",
                 {options.approver_user});
    builder.NamespaceRole("kube-system", "signet:approver",
                          options.approver_user, LeaseRules("signet-approver"));
    builder.NamespaceRole("default", "signet:approver", options.approver_user,
                          {Rule({"create", "patch"}, {""}, {"events"})});
  }
  if (!options.signer_user.empty()) {
    builder.Role("signet:signer",
                 ServiceRules("status", "sign", options.signer_signers));
    builder.Bind("signet:signer", "signet:signer", "User",
                 {options.signer_user});
    builder.NamespaceRole("kube-system", "signet:signer", options.signer_user,
                          LeaseRules("signet-signer"));
  }
}

}  // namespace

BootstrapPolicy MakeBootstrapPolicy(const BootstrapPolicyOptions& options) {
  Builder builder;
  AddDefaults(builder);
  AddNodes(builder);
  AddServices(options, builder);
  return std::move(builder).Build();
}

}  // namespace signet::apiserver
