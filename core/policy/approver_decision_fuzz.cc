// Whatever the bytes of a request, every policy comes to a decision that can be
// printed; a second time to the same; and what is approved is signed with its
// own key and holds only names that the evidence backs.

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/algorithm/container.h"
#include "absl/log/check.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "core/api/certificates.pb.h"
#include "core/pki/certificate_request.h"
#include "core/pki/ip_address.h"
#include "core/pki/pem.h"
#include "core/policy/approver_config.h"
#include "core/policy/approver_decision.h"
#include "core/policy/decision.h"
#include "core/policy/pattern.h"
#include "core/policy/request_form.h"
#include "core/policy/server_names.h"

namespace {

using namespace signet;          // NOLINT: a fuzz target stands alone.
using namespace signet::policy;  // NOLINT

constexpr absl::string_view kSigners[] = {
    "kubernetes.io/kube-apiserver-client-kubelet",
    "kubernetes.io/kubelet-serving", "kubernetes.io/kube-apiserver-client",
    "example.com/x"};

// Policies as open as can be.
ApproverConfig OpenConfig() {
  ApproverConfig config;
  config.client.strict = true;
  config.client.refuse_key_reuse = true;
  ServingPolicy& serving = config.serving.emplace();
  serving.witnesses = {Witness::kNodeStatus, Witness::kDns,
                       Witness::kNamePattern};
  serving.name_patterns = {*Pattern::Parse(R"({node}\..*)")};
  const Pattern any = *Pattern::Parse("(?s).*");
  RequestRequirements all;
  all.optional_usages = {"client auth", "server auth"};
  all.common_name = any;
  all.organizations = {any};
  all.other_attributes = true;
  for (NameRequirement* const names :
       {&all.dns_names, &all.email_addresses, &all.uris}) {
    names->max = 1000;
    names->patterns = {any};
  }
  config.policies.push_back({.name = "all",
                             .match = {any, {}, {}},
                             .require = all,
                             .decide = PolicyAction::kApprove});
  return config;
}

ApproverEvidence GoodEvidence() {
  ApproverEvidence evidence;
  evidence.access = {{"selfnodeclient", true}, {"nodeclient", true}};
  evidence.client.other_holders_of_key.emplace();
  evidence.serving.other_holders_of_key.emplace();
  evidence.serving.node_status = {
      true, "n", {"node-a"}, {*pki::IpAddress::Parse("10.0.0.1")}};
  return evidence;
}

void CheckPrintable(absl::string_view text) {
  CHECK(absl::c_all_of(text, [](char c) {
    return absl::ascii_isprint(static_cast<unsigned char>(c));
  })) << text;
  CHECK(text.size() <= 1100) << text.size();
}

void CheckApproved(const api::CertificateSigningRequest& csr) {
  const absl::StatusOr<pki::CertificateRequest> request =
      pki::CertificateRequest::ParsePem(csr.spec().request());
  CHECK_OK(request.status());
  CHECK_OK(request->VerifySignature());
  if (csr.spec().signer_name() == kSigners[2]) {
    CHECK(!absl::StartsWith(request->subject().common_name, "system:"));
    CHECK(!absl::c_linear_search(request->subject().organization,
                                 "system:masters"));
  }
  if (csr.spec().signer_name() != kSigners[1]) return;
  CHECK_EQ(request->subject().common_name, csr.spec().username());
  const std::string node(NodeNameOf(*request));
  CHECK(IsDnsSubdomain(node));
  for (const std::string& name : request->subject_alt_names().dns_names) {
    const std::string lower = absl::AsciiStrToLower(name);
    CHECK(lower == "node-a" || absl::StartsWith(lower, node + ".")) << name;
    CHECK(DnsNameFault(name).empty());
    CHECK(ServiceNameFault(name, "cluster.local").empty());
  }
  for (const pki::IpAddress& address :
       request->subject_alt_names().ip_addresses) {
    CHECK_EQ(address.ToString(), "10.0.0.1");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const ApproverConfig* const config = new ApproverConfig(OpenConfig());
  static const ApproverEvidence* const evidence =
      new ApproverEvidence(GoodEvidence());
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  api::CertificateSigningRequest csr;
  // PEM as it is, DER wrapped: what mutates well.
  csr.mutable_spec()->set_request(
      absl::StrContains(bytes, "-----BEGIN")
          ? std::string(bytes)
          : pki::EncodePem("CERTIFICATE REQUEST", bytes));
  csr.mutable_spec()->set_username("system:node:node-a");
  csr.mutable_spec()->add_groups("system:nodes");
  for (const absl::string_view signer : kSigners) {
    csr.mutable_spec()->set_signer_name(signer);
    csr.mutable_spec()->clear_usages();
    if (signer != kSigners[2] && signer != kSigners[3]) {
      csr.mutable_spec()->add_usages("digital signature");
    }
    csr.mutable_spec()->add_usages(signer == kSigners[1] ? "server auth"
                                                         : "client auth");
    const PolicyDecision got = DecideWithEvidence(csr, *config, *evidence);
    const PolicyDecision again = DecideWithEvidence(csr, *config, *evidence);
    CHECK(got.decision.verdict == again.decision.verdict);
    CHECK_EQ(got.decision.message, again.decision.message);
    CHECK(got.decision.verdict != Verdict::kDeny);
    CheckPrintable(got.decision.message);
    for (const RuleResult& result : got.decision.rules) {
      CheckPrintable(result.message);
    }
    if (got.decision.verdict == Verdict::kApprove) CheckApproved(csr);
  }
  return 0;
}
