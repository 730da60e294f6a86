#include "node_agent/start_up.h"

#include <memory>
#include <optional>
#include <string>

#include "absl/base/log_severity.h"
#include "absl/log/globals.h"
#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/simulated_clock.h"
#include "absl/time/time.h"
#include "core/k8s/kubeconfig.h"
#include "core/testing/fake_file_system.h"
#include "core/testing/test_ca.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::node_agent {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::IsOkAndHolds;
using ::absl_testing::StatusIs;
using ::testing::AllOf;
using ::testing::Eq;
using ::testing::HasSubstr;
using ::testing::IsNull;
using ::testing::NotNull;
using ::testing::Optional;

constexpr absl::string_view kKubeconfig = "/etc/kubernetes/kubelet.conf";
constexpr absl::string_view kBootstrap = "/etc/kubernetes/bootstrap.conf";
constexpr absl::string_view kCurrent =
    "/var/lib/kubelet/pki/kubelet-client-current.pem";

const testing::TestCa& Ca() {
  static const auto& ca = *new testing::TestCa;
  return ca;
}

// A kubeconfig whose user is `user`, lines of YAML.
std::string Kubeconfig(absl::string_view user) {
  return absl::StrCat(
      "apiVersion: v1\nkind: Config\nclusters:\n- name: c\n  cluster:\n"
      "    server: https://10.0.0.1:6443\n    certificate-authority-data: ",
      absl::Base64Escape(Ca().certificate_pem()),
      "\ncontexts:\n- name: x\n  context: {cluster: c, user: u}\n"
      "current-context: x\nusers:\n- name: u\n  user:\n",
      user);
}
std::string TokenUser() { return "    token: abcdef.0123456789abcdef\n"; }
std::string FileUser(absl::string_view path) {
  return absl::StrCat("    client-certificate: ", path,
                      "\n    client-key: ", path, "\n");
}
std::string InlineUser(const testing::TestIdentity& identity) {
  return absl::StrCat(
      "    client-certificate-data: ",
      absl::Base64Escape(identity.certificate_pem),
      "\n    client-key-data: ", absl::Base64Escape(identity.key_pem), "\n");
}

class StartUpTest : public ::testing::Test {
 protected:
  StartUpTest() : clock_(Ca().validity().not_before + absl::Hours(2)) {
    absl::SetMinLogLevel(absl::LogSeverityAtLeast::kInfinity);
    EXPECT_THAT(files_.MakeDirectories("/etc/kubernetes", 0755), IsOk());
    EXPECT_THAT(files_.MakeDirectories("/var/lib/kubelet/pki", 0755), IsOk());
    EXPECT_THAT(files_.SyncDirectory("/"), IsOk());
    EXPECT_THAT(files_.SyncDirectory("/etc"), IsOk());
  }
  void Write(absl::string_view path, absl::string_view text) {
    EXPECT_THAT(files_.Write(path, text, 0600), IsOk());
  }
  std::string Read(absl::string_view path) {
    const auto text = files_.Read(path, 1 << 20);
    EXPECT_THAT(text, IsOk());
    return text.value_or("");
  }
  absl::StatusOr<StartUp> Load(absl::string_view bootstrap) {
    return LoadStartUp({std::string(kKubeconfig), std::string(bootstrap)},
                       kCurrent, files_, clock_);
  }
  testing::TestIdentity Node(absl::Duration ends) {
    return Ca().Client(
        {.common_name = "system:node:n1",
         .organizations = {"system:nodes"},
         .dns_names = {},
         .ip_addresses = {},
         .validity = {Ca().validity().not_before, clock_.TimeNow() + ends}});
  }
  static std::string Pem(const testing::TestIdentity& identity) {
    return identity.certificate_pem + identity.key_pem;
  }

  testing::FakeFileSystem files_;
  absl::SimulatedClock clock_;
};

TEST_F(StartUpTest, A31TellsWhyAKubeconfigCannotBeUsed) {
  const testing::TestIdentity node = Node(absl::Hours(1));
  const testing::TestIdentity other = Node(absl::Hours(1));
  testing::TestIdentity mixed = node;
  mixed.key_pem = other.key_pem;
  testing::TestIdentity chain = node;
  chain.certificate_pem += Node(-absl::Seconds(1)).certificate_pem;
  const struct {
    std::string name;
    std::string user;
    std::string want;  // Empty: it can be used.
  } kTests[] = {
      {"inline certificate", InlineUser(node), ""},
      {"certificate in files", FileUser(kCurrent), ""},
      {"the last second is good", InlineUser(Node({})), ""},
      {"expired by a second", InlineUser(Node(-absl::Seconds(1))),
       "its client certificate expired at "},
      {"any of several expired", InlineUser(chain),
       "its client certificate expired at "},
      {"files that do not exist", FileUser("/none.pem"), "/none.pem"},
      {"a key that is another's", InlineUser(mixed), "key"},
      {"a token", TokenUser(), "it has no client certificate"},
      {"no YAML", "\t{", ""},
  };
  Write(kCurrent, Pem(node));
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    Write(kKubeconfig, Kubeconfig(t.user));
    const auto flaw = FindKubeconfigFlaw(kKubeconfig, files_, clock_);
    ASSERT_THAT(flaw, IsOk());
    if (t.name == "no YAML") {
      EXPECT_TRUE(flaw->has_value());
    } else if (t.want.empty()) {
      EXPECT_THAT(*flaw, Eq(std::nullopt));
    } else {
      EXPECT_THAT(*flaw, Optional(HasSubstr(t.want)));
    }
  }
}

