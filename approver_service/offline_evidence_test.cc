#include "approver_service/offline_evidence.h"

#include <string>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "core/api/certificates.pb.h"
#include "core/pki/ip_address.h"
#include "core/policy/approver_config.h"
#include "core/policy/approver_decision.h"
#include "core/testing/csr_builder.h"
#include "core/testing/fake_file_system.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::approver {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::StatusIs;
using ::testing::ElementsAre;

constexpr char kEvidence[] = R"(
apiVersion: signet.dev/v1alpha1
kind: ApproverEvidence
access: {selfnodeclient: true, nodeclient: false}
nodeIsReady: true
nodeStatus: {dnsNames: [node-a], ipAddresses: [10.0.0.1]}
servedCertificate: {unknown: true}
dns:
  forward: [{name: Node-A, ipAddresses: [10.0.0.1]}]
  reverse: [{address: "::ffff:10.0.0.1", dnsNames: [node-a]}]
otherHoldersOfKey: [x]
approvalsInLastHour: 2
pendingJoins: 3
)";

TEST(ParseEvidenceTest, B23ReadsWhatWitnessesSaid) {
  const absl::StatusOr<policy::ApproverEvidence> got =
      ParseEvidence("e.yaml", kEvidence);
  ASSERT_THAT(got, IsOk());
  EXPECT_TRUE(got->access.at("selfnodeclient"));
  EXPECT_FALSE(got->access.at("nodeclient"));
  EXPECT_EQ(got->client.node_is_ready, true);
  EXPECT_EQ(got->client.in_inventory, std::nullopt);
  EXPECT_EQ(got->client.pending_joins, 3);
  EXPECT_EQ(got->client.approvals_in_last_hour, 2);
  EXPECT_THAT(*got->client.other_holders_of_key, ElementsAre("x"));
  EXPECT_TRUE(got->serving.node_status.known);
  EXPECT_EQ(got->serving.node_status.detail, "e.yaml");
  EXPECT_FALSE(got->serving.served_certificate.known);
  EXPECT_FALSE(got->serving.inventory.known);
  EXPECT_TRUE(got->serving.forward.at("node-a").known);
  EXPECT_TRUE(
      got->serving.reverse.at(*pki::IpAddress::Parse("10.0.0.1")).known);
}

TEST(ParseEvidenceTest, NamesTheLineOfWhatIsWrong) {
  EXPECT_THAT(ParseEvidence("e.yaml",
                            "apiVersion: signet.dev/v1alpha1\n"
                            "kind: ApproverEvidence\n"
                            "nodeStatus:\n"
                            "  ipAddresses: [one]\n"),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "e.yaml:4: nodeStatus.ipAddresses: \"one\" is no IP "
                       "address"));
}

TEST(OfflineEvidenceTest, B16B19TakesNodesAndInventoryByTheRequestsNode) {
  testing::FakeFileSystem files;
  ASSERT_THAT(files.Write("/nodes.json",
                          R"({"kind":"List","apiVersion":"v1","items":[
      {"kind":"Node","apiVersion":"v1","metadata":{"name":"node-a"},
       "status":{"addresses":[{"type":"Hostname","address":"node-a"}],
                 "conditions":[{"type":"Ready","status":"True"}]}}]})",
                          0600),
              IsOk());
  ASSERT_THAT(files.Write("/inventory.yaml",
                          "apiVersion: signet.dev/v1alpha1\n"
                          "kind: NodeInventory\n"
                          "nodes:\n"
                          "- name: node-a\n"
                          "  dnsNames: [node-a.example.com]\n",
                          0600),
              IsOk());
  policy::ApproverConfig config;
  config.client.require_inventory = true;
  config.witnesses.inventory_file = "/inventory.yaml";
  const absl::StatusOr<OfflineEvidence> evidence =
      OfflineEvidence::Read({.nodes = "/nodes.json"}, config, files);
  ASSERT_THAT(evidence, IsOk());

  const policy::ApproverEvidence known = evidence->For(testing::MakeCsr());
  EXPECT_THAT(known.serving.node_status.dns_names, ElementsAre("node-a"));
  EXPECT_EQ(known.client.node_is_ready, true);
  EXPECT_THAT(known.serving.inventory.dns_names,
              ElementsAre("node-a.example.com"));
  EXPECT_EQ(known.client.in_inventory, true);
  EXPECT_FALSE(known.serving.served_certificate.known);

  testing::CsrFields other;
  other.subject.common_name = "system:node:node-b";
  const policy::ApproverEvidence unknown =
      evidence->For(testing::MakeCsr(other));
  EXPECT_TRUE(unknown.serving.node_status.known);
  EXPECT_EQ(unknown.serving.node_status.detail, "no Node node-b");
  EXPECT_EQ(unknown.client.node_is_ready, false);
  EXPECT_EQ(unknown.client.in_inventory, false);
}

}  // namespace
}  // namespace signet::approver
