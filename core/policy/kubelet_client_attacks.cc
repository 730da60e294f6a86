#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/pki/pem.h"
#include "core/policy/attack_table.h"
#include "core/testing/csr_builder.h"
#include "core/testing/raw_request.h"

namespace signet::policy {
namespace {

using testing::RawKey;

}  // namespace

std::vector<AttackRow> KubeletClientAttacks() {
  return {
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
       [](Attack& a) {
         a.Raw({.extensions = {{"2.5.29.19", std::string(kCaTrue)}}});
       },
       "extensions", "the request asks for basic constraints"},
      {"one extension twice", Join,
       [](Attack& a) {
         a.Raw({.extensions = {{"2.5.29.19", std::string(kCaTrue)},
                               {"2.5.29.19", std::string(kCaTrue)}}});
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
  };
}

}  // namespace signet::policy
