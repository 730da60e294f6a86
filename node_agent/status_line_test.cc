#include "node_agent/status_line.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/pki/validity.h"
#include "core/testing/test_ca.h"
#include "gtest/gtest.h"
#include "node_agent/agent_report.h"
#include "node_agent/delivery.h"
#include "node_agent/event.h"

namespace signet::node_agent {
namespace {

TEST(StatusLineTest, TellsWhatMattersInOneLine) {
  const testing::TestCa ca;
  const testing::TestIdentity identity = ca.Client("system:node:n1");
  const pki::Validity validity = identity.certificate().validity();
  NodeReport report;
  report.certificates.push_back(
      {.name = "kubelet-client", .kind = CertificateKind::kClient});
  report.certificates.push_back({.name = "web"});
  const absl::Time now = validity.not_before;
  EXPECT_EQ(StatusLine(report, now), "no client certificate");

  AgentState& client = report.certificates[0].state;
  client.pair = identity.tls;
  client.deadline = validity.not_after - absl::Minutes(5);
  const std::string good = absl::StrCat(
      "client certificate good until ", FormatTimestamp(validity.not_after),
      ", next rotation ", FormatTimestamp(client.deadline));
  EXPECT_EQ(StatusLine(report, now), good);

  report.certificates[1].delivery = DeliveryState{.last_error = "no disk"};
  EXPECT_EQ(StatusLine(report, now),
            good + "; 1 of 2 certificates fails: web: no disk");
  client.failed_attempts = 1;
  client.last_error = "denied\nREADY=0";
  EXPECT_EQ(StatusLine(report, now),
            good +
                "; 2 of 2 certificates fails: kubelet-client: denied "
                "READY=0");
  EXPECT_EQ(StatusLine(report, validity.not_after + absl::Seconds(1)),
            absl::StrCat("client certificate expired at ",
                         FormatTimestamp(validity.not_after),
                         "; 2 of 2 certificates fails: kubelet-client: denied "
                         "READY=0"));
}

}  // namespace
}  // namespace signet::node_agent
