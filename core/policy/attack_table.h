#ifndef SIGNET_CORE_POLICY_ATTACK_TABLE_H_
#define SIGNET_CORE_POLICY_ATTACK_TABLE_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "core/pki/ip_address.h"
#include "core/policy/approver_config.h"
#include "core/policy/approver_decision.h"
#include "core/policy/serving_policy.h"
#include "core/testing/csr_builder.h"
#include "core/testing/raw_request.h"

// What attackers may ask for. Each attack is an honest request with one thing
// changed, so that it is that thing which must stop it. For tests.
namespace signet::policy {

// A cluster as one would set it up: workers node-*, the API server
// api.example.com and 192.0.2.10, services in 10.96.0.0/12; and, for other
// signers, two policies that are as open as can be.
ApproverConfig AttackedConfig();

// A request and what the cluster knows about it: node-a has its name and
// 10.0.0.1, the requester may do what Kubernetes' roles allow, and nothing else
// is odd.
struct Attack {
  testing::CsrFields csr;
  ApproverEvidence evidence;

  void Raw(const testing::RawRequest& request) {
    csr.request_pem = testing::MakeRawRequestPem(request);
  }
};

// The honest requests.
Attack Join();     // A bootstrap token asks for node-a's client certificate.
Attack Renew();    // node-a renews its client certificate.
Attack Serve();    // node-a asks for its serving certificate.
Attack Person();   // A person asks for a client certificate.
Attack Backend();  // A service asks for its certificate.

struct AttackRow {
  std::string name;
  Attack (*from)();
  std::function<void(Attack&)> change;
  std::string want_rule;
  std::string want_message;
};
std::vector<AttackRow> KubeletClientAttacks();
std::vector<AttackRow> KubeletServingAttacks();
std::vector<AttackRow> OtherSignersAttacks();

// ---- For the rows.

pki::IpAddress Ip(absl::string_view text);
// A witness that was asked.
Testimony Asked(std::vector<std::string> names,
                std::vector<pki::IpAddress> addresses = {});
// The value of a BasicConstraints extension of a CA.
inline constexpr absl::string_view kCaTrue("\x30\x03\x01\x01\xff", 5);

}  // namespace signet::policy

#endif  // SIGNET_CORE_POLICY_ATTACK_TABLE_H_
