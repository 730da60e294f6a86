#include "node_agent/agent_report.h"

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/pki/certificate.h"
#include "core/testing/test_ca.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "node_agent/agent.h"
#include "node_agent/delivery.h"
#include "node_agent/event.h"
#include "node_agent/prober.h"
#include "prometheus/histogram.h"
#include "prometheus/text_serializer.h"

namespace signet::node_agent {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

AgentState Rotated(const testing::TestIdentity& identity) {
  AgentState state;
  state.phase = Phase::kWaiting;
  state.pair = identity.tls;
  state.deadline =
      identity.certificate().validity().not_after - absl::Minutes(10);
  state.issued = 3;
  state.rotations = 2;
  state.renew_errors = 4;
  state.last_error = "said \"no\"";
  state.server_healthy = true;
  return state;
}

NodeReport ReportOf(AgentState state) {
  NodeReport report;
  report.node = "n1";
  report.certificates.push_back({.name = "kubelet-client",
                                 .kind = CertificateKind::kClient,
                                 .signer_name = "example.com/client",
                                 .state = std::move(state)});
  return report;
}

TEST(StatusJsonTest, IsOneLineWithAllThatIsKnown) {
  const testing::TestCa ca;
  const testing::TestIdentity identity =
      ca.Client("system:node:n1", {"system:nodes"});
  const pki::Certificate& leaf = identity.certificate();
  const auto sha256 = leaf.Sha256();
  NodeReport report = ReportOf(Rotated(identity));
  report.probe.count = 7;
  report.probe.result = "ok";
  report.probe.serial = "0a";
  report.probe.at = absl::FromUnixSeconds(1'795'514'421);
  const std::string state = absl::StrCat(
      R"("phase":"waiting","serial":")", pki::SerialToHex(leaf.serial_number()),
      R"(","subject":"CN=system:node:n1,O=system:nodes","not_before":")",
      FormatTimestamp(leaf.validity().not_before), R"(","not_after":")",
      FormatTimestamp(leaf.validity().not_after), R"(","certificate_sha256":")",
      absl::BytesToHexString(std::string(sha256.begin(), sha256.end())),
      R"(","rotation_deadline":")",
      FormatTimestamp(leaf.validity().not_after - absl::Minutes(10)),
      R"(","next_attempt":null,"request":null,"issued":3,"rotations":2,)"
      R"("renew_errors":4,"failed_attempts":0,"last_error":"said \"no\"",)"
      R"("server_healthy":true)");
  EXPECT_EQ(StatusJson(report),
            absl::StrCat(R"({"node":"n1",)", state,
                         R"(,"probe":{"count":7,"result":"ok","serial":"0a",)"
                         R"("at":"2026-11-24T10:00:21Z"},"certificates":[)"
                         R"({"name":"kubelet-client","kind":"client",)"
                         R"("signer":"example.com/client",)",
                         state, R"(,"delivery":null}]})", "\n"));
}

TEST(StatusJsonTest, HasNullForWhatIsNotThere) {
  AgentState state;
  state.phase = Phase::kPending;
  state.request = "csr-4x2lq";
  NodeReport report = ReportOf(state);
  report.certificates[0].name = "web";
  report.certificates[0].kind = CertificateKind::kOther;
  report.certificates[0].delivery =
      DeliveryState{.delivered = 1, .failures = 2, .last_error = "no disk"};
  EXPECT_EQ(StatusJson(report),
            R"({"node":"n1","probe":{"count":0,"result":null,"serial":null,)"
            R"("at":null},"certificates":[{"name":"web","kind":"other",)"
            R"("signer":"example.com/client",)"
            R"("phase":"pending","serial":null,"subject":null,)"
            R"("not_before":null,"not_after":null,"certificate_sha256":null,)"
            R"("rotation_deadline":null,"next_attempt":null,)"
            R"("request":"csr-4x2lq","issued":0,"rotations":0,)"
            R"("renew_errors":0,"failed_attempts":0,"last_error":null,)"
            R"("server_healthy":false,"delivery":{"delivered":1,)"
            R"("failures":2,"last_error":"no disk","next_attempt":null}}]})"
            "\n");
}

