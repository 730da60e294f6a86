#include "node_agent/keeper_options.h"

#include <optional>
#include <string>

#include "absl/base/log_severity.h"
#include "absl/log/globals.h"
#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/time/simulated_clock.h"
#include "absl/time/time.h"
#include "core/api/core.pb.h"
#include "core/k8s/kubeconfig.h"
#include "core/pki/private_key.h"
#include "core/rotation/request_key.h"
#include "core/rotation/template_match.h"
#include "core/testing/fake_file_system.h"
#include "core/testing/fake_resource_api.h"
#include "core/testing/fake_rng.h"
#include "core/testing/test_ca.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "node_agent/agent_config.h"
#include "node_agent/agent_report.h"
#include "node_agent/certificate_keeper.h"
#include "node_agent/current_certificate.h"
#include "node_agent/node_agent_flags.h"
#include "node_agent/node_names.h"

namespace signet::node_agent {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::IsOkAndHolds;
using ::absl_testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::Eq;

class KeeperOptionsTest : public ::testing::Test {
 protected:
  KeeperOptionsTest()
      : clock_(ca_.validity().not_before + absl::Hours(1)),
        client_(clock_),
        nodes_(clock_),
        names_(nodes_, client_, "n1", clock_, rng_) {
    absl::SetMinLogLevel(absl::LogSeverityAtLeast::kInfinity);
    flags_.node_name = "n1";
    flags_.cert_dir = "/pki";
    flags_.keep_certificates = 5;
  }
  void Join() { client_.Set(ca_.Client("system:node:n1").tls); }

  testing::TestCa ca_;
  absl::SimulatedClock clock_;
  testing::SeededRng rng_{1};
  CurrentCertificate client_;
  testing::FakeResourceApi<api::Node> nodes_;
  NodeNames names_;
  NodeAgentFlags flags_;
};

TEST_F(KeeperOptionsTest, A30AsksForTheNodesClientCertificate) {
  StartUp start_up;
  start_up.client.client_certificate_file = "/c";
  start_up.client.client_key_file = "/k";
  flags_.exit_on_expiry = false;
  const KeeperOptions options = ClientKeeper(flags_, start_up);
  EXPECT_EQ(options.kind, CertificateKind::kClient);
  EXPECT_EQ(options.agent.signer_name,
            "kubernetes.io/kube-apiserver-client-kubelet");
  EXPECT_EQ(options.agent.wanted()->common_name, "system:node:n1");
  EXPECT_FALSE(options.agent.exit_rule);
  EXPECT_EQ(options.store.directory, "/pki");
  EXPECT_EQ(options.store.prefix, "kubelet-client");
  EXPECT_EQ(options.store.certificate_file, "/c");
  EXPECT_EQ(options.store.key_file, "/k");
  EXPECT_EQ(options.store.keep, 5);
}

TEST_F(KeeperOptionsTest, A38AsksForTheServingCertificateAsTheNode) {
  flags_.tls_sans = {"n1.example", "192.0.2.2"};
  const KeeperOptions options = ServingKeeper(flags_, client_, names_);
  EXPECT_EQ(options.kind, CertificateKind::kServing);
  EXPECT_EQ(options.agent.signer_name, "kubernetes.io/kubelet-serving");
  EXPECT_EQ(options.agent.purpose, rotation::Purpose::kServing);
  EXPECT_TRUE(options.agent.dynamic);
  EXPECT_EQ(options.store.prefix, "kubelet-server");
  // Not before there is somebody to ask.
  EXPECT_EQ(options.agent.wanted(), std::nullopt);
  Join();
  const auto wanted = options.agent.wanted();
  ASSERT_TRUE(wanted.has_value());
  EXPECT_EQ(wanted->common_name, "system:node:n1");
  EXPECT_THAT(wanted->dns_names, ElementsAre("n1.example"));
  ASSERT_EQ(wanted->ip_addresses.size(), 1);
}

TEST_F(KeeperOptionsTest, A40WaitsForTheNodesAddresses) {
  Join();
  const KeeperOptions options = ServingKeeper(flags_, client_, names_);
  EXPECT_EQ(options.agent.wanted(), std::nullopt);
}

TEST_F(KeeperOptionsTest, A40TakesDnsNamesAloneIfAllowed) {
  Join();
  flags_.tls_sans = {"n1.example"};
  EXPECT_EQ(ServingKeeper(flags_, client_, names_).agent.wanted(),
            std::nullopt);
  flags_.allow_dns_only_node_csr = true;
  EXPECT_TRUE(
      ServingKeeper(flags_, client_, names_).agent.wanted().has_value());
}

TEST_F(KeeperOptionsTest, AsksForWhatTheConfigurationSays) {
  CertificateConfig config;
  config.name = "web";
  config.signer_name = "example.com/web";
  config.common_name = "w";
  config.organizations = {"o"};
  config.usages = {"server auth"};
  config.key_algorithm = pki::KeyAlgorithm::kRsa2048;
  config.lifetime = absl::Hours(1);
  config.files.key = "/k";
  const KeeperOptions options = FurtherKeeper(flags_, config, client_, names_);
  EXPECT_EQ(options.kind, CertificateKind::kOther);
  EXPECT_EQ(options.agent.signer_name, "example.com/web");
  EXPECT_THAT(options.agent.usages, ElementsAre("server auth"));
  EXPECT_EQ(options.agent.key_algorithm, pki::KeyAlgorithm::kRsa2048);
  EXPECT_THAT(options.agent.lifetime, Eq(absl::Hours(1)));
  EXPECT_EQ(options.store.directory, "/pki");
  EXPECT_EQ(options.store.prefix, "web");
  EXPECT_EQ(options.files->key, "/k");
  EXPECT_EQ(options.agent.wanted(), std::nullopt);
  Join();
  ASSERT_TRUE(options.agent.wanted().has_value());
  EXPECT_EQ(options.agent.wanted()->common_name, "w");
  EXPECT_THAT(options.agent.wanted()->organizations, ElementsAre("o"));

  config.directory = "/web";
  config.node_addresses = true;  // Which nobody has told yet.
  const KeeperOptions with_node =
      FurtherKeeper(flags_, config, client_, names_);
  EXPECT_EQ(with_node.store.directory, "/web");
  EXPECT_EQ(with_node.agent.wanted(), std::nullopt);
}

TEST_F(KeeperOptionsTest, A47ReadsTheCertificateAuthorityAnewEachTime) {
  testing::FakeFileSystem files;
  k8s::ClientConfig client;
  EXPECT_THAT(CaOf(client, files)(),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  client.certificate_authority_file = "/ca";
  const Delivery::CaSource ca = CaOf(client, files);
  EXPECT_THAT(ca(), StatusIs(absl::StatusCode::kNotFound));
  ASSERT_THAT(files.Write("/ca", "one", 0644), IsOk());
  EXPECT_THAT(ca(), IsOkAndHolds("one"));
  ASSERT_THAT(files.Write("/ca", "two", 0644), IsOk());
  EXPECT_THAT(ca(), IsOkAndHolds("two"));
  client.certificate_authority_data = "inline";
  EXPECT_THAT(CaOf(client, files)(), IsOkAndHolds("inline"));
}

}  // namespace
}  // namespace signet::node_agent
