#include "node_agent/agent_config.h"

#include <csignal>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/pki/private_key.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::node_agent {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kHead[] =
    "apiVersion: signet.dev/v1alpha1\n"
    "kind: NodeAgentConfiguration\n"
    "certificates:\n";
// The least that a certificate wants; four lines, from line 4 on.
constexpr char kLeast[] =
    "- name: web\n"
    "  signerName: example.com/web\n"
    "  subject: {commonName: w}\n"
    "  usages: [server auth]\n";

absl::StatusOr<AgentConfig> Parse(const std::string& certificates) {
  return ParseAgentConfig("agent.yaml", kHead + certificates, "n1");
}

TEST(AgentConfigTest, ReadsEveryField) {
  const absl::StatusOr<AgentConfig> config = Parse(R"(- name: web
  signerName: example.com/web
  subject:
    commonName: web.$(NODE_NAME)
    organizations: [team-$(NODE_NAME), all]
  sans:
    dnsNames: [www.example.com, $(NODE_NAME).example.com]
    ipAddresses: [192.0.2.9, "::1"]
    nodeAddresses: true
  usages: [digital signature, server auth]
  keyType: RSA-3072
  expirationSeconds: 86400
  directory: /var/lib/web
  files:
    certificate: /etc/web/tls.crt
    key: /etc/web/tls.key
    ca: /etc/web/ca.crt
    owner: web
    group: "33"
    keyMode: "0640"
    certificateMode: "0444"
  after:
  - signal: {pidFile: /run/web.pid, name: USR1}
  - command: {argv: [/usr/bin/touch, /run/web.done], timeout: 1m30s}
  - systemd: {reload: web.service}
)");
  ASSERT_THAT(config.status(), IsOk());
  ASSERT_THAT(config->certificates, SizeIs(1));
  const CertificateConfig& web = config->certificates[0];
  EXPECT_EQ(web.name, "web");
  EXPECT_EQ(web.signer_name, "example.com/web");
  EXPECT_EQ(web.common_name, "web.n1");
  EXPECT_THAT(web.organizations, ElementsAre("team-n1", "all"));
  EXPECT_THAT(web.names.dns_names,
              ElementsAre("n1.example.com", "www.example.com"));
  ASSERT_THAT(web.names.ip_addresses, SizeIs(2));
  EXPECT_EQ(web.names.ip_addresses[0].ToString(), "192.0.2.9");
  EXPECT_TRUE(web.node_addresses);
  EXPECT_THAT(web.usages, ElementsAre("digital signature", "server auth"));
  EXPECT_EQ(web.key_algorithm, pki::KeyAlgorithm::kRsa3072);
  EXPECT_EQ(web.lifetime, absl::Hours(24));
  EXPECT_EQ(web.directory, "/var/lib/web");
  EXPECT_EQ(web.files.certificate, "/etc/web/tls.crt");
  EXPECT_EQ(web.files.key, "/etc/web/tls.key");
  EXPECT_EQ(web.files.ca, "/etc/web/ca.crt");
  EXPECT_EQ(web.files.owner, "web");
  EXPECT_EQ(web.files.group, "33");
  EXPECT_EQ(web.files.key_mode, 0640);
  EXPECT_EQ(web.files.certificate_mode, 0444);
  ASSERT_THAT(web.after, SizeIs(3));
  EXPECT_EQ(web.after[0].kind, FollowUp::Kind::kSignal);
  EXPECT_EQ(web.after[0].signal, SIGUSR1);
  EXPECT_EQ(Describe(web.after[0]), "signal USR1 to /run/web.pid");
  EXPECT_EQ(web.after[1].kind, FollowUp::Kind::kCommand);
  EXPECT_THAT(web.after[1].argv,
              ElementsAre("/usr/bin/touch", "/run/web.done"));
  EXPECT_EQ(web.after[1].timeout, absl::Seconds(90));
  EXPECT_EQ(Describe(web.after[1]), "command /usr/bin/touch /run/web.done");
  EXPECT_EQ(web.after[2].kind, FollowUp::Kind::kReloadUnit);
  EXPECT_EQ(Describe(web.after[2]), "reload web.service");
}

TEST(AgentConfigTest, HasDefaultsForAllButTheLeast) {
  const absl::StatusOr<AgentConfig> config = Parse(kLeast);
  ASSERT_THAT(config.status(), IsOk());
  ASSERT_THAT(config->certificates, SizeIs(1));
  const CertificateConfig& web = config->certificates[0];
  EXPECT_EQ(web.key_algorithm, pki::KeyAlgorithm::kEcdsaP256);
  EXPECT_EQ(web.lifetime, std::nullopt);
  EXPECT_FALSE(web.node_addresses);
  EXPECT_FALSE(web.files.any());
  EXPECT_THAT(web.after, IsEmpty());
  EXPECT_EQ(web.directory, "");
}

