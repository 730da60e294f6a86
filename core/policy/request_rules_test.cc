#include "core/policy/request_rules.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/pki/ip_address.h"
#include "core/policy/decision.h"
#include "core/policy/ip_prefix.h"
#include "core/policy/pattern.h"
#include "core/testing/csr_builder.h"
#include "core/testing/raw_request.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::policy {
namespace {

using testing::CsrFields;
using ::testing::ElementsAreArray;
using testing::MakeCsr;
using testing::MakeRawRequestPem;

Pattern Re(absl::string_view text) { return *Pattern::Parse(text); }

constexpr char kSigner[] = "example.com/backend";

// A policy for services' certificates, and a request that it approves.
struct Case {
  CsrFields csr = {
      .subject = {.organization = {"team-a"}, .common_name = "web"},
      .sans = {.dns_names = {"web.example.com"},
               .ip_addresses = {*pki::IpAddress::Parse("10.0.0.1")}},
      .usages = {"server auth", "digital signature"},
      .signer_name = kSigner,
      .username = "system:serviceaccount:prod:issuer",
      .groups = {"system:serviceaccounts", "system:authenticated"},
      .expiration_seconds = 3600};
  std::vector<RequestPolicy> policies = {
      {.name = "backend",
       .match = {Re(R"(example\.com/.*)"),
                 Re("system:serviceaccount:prod:.*"),
                 {Re("system:serviceaccounts")}},
       .require =
           RequestRequirements{
               .usages = {"server auth"},
               .optional_usages = {"digital signature"},
               .common_name = Re("[a-z]+"),
               .organizations = {Re("team-[a-z]")},
               .dns_names = {1, 2, {Re(R"([a-z]+\.example\.com)")}, {}},
               .ip_addresses = {0, 1, {}, {*IpPrefix::Parse("10.0.0.0/8")}},
               .max_lifetime = absl::Hours(24)},
       .decide = PolicyAction::kApprove}};

  RequestPolicy& policy() { return policies.front(); }
};

struct Row {
  std::string name;
  std::function<void(Case&)> change;
  Verdict want;
  std::string want_rule;
  std::string want_message;
};

void RunTable(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    Case c;
    row.change(c);
    const PolicyDecision got =
        EvaluateRequestPolicies(MakeCsr(c.csr), c.policies);
    EXPECT_EQ(VerdictName(got.decision.verdict), VerdictName(row.want));
    EXPECT_EQ(got.decision.rule, row.want_rule);
    EXPECT_EQ(got.decision.message, row.want_message);
    EXPECT_FALSE(got.decision.may_change);
  }
}

constexpr char kApproved[] = "Auto approving by policy \"backend\".";

TEST(EvaluateRequestPoliciesTest, B20MatchesSignerRequesterAndGroups) {
  RunTable({
      {"all match", [](Case&) {}, Verdict::kApprove, "", kApproved},
      {"another signer",
       [](Case& c) { c.csr.signer_name = "example.org/backend"; },
       Verdict::kLeave, "policy",
       "no policy is about signer \"example.org/backend\" and requester "
       "\"system:serviceaccount:prod:issuer\""},
      {"another requester: a pattern is about the whole name",
       [](Case& c) { c.csr.username = "x:system:serviceaccount:prod:issuer"; },
       Verdict::kLeave, "policy",
       "no policy is about signer \"example.com/backend\" and requester "
       "\"x:system:serviceaccount:prod:issuer\""},
      {"a group is missing",
       [](Case& c) { c.csr.groups = {"system:authenticated"}; },
       Verdict::kLeave, "policy",
       "no policy is about signer \"example.com/backend\" and requester "
       "\"system:serviceaccount:prod:issuer\""},
  });
}

