#include "core/policy/request_rules.h"

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "core/api/certificates.pb.h"
#include "core/base/go_duration.h"
#include "core/pki/certificate_request.h"
#include "core/pki/ip_address.h"
#include "core/pki/oid.h"
#include "core/pki/subject_alt_name.h"
#include "core/policy/decision.h"
#include "core/policy/key_policy.h"
#include "core/policy/pattern.h"
#include "core/policy/request_form.h"
#include "core/policy/signer_names.h"

namespace signet::policy {
namespace {

using Csr = api::CertificateSigningRequest;

bool FitsOne(absl::string_view text, absl::Span<const Pattern> patterns) {
  return absl::c_any_of(patterns, [text](const Pattern& pattern) {
    return pattern.Matches(text);
  });
}

bool Matches(const Csr& csr, const RequestMatch& match) {
  const api::CertificateSigningRequestSpec& spec = csr.spec();
  if (!match.signer_name.Matches(spec.signer_name())) return false;
  if (match.requester && !match.requester->Matches(spec.username())) {
    return false;
  }
  return absl::c_all_of(match.groups, [&spec](const Pattern& pattern) {
    return absl::c_any_of(spec.groups(), [&pattern](const std::string& group) {
      return pattern.Matches(group);
    });
  });
}

// ---- The rules: what is wrong, empty if nothing.

// What the API server would take for more than an ordinary client (SPEC B-20).
// All attributes count, as others may read another of two CNs than Go.
std::string PrivilegesFault(const Csr& csr,
                            const pki::CertificateRequest& request) {
  const std::string& signer = csr.spec().signer_name();
  if (signer != kKubeApiserverClient && signer != kKubeApiserverClientKubelet &&
      signer != kLegacyUnknown) {
    return "";
  }
  for (const auto& [type, value] : request.subject().names) {
    if (type == pki::oid::kCommonName.dotted() &&
        absl::StartsWith(value, "system:")) {
      return absl::StrCat("a client named ", Quoted(value),
                          " is never approved automatically");
    }
    if (type == pki::oid::kOrganization.dotted() &&
        (absl::StartsWith(value, "system:") ||
         absl::StartsWith(value, "kubeadm:"))) {
      return absl::StrCat("a client in the group ", Quoted(value),
                          " is never approved automatically");
    }
  }
  return "";
}

std::string UsagesFault(const Csr& csr, const RequestRequirements& require) {
  const std::set<std::string> got(csr.spec().usages().begin(),
                                  csr.spec().usages().end());
  std::set<std::string> allowed(require.optional_usages.begin(),
                                require.optional_usages.end());
  for (const std::string& usage : require.usages) {
    if (!got.contains(usage)) {
      return absl::StrCat("usage ", Quoted(usage), " is missing");
    }
    allowed.insert(usage);
  }
  for (const std::string& usage : got) {
    if (!allowed.contains(usage)) {
      return absl::StrCat("usage ", Quoted(usage), " is not allowed");
    }
  }
  return "";
}

std::string CommonNameFault(const Csr& csr, absl::string_view common_name,
                            const RequestRequirements& require) {
  if (require.common_name_is_requester &&
      common_name != csr.spec().username()) {
    return absl::StrCat("subject common name ", Quoted(common_name),
                        " is not the requester's, ",
                        Quoted(csr.spec().username()));
  }
  if (require.common_name && !require.common_name->Matches(common_name)) {
    return absl::StrCat("subject common name ", Quoted(common_name),
                        " does not fit the policy");
  }
  if (!require.common_name && !require.common_name_is_requester &&
      !common_name.empty()) {
    return "a subject common name is not allowed";
  }
  return "";
}

std::string SubjectFault(const Csr& csr, const pki::CertificateRequest& request,
                         const RequestRequirements& require) {
  int common_names = 0;
  for (const auto& [type, value] : request.subject().names) {
    if (type == pki::oid::kCommonName.dotted()) {
      ++common_names;
    } else if (type == pki::oid::kOrganization.dotted()) {
      if (!FitsOne(value, require.organizations)) {
        return absl::StrCat("subject organization ", Quoted(value),
                            " does not fit the policy");
      }
    } else if (!require.other_attributes) {
      return absl::StrCat("the subject has the attribute ", type,
                          ", which the policy does not allow");
    }
  }
  if (common_names > 1) {
    return absl::StrCat("the subject has ", common_names, " common names");
  }
  return CommonNameFault(csr, request.subject().common_name, require);
}

std::string CountFault(absl::string_view kind, size_t count,
                       const NameRequirement& require) {
  if (count < require.min) {
    return absl::StrCat(count, " ", kind, ", of at least ", require.min);
  }
  if (count > require.max) {
    return absl::StrCat(count, " ", kind, ", of at most ", require.max);
  }
  return "";
}

std::string NamesFault(absl::string_view kind, absl::string_view one,
                       const std::vector<std::string>& names,
                       const NameRequirement& require) {
  std::string fault = CountFault(kind, names.size(), require);
  if (!fault.empty()) return fault;
  for (const std::string& name : names) {
    if (!FitsOne(name, require.patterns)) {
      return absl::StrCat(one, " ", Quoted(name), " does not fit the policy");
    }
  }
  return "";
}

std::string AddressesFault(const std::vector<pki::IpAddress>& addresses,
                           const NameRequirement& require) {
  std::string fault = CountFault("IP addresses", addresses.size(), require);
  if (!fault.empty()) return fault;
  for (const pki::IpAddress& address : addresses) {
    if (absl::c_none_of(require.prefixes, [&address](const IpPrefix& prefix) {
          return prefix.Contains(address);
        })) {
      return absl::StrCat("IP address ", address.ToString(),
                          " is in none of the policy's prefixes");
    }
  }
  return "";
}

std::string LifetimeFault(const Csr& csr, absl::Duration max_lifetime) {
  if (!csr.spec().has_expiration_seconds()) {
    return absl::StrCat("no spec.expirationSeconds, of at most ",
                        FormatGoDuration(max_lifetime));
  }
  const absl::Duration asked = absl::Seconds(csr.spec().expiration_seconds());
  if (asked <= max_lifetime) return "";
  return absl::StrCat("a lifetime of ", FormatGoDuration(asked),
                      ", of at most ", FormatGoDuration(max_lifetime));
}

// ----

void CheckRequirements(const Csr& csr, const pki::CertificateRequest& request,
                       const RequestRequirements& require,
                       DecisionBuilder& decision) {
  const pki::SubjectAltNames& sans = request.subject_alt_names();
  decision.Check("usages", UsagesFault(csr, require));
  decision.Check("key", KeyFault(request, require.keys));
  decision.Check("subject", SubjectFault(csr, request, require));
  decision.Check("dnsNames", NamesFault("DNS names", "DNS name", sans.dns_names,
                                        require.dns_names));
  decision.Check("ipAddresses",
                 AddressesFault(sans.ip_addresses, require.ip_addresses));
  decision.Check("emailAddresses",
                 NamesFault("email addresses", "email address",
                            sans.email_addresses, require.email_addresses));
  decision.Check("uris", NamesFault("URIs", "URI", sans.uris, require.uris));
  if (require.max_lifetime) {
    decision.Check("lifetime", LifetimeFault(csr, *require.max_lifetime));
  } else {
    decision.Off("lifetime");
  }
}

// Whether `csr` holds what `policy` requires, as kApprove or kLeave.
Decision Evaluate(const Csr& csr,
                  const absl::StatusOr<pki::CertificateRequest>& request,
                  const RequestPolicy& policy) {
  DecisionBuilder decision;
  decision.Check("request", request.status().message());
  if (request.ok()) {
    decision.Check("signature", request->VerifySignature().message());
    decision.Check("privileges", PrivilegesFault(csr, *request));
    decision.Check("extensions", LeafExtensionsFault(*request));
    if (policy.require) {
      CheckRequirements(csr, *request, *policy.require, decision);
    }
  }
  return std::move(decision).Finish(
      absl::StrCat("Auto approving by policy ", Quoted(policy.name), "."));
}

// Turns `decision`, which says whether all holds, into what `action` makes of
// it.
Decision Act(Decision decision, PolicyAction action,
             const RequestPolicy& policy) {
  const bool holds = decision.verdict == Verdict::kApprove;
  if (action == PolicyAction::kApprove) return decision;
  decision.verdict =
      action == PolicyAction::kDeny ? Verdict::kDeny : Verdict::kLeave;
  if (holds || !policy.require) {
    decision.rule = "policy";
    decision.message = absl::StrCat(
        "policy ", Quoted(policy.name),
        action == PolicyAction::kDeny ? " denies it" : " leaves it alone");
  }
  return decision;
}

}  // namespace

PolicyDecision EvaluateRequestPolicies(
    const Csr& csr, absl::Span<const RequestPolicy> policies) {
  const absl::StatusOr<pki::CertificateRequest> request =
      pki::CertificateRequest::ParsePem(csr.spec().request());
  for (const RequestPolicy& policy : policies) {
    if (!Matches(csr, policy.match)) continue;
    Decision decision = Evaluate(csr, request, policy);
    // A policy that requires nothing says the same of every request.
    const bool holds = decision.verdict == Verdict::kApprove || !policy.require;
    const PolicyAction action = holds ? policy.decide : policy.otherwise;
    if (action == PolicyAction::kNext) continue;
    return {policy.name, Act(std::move(decision), action, policy)};
  }
  PolicyDecision none;
  none.decision.rule = "policy";
  none.decision.message = absl::StrCat(
      "no policy is about signer ", Quoted(csr.spec().signer_name()),
      " and requester ", Quoted(csr.spec().username()));
  return none;
}

}  // namespace signet::policy
