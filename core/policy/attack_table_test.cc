// What attackers may ask for, through every policy: none of it is approved.

#include <functional>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/api/certificates.pb.h"
#include "core/pki/ip_address.h"
#include "core/pki/pem.h"
#include "core/policy/approver_config.h"
#include "core/policy/approver_decision.h"
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
using ::testing::Ge;
using testing::kDnsName;
using testing::kEmailName;
using testing::kIpName;
using testing::MakeCsr;
using testing::MakeRawRequestPem;
using testing::RawKey;
using testing::RawRequest;

constexpr char kClientKubelet[] = "kubernetes.io/kube-apiserver-client-kubelet";
constexpr char kServing[] = "kubernetes.io/kubelet-serving";
constexpr char kClient[] = "kubernetes.io/kube-apiserver-client";
constexpr char kLegacy[] = "kubernetes.io/legacy-unknown";
constexpr char kCustom[] = "example.com/backend";

pki::IpAddress Ip(absl::string_view text) {
  return *pki::IpAddress::Parse(text);
}
Pattern Re(absl::string_view text) { return *Pattern::Parse(text); }
IpPrefix Block(absl::string_view text) { return *IpPrefix::Parse(text); }

// A cluster as one would set it up: workers node-*, the API server
// api.example.com and 192.0.2.10, services in 10.96.0.0/12.
ApproverConfig Config() {
  ApproverConfig config;
  config.client.strict = true;
  config.client.keys.emplace();
  config.client.refuse_key_reuse = true;
  config.client.refuse_ready_node = true;
  config.client.max_approvals_per_hour = 5;
  config.client.max_pending_joins = 10;
  config.client.bindings = {{Re("system:bootstrap:.*"), Re("(?s)node.*|")}};

  ServingPolicy& serving = config.serving.emplace();
  serving.witnesses = {Witness::kNodeStatus, Witness::kDns, Witness::kPrefix};
  serving.prefixes = {Block("10.0.0.0/8")};
  serving.api_server_names = {"api.example.com"};
  serving.api_server_addresses = {Ip("192.0.2.10")};
  serving.service_prefixes = {Block("10.96.0.0/12")};
  serving.max_lifetime = absl::Hours(24 * 366);
  serving.max_approvals_per_hour = 5;

  // Two policies that are as open as a policy can be.
  RequestRequirements people;
  people.usages = {"client auth"};
  people.optional_usages = {"digital signature", "key encipherment"};
  people.common_name = Re("(?s).*");
  people.organizations = {Re("(?s).*")};
  config.policies.push_back({.name = "people",
                             .match = {Re("kubernetes.io/.*"), {}, {}},
                             .require = people,
                             .decide = PolicyAction::kApprove});
  RequestRequirements backend;
  backend.usages = {"server auth"};
  backend.optional_usages = {"digital signature", "key encipherment"};
  backend.common_name = Re("[a-z]*");
  backend.dns_names = {1, 4, {Re(R"([a-z]+\.example\.com)")}, {}};
  backend.max_lifetime = absl::Hours(24);
  config.policies.push_back({.name = "backend",
                             .match = {Re("example.com/.*"), {}, {}},
                             .require = backend,
                             .decide = PolicyAction::kApprove});
  return config;
}

struct Attack {
  CsrFields csr;
  ApproverEvidence evidence;

  void Raw(const RawRequest& request) {
    csr.request_pem = MakeRawRequestPem(request);
  }
};

Testimony Known(std::vector<std::string> names,
                std::vector<pki::IpAddress> addresses = {}) {
  return {true, "asked", std::move(names), std::move(addresses)};
}

