#ifndef SIGNET_E2E_SCENARIOS_H_
#define SIGNET_E2E_SCENARIOS_H_

#include <functional>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "core/api/certificates.pb.h"
#include "core/pki/certificate.h"
#include "e2e/testbed.h"

// What several tests look at in the same way. Expectations are GoogleTest's;
// check HasFatalFailure after each.
namespace signet::e2e {

// How long a node may take to join, on a busy machine.
inline constexpr absl::Duration kJoinTimeout = absl::Seconds(40);

// Creates the Node object, as a kubelet would have; our agent leaves it to
// the kubelet.
void CreateNode(Testbed& testbed, const std::string& name);

// Waits until `files` hold a certificate, which is then `*first`, and checks
// what it says, and that it opens the API for what a node may do only.
void ExpectJoined(Testbed& testbed, const AgentFiles& files,
                  std::optional<pki::Certificate>* first);

// When a client whose certificate was replaced leaves its old connections.
enum class Reconnects {
  kAtOnce,          // Ours.
  kWithin10Seconds  // The kubelet, which looks every ten (SPEC A-44): until
                    // then it may renew by an older certificate.
};

// Watches `count` renewals by `user`, beginning with `current`: each made by
// the owner of the certificate before (SPEC D-1) within 70 to 90 % of its life
// (SPEC A-1), approved and issued. After each calls `renewed` with the new
// certificate.
void ExpectRenewals(
    Testbed& testbed, const std::string& user, pki::Certificate current,
    int count, Reconnects reconnects,
    const std::function<void(const pki::Certificate&)>& renewed);

// Our agent joins as `node` and renews twice, installs what was issued, and
// closes the connections it made with the old certificate.
void ExpectAgentJoinsAndRenewsTwice(Testbed& testbed, const std::string& node);

}  // namespace signet::e2e

#endif  // SIGNET_E2E_SCENARIOS_H_