TEST(AgentConfigTest, SaysOnWhichLineAValueIsWrong) {
  const struct {
    std::string name;
    std::string yaml;
    std::string want;
  } kTests[] = {
      {"an unknown field", absl::StrCat(kLeast, "  signer: x\n"),
       "agent.yaml:8: unknown field \"signer\" in certificates[0]"},
      {"an unknown field within", absl::StrCat(kLeast, "  sans: {dns: [a]}\n"),
       "agent.yaml:8: unknown field \"dns\" in certificates[0].sans"},
      {"no name",
       "- signerName: a.b/c\n  subject: {commonName: w}\n"
       "  usages: [any]\n",
       "agent.yaml:4: field \"name\" is missing in certificates[0]"},
      {"the kubelet's name", "- name: kubelet-server\n",
       "agent.yaml:4: certificates[0].name: must not begin with kubelet-"},
      {"no file name", "- name: a/b\n",
       "agent.yaml:4: certificates[0].name: must be at most 63"},
      {"a name twice", absl::StrCat(kLeast, kLeast),
       "agent.yaml:8: certificates[1].name: \"web\" occurs twice"},
      {"no signer's name", "- name: web\n  signerName: web\n",
       "agent.yaml:5: certificates[0].signerName: must be of the form"},
      {"a usage that is none", "- name: web\n  usages: [server]\n",
       "agent.yaml:5: certificates[0].usages: unknown usage \"server\""},
      {"a usage twice", "- name: web\n  usages: [any, any]\n",
       "agent.yaml:5: certificates[0].usages: \"any\" occurs twice"},
      {"no key", absl::StrCat(kLeast, "  keyType: DSA\n"),
       "agent.yaml:8: certificates[0].keyType: must be one of ECDSA-P256, "},
      {"too short a life", absl::StrCat(kLeast, "  expirationSeconds: 599\n"),
       "agent.yaml:8: certificates[0].expirationSeconds: expected a whole "
       "number from 600 to 2147483647"},
      {"an address among names",
       absl::StrCat(kLeast, "  sans: {dnsNames: [10.0.0.1]}\n"),
       "agent.yaml:8: certificates[0].sans.dnsNames: has an IP address"},
      {"a name among addresses",
       absl::StrCat(kLeast, "  sans: {ipAddresses: [a]}\n"),
       "agent.yaml:8: certificates[0].sans.ipAddresses: has something"},
      {"a relative path", absl::StrCat(kLeast, "  directory: web\n"),
       "agent.yaml:8: certificates[0].directory: must be an absolute path"},
      {"a key alone", absl::StrCat(kLeast, "  files: {key: /k}\n"),
       "agent.yaml:8: certificates[0].files: certificate and key go together"},
      {"one file for both",
       absl::StrCat(kLeast, "  files: {key: /k, certificate: /k}\n"),
       "agent.yaml:8: certificates[0].files: each file wants a path"},
      {"a key for all",
       absl::StrCat(kLeast,
                    "  files: {key: /k, certificate: /c, keyMode: "
                    "\"0644\"}\n"),
       "agent.yaml:8: certificates[0].files.keyMode: must not let everybody"},
      {"nothing to do", absl::StrCat(kLeast, "  after:\n  - {}\n"),
       "agent.yaml:9: certificates[0].after[0]: must have one of signal, "},
      {"two things at once",
       absl::StrCat(kLeast,
                    "  after:\n  - systemd: {reload: a.service}\n"
                    "    command: {argv: [/bin/true]}\n"),
       "agent.yaml:9: certificates[0].after[0]: must have one of signal, "},
      {"a program to be found",
       absl::StrCat(kLeast, "  after:\n  - command: {argv: [true, x]}\n"),
       "agent.yaml:9: certificates[0].after[0].command.argv"},
      {"an option as a unit",
       absl::StrCat(kLeast, "  after:\n  - systemd: {reload: --now}\n"),
       "agent.yaml:9: certificates[0].after[0].systemd.reload: must be the"},
      {"a signal that is none",
       absl::StrCat(kLeast,
                    "  after:\n  - signal: {pidFile: /p, name: KILL}\n"),
       "agent.yaml:9: certificates[0].after[0].signal.name: must be one of"},
      {"a timeout too long",
       absl::StrCat(kLeast,
                    "  after:\n  - command: {argv: [/bin/true], "
                    "timeout: 1h}\n"),
       "agent.yaml:9: certificates[0].after[0].command.timeout: must be at"},
      {"another certificate's file",
       absl::StrCat(kLeast, "  files: {key: /k, certificate: /c}\n",
                    "- name: x\n  signerName: example.com/x\n"
                    "  subject: {commonName: x}\n  usages: [any]\n"
                    "  files: {key: /k, certificate: /d}\n"),
       "certificates[1].files: \"/k\" is another certificate's"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    EXPECT_THAT(Parse(t.yaml), StatusIs(absl::StatusCode::kInvalidArgument,
                                        HasSubstr(t.want)));
  }
}

}  // namespace
}  // namespace signet::node_agent
