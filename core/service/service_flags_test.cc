#include "core/service/service_flags.h"

#include <optional>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::service {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::internal::CaptureStderr;
using ::testing::internal::CaptureStdout;
using ::testing::internal::GetCapturedStderr;
using ::testing::internal::GetCapturedStdout;

class ServiceFlagsTest : public ::testing::Test {
 protected:
  ServiceFlagsTest() {
    AddServiceFlags(app_, flags_);
    AddWorkersFlag(app_, flags_);
    AddLeaderFlags(app_, flags_);
  }

  std::optional<int> Parse(std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), "signet-test");
    CaptureStdout();
    CaptureStderr();
    const std::optional<int> code =
        ParseFlags(app_, static_cast<int>(arguments.size()), arguments.data());
    out_ = GetCapturedStdout();
    error_ = GetCapturedStderr();
    return code;
  }

  ServiceFlags flags_;
  CLI::App app_{"Tests.", "signet-test"};
  std::string out_;
  std::string error_;
};

TEST_F(ServiceFlagsTest, HasDefaults) {
  EXPECT_EQ(Parse({}), std::nullopt);
  EXPECT_EQ(flags_.kubeconfig, "");
  EXPECT_EQ(flags_.workers, 5);
  EXPECT_EQ(flags_.health_address, "127.0.0.1:8081");
  EXPECT_EQ(flags_.log_format, "text");
}

TEST_F(ServiceFlagsTest, ReadsFlags) {
  EXPECT_EQ(Parse({"--kubeconfig=/a/b", "--context", "c", "--workers=7",
                   "--health-address=[::1]:0", "--log-format=json"}),
            std::nullopt);
  EXPECT_EQ(flags_.kubeconfig, "/a/b");
  EXPECT_EQ(flags_.context, "c");
  EXPECT_EQ(flags_.workers, 7);
  EXPECT_EQ(flags_.health_address, "[::1]:0");
  EXPECT_EQ(flags_.log_format, "json");
}

TEST_F(ServiceFlagsTest, LeaderElectionHasKubeControllerManagersDefaults) {
  EXPECT_EQ(Parse({}), std::nullopt);
  EXPECT_TRUE(flags_.leader.elect);
  EXPECT_EQ(flags_.leader.timing.lease, absl::Seconds(15));
  EXPECT_EQ(flags_.leader.timing.renew_deadline, absl::Seconds(10));
  EXPECT_EQ(flags_.leader.timing.retry_period, absl::Seconds(2));
  EXPECT_EQ(flags_.leader.resource_name, "signet-test");
  EXPECT_EQ(flags_.leader.resource_namespace, "kube-system");
}

TEST_F(ServiceFlagsTest, ReadsTheFlagsOfLeaderElection) {
  EXPECT_EQ(Parse({"--leader-elect=false", "--leader-elect-lease-duration=1m",
                   "--leader-elect-renew-deadline=30s",
                   "--leader-elect-retry-period=500ms",
                   "--leader-elect-resource-name=a",
                   "--leader-elect-resource-namespace=b"}),
            std::nullopt);
  EXPECT_FALSE(flags_.leader.elect);
  EXPECT_EQ(flags_.leader.timing.lease, absl::Minutes(1));
  EXPECT_EQ(flags_.leader.timing.renew_deadline, absl::Seconds(30));
  EXPECT_EQ(flags_.leader.timing.retry_period, absl::Milliseconds(500));
  EXPECT_EQ(flags_.leader.resource_name, "a");
  EXPECT_EQ(flags_.leader.resource_namespace, "b");
}

TEST_F(ServiceFlagsTest, LeaderElectionIsOnOrOff) {
  EXPECT_EQ(Parse({"--leader-elect"}), std::nullopt);
  EXPECT_TRUE(flags_.leader.elect);
}

TEST_F(ServiceFlagsTest, HealthMayBeServedWithTls) {
  EXPECT_EQ(Parse({"--health-tls-cert-file=c", "--health-tls-key-file=k",
                   "--health-client-ca-file=a"}),
            std::nullopt);
  EXPECT_EQ(flags_.health_tls_cert_file, "c");
  EXPECT_EQ(flags_.health_tls_key_file, "k");
  EXPECT_EQ(flags_.health_client_ca_file, "a");
}

TEST_F(ServiceFlagsTest, HelpAndVersionGoToStdout) {
  EXPECT_EQ(Parse({"--help"}), 0);
  EXPECT_THAT(
      out_, AllOf(HasSubstr("--kubeconfig FILE"), HasSubstr("Exit codes: 0")));
  EXPECT_EQ(error_, "");
  EXPECT_EQ(Parse({"--version"}), 0);
  EXPECT_THAT(out_, HasSubstr("signet-test 0."));
}

TEST_F(ServiceFlagsTest, AMistakeIsNamedOnStderr) {
  const struct {
    std::vector<const char*> arguments;
    std::string want;
  } kTests[] = {
      {{"--workers=0"}, "--workers"},
      {{"--workers=many"}, "--workers"},
      {{"--health-address=8081"},
       "--health-address: \"8081\" is not an address"},
      {{"--log-format=xml"}, "--log-format"},
      {{"--context=c"}, "--context requires --kubeconfig"},
      {{"--health-tls-cert-file=c"},
       "--health-tls-cert-file requires --health-tls-key-file"},
      {{"--health-client-ca-file=c"},
       "--health-client-ca-file requires --health-tls-cert-file"},
      {{"--leader-elect-retry-period=soon"},
       "--leader-elect-retry-period: time: invalid duration \"soon\""},
      {{"--leader-elect-lease-duration=10s"},
       "--leader-elect-*: the lease duration, in whole seconds (10s), must be "
       "above the renew deadline (10s)"},
      {{"--nonsense"}, "--nonsense"},
      {{"argument"}, "argument"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.arguments[0]);
    EXPECT_EQ(Parse(t.arguments), 2);
    EXPECT_EQ(out_, "");
    EXPECT_THAT(error_, AllOf(HasSubstr("signet-test: "), HasSubstr(t.want),
                              HasSubstr("See signet-test --help.")));
  }
}

}  // namespace
}  // namespace signet::service
