#include "node_agent/kubeconfig_clients.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/simulated_clock.h"
#include "absl/time/time.h"
#include "core/api/certificates.pb.h"
#include "core/http/beast_transport.h"
#include "core/http/transport.h"
#include "core/rotation/next_step.h"
#include "core/testing/fake_file_system.h"
#include "core/testing/fake_transport.h"
#include "core/testing/test_ca.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "node_agent/current_certificate.h"

namespace signet::node_agent {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::StatusIs;
using rotation::Credentials;
using ::testing::HasSubstr;
using ::testing::IsNull;

constexpr absl::string_view kKubeconfig = "/kubelet.conf";
constexpr absl::string_view kBootstrap = "/bootstrap.conf";
constexpr absl::string_view kPair = "/pki/kubelet-client-current.pem";

class KubeconfigRequestClientsTest : public ::testing::Test {
 protected:
  KubeconfigRequestClientsTest()
      : clock_(ca_.validity().not_before + absl::Hours(1)),
        current_(std::make_shared<CurrentCertificate>(clock_)),
        node_(ca_.Client("system:node:n1", {"system:nodes"})) {
    EXPECT_THAT(files_.MakeDirectories("/pki", 0755), IsOk());
    Write(kKubeconfig, Kubeconfig("https://node", NodeUser()));
    Write(kBootstrap, Kubeconfig("https://boot", "token: abcdef.0123"));
  }

  void Write(absl::string_view path, absl::string_view text) {
    EXPECT_THAT(files_.Write(path, text, 0600), IsOk());
  }
  static std::string NodeUser() {
    return absl::StrCat("{client-certificate: ", kPair, ", client-key: ", kPair,
                        "}");
  }
  std::string Kubeconfig(absl::string_view server, absl::string_view user) {
    return absl::StrCat(
        "apiVersion: v1\nkind: Config\nclusters:\n- name: c\n  cluster:\n"
        "    server: ",
        server, "\n    certificate-authority-data: ",
        absl::Base64Escape(ca_.certificate_pem()),
        "\ncontexts:\n- name: x\n  context: {cluster: c, user: u}\n"
        "current-context: x\nusers:\n- name: u\n  user: ",
        user.starts_with('{') ? user : absl::StrCat("{", user, "}"), "\n");
  }
  KubeconfigRequestClients Clients(absl::string_view bootstrap) {
    return KubeconfigRequestClients(
        {std::string(kKubeconfig), std::string(bootstrap)}, current_, files_,
        clock_, [this](http::TransportOptions options) {
          options_.push_back(std::move(options));
          auto transport = std::make_unique<testing::FakeTransport>();
          transport_ = transport.get();
          return absl::StatusOr<std::unique_ptr<http::Transport>>(
              std::move(transport));
        });
  }
  // The Authorization header of a create.
  std::string Authorization(RequestClient& client) {
    client.requests().Create({}).IgnoreError();
    return std::string(
        transport_->calls().back().request.headers.Get("Authorization"));
  }

