#include "core/policy/serving_approval.h"

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "core/api/certificates.pb.h"
#include "core/pki/ip_address.h"
#include "core/policy/decision.h"
#include "core/policy/ip_prefix.h"
#include "core/policy/pattern.h"
#include "core/policy/serving_policy.h"
#include "core/testing/csr_builder.h"
#include "core/testing/raw_request.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::policy {
namespace {

using testing::CsrFields;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using testing::MakeCsr;
using testing::MakeRawRequestPem;
using testing::RawKey;

pki::IpAddress Ip(absl::string_view text) {
  return *pki::IpAddress::Parse(text);
}
Pattern Re(absl::string_view text) { return *Pattern::Parse(text); }
IpPrefix Block(absl::string_view text) { return *IpPrefix::Parse(text); }

Testimony Known(std::vector<std::string> names,
                std::vector<pki::IpAddress> addresses) {
  return {true, "asked", std::move(names), std::move(addresses)};
}
Testimony TimedOut() { return {false, "timed out", {}, {}}; }

// A case: as it stands here, node-a asks as it should and its Node agrees.
struct Case {
  CsrFields csr = {
      .sans = {.dns_names = {"node-a"}, .ip_addresses = {Ip("10.0.0.1")}},
      .usages = {"digital signature", "server auth"},
      .signer_name = "kubernetes.io/kubelet-serving",
      .username = "system:node:node-a",
      .groups = {"system:nodes", "system:authenticated"}};
  ServingPolicy policy;
  ServingEvidence evidence = {
      .node_status = Known({"node-a"}, {Ip("10.0.0.1")}),
      .other_holders_of_key = std::vector<std::string>(),
      .approvals_in_last_hour = 0};
};

struct Want {
  Verdict verdict;
  std::string rule;
  std::string message;
  bool may_change = false;
};

struct Row {
  std::string name;
  std::function<void(Case&)> change;
  Want want;
};

void RunTable(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    Case c;
    row.change(c);
    const api::CertificateSigningRequest csr = MakeCsr(c.csr);
    const Decision got = DecideServingApproval(csr, c.policy, c.evidence);
    EXPECT_EQ(VerdictName(got.verdict), VerdictName(row.want.verdict));
    EXPECT_EQ(got.rule, row.want.rule);
    EXPECT_EQ(got.message, row.want.message);
    EXPECT_EQ(got.may_change, row.want.may_change);
    // Nothing is decided without evidence that evidence could turn around, and
    // nothing at all approved.
    const ServingPlan plan = PlanServingApproval(csr, c.policy);
    if (plan.decision) {
      EXPECT_NE(plan.decision->verdict, Verdict::kApprove);
      EXPECT_EQ(plan.decision->verdict, got.verdict);
      EXPECT_EQ(plan.decision->rule, got.rule);
    }
  }
}

constexpr char kApproval[] =
    "Auto approving kubelet serving certificate: each of its 1 DNS names and 1 "
    "IP addresses is backed by at least 1 witness.";

Want Left(std::string rule, std::string message) {
  return {Verdict::kLeave, std::move(rule), std::move(message)};
}
Want LeftForNow(std::string rule, std::string message) {
  return {Verdict::kLeave, std::move(rule), std::move(message), true};
}
Want Waits(std::string rule, std::string message) {
  return {Verdict::kWait, std::move(rule), std::move(message)};
}

