#include "approver_service/approver_config_reader.h"

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "approver_service/offline_evidence.h"
#include "core/policy/approver_config.h"
#include "core/policy/request_rules.h"
#include "core/policy/serving_policy.h"
#include "core/sys/posix_file_system.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::approver {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// A configuration whose third line is the first of `text`.
absl::StatusOr<policy::ApproverConfig> Read(absl::string_view text) {
  return ReadApproverConfig(
      "a.yaml",
      absl::StrCat(
          "apiVersion: signet.dev/v1alpha1\nkind: ApproverConfiguration\n",
          text));
}

TEST(ReadApproverConfigTest, B3SaysNothingMoreThanUpstreamByDefault) {
  const absl::StatusOr<policy::ApproverConfig> config = Read("");
  ASSERT_THAT(config, IsOk());
  EXPECT_TRUE(config->client.approve);
  EXPECT_FALSE(config->client.strict);
  EXPECT_FALSE(config->client.keys.has_value());
  EXPECT_FALSE(config->serving.has_value());
  EXPECT_THAT(config->policies, IsEmpty());
}

TEST(ReadApproverConfigTest, ReadsEveryField) {
  const absl::StatusOr<policy::ApproverConfig> config = Read(R"(
kubeletClient:
  approve: false
  strict: true
  keys: {minRSABits: 3072, ecdsa: [P-384], ed25519: false, allowSHA1: true}
  refuseKeyReuse: true
  maxApprovalsPerHour: 7
  joins:
    refuseReadyNode: true
    requireInventory: true
    maxPending: 9
    bindings:
    - {requester: 'system:bootstrap:.*', nodes: 'w-.*'}
kubeletServing:
  witnesses: [nodeStatus, servedCertificate, inventory, dns, prefix, namePattern]
  quorum: 3
  allowUnbound: true
  prefixes: [10.0.0.0/8]
  namePatterns: ['{node}']
  limits:
    prefixes: ["::/0"]
    namePatterns: ['.*']
    maxDNSNames: 2
    maxIPAddresses: 3
    maxLifetime: 24h
  apiServer:
    names: [api.example.com]
    addresses: [192.0.2.1]
    servicePrefixes: [10.96.0.0/12]
    clusterDomain: k8s.example.com
  keys: {minRSABits: 0}
  maxApprovalsPerHour: 5
  deny: [apiServer, witnesses]
witnesses:
  timeout: 500ms
  kubeletPort: 10251
  kubeletCAFile: /ca.crt
  inventoryFile: /inventory.yaml
policies:
- name: one
  match: {signerName: 'a/b', requester: 'c', groups: ['d']}
  require:
    usages: [server auth]
    optionalUsages: [client auth]
    keys: {ecdsa: []}
    subject:
      commonName: '.*'
      commonNameIsRequester: true
      organizations: ['o']
      otherAttributes: true
    dnsNames: {min: 1, max: 2, patterns: ['x']}
    ipAddresses: {max: 1, prefixes: [10.0.0.0/8]}
    emailAddresses: {max: 3, patterns: ['y']}
    uris: {max: 4, patterns: ['z']}
    maxLifetime: 1h
  decide: approve
  otherwise: next
- name: two
  match: {signerName: '.*'}
  decide: deny
)");
  ASSERT_THAT(config, IsOk());
  const policy::ClientPolicy& client = config->client;
  EXPECT_FALSE(client.approve);
  EXPECT_TRUE(client.strict);
  ASSERT_TRUE(client.keys.has_value());
  EXPECT_EQ(client.keys->min_rsa_bits, 3072);
  EXPECT_THAT(client.keys->ecdsa_bits, ElementsAre(384));
  EXPECT_FALSE(client.keys->ed25519);
  EXPECT_TRUE(client.keys->sha1);
  EXPECT_TRUE(client.refuse_key_reuse);
  EXPECT_EQ(client.max_approvals_per_hour, 7);
  EXPECT_TRUE(client.refuse_ready_node);
  EXPECT_TRUE(client.require_inventory);
  EXPECT_EQ(client.max_pending_joins, 9);
  ASSERT_THAT(client.bindings, SizeIs(1));
  EXPECT_EQ(client.bindings[0].nodes.text(), "w-.*");

  ASSERT_TRUE(config->serving.has_value());
  const policy::ServingPolicy& serving = *config->serving;
  EXPECT_THAT(serving.witnesses, SizeIs(6));
  EXPECT_EQ(serving.quorum, 3);
  EXPECT_TRUE(serving.allow_unbound);
  EXPECT_THAT(serving.prefixes, SizeIs(1));
  EXPECT_THAT(serving.name_patterns, SizeIs(1));
  EXPECT_THAT(serving.limit_prefixes, SizeIs(1));
  EXPECT_THAT(serving.limit_name_patterns, SizeIs(1));
  EXPECT_EQ(serving.max_dns_names, 2u);
  EXPECT_EQ(serving.max_ip_addresses, 3u);
  EXPECT_EQ(serving.max_lifetime, absl::Hours(24));
  EXPECT_THAT(serving.api_server_names, ElementsAre("api.example.com"));
  EXPECT_THAT(serving.api_server_addresses, SizeIs(1));
  EXPECT_THAT(serving.service_prefixes, SizeIs(1));
  EXPECT_EQ(serving.cluster_domain, "k8s.example.com");
  EXPECT_EQ(serving.keys.min_rsa_bits, 0);
  EXPECT_EQ(serving.max_approvals_per_hour, 5);
  EXPECT_THAT(serving.deny, ElementsAre("apiServer", "witnesses"));

  EXPECT_EQ(config->witnesses.timeout, absl::Milliseconds(500));
  EXPECT_EQ(config->witnesses.kubelet_port, 10251);
  EXPECT_EQ(config->witnesses.kubelet_ca_file, "/ca.crt");
  EXPECT_EQ(config->witnesses.inventory_file, "/inventory.yaml");

  ASSERT_THAT(config->policies, SizeIs(2));
  const policy::RequestPolicy& one = config->policies[0];
  EXPECT_EQ(one.name, "one");
  EXPECT_EQ(one.match.signer_name.text(), "a/b");
  EXPECT_EQ(one.match.requester->text(), "c");
  EXPECT_THAT(one.match.groups, SizeIs(1));
  EXPECT_EQ(one.decide, policy::PolicyAction::kApprove);
  EXPECT_EQ(one.otherwise, policy::PolicyAction::kNext);
  ASSERT_TRUE(one.require.has_value());
  EXPECT_THAT(one.require->usages, ElementsAre("server auth"));
  EXPECT_THAT(one.require->optional_usages, ElementsAre("client auth"));
  EXPECT_THAT(one.require->keys.ecdsa_bits, IsEmpty());
  EXPECT_TRUE(one.require->common_name.has_value());
  EXPECT_TRUE(one.require->common_name_is_requester);
  EXPECT_THAT(one.require->organizations, SizeIs(1));
  EXPECT_TRUE(one.require->other_attributes);
  EXPECT_EQ(one.require->dns_names.min, 1u);
  EXPECT_EQ(one.require->dns_names.max, 2u);
  EXPECT_EQ(one.require->ip_addresses.max, 1u);
  EXPECT_THAT(one.require->ip_addresses.prefixes, SizeIs(1));
  EXPECT_EQ(one.require->email_addresses.max, 3u);
  EXPECT_EQ(one.require->uris.max, 4u);
  EXPECT_EQ(one.require->max_lifetime, absl::Hours(1));
  EXPECT_EQ(config->policies[1].decide, policy::PolicyAction::kDeny);
  EXPECT_FALSE(config->policies[1].require.has_value());
}

