#include "core/policy/serving_approval.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/api/certificates.pb.h"
#include "core/base/go_duration.h"
#include "core/pki/certificate_request.h"
#include "core/pki/ip_address.h"
#include "core/pki/subject_alt_name.h"
#include "core/policy/decision.h"
#include "core/policy/holder_rules.h"
#include "core/policy/key_policy.h"
#include "core/policy/kubelet_request.h"
#include "core/policy/request_form.h"
#include "core/policy/server_names.h"
#include "core/policy/serving_policy.h"
#include "core/policy/serving_witnesses.h"

namespace signet::policy {
namespace {

using Csr = api::CertificateSigningRequest;

constexpr absl::string_view kNodesGroup = "system:nodes";

// ---- The rules on the request alone: what is wrong, empty if nothing.

std::string ShapeFault(const Csr& csr, const pki::CertificateRequest& request) {
  const std::vector<std::string> usages(csr.spec().usages().begin(),
                                        csr.spec().usages().end());
  return std::string(CheckKubeletServingRequest(request, usages).message());
}

std::string RequesterFault(const Csr& csr,
                           const pki::CertificateRequest& request) {
  const std::string& requester = csr.spec().username();
  if (!absl::StartsWith(requester, kNodeUserPrefix)) {
    return absl::StrCat("requester ", Quoted(requester), " is no node");
  }
  if (requester != request.subject().common_name) {
    return absl::StrCat("subject common name ",
                        Quoted(request.subject().common_name),
                        " is not the requester's, ", Quoted(requester));
  }
  if (!absl::c_linear_search(csr.spec().groups(), kNodesGroup)) {
    return absl::StrCat("the requester is not in the group ", kNodesGroup);
  }
  return "";
}

std::string CountsFault(const pki::SubjectAltNames& sans,
                        const ServingPolicy& policy) {
  if (sans.dns_names.size() > policy.max_dns_names) {
    return absl::StrCat(sans.dns_names.size(), " DNS names, of at most ",
                        policy.max_dns_names);
  }
  if (sans.ip_addresses.size() > policy.max_ip_addresses) {
    return absl::StrCat(sans.ip_addresses.size(), " IP addresses, of at most ",
                        policy.max_ip_addresses);
  }
  return "";
}

std::string NamesFault(const pki::SubjectAltNames& sans) {
  for (const std::string& name : sans.dns_names) {
    std::string fault = DnsNameFault(name);
    if (!fault.empty()) return fault;
  }
  for (const pki::IpAddress& address : sans.ip_addresses) {
    std::string fault = AddressFault(address);
    if (!fault.empty()) return fault;
  }
  return "";
}

std::string ApiServerFault(const pki::SubjectAltNames& sans,
                           const ServingPolicy& policy) {
  for (const std::string& name : sans.dns_names) {
    std::string fault = ServiceNameFault(name, policy.cluster_domain);
    if (!fault.empty()) return fault;
    for (const std::string& reserved : policy.api_server_names) {
      if (absl::EqualsIgnoreCase(name, reserved)) {
        return absl::StrCat("DNS name ", Quoted(name), " is the API server's");
      }
    }
  }
  for (const pki::IpAddress& address : sans.ip_addresses) {
    if (absl::c_linear_search(policy.api_server_addresses, address)) {
      return absl::StrCat("IP address ", address.ToString(),
                          " is the API server's");
    }
    for (const IpPrefix& prefix : policy.service_prefixes) {
      if (prefix.Contains(address)) {
        return absl::StrCat("IP address ", address.ToString(),
                            " is one of services (", prefix.ToString(), ")");
      }
    }
  }
  return "";
}

std::string LifetimeFault(const Csr& csr, absl::Duration max_lifetime) {
  if (!csr.spec().has_expiration_seconds()) return "";
  const absl::Duration asked = absl::Seconds(csr.spec().expiration_seconds());
  if (asked <= max_lifetime) return "";
  return absl::StrCat("a lifetime of ", FormatGoDuration(asked),
                      ", of at most ", FormatGoDuration(max_lifetime));
}

std::string LimitsFault(const ServingSubject& subject,
                        const ServingPolicy& policy) {
  for (const std::string& name : subject.dns_names) {
    if (!policy.limit_name_patterns.empty() &&
        absl::c_none_of(policy.limit_name_patterns,
                        [&](const Pattern& pattern) {
                          return pattern.Matches(name, subject.node_name);
                        })) {
      return absl::StrCat("DNS name ", Quoted(name),
                          " fits none of the limit's patterns");
    }
  }
  for (const pki::IpAddress& address : subject.ip_addresses) {
    if (!policy.limit_prefixes.empty() &&
        absl::c_none_of(policy.limit_prefixes, [&](const IpPrefix& prefix) {
          return prefix.Contains(address);
        })) {
      return absl::StrCat("IP address ", address.ToString(),
                          " is in none of the limit's prefixes");
    }
  }
  return "";
}

// ----

ServingSubject SubjectOf(const pki::CertificateRequest& request) {
  const pki::SubjectAltNames& sans = request.subject_alt_names();
  ServingSubject subject;
  subject.node_name = std::string(NodeNameOf(request));
  for (const std::string& name : sans.dns_names) {
    subject.dns_names.push_back(absl::AsciiStrToLower(name));
  }
  subject.ip_addresses = sans.ip_addresses;
  const auto sort_out = [](auto& items) {
    absl::c_sort(items);
    items.erase(std::unique(items.begin(), items.end()), items.end());
  };
  sort_out(subject.dns_names);
  sort_out(subject.ip_addresses);
  return subject;
}

// A failure that the configuration wants denied.
Decision DenyWhereTold(Decision decision, const ServingPolicy& policy) {
  for (const RuleResult& result : decision.rules) {
    if (result.outcome == RuleOutcome::kFailed &&
        absl::c_linear_search(policy.deny, result.rule)) {
      decision.verdict = Verdict::kDeny;
      decision.rule = result.rule;
      decision.message = result.message;
      decision.may_change = false;
      break;
    }
  }
  return decision;
}

Decision Judge(const Csr& csr,
               const absl::StatusOr<pki::CertificateRequest>& request,
               const ServingPolicy& policy, const ServingEvidence& evidence) {
  DecisionBuilder decision;
  decision.Check("request", request.status().message());
  if (!request.ok()) return std::move(decision).Finish("");
  const pki::SubjectAltNames& sans = request->subject_alt_names();

  decision.Check("signature", request->VerifySignature().message());
  decision.Check("shape", ShapeFault(csr, *request));
  decision.Check("requester", RequesterFault(csr, *request));
  decision.Check("subject", NodeSubjectFault(*request));
  decision.Check("extensions", NodeExtensionsFault(*request));
  decision.Check("counts", CountsFault(sans, policy));
  decision.Check("names", NamesFault(sans));
  decision.Check("apiServer", ApiServerFault(sans, policy));
  decision.Check("key", KeyFault(*request, policy.keys));
  if (policy.max_lifetime) {
    decision.Check("lifetime", LifetimeFault(csr, *policy.max_lifetime));
  } else {
    decision.Off("lifetime");
  }
  const ServingSubject subject = SubjectOf(*request);
  if (policy.limit_prefixes.empty() && policy.limit_name_patterns.empty()) {
    decision.Off("limits");
  } else {
    decision.Check("limits", LimitsFault(subject, policy));
  }
  CheckKeyReuse("keyReuse", request->subject().common_name,
                evidence.other_holders_of_key, decision);
  CheckRate("rate", policy.max_approvals_per_hour,
            evidence.approvals_in_last_hour, decision);
  // With thousands of names this would be dear, and is of no use.
  if (CountsFault(sans, policy).empty()) {
    CheckWitnesses("witnesses", subject, policy, evidence, decision);
  } else {
    decision.Off("witnesses");
  }
  return std::move(decision).Finish(absl::StrCat(
      "Auto approving kubelet serving certificate: each of its ",
      subject.dns_names.size(), " DNS names and ", subject.ip_addresses.size(),
      " IP addresses is backed by at least ", policy.quorum,
      policy.quorum == 1 ? " witness." : " witnesses."));
}

}  // namespace

ServingPlan PlanServingApproval(const Csr& csr, const ServingPolicy& policy) {
  const absl::StatusOr<pki::CertificateRequest> request =
      pki::CertificateRequest::ParsePem(csr.spec().request());
  ServingPlan plan;
  Decision decision =
      DenyWhereTold(Judge(csr, request, policy, ServingEvidence()), policy);
  // What can be told without evidence stands. (Nothing is approved without.)
  if (decision.verdict == Verdict::kDeny ||
      (decision.verdict == Verdict::kLeave && !decision.may_change)) {
    plan.decision = std::move(decision);
    return plan;
  }
  ServingSubject subject = SubjectOf(*request);
  plan.node_name = std::move(subject.node_name);
  plan.dns_names = std::move(subject.dns_names);
  plan.ip_addresses = std::move(subject.ip_addresses);
  plan.spki_der = request->public_key().spki_der();
  return plan;
}

Decision DecideServingApproval(const Csr& csr, const ServingPolicy& policy,
                               const ServingEvidence& evidence) {
  return DenyWhereTold(
      Judge(csr, pki::CertificateRequest::ParsePem(csr.spec().request()),
            policy, evidence),
      policy);
}

}  // namespace signet::policy
