#include "node_agent/node_agent_flags.h"

#include <optional>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/time/time.h"
#include "core/service/service_flags.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::node_agent {
namespace {

using ::testing::ElementsAre;
using ::testing::Eq;
using ::testing::HasSubstr;
using ::testing::Optional;

class NodeAgentFlagsTest : public ::testing::Test {
 protected:
  // The exit code, or nothing if the program is to run.
  std::optional<int> Parse(std::vector<const char*> args) {
    CLI::App app("", "signet-node-agent");
    AddNodeAgentFlags(app, flags_);
    args.insert(args.begin(), "signet-node-agent");
    ::testing::internal::CaptureStderr();
    const auto code =
        service::ParseFlags(app, static_cast<int>(args.size()), args.data());
    error_ = ::testing::internal::GetCapturedStderr();
    return code;
  }
  NodeAgentFlags flags_;
  std::string error_;
};

TEST_F(NodeAgentFlagsTest, A37bHasTheKubeletsFlags) {
  EXPECT_THAT(
      Parse({"--kubeconfig=/k", "--bootstrap-kubeconfig=/b", "--cert-dir=/c",
             "--hostname-override=n1", "--rotate-certificates=false",
             "--rotate-server-certificates",
             "--feature-gates=AllowDNSOnlyNodeCSR=true"}),
      Eq(std::nullopt));
  EXPECT_EQ(flags_.kubeconfig, "/k");
  EXPECT_EQ(flags_.bootstrap_kubeconfig, "/b");
  EXPECT_EQ(flags_.cert_dir, "/c");
  EXPECT_EQ(flags_.node_name, "n1");
  EXPECT_FALSE(flags_.rotate_certificates);
  EXPECT_TRUE(flags_.rotate_server_certificates);
  EXPECT_TRUE(flags_.allow_dns_only_node_csr);
}

TEST_F(NodeAgentFlagsTest, HasDefaults) {
  EXPECT_THAT(Parse({"--kubeconfig=/k"}), Eq(std::nullopt));
  EXPECT_EQ(flags_.bootstrap_kubeconfig, "");
  EXPECT_EQ(flags_.cert_dir, "/var/lib/kubelet/pki");
  EXPECT_EQ(flags_.node_name, "");
  EXPECT_TRUE(flags_.rotate_certificates);
  EXPECT_EQ(flags_.probe_interval, absl::Seconds(10));
  EXPECT_EQ(flags_.exit_after_rotations, 0);
  EXPECT_EQ(flags_.keep_certificates, 3);
  EXPECT_FALSE(flags_.rotate_server_certificates);
  EXPECT_FALSE(flags_.allow_dns_only_node_csr);
  EXPECT_FALSE(flags_.health_tls);
  EXPECT_TRUE(flags_.exit_on_expiry);
  EXPECT_EQ(flags_.config, "");
  EXPECT_EQ(flags_.health_address, "127.0.0.1:8083");
}

TEST_F(NodeAgentFlagsTest, ReadsTheOthers) {
  EXPECT_THAT(
      Parse({"--kubeconfig", "/k", "--rotate-certificates", "--node-name", "n2",
             "--probe-interval=1m30s", "--exit-after-rotations=2",
             "--keep-certificates=5", "--health-address=[::1]:0",
             "--tls-san=n2", "--tls-san=::1", "--health-tls", "--config=/a",
             "--exit-on-expiry=false",
             "--feature-gates=AllowDNSOnlyNodeCSR=false"}),
      Eq(std::nullopt));
  EXPECT_TRUE(flags_.rotate_certificates);
  EXPECT_EQ(flags_.node_name, "n2");
  EXPECT_EQ(flags_.probe_interval, absl::Seconds(90));
  EXPECT_EQ(flags_.exit_after_rotations, 2);
  EXPECT_EQ(flags_.keep_certificates, 5);
  EXPECT_EQ(flags_.health_address, "[::1]:0");
  EXPECT_THAT(flags_.tls_sans, ElementsAre("n2", "::1"));
  EXPECT_TRUE(flags_.health_tls);
  EXPECT_EQ(flags_.config, "/a");
  EXPECT_FALSE(flags_.exit_on_expiry);
  EXPECT_FALSE(flags_.allow_dns_only_node_csr);
}

TEST_F(NodeAgentFlagsTest, NamesFlagsThatWantAnother) {
  const struct {
    std::vector<const char*> args;
    std::string want;  // Empty: all is well.
  } kTests[] = {
      {{"--kubeconfig=/k"}, ""},
      {{"--kubeconfig=/k", "--health-tls", "--rotate-server-certificates"}, ""},
      {{"--kubeconfig=/k", "--health-tls"},
       "--health-tls needs --rotate-server-certificates"},
      {{"--kubeconfig=/k", "--tls-cert-file=/c", "--tls-private-key-file=/p"},
       ""},
      {{"--kubeconfig=/k", "--tls-cert-file=/c"},
       "--tls-cert-file and --tls-private-key-file go together"},
      {{"--kubeconfig=/k", "--tls-cert-file=/c", "--tls-private-key-file=/p",
        "--health-tls", "--rotate-server-certificates"},
       "--health-tls and --tls-cert-file exclude each other"},
      {{"--kubeconfig=/k", "--tls-san=n1"},
       "--tls-san needs --rotate-server-certificates"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.want);
    flags_ = NodeAgentFlags();
    ASSERT_THAT(Parse(t.args), Eq(std::nullopt));
    EXPECT_EQ(CheckNodeAgentFlags(flags_).message(), t.want);
  }
}

TEST_F(NodeAgentFlagsTest, NamesWhatMakesNoSense) {
  const struct {
    std::vector<const char*> args;
    std::string want;
  } kTests[] = {
      {{}, "--kubeconfig is required"},
      {{"--kubeconfig=/k", "--probe-interval=10"},
       "--probe-interval: time: missing unit in duration"},
      {{"--kubeconfig=/k", "--probe-interval=500ms"},
       "--probe-interval: 500ms is less than 1s"},
      {{"--kubeconfig=/k", "--exit-after-rotations=-1"},
       "--exit-after-rotations"},
      {{"--kubeconfig=/k", "--health-address=8083"}, "--health-address"},
      {{"--kubeconfig=/k", "--tls-san=a b"},
       "--tls-san: \"a b\" is neither an IP address nor a DNS name"},
      {{"--kubeconfig=/k", "--feature-gates=Other=true"},
       "unknown feature gate \"Other=true\""},
      {{"--kubeconfig=/k", "extra"}, "extra"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.want);
    EXPECT_THAT(Parse(t.args), Optional(service::kExitUsage));
    EXPECT_THAT(error_, HasSubstr(t.want));
  }
}

}  // namespace
}  // namespace signet::node_agent