TEST(ReadApproverConfigTest, NamesTheLineOfWhatIsWrong) {
  const struct {
    std::string name;
    std::string text;
    std::string want;
  } kTests[] = {
      {"an unknown section", "kubeletServin: {}",
       "a.yaml:3: unknown field \"kubeletServin\" (did you mean "
       "\"kubeletServing\"?)"},
      {"an unknown field, deep within",
       "policies:\n- name: a\n  match:\n    signerNames: x\n  decide: deny",
       "a.yaml:6: field \"signerName\" is missing in policies[0].match\n"
       "a.yaml:6: unknown field \"signerNames\" in policies[0].match (did you "
       "mean \"signerName\"?)"},
      {"a witness that is none", "kubeletServing:\n  witnesses: [nodes]",
       "a.yaml:4: kubeletServing.witnesses: no witness is called \"nodes\": "
       "nodeStatus, servedCertificate, inventory, dns, prefix, namePattern\n"
       "a.yaml:4: kubeletServing: a quorum of 1 cannot be reached: at most 0 "
       "of the witnesses speak about any name"},
      {"a witness twice", "kubeletServing:\n  witnesses: [dns, dns]",
       "a.yaml:4: kubeletServing.witnesses: \"dns\" occurs twice"},
      {"a quorum that nothing reaches", "kubeletServing:\n  quorum: 2",
       "a.yaml:4: kubeletServing.quorum: a quorum of 2 cannot be reached: at "
       "most 1 of the witnesses speak about any name"},
      {"prefixes that no witness uses",
       "kubeletServing:\n  prefixes: [10.0.0.0/8]",
       "a.yaml:4: kubeletServing.prefixes: prefix is not among the witnesses"},
      {"a prefix with bits behind it",
       "kubeletServing:\n  limits:\n    prefixes: [10.0.0.1/8]",
       "a.yaml:5: kubeletServing.limits.prefixes: \"10.0.0.1/8\": bits are set "
       "after the first 8"},
      {"no address", "kubeletServing:\n  apiServer:\n    addresses: [api]",
       "a.yaml:5: kubeletServing.apiServer.addresses: \"api\" is no IP "
       "address"},
      {"a rule that is none", "kubeletServing:\n  deny: [san]",
       "a.yaml:4: kubeletServing.deny: no rule is called \"san\": request, "
       "signature, shape, requester, subject, extensions, counts, names, "
       "apiServer, key, lifetime, limits, keyReuse, rate, witnesses"},
      {"no expression",
       "policies:\n- name: a\n  match: {signerName: '('}\n  decide: deny",
       "a.yaml:5: policies[0].match.signerName: no RE2 expression: missing "
       "): ("},
      {"what kubeletServing is for",
       "policies:\n- name: a\n  match: {signerName: "
       "kubernetes.io/kubelet-serving}\n  decide: deny",
       "a.yaml:5: policies[0].match.signerName: requests to this signer are "
       "judged by kubeletClient and kubeletServing"},
      {"one name for two policies",
       "policies:\n- {name: a, match: {signerName: x}, decide: deny}\n"
       "- {name: a, match: {signerName: y}, decide: deny}",
       "a.yaml:5: policies[1].name: a policy \"a\" is there already"},
      {"a decision that is none",
       "policies:\n- {name: a, match: {signerName: x}, decide: allow}",
       "a.yaml:4: policies[0].decide: expected approve, deny or ignore"},
      {"approval of whatever comes",
       "policies:\n- {name: a, match: {signerName: x}, decide: approve}",
       "a.yaml:4: policies[0].decide: what is approved must be required to be "
       "something"},
      {"a usage that is none",
       "policies:\n- name: a\n  match: {signerName: x}\n  require:\n    "
       "usages: "
       "[tls]\n  decide: deny",
       "a.yaml:7: policies[0].require.usages: no usage is called \"tls\""},
      {"names of which nothing is said",
       "policies:\n- name: a\n  match: {signerName: x}\n  require:\n    "
       "usages: "
       "[any]\n    dnsNames: {max: 1}\n  decide: deny",
       "a.yaml:8: policies[0].require.dnsNames: needs patterns: which ones may "
       "be asked for"},
      {"a curve that is none", "kubeletClient:\n  keys: {ecdsa: [P-224]}",
       "a.yaml:4: kubeletClient.keys.ecdsa: \"P-224\" is none of P-256, "
       "P-384, P-521"},
      {"a witness without its file",
       "kubeletServing:\n  witnesses: [servedCertificate]",
       "a.yaml:1: witness servedCertificate needs witnesses.kubeletCAFile"},
      {"an inventory without its file",
       "kubeletClient:\n  joins: {requireInventory: true}\nwitnesses:\n  "
       "timeout: 1s",
       "a.yaml:5: witnesses: the inventory needs witnesses.inventoryFile"},
      {"a number out of range", "witnesses:\n  kubeletPort: 0",
       "a.yaml:4: witnesses.kubeletPort: expected a whole number from 1 to "
       "65535, not the number 0"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    EXPECT_THAT(Read(t.text),
                StatusIs(absl::StatusCode::kInvalidArgument, t.want));
  }
}

// What deploy/ shows works.
TEST(ReadApproverConfigTest, TakesTheExamples) {
  sys::PosixFileSystem files;
  const std::string directory = "deploy/approver";
  const absl::StatusOr<std::vector<std::string>> names = files.List(directory);
  ASSERT_THAT(names, IsOk());
  size_t read = 0;
  for (const std::string& name : *names) {
    SCOPED_TRACE(name);
    if (!absl::EndsWith(name, ".yaml")) continue;
    ++read;
    const absl::StatusOr<std::string> text =
        files.Read(absl::StrCat(directory, "/", name), 1 << 20);
    ASSERT_THAT(text, IsOk());
    if (absl::StrContains(*text, "kind: ApproverEvidence")) {
      EXPECT_THAT(ParseEvidence(name, *text), IsOk());
    } else {
      EXPECT_THAT(ReadApproverConfig(name, *text), IsOk());
    }
  }
  EXPECT_THAT(read, Ge(6u));
}

}  // namespace
}  // namespace signet::approver