// What the cluster knows: node-a has its name and 10.0.0.1, the requester may
// do what Kubernetes' roles allow, and nothing else is odd.
ApproverEvidence Evidence() {
  ApproverEvidence evidence;
  evidence.client = {.node_is_ready = false,
                     .in_inventory = true,
                     .other_holders_of_key = std::vector<std::string>(),
                     .approvals_in_last_hour = 0,
                     .pending_joins = 1};
  evidence.serving.node_status = Known({"node-a"}, {Ip("10.0.0.1")});
  evidence.serving.other_holders_of_key = std::vector<std::string>();
  evidence.serving.approvals_in_last_hour = 0;
  return evidence;
}

// A bootstrap token asks for node-a's client certificate.
Attack Join() {
  Attack attack{.evidence = Evidence()};
  attack.evidence.access = {{"selfnodeclient", false}, {"nodeclient", true}};
  return attack;
}
// node-a renews its client certificate.
Attack Renew() {
  Attack attack{.evidence = Evidence()};
  attack.evidence.access = {{"selfnodeclient", true}, {"nodeclient", false}};
  attack.csr.username = "system:node:node-a";
  attack.csr.groups = {"system:nodes", "system:authenticated"};
  return attack;
}
// node-a asks for its serving certificate.
Attack Serve() {
  Attack attack = Renew();
  attack.csr.signer_name = kServing;
  attack.csr.usages = {"digital signature", "server auth"};
  attack.csr.sans = {.dns_names = {"node-a"}, .ip_addresses = {Ip("10.0.0.1")}};
  return attack;
}
// A person asks for a client certificate.
Attack Person() {
  Attack attack{.evidence = Evidence()};
  attack.csr.signer_name = kClient;
  attack.csr.usages = {"client auth"};
  attack.csr.username = "eve";
  attack.csr.groups = {"system:authenticated"};
  attack.csr.subject = {.common_name = "eve"};
  return attack;
}
// A service asks for its certificate.
Attack Backend() {
  Attack attack = Person();
  attack.csr.signer_name = kCustom;
  attack.csr.usages = {"server auth"};
  attack.csr.subject = {.common_name = "web"};
  attack.csr.sans = {.dns_names = {"web.example.com"}};
  attack.csr.expiration_seconds = 3600;
  return attack;
}

struct Row {
  std::string name;
  Attack (*from)();
  std::function<void(Attack&)> change;
  std::string want_rule;
  std::string want_message;
};

const std::string kCaTrue("\x30\x03\x01\x01\xff", 5);

RawRequest ServingWith(std::vector<testing::RawName> names) {
  return {.names = std::move(names)};
}