TEST(EvaluateRequestPoliciesTest, B26RequiresWhatThePolicySays) {
  RunTable({
      {"B-7: a usage is missing",
       [](Case& c) { c.csr.usages = {"digital signature"}; }, Verdict::kLeave,
       "usages", "usage \"server auth\" is missing"},
      {"B-7: a usage more",
       [](Case& c) { c.csr.usages.push_back("client auth"); }, Verdict::kLeave,
       "usages", "usage \"client auth\" is not allowed"},
      {"B-26: keys",
       [](Case& c) { c.policy().require->keys.ecdsa_bits = {384}; },
       Verdict::kLeave, "key", "keys on P-256 are not allowed"},
      {"B-26: RSA of 1024 bits",
       [](Case& c) {
         c.csr.request_pem =
             MakeRawRequestPem({.subject = {{"2.5.4.3", "web"}},
                                .names = {{testing::kDnsName, "a.example.com"}},
                                .key = testing::RawKey::kRsa1024});
       },
       Verdict::kLeave, "key",
       "an RSA key of 1024 bits, where 2048 are required"},
      {"the common name does not fit",
       [](Case& c) { c.csr.subject.common_name = "web9"; }, Verdict::kLeave,
       "subject", "subject common name \"web9\" does not fit the policy"},
      {"the common name is to be the requester's",
       [](Case& c) {
         c.policy().require->common_name.reset();
         c.policy().require->common_name_is_requester = true;
       },
       Verdict::kLeave, "subject",
       "subject common name \"web\" is not the requester's, "
       "\"system:serviceaccount:prod:issuer\""},
      {"no common name is allowed for",
       [](Case& c) { c.policy().require->common_name.reset(); },
       Verdict::kLeave, "subject", "a subject common name is not allowed"},
      {"an organization does not fit",
       [](Case& c) { c.csr.subject.organization.push_back("team-bb"); },
       Verdict::kLeave, "subject",
       "subject organization \"team-bb\" does not fit the policy"},
      {"another attribute", [](Case& c) { c.csr.subject.country = {"DE"}; },
       Verdict::kLeave, "subject",
       "the subject has the attribute 2.5.4.6, which the policy does not "
       "allow"},
      {"another attribute, allowed",
       [](Case& c) {
         c.csr.subject.country = {"DE"};
         c.policy().require->other_attributes = true;
       },
       Verdict::kApprove, "", kApproved},
      {"too few names", [](Case& c) { c.csr.sans.dns_names.clear(); },
       Verdict::kLeave, "dnsNames", "0 DNS names, of at least 1"},
      {"too many names",
       [](Case& c) {
         c.csr.sans.dns_names = {"a.example.com", "b.example.com",
                                 "c.example.com"};
       },
       Verdict::kLeave, "dnsNames", "3 DNS names, of at most 2"},
      {"a name does not fit",
       [](Case& c) { c.csr.sans.dns_names = {"web.example.com.evil.org"}; },
       Verdict::kLeave, "dnsNames",
       "DNS name \"web.example.com.evil.org\" does not fit the policy"},
      {"an address out of range",
       [](Case& c) {
         c.csr.sans.ip_addresses = {*pki::IpAddress::Parse("11.0.0.1")};
       },
       Verdict::kLeave, "ipAddresses",
       "IP address 11.0.0.1 is in none of the policy's prefixes"},
      {"an email address, of which nothing is said",
       [](Case& c) { c.csr.sans.email_addresses = {"a@b.c"}; }, Verdict::kLeave,
       "emailAddresses", "1 email addresses, of at most 0"},
      {"a URI, of which nothing is said",
       [](Case& c) { c.csr.sans.uris = {"spiffe://x/y"}; }, Verdict::kLeave,
       "uris", "1 URIs, of at most 0"},
      {"too long a life", [](Case& c) { c.csr.expiration_seconds = 86401; },
       Verdict::kLeave, "lifetime",
       "a lifetime of 24h0m1s, of at most 24h0m0s"},
      {"a life that only the signer would end",
       [](Case& c) { c.csr.expiration_seconds.reset(); }, Verdict::kLeave,
       "lifetime", "no spec.expirationSeconds, of at most 24h0m0s"},
  });
}

TEST(EvaluateRequestPoliciesTest, B9ApprovesNothingWithoutProofOfPossession) {
  const std::string good =
      testing::MakeRequestPem(Case().csr.subject, Case().csr.sans);
  RunTable({
      {"B-9: another key's signature",
       [&good](Case& c) { c.csr.request_pem = testing::SpoilSignature(good); },
       Verdict::kLeave, "signature", "x509: ECDSA verification failure"},
      {"D-4: no request", [](Case& c) { c.csr.request_pem = "no PEM"; },
       Verdict::kLeave, "request",
       "PEM block type must be CERTIFICATE REQUEST"},
      {"C-15: a CA is asked for",
       [](Case& c) {
         c.csr.request_pem = MakeRawRequestPem(
             {.subject = {{"2.5.4.3", "web"}},
              .names = {{testing::kDnsName, "web.example.com"}},
              .extensions = {
                  {"2.5.29.19", std::string("\x30\x03\x01\x01\xff", 5)}}});
       },
       Verdict::kLeave, "extensions",
       "the request asks for a CA's basic constraints"},
      {"C-15: cert sign is asked for",
       [](Case& c) {
         c.csr.request_pem = MakeRawRequestPem(
             {.subject = {{"2.5.4.3", "web"}},
              .names = {{testing::kDnsName, "web.example.com"}},
              .extensions = {{"2.5.29.15", "\x03\x02\x02\x84"}}});
       },
       Verdict::kLeave, "extensions", "the request asks for a CA's key usages"},
      {"C-15: what common tools ask for is fine",
       [](Case& c) {
         c.csr.request_pem = MakeRawRequestPem(
             {.subject = {{"2.5.4.3", "web"}},
              .names = {{testing::kDnsName, "web.example.com"}},
              .extensions = {{"2.5.29.19", std::string("\x30\x00", 2)},
                             {"2.5.29.15", std::string("\x03\x02\x05\xa0", 4)},
                             {"2.5.29.37",
                              "\x30\x0a\x06\x08\x2b\x06\x01\x05\x05\x07"
                              "\x03\x01"}}});
       },
       Verdict::kApprove, "", kApproved},
  });
}

