#ifndef SIGNET_CORE_POLICY_REQUEST_RULES_H_
#define SIGNET_CORE_POLICY_REQUEST_RULES_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "core/api/certificates.pb.h"
#include "core/policy/decision.h"
#include "core/policy/ip_prefix.h"
#include "core/policy/key_policy.h"
#include "core/policy/pattern.h"

// Policies that an administrator writes for other signers than the kubelets'
// two: match, require, decide. Pure.
namespace signet::policy {

// Whom a policy is about. All that is set must hold.
struct RequestMatch {
  Pattern signer_name;
  std::optional<Pattern> requester;  // spec.username.
  std::vector<Pattern> groups;       // Each fits one of spec.groups.
};

// How many names of one kind there may be, and which.
struct NameRequirement {
  size_t min = 0;
  size_t max = 0;
  std::vector<Pattern> patterns;   // Each name fits one. Not for addresses.
  std::vector<IpPrefix> prefixes;  // Each address lies in one.
};

// All that a request may hold: what is not mentioned must not be in it.
struct RequestRequirements {
  // spec.usages, as a set: all of the first, and none but of both.
  std::vector<std::string> usages;
  std::vector<std::string> optional_usages;
  KeyPolicy keys;
  std::optional<Pattern> common_name;     // Absent: no CN, unless
  bool common_name_is_requester = false;  // it equals spec.username.
  std::vector<Pattern> organizations;     // Each O fits one.
  bool other_attributes = false;  // Others than CN and O in the subject.
  NameRequirement dns_names;
  NameRequirement ip_addresses;
  NameRequirement email_addresses;
  NameRequirement uris;
  // Present: spec.expirationSeconds must be there, and at most this.
  std::optional<absl::Duration> max_lifetime;
};

enum class PolicyAction { kApprove, kDeny, kIgnore, kNext };

struct RequestPolicy {
  std::string name;  // Unique.
  RequestMatch match;
  // Absent: nothing. (A policy that approves has some.)
  std::optional<RequestRequirements> require;
  // What happens if all that is required holds. Not kNext.
  PolicyAction decide = PolicyAction::kIgnore;
  // And if not: kIgnore, kDeny or kNext (see what the next policy says).
  PolicyAction otherwise = PolicyAction::kIgnore;
};

// The rules in order. Those in the first line no policy can switch off.
inline constexpr absl::string_view kRequestRules[] = {
    "request", "signature", "privileges", "extensions",  "usages",
    "key",     "subject",   "dnsNames",   "ipAddresses", "emailAddresses",
    "uris",    "lifetime",
};

struct PolicyDecision {
  std::string policy;  // The name of the one that decided; empty: none matched.
  Decision decision;   // `rules` are that policy's.
};

// The first policy that matches decides; if what it requires does not hold, its
// `otherwise` does. Without one: kLeave. Whatever the policies say, kApprove is
// not for
//   - a request that does not parse or is not signed with its own key (B-9);
//   - a client of the API server (kubernetes.io/kube-apiserver-client or
//     -kubelet, legacy-unknown) whose CN or O begins with "system:" or is a
//     known administrators' group (SPEC B-20);
//   - a request for anything but subject alternative names, CA:TRUE say.
// Nothing here hangs on evidence: never kWait.
PolicyDecision EvaluateRequestPolicies(
    const api::CertificateSigningRequest& csr,
    absl::Span<const RequestPolicy> policies);

}  // namespace signet::policy

#endif  // SIGNET_CORE_POLICY_REQUEST_RULES_H_