TEST_F(StartUpTest, A31StopsAtAFileItCannotLookAt) {
  EXPECT_THAT(FindKubeconfigFlaw(kKubeconfig, files_, clock_),
              IsOkAndHolds(Optional(std::string("it does not exist"))));
  files_.FailPath(kKubeconfig, absl::PermissionDeniedError("not yours"));
  EXPECT_THAT(Load(kBootstrap), StatusIs(absl::StatusCode::kPermissionDenied,
                                         HasSubstr("/kubelet.conf")));
}

TEST_F(StartUpTest, A30aUsesTheKubeconfigIfThereIsNoBootstrap) {
  const testing::TestIdentity node = Node(absl::Hours(1));
  Write(kKubeconfig, Kubeconfig(InlineUser(node)));
  const auto start_up = Load("");
  ASSERT_THAT(start_up, IsOk());
  EXPECT_FALSE(start_up->bootstrapping);
  EXPECT_EQ(start_up->client.server, "https://10.0.0.1:6443");
  ASSERT_THAT(start_up->inline_pair, NotNull());
  EXPECT_EQ(start_up->inline_pair->chain.front().der(),
            node.certificate().der());

  Write(kKubeconfig, Kubeconfig(FileUser("/x.pem")));
  const auto with_files = Load("");
  ASSERT_THAT(with_files, IsOk());
  EXPECT_THAT(with_files->inline_pair, IsNull());
  EXPECT_EQ(with_files->client.client_certificate_file, "/x.pem");
  EXPECT_EQ(with_files->client.client_key_file, "/x.pem");
}

TEST_F(StartUpTest, A30aNamesAKubeconfigThatIsMissing) {
  EXPECT_THAT(Load(""),
              StatusIs(absl::StatusCode::kNotFound,
                       AllOf(HasSubstr("unable to load kubeconfig"),
                             HasSubstr("/etc/kubernetes/kubelet.conf"))));
}

TEST_F(StartUpTest, A30bIgnoresTheBootstrapIfTheKubeconfigIsValid) {
  const std::string text = Kubeconfig(InlineUser(Node(absl::Hours(1))));
  Write(kKubeconfig, text);
  const auto start_up = Load("/none");
  ASSERT_THAT(start_up, IsOk());
  EXPECT_FALSE(start_up->bootstrapping);
  EXPECT_THAT(start_up->inline_pair, NotNull());
  EXPECT_EQ(Read(kKubeconfig), text);
}

TEST_F(StartUpTest, A30cA36WritesTheKubeconfigAtOnce) {
  Write(kBootstrap, Kubeconfig(TokenUser()));
  const struct {
    std::string name;
    std::string before;
  } kTests[] = {
      {"nothing there", ""},
      {"broken", "{"},
      {"expired", Kubeconfig(InlineUser(Node(-absl::Seconds(1))))},
      {"the certificate isn't there yet", Kubeconfig(FileUser(kCurrent))},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    if (!t.before.empty()) Write(kKubeconfig, t.before);
    const auto start_up = Load(kBootstrap);
    ASSERT_THAT(start_up, IsOk());
    EXPECT_TRUE(start_up->bootstrapping);
    EXPECT_THAT(start_up->inline_pair, IsNull());
    EXPECT_EQ(start_up->client.client_certificate_file, kCurrent);
    EXPECT_EQ(start_up->client.client_key_file, kCurrent);
    EXPECT_EQ(start_up->client.server, "https://10.0.0.1:6443");
    EXPECT_TRUE(start_up->client.token.empty());
    EXPECT_EQ(Read(kKubeconfig),
              k8s::RenderNodeKubeconfig(
                  *k8s::LoadKubeconfig(files_, kBootstrap), kCurrent));
    EXPECT_EQ(files_.Stat(kKubeconfig)->mode, 0600);
    EXPECT_THAT(files_.Stat(absl::StrCat(kKubeconfig, ".tmp")),
                StatusIs(absl::StatusCode::kNotFound));
  }
  files_.Crash();
  EXPECT_THAT(Read(kKubeconfig), HasSubstr("default-auth"));
}

TEST_F(StartUpTest, A36MakesTheDirectoryAndWritesThroughALink) {
  Write(kBootstrap, Kubeconfig(TokenUser()));
  ASSERT_THAT(LoadStartUp({"/new/dir/k.conf", std::string(kBootstrap)},
                          kCurrent, files_, clock_),
              IsOk());
  EXPECT_EQ(files_.Stat("/new/dir")->mode, 0755);

  Write("/etc/real.conf", "");
  ASSERT_THAT(files_.Symlink("/etc/real.conf", kKubeconfig), IsOk());
  ASSERT_THAT(Load(kBootstrap), IsOk());
  EXPECT_THAT(files_.ReadLink(kKubeconfig), IsOkAndHolds("/etc/real.conf"));
  EXPECT_THAT(Read("/etc/real.conf"), HasSubstr("default-auth"));
}

TEST_F(StartUpTest, A30cNamesWhatIsWrong) {
  EXPECT_THAT(
      Load(kBootstrap),
      StatusIs(absl::StatusCode::kNotFound,
               AllOf(HasSubstr("kubeconfig \"/etc/kubernetes/kubelet.conf\" "
                               "cannot be used (it does not exist)"),
                     HasSubstr("unable to load bootstrap kubeconfig"),
                     HasSubstr("/etc/kubernetes/bootstrap.conf"))));
  Write(kBootstrap, Kubeconfig(TokenUser()));
  files_.FailPath(absl::StrCat(kKubeconfig, ".tmp"),
                  absl::ResourceExhaustedError("no space left"));
  EXPECT_THAT(Load(kBootstrap),
              StatusIs(absl::StatusCode::kResourceExhausted,
                       AllOf(HasSubstr("unable to write kubeconfig"),
                             HasSubstr("no space left"))));
}

}  // namespace
}  // namespace signet::node_agent