TEST(DecideServingApprovalTest, B13B15ApprovesWhatTheNodesAddressesBack) {
  RunTable({
      {"B-13: a request whose names the Node has",
       [](Case&) {},
       {Verdict::kApprove, "", kApproval}},
      {"B-7: RSA keys may have key encipherment, in any order",
       [](Case& c) {
         c.csr.usages = {"server auth", "key encipherment",
                         "digital signature"};
       },
       {Verdict::kApprove, "", kApproval}},
      {"B-25: names compare without case",
       [](Case& c) { c.csr.sans.dns_names = {"NODE-A"}; },
       {Verdict::kApprove, "", kApproval}},
      {"B-25: an IPv4-mapped address is that IPv4 address",
       [](Case& c) { c.csr.sans.ip_addresses = {Ip("::ffff:10.0.0.1")}; },
       {Verdict::kApprove, "", kApproval}},
      {"B-14: without expirationSeconds, as kubelets ask, whatever the maximum",
       [](Case& c) { c.policy.max_lifetime = absl::Hours(24); },
       {Verdict::kApprove, "", kApproval}},
      {"B-14: the longest lifetime",
       [](Case& c) {
         c.policy.max_lifetime = absl::Hours(24);
         c.csr.expiration_seconds = 86400;
       },
       {Verdict::kApprove, "", kApproval}},
  });
}

TEST(DecideServingApprovalTest, B5B6SaysInKubernetesWordsWhatShapeIsWrong) {
  RunTable({
      {"B-5: two organizations",
       [](Case& c) {
         c.csr.subject.organization = {"system:nodes", "system:masters"};
       },
       Left("shape", "subject organization is not system:nodes")},
      {"B-5: no name at all", [](Case& c) { c.csr.sans = {}; },
       Left("shape", "DNS or IP subjectAltName is required")},
      {"B-5: an email address",
       [](Case& c) { c.csr.sans.email_addresses = {"a@b.c"}; },
       Left("shape", "Email subjectAltNames are not allowed")},
      {"B-5: a URI", [](Case& c) { c.csr.sans.uris = {"spiffe://a/b"}; },
       Left("shape", "URI subjectAltNames are not allowed")},
      {"B-22: client auth beside server auth",
       [](Case& c) { c.csr.usages.push_back("client auth"); },
       Left("shape",
            "usages did not match [digital signature key encipherment server "
            "auth]")},
      {"B-5: a common name of another kind",
       [](Case& c) { c.csr.subject.common_name = "node-a"; },
       Left("shape", "subject common name does not begin with system:node:")},
  });
}

TEST(DecideServingApprovalTest, B9DemandsAReadableRequestSignedWithItsOwnKey) {
  const std::string good =
      testing::MakeRequestPem(Case().csr.subject, Case().csr.sans);
  RunTable({
      {"D-4: no request", [](Case& c) { c.csr.request_pem = "no PEM"; },
       Left("request", "PEM block type must be CERTIFICATE REQUEST")},
      {"B-9: signed with another key",
       [&good](Case& c) { c.csr.request_pem = testing::SpoilSignature(good); },
       Left("signature", "x509: ECDSA verification failure")},
  });
}

TEST(DecideServingApprovalTest, B14B23DemandsThatTheRequesterIsTheNode) {
  RunTable({
      {"B-14: another node",
       [](Case& c) { c.csr.username = "system:node:node-b"; },
       Left("requester",
            "subject common name \"system:node:node-a\" is not the "
            "requester's, \"system:node:node-b\"")},
      {"B-14: a node whose name is only the beginning",
       [](Case& c) { c.csr.username = "system:node:node"; },
       Left("requester",
            "subject common name \"system:node:node-a\" is not the "
            "requester's, \"system:node:node\"")},
      {"B-14: the same but for case",
       [](Case& c) { c.csr.username = "system:node:Node-A"; },
       Left("requester",
            "subject common name \"system:node:node-a\" is not the "
            "requester's, \"system:node:Node-A\"")},
      {"B-14: no node", [](Case& c) { c.csr.username = "admin"; },
       Left("requester", "requester \"admin\" is no node")},
      {"B-23: a user of that name outside of the group",
       [](Case& c) { c.csr.groups = {"system:authenticated"}; },
       Left("requester", "the requester is not in the group system:nodes")},
  });
}