std::string Text(const NodeReport& report, absl::Time now) {
  return prometheus::TextSerializer().Serialize(MetricsOf(report, now));
}
std::string Text(const AgentState& state, absl::Time now) {
  return Text(ReportOf(state), now);
}

TEST(MetricsTest, HasTheKubeletsNames) {
  const testing::TestCa ca;
  const testing::TestIdentity identity = ca.Client("system:node:n1");
  const AgentState state = Rotated(identity);
  const absl::Time end = identity.certificate().validity().not_after;
  const std::string text = Text(state, end - absl::Milliseconds(90'900));
  EXPECT_THAT(text,
              HasSubstr("# TYPE kubelet_certificate_manager_client_ttl_seconds "
                        "gauge\n"
                        "kubelet_certificate_manager_client_ttl_seconds 90\n"));
  EXPECT_THAT(
      text,
      HasSubstr("# TYPE "
                "kubelet_certificate_manager_client_expiration_renew_errors "
                "counter\n"
                "kubelet_certificate_manager_client_expiration_renew_errors "
                "4\n"));
  EXPECT_THAT(text,
              HasSubstr(absl::StrCat(
                  "signet_certificate_rotation_deadline_timestamp_seconds{"
                  "certificate=\"kubelet-client\"} ",
                  absl::ToUnixSeconds(state.deadline), "\n")));
  EXPECT_THAT(text, HasSubstr("signet_certificate_rotations_total{certificate="
                              "\"kubelet-client\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("signet_certificate_phase{certificate=\"kubelet-"
                              "client\",phase=\"waiting\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("signet_certificate_phase{certificate=\"kubelet-"
                              "client\",phase=\"pending\"} 0\n"));
  EXPECT_THAT(text, Not(HasSubstr("server_ttl_seconds")));
}

TEST(MetricsTest, A14HasTheServingCertificatesNames) {
  const testing::TestCa ca;
  const testing::TestIdentity identity = ca.Server();
  NodeReport report = ReportOf(Rotated(identity));
  report.certificates[0].kind = CertificateKind::kServing;
  report.certificates[0].name = "kubelet-server";
  prometheus::Histogram ages(RotationAgeBuckets());
  ages.Observe(3000);
  ages.Observe(90);
  report.certificates[0].rotation_ages = ages.Collect();
  const std::string text =
      Text(report, identity.certificate().validity().not_after -
                       absl::Milliseconds(90'900));
  EXPECT_THAT(text,
              HasSubstr("# TYPE kubelet_certificate_manager_server_ttl_seconds "
                        "gauge\n"
                        "kubelet_certificate_manager_server_ttl_seconds 90\n"));
  EXPECT_THAT(
      text, HasSubstr("# TYPE kubelet_server_expiration_renew_errors counter\n"
                      "kubelet_server_expiration_renew_errors 4\n"));
  for (const char* bucket :
       {"60\"} 0", "3600\"} 2", "124416000\"} 2", "+Inf\"} 2"}) {
    EXPECT_THAT(text, HasSubstr(absl::StrCat(
                          "kubelet_certificate_manager_server_rotation_"
                          "seconds_bucket{le=\"",
                          bucket, "\n")));
  }
  EXPECT_THAT(text, Not(HasSubstr("client_ttl_seconds")));
}

TEST(MetricsTest, TtlIsInfiniteWithoutAValidCertificate) {
  const testing::TestCa ca;
  const testing::TestIdentity identity = ca.Client("system:node:n1");
  const absl::Time end = identity.certificate().validity().not_after;
  const std::string none =
      "\nkubelet_certificate_manager_client_ttl_seconds +Inf\n";
  EXPECT_THAT(Text(AgentState(), end), HasSubstr(none));
  EXPECT_THAT(Text(Rotated(identity), end),
              HasSubstr("\nkubelet_certificate_manager_client_ttl_seconds "
                        "0\n"));
  EXPECT_THAT(Text(Rotated(identity), end + absl::Seconds(1)), HasSubstr(none));
}

}  // namespace
}  // namespace signet::node_agent
