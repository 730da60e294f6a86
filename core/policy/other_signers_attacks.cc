#include <string>
#include <vector>

#include "core/policy/attack_table.h"
#include "core/testing/raw_request.h"

namespace signet::policy {
namespace {

using testing::kDnsName;
using testing::RawRequest;

}  // namespace

std::vector<AttackRow> OtherSignersAttacks() {
  return {
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
         a.csr.signer_name = "kubernetes.io/legacy-unknown";
         a.csr.subject.organization = {"system:masters"};
       },
       "privileges",
       "a client in the group \"system:masters\" is never approved "
       "automatically"},

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

}  // namespace signet::policy