TEST(DecideServingApprovalTest, B15TakesOneCommonNameThatANodeCanHave) {
  RunTable({
      {"B-15: the bare prefix",
       [](Case& c) {
         c.csr.subject.common_name = c.csr.username = "system:node:";
       },
       Left("subject", "no Node can have the name \"\"")},
      {"B-15: a line feed in the node's name",
       [](Case& c) {
         c.csr.subject.common_name = c.csr.username = "system:node:a\nb";
       },
       Left("subject", "no Node can have the name \"a\\nb\"")},
      {"C-16: two common names, of which Go takes the last",
       [](Case& c) {
         c.csr.request_pem =
             MakeRawRequestPem({.subject = {{"2.5.4.10", "system:nodes"},
                                            {"2.5.4.3", "system:node:node-b"},
                                            {"2.5.4.3", "system:node:node-a"}},
                                .names = {{testing::kDnsName, "node-a"}}});
       },
       Left("subject", "the subject has 2 common names")},
      {"C-16: an attribute more",
       [](Case& c) { c.csr.subject.organizational_unit = {"x"}; },
       Left("subject",
            "the subject has the attribute 2.5.4.11, which no node's has")},
      {"A-16: CA:TRUE is asked for",
       [](Case& c) {
         c.csr.request_pem = MakeRawRequestPem(
             {.names = {{testing::kDnsName, "node-a"}},
              .extensions = {
                  {"2.5.29.19", std::string("\x30\x03\x01\x01\xff", 5)}}});
       },
       Left("extensions", "the request asks for basic constraints")},
  });
}

TEST(DecideServingApprovalTest, B14HoldsToItsLimits) {
  RunTable({
      {"B-14: too many names",
       [](Case& c) {
         c.policy.max_dns_names = 1;
         c.csr.sans.dns_names = {"node-a", "node-a.example.com"};
       },
       Left("counts", "2 DNS names, of at most 1")},
      {"B-14: too many addresses",
       [](Case& c) {
         c.policy.max_ip_addresses = 1;
         c.csr.sans.ip_addresses = {Ip("10.0.0.1"), Ip("10.0.0.2")};
       },
       Left("counts", "2 IP addresses, of at most 1")},
      {"B-14: too long a life",
       [](Case& c) {
         c.policy.max_lifetime = absl::Hours(24);
         c.csr.expiration_seconds = 86401;
       },
       Left("lifetime", "a lifetime of 24h0m1s, of at most 24h0m0s")},
      {"B-14: an address beyond the prefixes",
       [](Case& c) { c.policy.limit_prefixes = {Block("10.1.0.0/16")}; },
       Left("limits",
            "IP address 10.0.0.1 is in none of the limit's "
            "prefixes")},
      {"B-14: a name beyond the patterns",
       [](Case& c) {
         c.policy.limit_name_patterns = {Re(R"({node}\.example\.com)")};
       },
       Left("limits", "DNS name \"node-a\" fits none of the limit's patterns")},
      {"B-14: within both",
       [](Case& c) {
         c.policy.limit_prefixes = {Block("10.0.0.0/8")};
         c.policy.limit_name_patterns = {Re("{node}")};
       },
       {Verdict::kApprove, "", kApproval}},
  });
}

