// With exactly the rights of deploy/rbac/approver.yaml the approver does all
// its work; without any one of its rules it says which right it lacks.

#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/api/authorization.pb.h"
#include "core/api/rbac.pb.h"
#include "core/k8s/resource_api.h"
#include "e2e/cluster_provider.h"
#include "e2e/e2e_test.h"
#include "e2e/process.h"
#include "e2e/testbed.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::e2e {
namespace {

using ::absl_testing::IsOk;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kRole[] = "signet:approver";

// All that the program can do.
constexpr char kConfig[] =
    "apiVersion: signet.dev/v1alpha1\n"
    "kind: ApproverConfiguration\n"
    "kubeletClient: {joins: {refuseReadyNode: true}}\n"
    "kubeletServing: {witnesses: [nodeStatus]}\n";

// "update certificatesigningrequests.certificates.k8s.io/approval", as the
// approver says it.
std::string RightText(const api::PolicyRule& rule, absl::string_view verb) {
  const std::pair<std::string, std::string> resource =
      absl::StrSplit(rule.resources(0), absl::MaxSplits('/', 1));
  std::string text = absl::StrCat(verb, " ", resource.first);
  if (!rule.api_groups(0).empty()) {
    absl::StrAppend(&text, ".", rule.api_groups(0));
  }
  if (!resource.second.empty()) absl::StrAppend(&text, "/", resource.second);
  return text;
}

class ApproverRightsTest : public E2eTest {
 protected:
  ApproverRightsTest() : E2eTest({.real_kubernetes = true}) {}

  void SetUp() override {
    E2eTest::SetUp();
    if (HasFatalFailure()) return;
    config_ = testbed().directory() + "/approver.yaml";
    ASSERT_THAT(WriteFile(config_, kConfig), IsOk());
    absl::StatusOr<std::unique_ptr<Connection>> approver =
        Connection::Open(cluster().ApproverKubeconfig());
    ASSERT_THAT(approver.status(), IsOk());
    approver_ = *std::move(approver);
  }

  absl::StatusOr<std::unique_ptr<Process>> Launch(const std::string& name) {
    return testbed().LaunchApprover(
        {.name = name, .flags = {"--config=" + config_}});
  }

  // Waits until the server grants, or does not grant, what `rule` allows.
  absl::Status AwaitGrant(const api::PolicyRule& rule,
                          const std::string& namespace_name, bool granted) {
    api::SelfSubjectAccessReview review;
    api::ResourceAttributes& access =
        *review.mutable_spec()->mutable_resource_attributes();
    const std::pair<std::string, std::string> resource =
        absl::StrSplit(rule.resources(0), absl::MaxSplits('/', 1));
    access.set_verb(rule.verbs(0));
    access.set_group(rule.api_groups(0));
    access.set_resource(resource.first);
    access.set_subresource(resource.second);
    access.set_namespace_(namespace_name);
    if (rule.resource_names_size() > 0) access.set_name(rule.resource_names(0));
    return Eventually(absl::Seconds(20), [&]() -> absl::Status {
      ABSL_ASSIGN_OR_RETURN(
          const api::SelfSubjectAccessReview answer,
          approver_->client().Api<api::SelfSubjectAccessReview>()->Create(
              review));
      return answer.status().allowed() == granted
                 ? absl::OkStatus()
                 : absl::UnavailableError("rights have not changed yet");
    });
  }

  // Takes away each rule of a role in turn; adds to tried_.
  template <class Role>
  void TryWithoutEachRule(const std::string& namespace_name) {
    const auto roles = testbed().admin().Api<Role>();
    const absl::StatusOr<Role> whole = roles->Get(namespace_name, kRole);
    ASSERT_THAT(whole.status(), IsOk());
    for (int i = 0; i < whole->rules_size(); ++i) {
      const api::PolicyRule& rule = whole->rules(i);
      SCOPED_TRACE(rule.ShortDebugString());
      absl::StatusOr<Role> role = roles->Get(namespace_name, kRole);
      ASSERT_THAT(role.status(), IsOk());
      role->mutable_rules()->DeleteSubrange(i, 1);
      ASSERT_THAT(roles->Update(*role), IsOk());
      ASSERT_THAT(AwaitGrant(rule, namespace_name, false), IsOk());

      absl::StatusOr<std::unique_ptr<Process>> approver =
          Launch(absl::StrCat("without-", ++tried_));
      ASSERT_THAT(approver.status(), IsOk());
      for (const std::string& verb : rule.verbs()) {
        EXPECT_THAT(
            (*approver)->WaitForLine(
                absl::StrCat("lacks the permission to ", RightText(rule, verb)),
                absl::Seconds(20)),
            IsOk());
      }
      (*approver)->Terminate();

      role = roles->Get(namespace_name, kRole);
      ASSERT_THAT(role.status(), IsOk());
      *role->mutable_rules() = whole->rules();
      ASSERT_THAT(roles->Update(*role), IsOk());
      ASSERT_THAT(AwaitGrant(rule, namespace_name, true), IsOk());
    }
  }

  std::string config_;
  std::unique_ptr<Connection> approver_;
  int tried_ = 0;
};

TEST_F(ApproverRightsTest, HasAllItNeedsAndNamesWhatItLacks) {
  {
    absl::StatusOr<std::unique_ptr<Process>> approver = Launch("with-all");
    ASSERT_THAT(approver.status(), IsOk());
    EXPECT_THAT((*approver)->WaitForLine("has all permissions it needs",
                                         absl::Seconds(20)),
                IsOk());
    EXPECT_THAT((*approver)->Log(), Not(HasSubstr("lacks the permission")));
  }
  TryWithoutEachRule<api::ClusterRole>("");
  TryWithoutEachRule<api::Role>("kube-system");
  TryWithoutEachRule<api::Role>("default");
  EXPECT_GE(tried_, 8);
  std::cout << "approver: without each of " << tried_
            << " rules of deploy/rbac/approver.yaml in turn it named every "
               "right it lacked\n";
}

}  // namespace
}  // namespace signet::e2e
