#include "tools/apiserver/store_authorizer.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/log/check.h"
#include "absl/strings/string_view.h"
#include "core/api/rbac.pb.h"
#include "gtest/gtest.h"
#include "tools/apiserver/access.h"
#include "tools/apiserver/store.h"

namespace signet::apiserver {
namespace {

constexpr absl::string_view kRoles = "clusterroles.rbac.authorization.k8s.io";
constexpr absl::string_view kBindings =
    "clusterrolebindings.rbac.authorization.k8s.io";
constexpr absl::string_view kLocalRoles = "roles.rbac.authorization.k8s.io";
constexpr absl::string_view kLocalBindings =
    "rolebindings.rbac.authorization.k8s.io";

class StoreAuthorizerTest : public ::testing::Test {
 protected:
  StoreAuthorizerTest() : store_(nullptr), authorizer_(store_) {}

  template <class Role>
  void PutRole(absl::string_view resource, absl::string_view namespace_name,
               absl::string_view verb) {
    auto role = std::make_unique<Role>();
    role->mutable_metadata()->set_name("r");
    role->mutable_metadata()->set_namespace_(namespace_name);
    api::PolicyRule& rule = *role->add_rules();
    rule.add_verbs(std::string(verb));
    rule.add_api_groups("");
    rule.add_resources("secrets");
    const ObjectKey key = {std::string(resource), std::string(namespace_name),
                           "r"};
    const ObjectPtr current = store_.Get(key);
    CHECK_OK((current == nullptr ? store_.Create(key, std::move(role))
                                 : store_.Update(key, current, std::move(role)))
                 .status());
  }
  template <class Binding>
  void PutBinding(absl::string_view resource, absl::string_view namespace_name,
                  absl::string_view kind) {
    auto binding = std::make_unique<Binding>();
    binding->mutable_metadata()->set_name("b");
    binding->mutable_metadata()->set_namespace_(namespace_name);
    api::Subject& subject = *binding->add_subjects();
    subject.set_kind("User");
    subject.set_api_group("rbac.authorization.k8s.io");
    subject.set_name("alice");
    binding->mutable_role_ref()->set_api_group("rbac.authorization.k8s.io");
    binding->mutable_role_ref()->set_kind(kind);
    binding->mutable_role_ref()->set_name("r");
    CHECK_OK(
        store_
            .Create({std::string(resource), std::string(namespace_name), "b"},
                    std::move(binding))
            .status());
  }

  bool May(absl::string_view verb, absl::string_view namespace_name = "ns") {
    AccessRequest request;
    request.user.name = "alice";
    request.verb = std::string(verb);
    request.resource = "secrets";
    request.namespace_name = std::string(namespace_name);
    return authorizer_.Authorize(request).allowed;
  }

  Store store_;
  const StoreAuthorizer authorizer_;
};

TEST_F(StoreAuthorizerTest, AChangeOfARoleCountsAtOnce) {
  EXPECT_FALSE(May("get"));
  PutRole<api::ClusterRole>(kRoles, "", "get");
  EXPECT_FALSE(May("get"));
  PutBinding<api::ClusterRoleBinding>(kBindings, "", "ClusterRole");
  EXPECT_TRUE(May("get"));
  EXPECT_FALSE(May("delete"));
  PutRole<api::ClusterRole>(kRoles, "", "delete");
  EXPECT_FALSE(May("get"));
  EXPECT_TRUE(May("delete"));
  const ObjectKey binding = {std::string(kBindings), "", "b"};
  CHECK_OK(store_.Delete(binding, store_.Get(binding)).status());
  EXPECT_FALSE(May("delete"));
}

TEST_F(StoreAuthorizerTest, ReadsRolesOfNamespacesToo) {
  PutRole<api::Role>(kLocalRoles, "ns", "get");
  PutBinding<api::RoleBinding>(kLocalBindings, "ns", "Role");
  EXPECT_TRUE(May("get", "ns"));
  EXPECT_FALSE(May("get", "other"));
}

}  // namespace
}  // namespace signet::apiserver
