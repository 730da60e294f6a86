#include "approver_service/witness_bench.h"

#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/notification.h"
#include "absl/time/simulated_clock.h"
#include "absl/time/time.h"
#include "approver_service/fake_witnesses.h"
#include "approver_service/node_inventory.h"
#include "approver_service/settings.h"
#include "approver_service/task_pool.h"
#include "core/api/core.pb.h"
#include "core/pki/ip_address.h"
#include "core/policy/serving_approval.h"
#include "core/policy/serving_policy.h"
#include "core/testing/fake_resource_api.h"
#include "core/testing/test_ca.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::approver {
namespace {

using policy::ServingEvidence;
using policy::Witness;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Verb;

pki::IpAddress Ip(absl::string_view text) {
  return *pki::IpAddress::Parse(text);
}

class WitnessBenchTest : public ::testing::Test {
 protected:
  WitnessBenchTest() {
    plan_.node_name = "node-a";
    plan_.dns_names = {"node-a", "node-a.example.com"};
    plan_.ip_addresses = {Ip("192.0.2.7")};
    settings_.config.serving.emplace();
    settings_.kubelet_ca = ca_.trust_bundle();
    api::Node node;
    node.mutable_metadata()->set_name("node-a");
    const std::pair<const char*, const char*> kAddresses[] = {
        {"ExternalIP", "203.0.113.7"},
        {"InternalIP", "192.0.2.7"},
        {"Hostname", "node-a"}};
    for (const auto& [type, value] : kAddresses) {
      auto& address = *node.mutable_status()->add_addresses();
      address.set_type(type);
      address.set_address(value);
    }
    auto& ready = *node.mutable_status()->add_conditions();
    ready.set_type("Ready");
    ready.set_status("True");
    nodes_.Put(node);
  }

  ServingEvidence Ask(std::vector<Witness> witnesses) {
    settings_.config.serving->witnesses = std::move(witnesses);
    return bench_.Ask(plan_, settings_);
  }
  // The same, while the clock moves on.
  ServingEvidence AskInVain(std::vector<Witness> witnesses) {
    ServingEvidence evidence;
    absl::Notification done;
    std::thread asks([&] {
      evidence = Ask(std::move(witnesses));
      done.Notify();
    });
    while (!done.HasBeenNotified()) clock_.AdvanceTime(absl::Milliseconds(100));
    asks.join();
    return evidence;
  }

