#include "tools/apiserver/rbac.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "core/api/rbac.pb.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tools/apiserver/access.h"
#include "tools/apiserver/bootstrap_policy.h"
#include "tools/apiserver/user.h"

namespace signet::apiserver {
namespace {

constexpr absl::string_view kCertificates = "certificates.k8s.io";

RbacPolicy Policy(const BootstrapPolicyOptions& options = {}) {
  BootstrapPolicy policy = MakeBootstrapPolicy(options);
  RbacPolicy::Objects objects;
  for (api::ClusterRole& role : policy.roles) {
    objects.cluster_roles.push_back(
        std::make_shared<const api::ClusterRole>(std::move(role)));
  }
  for (api::ClusterRoleBinding& binding : policy.bindings) {
    objects.cluster_role_bindings.push_back(
        std::make_shared<const api::ClusterRoleBinding>(std::move(binding)));
  }
  return RbacPolicy(std::move(objects));
}

User Make(std::string name, std::vector<std::string> groups = {}) {
  User user;
  user.name = std::move(name);
  user.groups = std::move(groups);
  user.groups.emplace_back("system:authenticated");
  return user;
}

User Admin() { return Make("admin", {"system:masters"}); }
User Bootstrapper() {
  return Make("system:bootstrap:abcdef",
              {"system:bootstrappers",
               "system:bootstrappers:kubeadm:default-node-token"});
}
User NodeA() { return Make("system:node:a", {"system:nodes"}); }

struct Asked {
  std::string verb;
  std::string group;
  std::string resource;  // "nodes/status"
  std::string name = "";
  std::string namespace_name = "";
  std::string field_selector = "";
};

AccessRequest Request(const User& user, const Asked& asked) {
  AccessRequest request;
  request.user = user;
  request.verb = asked.verb;
  request.group = asked.group;
  request.version = "v1";
  const size_t slash = asked.resource.find('/');
  request.resource = asked.resource.substr(0, slash);
  if (slash != std::string::npos) {
    request.subresource = asked.resource.substr(slash + 1);
  }
  request.name = asked.name;
  request.namespace_name = asked.namespace_name;
  request.field_selector = asked.field_selector;
  return request;
}

TEST(RbacTest, BootstrapPolicyGivesEachItsShare) {
  const RbacPolicy policy = Policy();
  const std::string csrs = "certificatesigningrequests";
  const std::string group(kCertificates);
  const struct {
    std::string name;
    User user;
    Asked asked;
    bool want;
  } kTests[] = {
      {"an admin may do anything",
       Admin(),
       {"frob", "x", "y/z", "n", "ns"},
       true},
      {"a stranger nothing", Make("x"), {"get", "", "secrets"}, false},
      {"B-12: a bootstrapper creates requests",
       Bootstrapper(),
       {"create", group, csrs},
       true},
      {"B-12: and watches them", Bootstrapper(), {"watch", group, csrs}, true},
      {"B-12: but does not delete them",
       Bootstrapper(),
       {"delete", group, csrs, "c"},
       false},
      {"B-12: and not with another token's group",
       Make("system:bootstrap:abcdef", {"system:bootstrappers"}),
       {"create", group, csrs},
       false},
      {"B-11: its first request is approved of itself",
       Bootstrapper(),
       {"create", group, csrs + "/nodeclient"},
       true},
      {"B-11: not as a node's renewal",
       Bootstrapper(),
       {"create", group, csrs + "/selfnodeclient"},
       false},
      {"B-11: a node's renewal",
       NodeA(),
       {"create", group, csrs + "/selfnodeclient"},
       true},
      {"B-11: not as another node's first",
       NodeA(),
       {"create", group, csrs + "/nodeclient"},
       false},
      {"C-26: the approver writes approvals",
       Make("signet-approver"),
       {"update", group, csrs + "/approval", "c"},
       true},
      {"C-26: for its signers",
       Make("signet-approver"),
       {"approve", group, "signers", "kubernetes.io/kubelet-serving"},
       true},
      {"C-26: and no others",
       Make("signet-approver"),
       {"approve", group, "signers", "example.com/x"},
       false},
      {"C-26: it does not sign",
       Make("signet-approver"),
       {"update", group, csrs + "/status", "c"},
       false},
      {"C-26: it asks",
       Make("signet-approver"),
       {"create", "authorization.k8s.io", "subjectaccessreviews"},
       true},
      {"C-26: the signer signs",
       Make("signet-signer"),
       {"update", group, csrs + "/status", "c"},
       true},
      {"C-26: for the four",
       Make("signet-signer"),
       {"sign", group, "signers", "kubernetes.io/legacy-unknown"},
       true},
      {"C-26: it does not approve",
       Make("signet-signer"),
       {"approve", group, "signers", "kubernetes.io/kubelet-serving"},
       false},
      {"everyone asks about himself",
       Make("x"),
       {"create", "authorization.k8s.io", "selfsubjectaccessreviews"},
       true},
      {"but not about others",
       Make("x"),
       {"create", "authorization.k8s.io", "subjectaccessreviews"},
       false},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    EXPECT_EQ(policy.Authorize(Request(t.user, t.asked)).allowed, t.want);
  }
}

TEST(RbacTest, PathsAreForThoseNamed) {
  const RbacPolicy policy = Policy();
  User anonymous;
  anonymous.name = "system:anonymous";
  anonymous.groups = {"system:unauthenticated"};
  const struct {
    User user;
    std::string path;
    bool want;
  } kTests[] = {
      {anonymous, "/healthz", true},    {anonymous, "/version", true},
      {anonymous, "/apis", false},      {Make("x"), "/apis", true},
      {Make("x"), "/apis/a/v1", true},  {Make("x"), "/apisx", false},
      {Make("x"), "/openapi/v3", true}, {Make("x"), "/metrics", false},
      {Admin(), "/metrics", true},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.user.name + " " + t.path);
    AccessRequest request;
    request.user = t.user;
    request.verb = "get";
    request.is_resource = false;
    request.path = t.path;
    EXPECT_EQ(policy.Authorize(request).allowed, t.want);
  }
}

TEST(RbacTest, NoSignersMeansNone) {
  BootstrapPolicyOptions options;
  options.signer_signers = {};
  EXPECT_FALSE(MayUseSigner(Policy(options), Make("signet-signer"), "sign",
                            "example.com/x"));
}

TEST(RbacTest, ADomainCoversItsSigners) {
  BootstrapPolicyOptions options;
  options.signer_user = "s";
  options.signer_signers = {"example.com/*", "kubernetes.io/a"};
  const RbacPolicy policy = Policy(options);
  // SPEC C-24.
  EXPECT_TRUE(MayUseSigner(policy, Make("s"), "sign", "example.com/any"));
  EXPECT_TRUE(MayUseSigner(policy, Make("s"), "sign", "kubernetes.io/a"));
  EXPECT_FALSE(MayUseSigner(policy, Make("s"), "sign", "kubernetes.io/b"));
  EXPECT_FALSE(MayUseSigner(policy, Make("s"), "approve", "example.com/any"));
}

TEST(RbacTest, BindingsInANamespaceHoldThereOnly) {
  auto role = std::make_shared<api::Role>();
  role->mutable_metadata()->set_name("reader");
  role->mutable_metadata()->set_namespace_("a");
  api::PolicyRule& rule = *role->add_rules();
  rule.add_verbs("get");
  rule.add_api_groups("");
  rule.add_resources("secrets");
  rule.add_resource_names("s");
  auto binding = std::make_shared<api::RoleBinding>();
  binding->mutable_metadata()->set_name("b");
  binding->mutable_metadata()->set_namespace_("a");
  binding->mutable_role_ref()->set_kind("Role");
  binding->mutable_role_ref()->set_name("reader");
  api::Subject& subject = *binding->add_subjects();
  subject.set_kind("ServiceAccount");
  subject.set_name("sa");
  RbacPolicy::Objects objects;
  objects.roles = {role};
  objects.role_bindings = {binding};
  const RbacPolicy policy(std::move(objects));
  const User user = Make("system:serviceaccount:a:sa");

  const AccessDecision allowed =
      policy.Authorize(Request(user, {"get", "", "secrets", "s", "a"}));
  EXPECT_TRUE(allowed.allowed);
  EXPECT_EQ(allowed.reason,
            R"(RBAC: allowed by RoleBinding "b/a" of Role "reader" to )"
            R"(ServiceAccount "sa/a")");
  EXPECT_FALSE(policy.Authorize(Request(user, {"get", "", "secrets", "t", "a"}))
                   .allowed);
  EXPECT_FALSE(policy.Authorize(Request(user, {"get", "", "secrets", "s", "b"}))
                   .allowed);
  EXPECT_FALSE(policy
                   .Authorize(Request(Make("system:serviceaccount:b:sa"),
                                      {"get", "", "secrets", "s", "a"}))
                   .allowed);
}

TEST(RbacTest, SaysWhichBindingAllowed) {
  EXPECT_EQ(
      Policy()
          .Authorize(Request(NodeA(), {"create", std::string(kCertificates),
                                       "certificatesigningrequests/"
                                       "selfnodeclient"}))
          .reason,
      R"(RBAC: allowed by ClusterRoleBinding )"
      R"("kubeadm:node-autoapprove-certificate-rotation" of ClusterRole )"
      R"("system:certificates.k8s.io:certificatesigningrequests:)"
      R"(selfnodeclient" to Group "system:nodes")");
}

