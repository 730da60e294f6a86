#include "core/policy/testimony.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "core/api/core.pb.h"
#include "core/pki/certificate.h"
#include "core/pki/ip_address.h"
#include "core/policy/serving_policy.h"
#include "core/testing/test_ca.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::policy {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::TestCa;

pki::IpAddress Ip(absl::string_view text) {
  return *pki::IpAddress::Parse(text);
}

TEST(TestimonyOfNodeTest, B14B23TakesAddressesByTheirType) {
  api::Node node;
  node.mutable_metadata()->set_name("node-a");
  node.mutable_metadata()->set_resource_version("17");
  const auto add = [&node](const char* type, const char* address) {
    api::NodeAddress& added = *node.mutable_status()->add_addresses();
    added.set_type(type);
    added.set_address(address);
  };
  add("Hostname", "node-a");
  add("Hostname", "10.0.0.9");  // What a kubelet named by its address says.
  add("InternalIP", "10.0.0.1");
  add("ExternalIP", "2001:db8::1");
  add("InternalDNS", "node-a.internal");
  add("ExternalDNS", "node-a.example.com");
  add("InternalIP", "not an address");
  add("Nonsense", "other");
  const Testimony got = TestimonyOfNode(node);
  EXPECT_TRUE(got.known);
  EXPECT_EQ(got.detail, "Node node-a, resourceVersion 17");
  EXPECT_THAT(got.dns_names,
              ElementsAre("node-a", "node-a.internal", "node-a.example.com"));
  EXPECT_THAT(got.ip_addresses,
              ElementsAre(Ip("10.0.0.9"), Ip("10.0.0.1"), Ip("2001:db8::1")));
}

TEST(TestimonyOfServedCertificateTest, B16BacksOnlyANodesOwnNames) {
  const TestCa ca;
  const auto served = [&ca](const char* common_name, const char* organization) {
    return ca
        .Server({.common_name = common_name,
                 .organizations = {organization},
                 .dns_names = {"node-a"},
                 .ip_addresses = {"10.0.0.1"}})
        .certificate();
  };
  const pki::Certificate good = served("system:node:node-a", "system:nodes");
  const absl::Time now = good.validity().not_before + absl::Minutes(10);

  const Testimony got =
      TestimonyOfServedCertificate(good, absl::OkStatus(), "node-a", now);
  EXPECT_TRUE(got.known);
  EXPECT_THAT(got.dns_names, ElementsAre("node-a"));
  EXPECT_THAT(got.ip_addresses, ElementsAre(Ip("10.0.0.1")));

  const struct {
    std::string name;
    pki::Certificate certificate;
    absl::Status chain;
    absl::Time now;
    std::string want_detail;
  } kTests[] = {
      {"B-16: a self-signed one, as before the first approval", good,
       absl::UnauthenticatedError("unknown issuer"), now,
       "the certificate served is not trusted: unknown issuer"},
      {"B-16: expired", good, absl::OkStatus(),
       good.validity().not_after + absl::Seconds(1),
       "the certificate served is not valid now"},
      {"B-16: another node's", served("system:node:node-b", "system:nodes"),
       absl::OkStatus(), now,
       "the certificate served is of \"CN=system:node:node-b,O=system:nodes\""},
      {"B-16: outside of the group", served("system:node:node-a", "nodes"),
       absl::OkStatus(), now,
       "the certificate served is of \"CN=system:node:node-a,O=nodes\""},
      {"B-22: a client's",
       ca.Client("system:node:node-a", {"system:nodes"}).certificate(),
       absl::OkStatus(), now,
       "the certificate served is not for server authentication"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    const Testimony bad =
        TestimonyOfServedCertificate(t.certificate, t.chain, "node-a", t.now);
    EXPECT_TRUE(bad.known);
    EXPECT_THAT(bad.dns_names, IsEmpty());
    EXPECT_THAT(bad.ip_addresses, IsEmpty());
    EXPECT_EQ(bad.detail, t.want_detail);
  }
}

TEST(IsReadyTest, B19ReadsTheConditionReady) {
  api::Node node;
  EXPECT_FALSE(IsReady(node));
  api::NodeCondition& condition = *node.mutable_status()->add_conditions();
  condition.set_type("Ready");
  condition.set_status("Unknown");
  EXPECT_FALSE(IsReady(node));
  condition.set_status("True");
  EXPECT_TRUE(IsReady(node));
  condition.set_type("DiskPressure");
  EXPECT_FALSE(IsReady(node));
}

}  // namespace
}  // namespace signet::policy
