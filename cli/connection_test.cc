#include "cli/connection.h"

#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/k8s/kubeconfig.h"
#include "core/testing/fake_file_system.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::cli {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::StatusIs;
using ::testing::HasSubstr;

std::string Kubeconfig(absl::string_view server) {
  return absl::StrCat(
      "apiVersion: v1\nkind: Config\ncurrent-context: c\n"
      "clusters: [{name: k, cluster: {server: 'https://",
      server,
      "'}}]\n"
      "users: [{name: u, user: {token: t}}]\n"
      "contexts: [{name: c, context: {cluster: k, user: u}},"
      " {name: d, context: {cluster: k, user: u}}]\n");
}

class FindClientConfigTest : public ::testing::Test {
 protected:
  FindClientConfigTest() {
    for (const char* name : {"flag", "one", "two"}) Put(name, name);
    EXPECT_THAT(files_.MakeDirectories("/home/.kube", 0755), IsOk());
  }
  void Put(absl::string_view path, absl::string_view server) {
    EXPECT_THAT(files_.Write(absl::StrCat("/", path), Kubeconfig(server), 0600),
                IsOk());
  }
  absl::StatusOr<k8s::ClientConfig> Find(
      const ConnectionFlags& flags,
      const std::map<std::string, std::string>& variables) {
    return FindClientConfig(flags, files_, [&](absl::string_view name) {
      const auto it = variables.find(std::string(name));
      return it == variables.end() ? std::string() : it->second;
    });
  }

  testing::FakeFileSystem files_;
};

TEST_F(FindClientConfigTest, LooksInTheOrderOfKubectl) {
  Put("home/.kube/config", "home");
  const struct {
    std::string name;
    ConnectionFlags flags;
    std::map<std::string, std::string> variables;
    std::string want;
  } kTests[] = {
      {"the flag wins",
       {"/flag", ""},
       {{"KUBECONFIG", "/one"}, {"HOME", "/home"}},
       "https://flag"},
      {"then the variable",
       {},
       {{"KUBECONFIG", "/one"}, {"HOME", "/home"}},
       "https://one"},
      {"in a list, the one that exists",
       {},
       {{"KUBECONFIG", "/missing::/two"}},
       "https://two"},
      {"then the home folder", {}, {{"HOME", "/home"}}, "https://home"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    const absl::StatusOr<k8s::ClientConfig> config = Find(t.flags, t.variables);
    ASSERT_THAT(config, IsOk());
    EXPECT_EQ(config->server, t.want);
  }
}

TEST_F(FindClientConfigTest, TakesTheContextThatIsAskedFor) {
  const absl::StatusOr<k8s::ClientConfig> config = Find({"/flag", "d"}, {});
  ASSERT_THAT(config, IsOk());
  EXPECT_EQ(config->context, "d");
}

TEST_F(FindClientConfigTest, SaysWhatToDoWhenThereIsNone) {
  EXPECT_THAT(Find({}, {{"KUBECONFIG", "/one:/two"}}),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("choose one with --kubeconfig")));
  EXPECT_THAT(Find({"/missing", ""}, {}),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("/missing")));
  EXPECT_THAT(Find({}, {{"KUBECONFIG", "/missing"}}),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("/missing")));
  const absl::StatusOr<k8s::ClientConfig> none = Find({}, {{"HOME", "/home"}});
  EXPECT_FALSE(none.ok());
  EXPECT_THAT(none.status().message(), HasSubstr("--kubeconfig"));
}

}  // namespace
}  // namespace signet::cli