std::vector<Row> Attacks() {
  return {
      // ---- Client certificates of kubelets.
      {"a bootstrap token asks in the name of a living node", Join,
       [](Attack& a) { a.evidence.client.node_is_ready = true; }, "readyNode",
       "node \"node-a\" is Ready, so it needs no one to join for it"},
      {"a bootstrap token asks for a control plane's node", Join,
       [](Attack& a) { a.csr.subject.common_name = "system:node:cp-1"; },
       "bindings",
       "requester \"system:bootstrap:abcdef\" may not ask for node \"cp-1\""},
      {"a node asks in another node's name", Renew,
       [](Attack& a) { a.csr.subject.common_name = "system:node:node-b"; },
       "access",
       "the requester may not create certificatesigningrequests/nodeclient"},
      {"a node asks for a name that begins with its own", Renew,
       [](Attack& a) { a.csr.subject.common_name = "system:node:node-a2"; },
       "access",
       "the requester may not create certificatesigningrequests/nodeclient"},
      {"system:masters in the place of system:nodes", Join,
       [](Attack& a) { a.csr.subject.organization = {"system:masters"}; },
       "shape", "subject organization is not system:nodes"},
      {"system:masters beside system:nodes", Join,
       [](Attack& a) {
         a.csr.subject.organization = {"system:nodes", "system:masters"};
       },
       "shape", "subject organization is not system:nodes"},
      {"a DNS name in a client certificate", Join,
       [](Attack& a) { a.csr.sans.dns_names = {"node-a"}; }, "shape",
       "DNS subjectAltNames are not allowed"},
      {"server auth beside client auth", Join,
       [](Attack& a) { a.csr.usages.push_back("server auth"); }, "shape",
       "usages did not match [client auth digital signature key "
       "encipherment]"},
      {"cert sign as a usage", Join,
       [](Attack& a) { a.csr.usages.push_back("cert sign"); }, "shape",
       "usages did not match [client auth digital signature key "
       "encipherment]"},
      {"no common name", Join,
       [](Attack& a) { a.csr.subject.common_name = ""; }, "shape",
       "subject common name does not begin with system:node:"},
      {"a common name without a node", Join,
       [](Attack& a) { a.csr.subject.common_name = "system:node:"; }, "subject",
       "no Node can have the name \"\""},
      {"a NUL in the common name", Join,
       [](Attack& a) {
         a.csr.subject.common_name = std::string("system:node:node-a\0.x", 21);
       },
       "subject", "no Node can have the name \"node-a\\x00.x\""},
      {"a line feed in the common name", Join,
       [](Attack& a) { a.csr.subject.common_name = "system:node:node-a\nx"; },
       "subject", "no Node can have the name \"node-a\\nx\""},
      {"an escape sequence in the common name", Join,
       [](Attack& a) {
         a.csr.subject.common_name = "system:node:node-a\x1b[2K";
       },
       "subject", "no Node can have the name \"node-a\\x1b[2K\""},
      {"an upper-case node", Join,
       [](Attack& a) { a.csr.subject.common_name = "system:node:nodE-A"; },
       "subject", "no Node can have the name \"nodE-A\""},
      {"a node with a dot at its end", Join,
       [](Attack& a) { a.csr.subject.common_name = "system:node:node-a."; },
       "subject", "no Node can have the name \"node-a.\""},
      {"two common names, another's first", Join,
       [](Attack& a) {
         a.Raw({.subject = {{"2.5.4.10", "system:nodes"},
                            {"2.5.4.3", "system:node:node-b"},
                            {"2.5.4.3", "system:node:node-a"}}});
       },
       "subject", "the subject has 2 common names"},
      {"an organizational unit more", Join,
       [](Attack& a) {
         a.csr.subject.organizational_unit = {"system:masters"};
       },
       "subject",
       "the subject has the attribute 2.5.4.11, which no node's has"},
      {"CA:TRUE is asked for", Join,
       [](Attack& a) { a.Raw({.extensions = {{"2.5.29.19", kCaTrue}}}); },
       "extensions", "the request asks for basic constraints"},
      {"one extension twice", Join,
       [](Attack& a) {
         a.Raw(
             {.extensions = {{"2.5.29.19", kCaTrue}, {"2.5.29.19", kCaTrue}}});
       },
       "request",
       "x509: certificate request contains duplicate requested "
       "extensions"},
      {"a tampered signature", Join,
       [](Attack& a) {
         a.csr.request_pem =
             testing::SpoilSignature(testing::MakeRequestPem(a.csr.subject));
       },
       "request", "x509: ECDSA verification failure"},
      {"a key of RSA-1024", Join,
       [](Attack& a) { a.Raw({.key = RawKey::kRsa1024}); }, "key",
       "an RSA key of 1024 bits, where 2048 are required"},
      {"a key on P-224", Join, [](Attack& a) { a.Raw({.key = RawKey::kP224}); },
       "key", "keys on P-224 are not allowed"},
      {"a signature over SHA-1", Join, [](Attack& a) { a.Raw({.sha1 = true}); },
       "key", "the request is signed with ECDSA-SHA1"},
      {"another node's request, replayed with a token", Join,
       [](Attack& a) {
         a.evidence.client.other_holders_of_key = {"system:node:node-b"};
       },
       "keyReuse", "the same key was used by \"system:node:node-b\""},
      {"a loop of renewals", Renew,
       [](Attack& a) { a.evidence.client.approvals_in_last_hour = 5; }, "rate",
       "the node had 5 approvals in the last hour, of at most 5"},
      {"a flood of nodes that join", Join,
       [](Attack& a) { a.evidence.client.pending_joins = 11; }, "pendingJoins",
       "11 requests to join are pending, of at most 10: none is approved "
       "until a human has looked at them"},
      {"a certificate in the place of a request", Join,
       [](Attack& a) {
         std::string pem = testing::MakeRequestPem(a.csr.subject);
         a.csr.request_pem =
             pki::EncodePem("CERTIFICATE", pki::ParseFirstPem(pem)->der);
       },
       "request", "PEM block type must be CERTIFICATE REQUEST"},
      {"bytes after the request", Join,
       [](Attack& a) {
         std::string pem = testing::MakeRequestPem(a.csr.subject);
         a.csr.request_pem =
             pki::EncodePem("CERTIFICATE REQUEST",
                            absl::StrCat(pki::ParseFirstPem(pem)->der, "x"));
       },
       "request", "asn1: syntax error: trailing data"},

      // ---- Serving certificates of kubelets.
      {"another node's serving certificate", Serve,
       [](Attack& a) { a.csr.subject.common_name = "system:node:node-b"; },
       "requester",
       "subject common name \"system:node:node-b\" is not the requester's, "
       "\"system:node:node-a\""},
      {"a node's serving certificate by a person", Serve,
       [](Attack& a) { a.csr.username = "eve"; }, "requester",
       "requester \"eve\" is no node"},
      {"a user with a node's name who is not in its group", Serve,
       [](Attack& a) { a.csr.groups = {"system:authenticated"}; }, "requester",
       "the requester is not in the group system:nodes"},
      {"another node's name", Serve,
       [](Attack& a) { a.csr.sans.dns_names = {"node-b"}; }, "witnesses",
       "DNS name \"node-b\" is backed by 0 of the 1 witnesses it takes: "
       "nodeStatus does not (asked); dns does not (not a name of the node's)"},
      {"a name that begins with the node's", Serve,
       [](Attack& a) { a.csr.sans.dns_names = {"node-ab"}; }, "witnesses",
       "DNS name \"node-ab\" is backed by 0 of the 1 witnesses it takes: "
       "nodeStatus does not (asked); dns does not (not a name of the node's)"},
      {"another node's address, within the prefix", Serve,
       [](Attack& a) {
         a.csr.sans.ip_addresses = {Ip("10.0.0.2")};
         a.evidence.serving.reverse[Ip("10.0.0.2")] = Known({"node-b"});
         a.evidence.serving.forward["node-b"] = Known({}, {Ip("10.0.0.2")});
       },
       "witnesses",
       "IP address 10.0.0.2 is backed by 1 of the 1 witnesses it takes, none "
       "of which knows nodes: nodeStatus does not (asked); dns does not "
       "(asked); prefix backs it (10.0.0.0/8)"},
      {"an address and nothing else, from a node that has none yet", Serve,
       [](Attack& a) {
         a.csr.sans = {.ip_addresses = {Ip("198.51.100.7")}};
         a.evidence.serving.node_status = Known({});
         a.evidence.serving.reverse[Ip("198.51.100.7")] = Known({});
       },
       "witnesses",
       "IP address 198.51.100.7 is backed by 0 of the 1 witnesses it takes: "
       "nodeStatus does not (asked); dns does not (asked); prefix does not "
       "(in none of the prefixes)"},
      {"another's name while no witness answers", Serve,
       [](Attack& a) {
         a.csr.sans.dns_names = {"node-b"};
         a.evidence.serving.node_status = {false, "timed out", {}, {}};
       },
       "witnesses",
       "DNS name \"node-b\" is backed by 0 of the 1 witnesses it takes: "
       "nodeStatus is unknown (timed out); dns does not (not a name of the "
       "node's)"},
      {"a wildcard", Serve,
       [](Attack& a) { a.csr.sans.dns_names = {"*.example.com"}; }, "names",
       "DNS name \"*.example.com\" is a wildcard"},
      {"the API server's service", Serve,
       [](Attack& a) {
         a.csr.sans.dns_names = {"kubernetes.default.svc.cluster.local"};
       },
       "apiServer",
       "DNS name \"kubernetes.default.svc.cluster.local\" is the API server's"},
      {"the API server's service in upper case", Serve,
       [](Attack& a) { a.csr.sans.dns_names = {"KUBERNETES.DEFAULT.SVC"}; },
       "apiServer", "DNS name \"KUBERNETES.DEFAULT.SVC\" is the API server's"},
      {"the API server's service with a dot at its end", Serve,
       [](Attack& a) { a.csr.sans.dns_names = {"kubernetes.default.svc."}; },
       "names", "DNS name \"kubernetes.default.svc.\" ends in a dot"},
      {"the API server's name", Serve,
       [](Attack& a) { a.csr.sans.dns_names = {"Api.Example.com"}; },
       "apiServer", "DNS name \"Api.Example.com\" is the API server's"},
      {"the API server's address", Serve,
       [](Attack& a) { a.csr.sans.ip_addresses = {Ip("192.0.2.10")}; },
       "apiServer", "IP address 192.0.2.10 is the API server's"},
      {"the API server's address, IPv4-mapped", Serve,
       [](Attack& a) {
         a.Raw(ServingWith(
             {{kIpName,
               std::string("\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\2\n", 16)}}));
       },
       "apiServer", "IP address 192.0.2.10 is the API server's"},
      {"a service's address", Serve,
       [](Attack& a) { a.csr.sans.ip_addresses = {Ip("10.96.0.1")}; },
       "apiServer", "IP address 10.96.0.1 is one of services (10.96.0.0/12)"},
      {"another service's name", Serve,
       [](Attack& a) { a.csr.sans.dns_names = {"db.prod.svc"}; }, "apiServer",
       "DNS name \"db.prod.svc\" is a service's"},
      {"loopback, IPv4-mapped", Serve,
       [](Attack& a) {
         a.Raw(ServingWith(
             {{kIpName,
               std::string("\0\0\0\0\0\0\0\0\0\0\xff\xff\x7f\0\0\1", 16)}}));
       },
       "names", "IP address 127.0.0.1 is a loopback address"},
      {"loopback, IPv4-compatible", Serve,
       [](Attack& a) { a.csr.sans.ip_addresses = {Ip("::127.0.0.1")}; },
       "names",
       "IP address ::7f00:1 is an IPv4 address in the form of an IPv6 one"},
      {"the metadata server's address", Serve,
       [](Attack& a) { a.csr.sans.ip_addresses = {Ip("169.254.169.254")}; },
       "names", "IP address 169.254.169.254 is a link-local address"},
      {"localhost", Serve,
       [](Attack& a) { a.csr.sans.dns_names = {"localhost"}; }, "names",
       "DNS name \"localhost\" means every host itself"},
      {"a NUL in a name", Serve,
       [](Attack& a) {
         a.Raw(ServingWith({{kDnsName, std::string("node-a\0.evil", 12)}}));
       },
       "names", "DNS name \"node-a\\x00.evil\" is no host name"},
      {"a line feed in a name", Serve,
       [](Attack& a) { a.Raw(ServingWith({{kDnsName, "node-a\nnode-b"}})); },
       "names", "DNS name \"node-a\\nnode-b\" is no host name"},
      {"an empty name", Serve,
       [](Attack& a) { a.Raw(ServingWith({{kDnsName, ""}})); }, "names",
       "DNS name \"\" is no host name"},
      {"an address written as a name", Serve,
       [](Attack& a) { a.csr.sans.dns_names = {"10.0.0.2"}; }, "names",
       "DNS name \"10.0.0.2\" is an address, not a name"},
      {"a name that looks like the node's in another script", Serve,
       [](Attack& a) {
         a.Raw(ServingWith({{kDnsName,
                             "n\xd0\xbe"
                             "de-a"}}));
       },
       "request", "x509: SAN dNSName is malformed"},
      {"an address of five bytes", Serve,
       [](Attack& a) {
         a.Raw(ServingWith({{kIpName, "\x0a\x01\x01\x01\x01"}}));
       },
       "request", "x509: cannot parse IP address of length 5"},
      {"an email address", Serve,
       [](Attack& a) {
         a.Raw(ServingWith({{kDnsName, "node-a"}, {kEmailName, "a@b.c"}}));
       },
       "shape", "Email subjectAltNames are not allowed"},
      {"a URI", Serve,
       [](Attack& a) { a.csr.sans.uris = {"spiffe://example.com/admin"}; },
       "shape", "URI subjectAltNames are not allowed"},
      {"no name at all", Serve, [](Attack& a) { a.csr.sans = {}; }, "shape",
       "DNS or IP subjectAltName is required"},
      {"client auth beside server auth", Serve,
       [](Attack& a) { a.csr.usages.push_back("client auth"); }, "shape",
       "usages did not match [digital signature key encipherment server "
       "auth]"},
      {"ten thousand names", Serve,
       [](Attack& a) { a.csr.sans.dns_names.assign(10000, "node-a"); },
       "counts", "10000 DNS names, of at most 16"},
      {"a life of ten years", Serve,
       [](Attack& a) { a.csr.expiration_seconds = 315360000; }, "lifetime",
       "a lifetime of 87600h0m0s, of at most 8784h0m0s"},
      {"CA:TRUE is asked for, for serving", Serve,
       [](Attack& a) {
         RawRequest request = ServingWith({{kDnsName, "node-a"}});
         request.extensions = {{"2.5.29.19", kCaTrue, true}};
         a.Raw(request);
       },
       "extensions", "the request asks for basic constraints"},
      {"another node's key", Serve,
       [](Attack& a) {
         a.evidence.serving.other_holders_of_key = {"system:node:node-b"};
       },
       "keyReuse", "the same key was used by \"system:node:node-b\""},

      // ---- Clients of the API server.
      {"a person in system:masters", Person,
       [](Attack& a) { a.csr.subject.organization = {"system:masters"}; },
       "privileges",
       "a client in the group \"system:masters\" is never approved "
       "automatically"},
      {"a person in kubeadm's group of administrators", Person,
       [](Attack& a) {
         a.csr.subject.organization = {"team", "kubeadm:cluster-admins"};
       },
       "privileges",
       "a client in the group \"kubeadm:cluster-admins\" is never approved "
       "automatically"},
      {"a person as the scheduler", Person,
       [](Attack& a) { a.csr.subject.common_name = "system:kube-scheduler"; },
       "privileges",
       "a client named \"system:kube-scheduler\" is never approved "
       "automatically"},
      {"a person as a node, hidden behind a second name", Person,
       [](Attack& a) {
         a.Raw({.subject = {{"2.5.4.3", "system:node:node-a"},
                            {"2.5.4.3", "eve"}}});
       },
       "privileges",
       "a client named \"system:node:node-a\" is never approved "
       "automatically"},
      {"the old signer's name", Person,
       [](Attack& a) {
         a.csr.signer_name = kLegacy;
         a.csr.subject.organization = {"system:masters"};
       },
       "privileges",
       "a client in the group \"system:masters\" is never approved "
       "automatically"},

      // ---- Other signers.
      {"an allowed name as the beginning of another", Backend,
       [](Attack& a) { a.csr.sans.dns_names = {"web.example.com.evil.org"}; },
       "dnsNames",
       "DNS name \"web.example.com.evil.org\" does not fit the policy"},
      {"an allowed name on a line of its own", Backend,
       [](Attack& a) { a.csr.sans.dns_names = {"evil.org\nweb.example.com"}; },
       "dnsNames",
       "DNS name \"evil.org\\nweb.example.com\" does not fit the policy"},
      {"an allowed name after a NUL", Backend,
       [](Attack& a) {
         a.csr.sans.dns_names = {std::string("evil.org\0.example.com", 21)};
       },
       "dnsNames",
       "DNS name \"evil.org\\x00.example.com\" does not fit the policy"},
      {"an intermediate CA", Backend,
       [](Attack& a) {
         RawRequest request = {.subject = {{"2.5.4.3", "web"}},
                               .names = {{kDnsName, "web.example.com"}}};
         request.extensions = {{"2.5.29.15", "\x03\x02\x02\x04", true}};
         a.Raw(request);
       },
       "extensions", "the request asks for a CA's key usages"},
      {"a life without end", Backend,
       [](Attack& a) { a.csr.expiration_seconds.reset(); }, "lifetime",
       "no spec.expirationSeconds, of at most 24h0m0s"},
      {"a signer that nobody wrote a policy for", Backend,
       [](Attack& a) { a.csr.signer_name = "evil.org/backend"; }, "policy",
       "no policy is about signer \"evil.org/backend\" and requester \"eve\""},
  };
}

