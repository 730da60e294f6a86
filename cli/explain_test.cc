#include "cli/explain.h"

#include <functional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "core/api/certificates.pb.h"
#include "core/api/codec.h"
#include "core/pki/ip_address.h"
#include "core/policy/signer_names.h"
#include "core/testing/csr_builder.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::cli {
namespace {

using Csr = api::CertificateSigningRequest;
using ::testing::HasSubstr;
using ::testing::SizeIs;

const absl::Time kNow = absl::FromUnixSeconds(1700000000);

// A kubelet's first request, as it should be: node-a by a bootstrap token.
Csr Base() {
  Csr csr = testing::MakeCsr();
  *csr.mutable_metadata()->mutable_creation_timestamp() =
      api::FromAbslTime(kNow - absl::Hours(2));
  return csr;
}

void Add(Csr& csr, const char* type) {
  auto& condition = *csr.mutable_status()->add_conditions();
  condition.set_type(type);
  condition.set_reason("Reason");
  *condition.mutable_last_update_time() =
      api::FromAbslTime(kNow - absl::Minutes(10));
}

struct Case {
  std::string name;
  std::function<void(Csr&, ExplainFacts&)> change;
  std::string want;  // In the first line.
};

// SPEC F-1: the first line names the cause.
TEST(ExplainCsrTest, TheFirstLineNamesTheCause) {
  const Case kTests[] = {
      {"denied", [](Csr& c, ExplainFacts&) { Add(c, "Denied"); },
       "it was denied (Reason)"},
      {"failed",
       [](Csr& c, ExplainFacts&) {
         Add(c, "Approved");
         Add(c, "Failed");
       },
       "its signer refused it (Reason)"},
      {"approved, for a signer that nobody serves",
       [](Csr& c, ExplainFacts&) {
         c.mutable_spec()->set_signer_name("example.com/serving");
         Add(c, "Approved");
       },
       "no signer in Kubernetes answers for example.com/serving"},
      {"approved, no signer running",
       [](Csr& c, ExplainFacts&) { Add(c, "Approved"); },
       "no signer is running: kube-controller-manager has never led here"},
      {"approved, the signer gone",
       [](Csr& c, ExplainFacts& f) {
         Add(c, "Approved");
         f.controller_manager_seen = kNow - absl::Hours(1);
       },
       "kube-controller-manager was last seen 60m ago"},
      {"approved, a signer running",
       [](Csr& c, ExplainFacts& f) {
         Add(c, "Approved");
         f.signer_seen = kNow;
       },
       "though a signer is running"},
      {"approved, of a shape that the signer refuses",
       [](Csr& c, ExplainFacts&) {
         c.mutable_spec()->add_usages("server auth");
         Add(c, "Approved");
       },
       "its signer will refuse it: usages did not match"},
      {"pending, a wrong organization",
       [](Csr& c, ExplainFacts&) {
         c = testing::MakeCsr(
             {.subject = {.common_name = "system:node:node-a"}});
       },
       "subject organization is not system:nodes"},
      {"pending, a wrong name",
       [](Csr& c, ExplainFacts&) {
         c = testing::MakeCsr({.subject = {.organization = {"system:nodes"},
                                           .common_name = "node-a"}});
       },
       "subject common name does not begin with system:node:"},
      {"pending, the requester may not",
       [](Csr&, ExplainFacts& f) { f.may_node_client = false; },
       "may not create certificatesigningrequests/nodeclient"},
      {"pending, the node may not renew",
       [](Csr& c, ExplainFacts& f) {
         c.mutable_spec()->set_username("system:node:node-a");
         f.may_self_node_client = false;
         f.may_node_client = false;
       },
       "may not create certificatesigningrequests/selfnodeclient"},
      {"pending, one may not ask",
       [](Csr&, ExplainFacts& f) { f.review_error = "forbidden"; },
       "cannot be found out: forbidden"},
      {"pending, no approver",
       [](Csr&, ExplainFacts& f) { f.may_node_client = true; },
       "no approver is running"},
      {"pending, an approver running",
       [](Csr&, ExplainFacts& f) {
         f.may_node_client = true;
         f.controller_manager_seen = kNow;
       },
       "it can be approved and soon should be"},
      {"pending, serving: nobody approves these",
       [](Csr& c, ExplainFacts&) {
         testing::CsrFields fields;
         fields.signer_name = std::string(policy::kKubeletServing);
         fields.username = "system:node:node-a";
         fields.usages = {"digital signature", "server auth"};
         fields.sans.dns_names = {"node-a"};
         c = testing::MakeCsr(fields);
       },
       "Kubernetes approves no kubelet serving certificates by itself"},
      {"pending, serving, without names",
       [](Csr& c, ExplainFacts&) {
         c.mutable_spec()->set_signer_name(policy::kKubeletServing);
       },
       "DNS or IP subjectAltName is required"},
      {"pending, for a client of the API server",
       [](Csr& c, ExplainFacts&) {
         c.mutable_spec()->set_signer_name(policy::kKubeApiserverClient);
       },
       "somebody has to"},
      {"pending, for legacy-unknown",
       [](Csr& c, ExplainFacts&) {
         c.mutable_spec()->set_signer_name(policy::kLegacyUnknown);
       },
       "legacy-unknown"},
      {"a request that cannot be read",
       [](Csr& c, ExplainFacts&) { c.mutable_spec()->set_request("x"); },
       "its request cannot be read"},
      {"a request with another's signature",
       [](Csr& c, ExplainFacts&) {
         c.mutable_spec()->set_request(
             testing::SpoilSignature(c.spec().request()));
       },
       "not signed by its own key"},
      {"a certificate that cannot be read",
       [](Csr& c, ExplainFacts&) { c.mutable_status()->set_certificate("x"); },
       "cannot be read"},
  };
  for (const Case& test : kTests) {
    SCOPED_TRACE(test.name);
    Csr csr = Base();
    ExplainFacts facts;
    test.change(csr, facts);
    const std::vector<std::string> lines = ExplainCsr(csr, facts, kNow);
    ASSERT_FALSE(lines.empty());
    EXPECT_THAT(lines[0], HasSubstr(test.want));
  }
}

// SPEC C-28.
TEST(ExplainCsrTest, SaysWhenTheCleanerComes) {
  ExplainFacts facts;
  facts.may_node_client = true;
  EXPECT_THAT(ExplainCsr(Base(), facts, kNow).back(),
              HasSubstr("pending for 120m; kube-controller-manager's cleaner "
                        "removes it in 22h"));
  Csr denied = Base();
  Add(denied, "Denied");
  EXPECT_THAT(ExplainCsr(denied, facts, kNow).back(),
              HasSubstr("removes it in 50m"));
  EXPECT_THAT(ExplainCsr(denied, facts, kNow + absl::Hours(1)).back(),
              HasSubstr("at its next pass"));
}

}  // namespace
}  // namespace signet::cli