TEST(DecideServingApprovalTest, B25RefusesNamesThatNoNodeHas) {
  // Whoever backs them: server_names_test.cc has the others.
  const auto claim = [](Case& c, const std::string& name) {
    c.policy.api_server_names = {"api.example.com"};
    c.csr.sans.dns_names = {name};
    c.evidence.node_status.dns_names = {name};
  };
  const auto claim_address = [](Case& c, absl::string_view address) {
    c.policy.api_server_addresses = {Ip("192.0.2.10")};
    c.policy.service_prefixes = {Block("10.96.0.0/12")};
    c.csr.sans.ip_addresses = {Ip(address)};
    c.evidence.node_status.ip_addresses = {Ip(address)};
  };
  RunTable({
      {"B-25: a wildcard", [&](Case& c) { claim(c, "*.example.com"); },
       Left("names", "DNS name \"*.example.com\" is a wildcard")},
      {"B-25: a service's", [&](Case& c) { claim(c, "db.prod.svc"); },
       Left("apiServer", "DNS name \"db.prod.svc\" is a service's")},
      {"B-25: the API server's, in whatever case",
       [&](Case& c) { claim(c, "API.Example.com"); },
       Left("apiServer", "DNS name \"API.Example.com\" is the API server's")},
      {"B-25: loopback", [&](Case& c) { claim_address(c, "127.0.0.1"); },
       Left("names", "IP address 127.0.0.1 is a loopback address")},
      {"B-25: the API server's address",
       [&](Case& c) { claim_address(c, "192.0.2.10"); },
       Left("apiServer", "IP address 192.0.2.10 is the API server's")},
      {"B-25: the same, IPv4-mapped",
       [&](Case& c) { claim_address(c, "::ffff:192.0.2.10"); },
       Left("apiServer", "IP address 192.0.2.10 is the API server's")},
      {"B-25: a service's address",
       [&](Case& c) { claim_address(c, "10.96.0.1"); },
       Left("apiServer",
            "IP address 10.96.0.1 is one of services (10.96.0.0/12)")},
  });
}

TEST(DecideServingApprovalTest, B26WantsAStrongKeyThatIsNobodyElses) {
  RunTable({
      {"B-26: RSA-1024, which the API server takes",
       [](Case& c) {
         c.csr.request_pem =
             MakeRawRequestPem({.names = {{testing::kDnsName, "node-a"}},
                                .key = RawKey::kRsa1024});
       },
       Left("key", "an RSA key of 1024 bits, where 2048 are required")},
      {"B-26: P-224",
       [](Case& c) {
         c.csr.request_pem = MakeRawRequestPem(
             {.names = {{testing::kDnsName, "node-a"}}, .key = RawKey::kP224});
       },
       Left("key", "keys on P-224 are not allowed")},
      {"B-26: signed with SHA-1",
       [](Case& c) {
         c.csr.request_pem = MakeRawRequestPem(
             {.names = {{testing::kDnsName, "node-a"}}, .sha1 = true});
       },
       Left("key", "the request is signed with ECDSA-SHA1")},
      {"B-26: its own key again",
       [](Case& c) {
         c.evidence.other_holders_of_key = {"system:node:node-a"};
       },
       {Verdict::kApprove, "", kApproval}},
      {"B-26: another's key",
       [](Case& c) {
         c.evidence.other_holders_of_key = {"system:node:node-a",
                                            "system:node:node-b"};
       },
       Left("keyReuse", "the same key was used by \"system:node:node-b\"")},
      {"B-26: not known whose key",
       [](Case& c) { c.evidence.other_holders_of_key.reset(); },
       Waits("keyReuse", "other requests are not known")},
  });
}

TEST(DecideServingApprovalTest, B27HoldsANodeToItsRate) {
  const auto limit = [](Case& c) { c.policy.max_approvals_per_hour = 3; };
  RunTable({
      {"B-27: below",
       [&](Case& c) {
         limit(c);
         c.evidence.approvals_in_last_hour = 2;
       },
       {Verdict::kApprove, "", kApproval}},
      {"B-27: reached, until later",
       [&](Case& c) {
         limit(c);
         c.evidence.approvals_in_last_hour = 3;
       },
       LeftForNow("rate",
                  "the node had 3 approvals in the last hour, of at most 3")},
      {"B-27: unknown",
       [&](Case& c) {
         limit(c);
         c.evidence.approvals_in_last_hour.reset();
       },
       Waits("rate", "past approvals are not known")},
  });
}