// The honest requests that the attacks were made from would all be approved:
// else the table would prove nothing.
TEST(AttackTableTest, B13ApprovesTheHonest) {
  for (Attack (*from)() : {Join, Renew, Serve, Person, Backend}) {
    const Attack honest = from();
    const PolicyDecision got =
        DecideWithEvidence(MakeCsr(honest.csr), Config(), honest.evidence);
    EXPECT_EQ(got.decision.verdict, Verdict::kApprove)
        << honest.csr.signer_name << ": " << got.decision.rule << ": "
        << got.decision.message;
  }
}

TEST(AttackTableTest, B19ToB27ApproveNoneAndSayWhy) {
  const ApproverConfig config = Config();
  const std::vector<Row> attacks = Attacks();
  for (const Row& row : attacks) {
    SCOPED_TRACE(row.name);
    Attack attack = row.from();
    row.change(attack);
    const PolicyDecision got =
        DecideWithEvidence(MakeCsr(attack.csr), config, attack.evidence);
    EXPECT_NE(got.decision.verdict, Verdict::kApprove);
    EXPECT_NE(got.decision.verdict, Verdict::kDeny);  // Nothing says so.
    EXPECT_EQ(got.decision.rule, row.want_rule);
    EXPECT_EQ(got.decision.message, row.want_message);
  }
  EXPECT_THAT(attacks.size(), Ge(25u));
  std::cout << "hostile requests: " << attacks.size() << ", approved: 0\n";
}

// The same bytes under another signer's name fare no better. (What is an attack
// on one signer may be an honest request to another: a person may ask for the
// name that a token may not.)
TEST(AttackTableTest, B19ToB27ApproveNoneAtKubeletsSignersEither) {
  const ApproverConfig config = Config();
  int tried = 0;
  for (const Row& row : Attacks()) {
    for (const char* const signer : {kClientKubelet, kServing, kClient}) {
      SCOPED_TRACE(absl::StrCat(row.name, ", sent to ", signer));
      Attack attack = row.from();
      row.change(attack);
      if (attack.csr.signer_name == signer) continue;
      attack.csr.signer_name = signer;
      const PolicyDecision got =
          DecideWithEvidence(MakeCsr(attack.csr), config, attack.evidence);
      EXPECT_NE(got.decision.verdict, Verdict::kApprove);
      ++tried;
    }
  }
  std::cout << "hostile requests to another signer: " << tried
            << ", approved: 0\n";
}

}  // namespace
}  // namespace signet::policy