TEST(NodeAuthorizerTest, GivesAKubeletItsOwn) {
  const NodeAuthorizer nodes;
  const std::string csrs = "certificatesigningrequests";
  const std::string group(kCertificates);
  const std::string leases = "leases";
  const std::string coordination = "coordination.k8s.io";
  const struct {
    std::string name;
    User user;
    Asked asked;
    bool want;
    std::string want_reason;
  } kTests[] = {
      {"C-26: requests", NodeA(), {"create", group, csrs}, true, ""},
      {"C-26: not their approval",
       NodeA(),
       {"update", group, csrs + "/approval", "c"},
       false,
       ""},
      {"its node", NodeA(), {"get", "", "nodes", "a"}, true, ""},
      {"another node",
       NodeA(),
       {"get", "", "nodes", "b"},
       false,
       "node: node 'a' cannot read 'b', only its own Node object"},
      {"all nodes",
       NodeA(),
       {"list", "", "nodes"},
       false,
       "node: node 'a' cannot read all nodes, only its own Node object"},
      {"its status", NodeA(), {"patch", "", "nodes/status", "a"}, true, ""},
      {"its lease",
       NodeA(),
       {"update", coordination, leases, "a", "kube-node-lease"},
       true,
       ""},
      {"another's lease",
       NodeA(),
       {"update", coordination, leases, "b", "kube-node-lease"},
       false,
       "node: can only access node lease with the same name as the requesting "
       "node"},
      {"a lease elsewhere",
       NodeA(),
       {"get", coordination, leases, "a", "kube-system"},
       false,
       R"(node: can only access leases in the "kube-node-lease" system namespace)"},
      {"all leases",
       NodeA(),
       {"list", coordination, leases, "", "kube-node-lease"},
       false,
       "node: can only get, create, update, patch, or delete a node lease"},
      {"a secret",
       NodeA(),
       {"get", "", "secrets", "s", "kube-system"},
       false,
       "node: no relationship found between node 'a' and this object"},
      {"its pods",
       NodeA(),
       {"list", "", "pods", "", "", "spec.nodeName=a"},
       true,
       ""},
      {"another's pods",
       NodeA(),
       {"list", "", "pods", "", "", "spec.nodeName=b"},
       false,
       "node: can only list/watch pods with spec.nodeName field selector"},
      {"a node that is in no group",
       Make("system:node:a"),
       {"create", group, csrs},
       false,
       ""},
      {"the bare prefix",
       Make("system:node:", {"system:nodes"}),
       {"create", group, csrs},
       false,
       R"(node: unknown node for user "system:node:")"},
      {"a user",
       Make("x", {"system:nodes"}),
       {"create", group, csrs},
       false,
       ""},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    const AccessDecision got = nodes.Authorize(Request(t.user, t.asked));
    EXPECT_EQ(got.allowed, t.want);
    EXPECT_EQ(got.reason, t.want_reason);
  }
}