  // By the wall clock, since certificates are valid by it.
  absl::SimulatedClock clock_{testing::ValidNow().not_before + absl::Hours(1)};
  testing::TestCa ca_{"kubelets"};
  testing::FakeResourceApi<api::Node> nodes_{clock_};
  FakeResolver resolver_;
  FakeKubelets kubelets_;
  TaskPool pool_{4};
  WitnessBench bench_{nodes_, resolver_, kubelets_, clock_, pool_};
  policy::ServingPlan plan_;
  Settings settings_;
};

TEST_F(WitnessBenchTest, B13AsksOnlyWhomItIsTold) {
  const ServingEvidence evidence = Ask({Witness::kPrefix});
  EXPECT_FALSE(evidence.node_status.known);
  EXPECT_FALSE(evidence.served_certificate.known);
  EXPECT_FALSE(evidence.inventory.known);
  EXPECT_THAT(evidence.forward, IsEmpty());
  EXPECT_EQ(nodes_.calls(Verb::kGet), 0);
  EXPECT_THAT(kubelets_.dialed(), IsEmpty());
}

TEST_F(WitnessBenchTest, B13ReadsTheNodesAddresses) {
  const ServingEvidence evidence = Ask({Witness::kNodeStatus});
  EXPECT_TRUE(evidence.node_status.known);
  EXPECT_THAT(evidence.node_status.detail, HasSubstr("Node node-a"));
  EXPECT_THAT(evidence.node_status.dns_names, ElementsAre("node-a"));
  EXPECT_THAT(evidence.node_status.ip_addresses,
              ElementsAre(Ip("203.0.113.7"), Ip("192.0.2.7")));
}

TEST_F(WitnessBenchTest, ANodeThatIsNotThereIsKnown) {
  nodes_.Remove("node-a");
  const ServingEvidence evidence =
      Ask({Witness::kNodeStatus, Witness::kServedCertificate});
  EXPECT_TRUE(evidence.node_status.known);
  EXPECT_EQ(evidence.node_status.detail, "there is no Node node-a");
  EXPECT_THAT(evidence.node_status.dns_names, IsEmpty());
  // But whether it serves something, nobody knows.
  EXPECT_FALSE(evidence.served_certificate.known);
}

TEST_F(WitnessBenchTest, ANodeThatCannotBeReadIsUnknown) {
  nodes_.FailNext(Verb::kGet,
                  absl::PermissionDeniedError("cannot get resource \"nodes\""));
  const ServingEvidence evidence = Ask({Witness::kNodeStatus});
  EXPECT_FALSE(evidence.node_status.known);
  EXPECT_EQ(evidence.node_status.detail, "cannot get resource \"nodes\"");
}

TEST_F(WitnessBenchTest, B16ReadsTheCertificateServedNow) {
  const testing::TestIdentity served =
      ca_.Server({.common_name = "system:node:node-a",
                  .organizations = {"system:nodes"},
                  .dns_names = {"node-a"},
                  .ip_addresses = {"192.0.2.7"}});
  kubelets_.chains["203.0.113.7"] = {served.certificate()};
  settings_.config.witnesses.kubelet_port = 10251;
  const ServingEvidence evidence = Ask({Witness::kServedCertificate});
  // The address inside the cluster comes first.
  EXPECT_THAT(kubelets_.dialed(),
              ElementsAre("192.0.2.7 10251", "203.0.113.7 10251"));
  EXPECT_TRUE(evidence.served_certificate.known);
  EXPECT_THAT(evidence.served_certificate.dns_names, ElementsAre("node-a"));
  EXPECT_THAT(evidence.served_certificate.ip_addresses,
              ElementsAre(Ip("192.0.2.7")));
}

TEST_F(WitnessBenchTest, B16ACertificateOfAnotherCaBacksNothing) {
  const testing::TestIdentity served =
      testing::TestCa("other").Server({.common_name = "system:node:node-a",
                                       .organizations = {"system:nodes"},
                                       .dns_names = {"node-a"}});
  kubelets_.chains["192.0.2.7"] = {served.certificate()};
  const ServingEvidence evidence = Ask({Witness::kServedCertificate});
  EXPECT_TRUE(evidence.served_certificate.known);
  EXPECT_THAT(evidence.served_certificate.detail, HasSubstr("not trusted"));
  EXPECT_THAT(evidence.served_certificate.dns_names, IsEmpty());
}

TEST_F(WitnessBenchTest, AKubeletThatDoesNotAnswerIsUnknown) {
  const ServingEvidence evidence = Ask({Witness::kServedCertificate});
  EXPECT_FALSE(evidence.served_certificate.known);
  EXPECT_EQ(evidence.served_certificate.detail, "dial: Connection refused");
}

TEST_F(WitnessBenchTest, ReadsTheInventory) {
  settings_.inventory = *NodeInventory::Parse(
      "i.yaml",
      "apiVersion: signet.dev/v1alpha1\nkind: NodeInventory\n"
      "nodes:\n- name: node-a\n  dnsNames: [node-a]\n");
  const ServingEvidence evidence = Ask({Witness::kInventory});
  EXPECT_TRUE(evidence.inventory.known);
  EXPECT_THAT(evidence.inventory.dns_names, ElementsAre("node-a"));
}

TEST_F(WitnessBenchTest, AsksDnsForwardAndBack) {
  resolver_.addresses["node-a.example.com"] = {"192.0.2.7"};
  resolver_.addresses["node-a.internal"] = {"192.0.2.7", "192.0.2.8"};
  resolver_.names["192.0.2.7"] = {"Node-A.internal"};
  const ServingEvidence evidence = Ask({Witness::kDns});
  EXPECT_THAT(evidence.forward.at("node-a.example.com").ip_addresses,
              ElementsAre(Ip("192.0.2.7")));
  EXPECT_TRUE(evidence.forward.at("node-a").known);  // No such name.
  EXPECT_THAT(evidence.forward.at("node-a").ip_addresses, IsEmpty());
  EXPECT_THAT(evidence.reverse.at(Ip("192.0.2.7")).dns_names,
              ElementsAre("Node-A.internal"));
  EXPECT_THAT(evidence.forward.at("node-a.internal").ip_addresses,
              ElementsAre(Ip("192.0.2.7"), Ip("192.0.2.8")));
}

TEST_F(WitnessBenchTest, B14ANameServerThatFailsIsUnknown) {
  resolver_.error = absl::UnavailableError("temporary failure");
  const ServingEvidence evidence = Ask({Witness::kDns});
  EXPECT_FALSE(evidence.forward.at("node-a").known);
  EXPECT_EQ(evidence.forward.at("node-a").detail, "temporary failure");
  EXPECT_FALSE(evidence.reverse.at(Ip("192.0.2.7")).known);
}

TEST_F(WitnessBenchTest, B14DoesNotWaitForAWitnessLongerThanTold) {
  settings_.inventory = *NodeInventory::Parse(
      "i.yaml",
      "apiVersion: signet.dev/v1alpha1\nkind: NodeInventory\n"
      "nodes:\n- name: node-a\n  dnsNames: [node-a]\n");
  resolver_.Hang(true);
  const absl::Time start = clock_.TimeNow();
  const ServingEvidence evidence =
      AskInVain({Witness::kInventory, Witness::kDns});
  EXPECT_GE(clock_.TimeNow() - start, settings_.config.witnesses.timeout);
  EXPECT_FALSE(evidence.forward.at("node-a").known);
  EXPECT_EQ(evidence.forward.at("node-a").detail, "no answer within 2s");
  // The others' word counts all the same.
  EXPECT_TRUE(evidence.inventory.known);
  // It still hangs when the next one comes, and answers when all is over.
  resolver_.Hang(false);
}

TEST_F(WitnessBenchTest, B19TellsWhetherANodeIsReady) {
  EXPECT_EQ(bench_.NodeIsReady("node-a", settings_), true);
  EXPECT_EQ(bench_.NodeIsReady("node-b", settings_), false);
  nodes_.FailNext(Verb::kGet, absl::UnavailableError("down"));
  EXPECT_EQ(bench_.NodeIsReady("node-a", settings_), std::nullopt);
}

}  // namespace
}  // namespace signet::approver