TEST(EvaluateRequestPoliciesTest, B20NeverApprovesPrivilegedClients) {
  const auto client = [](Case& c) {
    c.csr.signer_name = "kubernetes.io/kube-apiserver-client";
    c.csr.usages = {"client auth"};
    c.policy().match.signer_name = Re(".*");
    c.policy().require->usages = {"client auth"};
    c.policy().require->common_name = Re("(?s).*");
    c.policy().require->organizations = {Re("(?s).*")};
  };
  RunTable({
      {"an ordinary client", client, Verdict::kApprove, "", kApproved},
      {"B-20: a node",
       [&](Case& c) {
         client(c);
         c.csr.subject.common_name = "system:node:node-a";
       },
       Verdict::kLeave, "privileges",
       "a client named \"system:node:node-a\" is never approved automatically"},
      {"B-20: masters",
       [&](Case& c) {
         client(c);
         c.csr.subject.organization = {"team-a", "system:masters"};
       },
       Verdict::kLeave, "privileges",
       "a client in the group \"system:masters\" is never approved "
       "automatically"},
      {"B-20: kubeadm's administrators",
       [&](Case& c) {
         client(c);
         c.csr.subject.organization = {"kubeadm:cluster-admins"};
       },
       Verdict::kLeave, "privileges",
       "a client in the group \"kubeadm:cluster-admins\" is never approved "
       "automatically"},
      {"B-20: the first of two names",
       [&](Case& c) {
         client(c);
         c.csr.request_pem = MakeRawRequestPem(
             {.subject = {{"2.5.4.3", "system:admin"}, {"2.5.4.3", "web"}}});
       },
       Verdict::kLeave, "privileges",
       "a client named \"system:admin\" is never approved automatically"},
  });
}

TEST(EvaluateRequestPoliciesTest, B14DecidesAsThePolicySays) {
  RunTable({
      {"B-14: deny where what is required holds",
       [](Case& c) { c.policy().decide = PolicyAction::kDeny; }, Verdict::kDeny,
       "policy", "policy \"backend\" denies it"},
      {"B-14: and not where it does not",
       [](Case& c) {
         c.policy().decide = PolicyAction::kDeny;
         c.csr.usages = {"client auth"};
       },
       Verdict::kLeave, "usages", "usage \"server auth\" is missing"},
      {"B-14: deny what does not hold",
       [](Case& c) {
         c.policy().otherwise = PolicyAction::kDeny;
         c.csr.usages = {"client auth"};
       },
       Verdict::kDeny, "usages", "usage \"server auth\" is missing"},
      {"ignore", [](Case& c) { c.policy().decide = PolicyAction::kIgnore; },
       Verdict::kLeave, "policy", "policy \"backend\" leaves it alone"},
      {"deny all of a signer's, readable or not",
       [](Case& c) {
         c.policy().require.reset();
         c.policy().decide = PolicyAction::kDeny;
         c.csr.request_pem = "no PEM";
       },
       Verdict::kDeny, "policy", "policy \"backend\" denies it"},
      {"approve what nothing is required of: never",
       [](Case& c) {
         c.policy().require.reset();
         c.csr.request_pem = "no PEM";
       },
       Verdict::kLeave, "request",
       "PEM block type must be CERTIFICATE REQUEST"},
      {"the first that matches decides",
       [](Case& c) {
         c.policies.insert(c.policies.begin(), c.policy());
         c.policy().name = "first";
         c.policy().require->max_lifetime = absl::Minutes(10);
       },
       Verdict::kLeave, "lifetime", "a lifetime of 1h0m0s, of at most 10m0s"},
      {"unless it passes on",
       [](Case& c) {
         c.policies.insert(c.policies.begin(), c.policy());
         c.policy().name = "first";
         c.policy().require->max_lifetime = absl::Minutes(10);
         c.policy().otherwise = PolicyAction::kNext;
       },
       Verdict::kApprove, "", kApproved},
  });
}

TEST(EvaluateRequestPoliciesTest, GivesEveryRulesResult) {  // F-1
  Case c;
  const PolicyDecision got =
      EvaluateRequestPolicies(MakeCsr(c.csr), c.policies);
  EXPECT_EQ(got.policy, "backend");
  std::vector<std::string> rules;
  for (const RuleResult& result : got.decision.rules) {
    rules.push_back(result.rule);
    EXPECT_EQ(result.outcome, RuleOutcome::kPassed);
  }
  EXPECT_THAT(rules, ElementsAreArray(kRequestRules));
}

}  // namespace
}  // namespace signet::policy
