#include "approver_service/node_inventory.h"

#include <string>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "core/pki/ip_address.h"
#include "core/policy/serving_approval.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::approver {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

absl::StatusOr<NodeInventory> Parse(const std::string& nodes) {
  return NodeInventory::Parse("nodes.yaml",
                              "apiVersion: signet.dev/v1alpha1\n"
                              "kind: NodeInventory\n" +
                                  nodes);
}

TEST(NodeInventoryTest, KnowsWhatIsWrittenDown) {
  const absl::StatusOr<NodeInventory> inventory = Parse(
      "nodes:\n"
      "- name: node-a\n"
      "  dnsNames: [node-a, node-a.example.com]\n"
      "  ipAddresses: [192.0.2.7, '2001:db8::7']\n"
      "- name: node-b\n");
  ASSERT_THAT(inventory.status(), IsOk());
  EXPECT_EQ(inventory->size(), 2u);
  EXPECT_TRUE(inventory->Has("node-b"));
  EXPECT_FALSE(inventory->Has("node-c"));
  const policy::Testimony a = inventory->TestimonyOf("node-a");
  EXPECT_TRUE(a.known);
  EXPECT_EQ(a.detail, "inventory nodes.yaml");
  EXPECT_THAT(a.dns_names, ElementsAre("node-a", "node-a.example.com"));
  EXPECT_THAT(a.ip_addresses,
              ElementsAre(*pki::IpAddress::Parse("192.0.2.7"),
                          *pki::IpAddress::Parse("2001:db8::7")));
  const policy::Testimony c = inventory->TestimonyOf("node-c");
  EXPECT_TRUE(c.known);
  EXPECT_EQ(c.detail, "the inventory has no node node-c");
  EXPECT_THAT(c.dns_names, IsEmpty());
}

TEST(NodeInventoryTest, NamesFileLineAndField) {
  const struct {
    const char* sentence;
    const char* nodes;
    const char* want;
  } kTests[] = {
      {"no nodes", "node: []\n", "nodes.yaml:3: "},
      {"no name", "nodes:\n- dnsNames: [a]\n", "nodes.yaml:4: "},
      {"an unknown field", "nodes:\n- name: a\n  ips: []\n",
       "nodes.yaml:5: unknown field \"ips\""},
      {"no address", "nodes:\n- name: a\n  ipAddresses: [10.0.0.300]\n",
       "10.0.0.300"},
      {"a node twice", "nodes:\n- name: a\n- name: a\n",
       "node \"a\" is there twice"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.sentence);
    EXPECT_THAT(
        Parse(t.nodes).status(),
        StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(t.want)));
  }
}

}  // namespace
}  // namespace signet::approver