  testing::TestCa ca_;
  testing::FakeFileSystem files_;
  absl::SimulatedClock clock_;
  std::shared_ptr<CurrentCertificate> current_;
  testing::TestIdentity node_;
  std::vector<http::TransportOptions> options_;
  testing::FakeTransport* transport_ = nullptr;
};

TEST_F(KubeconfigRequestClientsTest,
       A32UsesTheCurrentCertificateOnceThereIsOne) {
  // The kubeconfig's own files need not exist: the agent holds the pair.
  current_->Set(node_.tls);
  auto clients = Clients(kBootstrap);
  const auto client = clients.ForAttempt(Credentials::kCurrent);
  ASSERT_THAT(client, IsOk());
  EXPECT_EQ(options_.at(0).server, "https://node");
  EXPECT_EQ(options_.at(0).identity, current_);
  EXPECT_EQ(Authorization(**client), "");
  EXPECT_EQ((*client)->credentials(),
            "the current certificate, kubeconfig \"/kubelet.conf\"");
}

TEST_F(KubeconfigRequestClientsTest, A32UsesTheBootstrapTokenBefore) {
  auto clients = Clients(kBootstrap);
  const auto client = clients.ForAttempt(Credentials::kBootstrap);
  ASSERT_THAT(client, IsOk());
  EXPECT_EQ(options_.at(0).server, "https://boot");
  EXPECT_THAT(options_.at(0).identity, IsNull());
  EXPECT_EQ(Authorization(**client), "Bearer abcdef.0123");
  EXPECT_EQ((*client)->credentials(),
            "bootstrap kubeconfig \"/bootstrap.conf\"");
}

// The server refuses a certificate that looks valid.
TEST_F(KubeconfigRequestClientsTest,
       F13FallsBackToBootstrapWhateverLooksValid) {
  current_->Set(node_.tls);
  Write(kPair, node_.certificate_pem + node_.key_pem);
  auto clients = Clients(kBootstrap);
  auto client = clients.ForAttempt(Credentials::kFallback);
  ASSERT_THAT(client, IsOk());
  EXPECT_EQ(options_.at(0).server, "https://boot");
  EXPECT_THAT(options_.at(0).identity, IsNull());
  EXPECT_EQ(Authorization(**client), "Bearer abcdef.0123");

  // Without a bootstrap kubeconfig there is nothing to fall back to.
  auto without = Clients("");
  client = without.ForAttempt(Credentials::kFallback);
  ASSERT_THAT(client, IsOk());
  EXPECT_EQ(options_.at(1).server, "https://node");
  EXPECT_EQ(options_.at(1).identity, current_);
}

TEST_F(KubeconfigRequestClientsTest, A33AsksForHealthAndTellsWhatIsWrong) {
  auto clients = Clients(kBootstrap);
  const auto client = clients.ForAttempt(Credentials::kBootstrap);
  ASSERT_THAT(client, IsOk());
  transport_->AddResponse(200, "text/plain", "ok");
  EXPECT_THAT((*client)->CheckHealth(absl::Seconds(1)), IsOk());
  EXPECT_EQ(transport_->calls().back().request.target, "/healthz");
  EXPECT_EQ(transport_->calls().back().timeout, absl::Seconds(1));
  transport_->AddResponse(500, "text/plain", "etcd failed");
  EXPECT_FALSE((*client)->CheckHealth(absl::Seconds(1)).ok());
  transport_->AddError(absl::UnavailableError("refused"));
  EXPECT_THAT((*client)->CheckHealth(absl::Seconds(1)),
              StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(KubeconfigRequestClientsTest, A32ReadsTheFilesAnewForEachAttempt) {
  auto clients = Clients(kBootstrap);
  ASSERT_THAT(clients.ForAttempt(Credentials::kBootstrap), IsOk());
  Write(kBootstrap, Kubeconfig("https://boot2", "token: another"));
  const auto client = clients.ForAttempt(Credentials::kBootstrap);
  ASSERT_THAT(client, IsOk());
  EXPECT_EQ(options_.at(1).server, "https://boot2");
  EXPECT_EQ(Authorization(**client), "Bearer another");
}

TEST_F(KubeconfigRequestClientsTest,
       A30UsesAValidKubeconfigRatherThanBootstrap) {
  Write(kPair, node_.certificate_pem + node_.key_pem);
  auto clients = Clients(kBootstrap);
  ASSERT_THAT(clients.ForAttempt(Credentials::kBootstrap), IsOk());
  EXPECT_EQ(options_.at(0).server, "https://node");
  EXPECT_EQ(options_.at(0).identity->Current()->chain.front().der(),
            node_.certificate().der());
  // It expires; the process need not be restarted.
  clock_.SetTime(node_.certificate().validity().not_after + absl::Seconds(1));
  ASSERT_THAT(clients.ForAttempt(Credentials::kBootstrap), IsOk());
  EXPECT_EQ(options_.at(1).server, "https://boot");
}

TEST_F(KubeconfigRequestClientsTest, A30UsesTheKubeconfigWithoutBootstrap) {
  Write(kKubeconfig, Kubeconfig("https://node", "token: t"));
  auto clients = Clients("");
  const auto client = clients.ForAttempt(Credentials::kBootstrap);
  ASSERT_THAT(client, IsOk());
  EXPECT_EQ(Authorization(**client), "Bearer t");
  EXPECT_EQ((*client)->credentials(), "kubeconfig \"/kubelet.conf\"");
}

TEST_F(KubeconfigRequestClientsTest, NamesAFileThatCannotBeRead) {
  ASSERT_THAT(files_.Remove(kBootstrap), IsOk());
  auto clients = Clients(kBootstrap);
  EXPECT_THAT(
      clients.ForAttempt(Credentials::kBootstrap),
      StatusIs(absl::StatusCode::kNotFound, HasSubstr("/bootstrap.conf")));
}

TEST_F(KubeconfigRequestClientsTest, CancelEndsWhatComes) {
  auto clients = Clients(kBootstrap);
  const auto client = clients.ForAttempt(Credentials::kBootstrap);
  ASSERT_THAT(client, IsOk());
  (*client)->Cancel();
  EXPECT_THAT((*client)->requests().Create({}),
              StatusIs(absl::StatusCode::kCancelled));
}

}  // namespace
}  // namespace signet::node_agent