TEST(MastersAuthorizerTest, AllowsTheGroupEverything) {
  const MastersAuthorizer masters;
  EXPECT_TRUE(masters.Authorize(Request(Admin(), {"frob", "x", "y"})).allowed);
  EXPECT_FALSE(
      masters.Authorize(Request(Make("x"), {"get", "", "nodes"})).allowed);
}

TEST(UnionAuthorizerTest, AllowsWhatAnyAllowsAndElseTellsAllReasons) {
  class Fixed : public Authorizer {
   public:
    explicit Fixed(AccessDecision decision) : decision_(std::move(decision)) {}
    AccessDecision Authorize(const AccessRequest&) const override {
      return decision_;
    }

   private:
    const AccessDecision decision_;
  };
  const Fixed yes({true, "because"});
  const Fixed no({false, "no"});
  const Fixed never({false, "never"});
  const Fixed silent({false, ""});
  EXPECT_EQ(UnionAuthorizer({&no, &yes}).Authorize({}).reason, "because");
  EXPECT_TRUE(UnionAuthorizer({&no, &yes}).Authorize({}).allowed);
  EXPECT_EQ(UnionAuthorizer({&no, &silent, &never}).Authorize({}).reason,
            "no\nnever");
  EXPECT_FALSE(UnionAuthorizer({}).Authorize({}).allowed);
}

TEST(AccessTest, RefusalsSayWhoCannotDoWhat) {
  User user = Make("u");
  EXPECT_EQ(RefusalText(Request(user, {"get", "", "secrets", "s", "ns"})),
            R"(User "u" cannot get resource "secrets" in API group "" in the )"
            R"(namespace "ns")");
  EXPECT_EQ(RefusalText(Request(user, {"update", "g", "nodes/status", "n"})),
            R"(User "u" cannot update resource "nodes/status" in API group "g")"
            " at the cluster scope");
  AccessRequest request;
  request.user = user;
  request.verb = "get";
  request.is_resource = false;
  request.path = "/metrics";
  EXPECT_EQ(RefusalText(request), R"(User "u" cannot get path "/metrics")");
}

}  // namespace
}  // namespace signet::apiserver