TEST(DecideServingApprovalTest, B14DeniesOnlyWhatTheConfigurationSays) {
  RunTable({
      {"B-14: a rule that is named",
       [](Case& c) {
         c.policy.deny = {"apiServer"};
         c.csr.sans.dns_names = {"kubernetes"};
       },
       {Verdict::kDeny, "apiServer",
        "DNS name \"kubernetes\" is the API server's"}},
      {"B-14: another rule than the one that fails",
       [](Case& c) {
         c.policy.deny = {"apiServer"};
         c.csr.sans.dns_names = {"node-b"};
       },
       LeftForNow("witnesses",
                  "DNS name \"node-b\" is backed by 0 of the 1 witnesses it "
                  "takes: nodeStatus does not (asked)")},
      {"B-14: names that nobody backs, if told",
       [](Case& c) {
         c.policy.deny = {"witnesses"};
         c.csr.sans.dns_names = {"node-b"};
       },
       {Verdict::kDeny, "witnesses",
        "DNS name \"node-b\" is backed by 0 of the 1 witnesses it takes: "
        "nodeStatus does not (asked)"}},
      {"B-14: a witness that timed out is never a reason to deny",
       [](Case& c) {
         c.policy.deny = {"witnesses", "keyReuse", "rate"};
         c.evidence.node_status = TimedOut();
       },
       Waits("witnesses",
             "DNS name \"node-a\" is backed by 0 of the 1 witnesses it takes: "
             "nodeStatus is unknown (timed out)")},
  });
}

TEST(DecideServingApprovalTest, GivesEveryRulesResult) {  // B-3, F-1
  Case c;
  c.policy.max_lifetime = absl::Hours(1);
  c.csr.expiration_seconds = 7200;
  c.csr.sans.dns_names = {"node-a", "kubernetes"};
  const Decision got =
      DecideServingApproval(MakeCsr(c.csr), c.policy, c.evidence);
  std::vector<std::string> rules, outcomes;
  for (const RuleResult& result : got.rules) {
    rules.push_back(result.rule);
    outcomes.emplace_back(RuleOutcomeName(result.outcome));
  }
  EXPECT_THAT(rules, ElementsAreArray(kServingRules));
  EXPECT_THAT(outcomes,
              ElementsAre("passed", "passed", "passed", "passed", "passed",
                          "passed", "passed", "passed", "failed", "passed",
                          "failed", "off", "passed", "off", "failed"));
  EXPECT_EQ(got.rule, "apiServer");
}

TEST(PlanServingApprovalTest, B23NamesWhatIsToBeAsked) {
  Case c;
  c.csr.sans.dns_names = {"Node-A", "b.example.com", "node-a"};
  c.csr.sans.ip_addresses = {Ip("10.0.0.2"), Ip("::ffff:10.0.0.1"),
                             Ip("10.0.0.1")};
  const ServingPlan plan = PlanServingApproval(MakeCsr(c.csr), c.policy);
  ASSERT_FALSE(plan.decision.has_value());
  EXPECT_EQ(plan.node_name, "node-a");
  EXPECT_THAT(plan.dns_names, ElementsAre("b.example.com", "node-a"));
  EXPECT_THAT(plan.ip_addresses, ElementsAre(Ip("10.0.0.1"), Ip("10.0.0.2")));
  EXPECT_EQ(plan.spki_der, testing::TestKey().public_key().spki_der());
}

TEST(ConditionOfTest, B3B17AddsNoTimes) {
  const api::CertificateSigningRequestCondition approved =
      ConditionOf({.verdict = Verdict::kApprove, .message = "m"});
  EXPECT_EQ(approved.type(), "Approved");
  EXPECT_EQ(approved.status(), "True");
  EXPECT_EQ(approved.reason(), "AutoApproved");
  EXPECT_EQ(approved.message(), "m");
  EXPECT_FALSE(approved.has_last_update_time());
  EXPECT_FALSE(approved.has_last_transition_time());
  const api::CertificateSigningRequestCondition denied =
      ConditionOf({.verdict = Verdict::kDeny, .message = "m"});
  EXPECT_EQ(denied.type(), "Denied");
  EXPECT_EQ(denied.reason(), "AutoDenied");
}

}  // namespace
}  // namespace signet::policy
