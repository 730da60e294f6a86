#include "core/policy/serving_witnesses.h"

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "core/pki/ip_address.h"
#include "core/policy/decision.h"
#include "core/policy/ip_prefix.h"
#include "core/policy/pattern.h"
#include "core/policy/serving_policy.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::policy {
namespace {

pki::IpAddress Ip(absl::string_view text) {
  return *pki::IpAddress::Parse(text);
}
Pattern Re(absl::string_view text) { return *Pattern::Parse(text); }
IpPrefix Block(absl::string_view text) { return *IpPrefix::Parse(text); }

Testimony Known(std::vector<std::string> names,
                std::vector<pki::IpAddress> addresses = {}) {
  return {true, "asked", std::move(names), std::move(addresses)};
}
Testimony TimedOut() { return {false, "timed out", {}, {}}; }

struct Case {
  ServingSubject subject = {"node-1", {"node-1"}, {}};
  ServingPolicy policy;
  ServingEvidence evidence;
};

TEST(CheckWitnessesTest, B13CountsWitnessesForEachName) {
  const struct {
    std::string name;
    std::function<void(Case&)> change;
    Verdict want;
    std::string want_message;
    bool want_may_change = false;
  } kTests[] = {
      {"B-13: one of one",
       [](Case& c) { c.evidence.node_status = Known({"NODE-1"}); },
       Verdict::kApprove, "DNS name \"node-1\": nodeStatus"},
      {"B-23: two are wanted, as a node's status is its own word",
       [](Case& c) {
         c.policy.witnesses = {Witness::kNodeStatus, Witness::kInventory};
         c.policy.quorum = 2;
         c.evidence.node_status = Known({"node-1"});
         c.evidence.inventory = Known({"other"});
       },
       Verdict::kLeave,
       "DNS name \"node-1\" is backed by 1 of the 2 witnesses it takes: "
       "nodeStatus backs it (asked); inventory does not (asked)",
       true},
      {"B-23: two of two",
       [](Case& c) {
         c.policy.witnesses = {Witness::kNodeStatus, Witness::kInventory};
         c.policy.quorum = 2;
         c.evidence.node_status = Known({"node-1"});
         c.evidence.inventory = Known({"node-1"});
       },
       Verdict::kApprove, "DNS name \"node-1\": nodeStatus, inventory"},
      {"B-14: a time-out waits if it could complete the quorum",
       [](Case& c) {
         c.policy.witnesses = {Witness::kNodeStatus, Witness::kInventory};
         c.policy.quorum = 2;
         c.evidence.node_status = TimedOut();
         c.evidence.inventory = Known({"node-1"});
       },
       Verdict::kWait,
       "DNS name \"node-1\" is backed by 1 of the 2 witnesses it takes: "
       "nodeStatus is unknown (timed out); inventory backs it (asked)"},
      {"B-14: a time-out is of no account if the others are enough",
       [](Case& c) {
         c.policy.witnesses = {Witness::kNodeStatus, Witness::kInventory};
         c.evidence.node_status = TimedOut();
         c.evidence.inventory = Known({"node-1"});
       },
       Verdict::kApprove, "DNS name \"node-1\": inventory"},
      {"B-14: nor if it could not help",
       [](Case& c) {
         c.policy.witnesses = {Witness::kNodeStatus, Witness::kInventory};
         c.policy.quorum = 2;
         c.evidence.node_status = TimedOut();
         c.evidence.inventory = Known({});
       },
       Verdict::kLeave,
       "DNS name \"node-1\" is backed by 0 of the 2 witnesses it takes: "
       "nodeStatus is unknown (timed out); inventory does not (asked)",
       true},
      {"B-13: each name needs its own",
       [](Case& c) {
         c.subject.dns_names = {"node-1", "node-1.example.com"};
         c.evidence.node_status = Known({"node-1"});
       },
       Verdict::kLeave,
       "DNS name \"node-1.example.com\" is backed by 0 of the 1 witnesses it "
       "takes: nodeStatus does not (asked)",
       true},
      {"B-14: a name that merely begins so is another",
       [](Case& c) {
         c.subject.dns_names = {"node-10"};
         c.evidence.node_status = Known({"node-1"});
       },
       Verdict::kLeave,
       "DNS name \"node-10\" is backed by 0 of the 1 witnesses it takes: "
       "nodeStatus does not (asked)",
       true},
      {"B-16: what the node serves now",
       [](Case& c) {
         c.policy.witnesses = {Witness::kServedCertificate};
         c.subject.ip_addresses = {Ip("10.0.0.1")};
         c.evidence.served_certificate = Known({"node-1"}, {Ip("10.0.0.1")});
       },
       Verdict::kApprove,
       "DNS name \"node-1\": servedCertificate; IP address 10.0.0.1: "
       "servedCertificate"},
      {"B-13: a witness that does not speak of names",
       [](Case& c) {
         c.policy.witnesses = {Witness::kPrefix};
         c.policy.prefixes = {Block("10.0.0.0/8")};
       },
       Verdict::kLeave,
       "DNS name \"node-1\" is backed by 0 of the 1 witnesses it takes: none "
       "is asked about it"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    Case c;
    t.change(c);
    DecisionBuilder builder;
    CheckWitnesses("witnesses", c.subject, c.policy, c.evidence, builder);
    const Decision got = std::move(builder).Finish("");
    EXPECT_EQ(VerdictName(got.verdict), VerdictName(t.want));
    ASSERT_EQ(got.rules.size(), 1u);
    EXPECT_EQ(got.rules[0].message, t.want_message);
    EXPECT_EQ(got.may_change, t.want_may_change);
  }
}

TEST(CheckWitnessesTest, B14PrefixesAndPatternsAloneKnowNoNode) {
  const struct {
    std::string name;
    std::function<void(Case&)> change;
    Verdict want;
    std::string want_message;
  } kTests[] = {
      {"a prefix holds every node's addresses", [](Case&) {}, Verdict::kLeave,
       "IP address 10.0.0.1 is backed by 1 of the 1 witnesses it takes, none "
       "of which knows nodes: prefix backs it (10.0.0.0/8)"},
      {"it counts beside one that knows them",
       [](Case& c) {
         c.policy.witnesses.push_back(Witness::kNodeStatus);
         c.policy.quorum = 2;
         c.evidence.node_status = Known({}, {Ip("10.0.0.1")});
       },
       Verdict::kApprove, "IP address 10.0.0.1: prefix, nodeStatus"},
      {"and waits for it",
       [](Case& c) {
         c.policy.witnesses.push_back(Witness::kNodeStatus);
         c.evidence.node_status = TimedOut();
       },
       Verdict::kWait,
       "IP address 10.0.0.1 is backed by 1 of the 1 witnesses it takes, none "
       "of which knows nodes: prefix backs it (10.0.0.0/8); nodeStatus is "
       "unknown (timed out)"},
      {"or alone, if told", [](Case& c) { c.policy.allow_unbound = true; },
       Verdict::kApprove, "IP address 10.0.0.1: prefix"},
      {"a pattern with {node} knows nodes",
       [](Case& c) {
         c.subject.ip_addresses.clear();
         c.subject.dns_names = {"node-1.example.com"};
         c.policy.witnesses = {Witness::kNamePattern};
         c.policy.name_patterns = {Re(R"({node}\.example\.com)")};
       },
       Verdict::kApprove, "DNS name \"node-1.example.com\": namePattern"},
      {"even after one without that fits, too",
       [](Case& c) {
         c.subject.ip_addresses.clear();
         c.subject.dns_names = {"node-1.example.com"};
         c.policy.witnesses = {Witness::kNamePattern};
         c.policy.name_patterns = {Re(R"(.*\.example\.com)"),
                                   Re(R"({node}\..*)"), Re(".*")};
       },
       Verdict::kApprove, "DNS name \"node-1.example.com\": namePattern"},
      {"and does not fit another node's name",
       [](Case& c) {
         c.subject.ip_addresses.clear();
         c.subject.dns_names = {"node-10.example.com"};
         c.policy.witnesses = {Witness::kNamePattern};
         c.policy.name_patterns = {Re(R"({node}\.example\.com)")};
       },
       Verdict::kLeave,
       "DNS name \"node-10.example.com\" is backed by 0 of the 1 witnesses it "
       "takes: namePattern does not (fits none of the patterns)"},
      {"one without knows none",
       [](Case& c) {
         c.subject.ip_addresses.clear();
         c.subject.dns_names = {"node-2.example.com"};
         c.policy.witnesses = {Witness::kNamePattern};
         c.policy.name_patterns = {Re(R"(node-[0-9]+\.example\.com)")};
       },
       Verdict::kLeave,
       "DNS name \"node-2.example.com\" is backed by 1 of the 1 witnesses it "
       "takes, none of which knows nodes: namePattern backs it "
       "(node-[0-9]+\\.example\\.com)"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    Case c;
    c.subject = {"node-1", {}, {Ip("10.0.0.1")}};
    c.policy.witnesses = {Witness::kPrefix};
    c.policy.prefixes = {Block("10.0.0.0/8")};
    t.change(c);
    DecisionBuilder builder;
    CheckWitnesses("witnesses", c.subject, c.policy, c.evidence, builder);
    const Decision got = std::move(builder).Finish("");
    EXPECT_EQ(VerdictName(got.verdict), VerdictName(t.want));
    EXPECT_EQ(got.rules[0].message, t.want_message);
  }
}

TEST(CheckWitnessesTest, B14DnsLeadsBackToTheNode) {
  const struct {
    std::string name;
    std::function<void(Case&)> change;
    Verdict want;
  } kTests[] = {
      {"name and address lead to each other", [](Case&) {}, Verdict::kApprove},
      {"the name leads to another's address, too",
       [](Case& c) {
         c.evidence.forward["node-1.example.com"].ip_addresses.push_back(
             Ip("10.0.0.2"));
       },
       Verdict::kLeave},
      {"the name leads nowhere",
       [](Case& c) {
         c.evidence.forward["node-1.example.com"].ip_addresses.clear();
       },
       Verdict::kLeave},
      {"the address leads to another node's name",
       [](Case& c) {
         c.evidence.reverse[Ip("10.0.0.1")].dns_names = {"node-10.example.com"};
         c.evidence.forward["node-10.example.com"] =
             Known({}, {Ip("10.0.0.1")});
       },
       Verdict::kLeave},
      {"the address has no name",
       [](Case& c) { c.evidence.reverse[Ip("10.0.0.1")] = Known({}); },
       Verdict::kLeave},
      {"the address's name does not lead back to it",
       [](Case& c) {
         c.evidence.reverse[Ip("10.0.0.1")].dns_names = {"node-1"};
         c.evidence.forward["node-1"] = Known({}, {Ip("10.0.0.9")});
       },
       Verdict::kLeave},
      {"one of the address's names does, in whatever case",
       [](Case& c) {
         c.evidence.reverse[Ip("10.0.0.1")].dns_names = {"x.example.com",
                                                         "Node-1.Example.com"};
       },
       Verdict::kApprove},
      {"the name's look-up timed out",
       [](Case& c) { c.evidence.forward["node-1.example.com"] = TimedOut(); },
       Verdict::kWait},
      {"the address's look-up timed out",
       [](Case& c) { c.evidence.reverse[Ip("10.0.0.1")] = TimedOut(); },
       Verdict::kWait},
      {"another node's name leads to this one's address",
       [](Case& c) {
         c.subject.dns_names = {"node-2.example.com"};
         c.evidence.forward["node-2.example.com"] = Known({}, {Ip("10.0.0.1")});
       },
       Verdict::kLeave},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    Case c;
    c.subject = {"node-1", {"node-1.example.com"}, {Ip("10.0.0.1")}};
    c.policy.witnesses = {Witness::kDns};
    c.evidence.forward["node-1.example.com"] = Known({}, {Ip("10.0.0.1")});
    c.evidence.reverse[Ip("10.0.0.1")] = Known({"node-1.example.com"});
    t.change(c);
    DecisionBuilder builder;
    CheckWitnesses("witnesses", c.subject, c.policy, c.evidence, builder);
    const Decision got = std::move(builder).Finish("");
    EXPECT_EQ(VerdictName(got.verdict), VerdictName(t.want)) << got.message;
  }
}

}  // namespace
}  // namespace signet::policy
