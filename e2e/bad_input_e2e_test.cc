// What a user gets wrong, and what our programs say to it: one message that
// names the thing, and the right end or the right patience.

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/api/certificates.pb.h"
#include "core/api/csr_status_text.h"
#include "core/k8s/resource_api.h"
#include "core/pki/certificate.h"
#include "core/testing/test_ca.h"
#include "e2e/e2e_test.h"
#include "e2e/process.h"
#include "e2e/scenarios.h"
#include "e2e/testbed.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::e2e {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::IsOkAndHolds;
using ::signet::api::CertificateSigningRequest;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using ProcessOr = absl::StatusOr<std::unique_ptr<Process>>;

constexpr absl::Duration kAnswer = absl::Seconds(20);

class BadInputTest : public E2eTest {
 protected:
  AgentFiles MakeFiles(absl::string_view node, const TokenOptions& token = {}) {
    const absl::StatusOr<AgentFiles> files =
        testbed().MakeAgentFiles(node, token);
    EXPECT_THAT(files.status(), IsOk());
    return files.value_or(AgentFiles());
  }

  // The program ends by itself with exit code 1; the last line of its log is
  // then returned.
  std::string LastWords(const ProcessOr& process) {
    EXPECT_THAT(process.status(), IsOk());
    if (!process.ok()) return "";
    EXPECT_THAT((*process)->Wait(kAnswer), IsOkAndHolds(1));
    return LastLines((*process)->Log(), 1);
  }

  // Starts an agent that cannot get a certificate, but goes on trying; the line
  // in which it says why is returned.
  std::string Complaint(const AgentFiles& files) {
    ProcessOr agent = testbed().StartAgent(files);
    EXPECT_THAT(agent.status(), IsOk());
    if (!agent.ok()) return "";
    agent_ = *std::move(agent);
    const absl::StatusOr<std::string> line =
        agent_->WaitForLine("attempt_failed", kAnswer);
    EXPECT_THAT(line.status(), IsOk());
    EXPECT_TRUE(agent_->Running());
    return line.value_or("");
  }

  std::unique_ptr<Process> agent_;
};

TEST_F(BadInputTest, AMissingBootstrapKubeconfigEndsTheAgentAndIsNamed) {
  AgentFiles files = MakeFiles("e2e-bad-bootstrap");
  files.bootstrap_kubeconfig = testbed().directory() + "/no-such-kubeconfig";
  EXPECT_THAT(LastWords(testbed().StartAgent(files)),
              AllOf(HasSubstr("signet-node-agent: "),
                    HasSubstr("unable to load bootstrap kubeconfig"),
                    HasSubstr(files.bootstrap_kubeconfig)));
}

TEST_F(BadInputTest, ABrokenPairInTheFolderEndsTheAgentAndIsNamed) {
  const AgentFiles files = MakeFiles("e2e-bad-pair");
  ASSERT_THAT(MakeDirectory(files.cert_dir), IsOk());
  ASSERT_THAT(WriteFile(files.CurrentPem(), "no pair"), IsOk());
  EXPECT_THAT(
      LastWords(testbed().StartAgent(files)),
      AllOf(HasSubstr("signet-node-agent: "), HasSubstr(files.CurrentPem())));
}

TEST_F(BadInputTest, ACaThatDidNotIssueTheServersCertificateIsSaid) {
  const AgentFiles files = MakeFiles("e2e-bad-ca");
  const absl::StatusOr<std::string> config =
      ReadFile(files.bootstrap_kubeconfig);
  ASSERT_THAT(config.status(), IsOk());
  const signet::testing::TestCa other;
  const std::string other_ca = testbed().directory() + "/other-ca.crt";
  ASSERT_THAT(WriteFile(other_ca, other.certificate_pem()), IsOk());
  std::string changed = *config;
  const size_t begin = changed.find("    certificate-authority-data:");
  ASSERT_NE(begin, std::string::npos);
  changed.replace(begin, changed.find('\n', begin) - begin,
                  "    certificate-authority: " + other_ca);
  ASSERT_THAT(WriteFile(files.bootstrap_kubeconfig, changed), IsOk());

  EXPECT_THAT(Complaint(files), HasSubstr("certificate"));
  EXPECT_THAT(testbed().RequestsOf(files.bootstrap_user),
              IsOkAndHolds(IsEmpty()));
}

TEST_F(BadInputTest, AnExpiredTokenIsRefusedAndSaid) {
  const AgentFiles files =
      MakeFiles("e2e-bad-token", {.expires = absl::Now() - absl::Minutes(1)});
  EXPECT_THAT(Complaint(files),
              AllOf(HasSubstr("bootstrap"), HasSubstr("Unauthorized")));
  EXPECT_THAT(testbed().RequestsOf(files.bootstrap_user),
              IsOkAndHolds(IsEmpty()));
}

// A denied request is a failed attempt: the next one is made after two seconds
// (SPEC ), and may succeed.
TEST_F(BadInputTest, ADeniedRequestIsSaidAndFollowedByAnother) {
  const AgentFiles files = MakeFiles("e2e-denied");
  CreateNode(testbed(), files.node);
  ProcessOr agent = testbed().StartAgent(files);
  ASSERT_THAT(agent.status(), IsOk());
  absl::StatusOr<CertificateSigningRequest> request = testbed().WaitForRequest(
      files.bootstrap_user, kJoinTimeout,
      [](const CertificateSigningRequest&) { return true; });
  ASSERT_THAT(request.status(), IsOk());
  auto& denied = *request->mutable_status()->add_conditions();
  denied.set_type("Denied");
  denied.set_status("True");
  denied.set_reason("EndToEnd");
  denied.set_message("not this one");
  ASSERT_THAT(
      testbed().admin().Api<CertificateSigningRequest>()->UpdateSubresource(
          "approval", *request),
      IsOk());
  const absl::StatusOr<std::string> line =
      (*agent)->WaitForLine("attempt_failed", kAnswer);
  ASSERT_THAT(line.status(), IsOk());
  EXPECT_THAT(*line, AllOf(HasSubstr(request->metadata().name()),
                           HasSubstr("denied"), HasSubstr("not this one")));

  const ProcessOr approver = testbed().StartApprover();
  ASSERT_THAT(approver.status(), IsOk());
  const ProcessOr signer = testbed().StartSigner();
  ASSERT_THAT(signer.status(), IsOk());
  std::optional<pki::Certificate> certificate;
  ExpectJoined(testbed(), files, &certificate);
  EXPECT_THAT(testbed().RequestsOf(files.bootstrap_user),
              IsOkAndHolds(SizeIs(2)));
}

TEST_F(BadInputTest, AKeyFileThatIsNoneEndsTheSignerAndIsNamed) {
  const std::string path = testbed().directory() + "/no-key.pem";
  ASSERT_THAT(WriteFile(path, "no key"), IsOk());
  EXPECT_THAT(LastWords(testbed().LaunchSigner({.ca_key_file = path})),
              AllOf(HasSubstr("signet-signer: "), HasSubstr(path)));
  const std::string missing = testbed().directory() + "/missing.pem";
  EXPECT_THAT(LastWords(testbed().LaunchSigner({.ca_key_file = missing})),
              AllOf(HasSubstr("signet-signer: "), HasSubstr(missing)));
}

TEST_F(BadInputTest, ACaFileWithTwoCertificatesEndsTheSigner) {  // C-19
  const absl::StatusOr<std::string> one =
      ReadFile(cluster().CaCertificateFile());
  ASSERT_THAT(one.status(), IsOk());
  const std::string path = testbed().directory() + "/two-certificates.crt";
  ASSERT_THAT(WriteFile(path, *one + *one), IsOk());
  EXPECT_THAT(LastWords(testbed().LaunchSigner({.ca_certificate_file = path})),
              AllOf(HasSubstr("signet-signer: "), HasSubstr(path),
                    HasSubstr("expected 1 certificate, found 2")));
}

// Without deploy/rbac a service cannot work, and says so where one looks.
TEST_F(BadInputTest, AnApproverWithoutRightsIsNotReadyAndSaysWhy) {
  const AgentFiles nobody = MakeFiles("e2e-nobody", {.group = ""});
  const ProcessOr approver =
      testbed().LaunchApprover({.kubeconfig = nobody.bootstrap_kubeconfig});
  ASSERT_THAT(approver.status(), IsOk());
  EXPECT_THAT((*approver)->WaitForLine("forbidden", kAnswer), IsOk());
  EXPECT_TRUE((*approver)->Running());
}

TEST_F(BadInputTest, AnUnknownFlagIsNamed) {
  const struct {
    std::string program;
    std::vector<std::string> flags;  // Which it cannot do without.
  } kTests[] = {
      {"node_agent/signet-node-agent", {"--kubeconfig=x"}},
      {"approver_service/signet-approver", {}},
      {"signer_service/signet-signer",
       {"--cluster-signing-cert-file=x", "--cluster-signing-key-file=x"}},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.program);
    const absl::StatusOr<std::string> path = Runfile(t.program);
    ASSERT_THAT(path.status(), IsOk());
    std::vector<std::string> argv = {*path, "--no-such-flag"};
    argv.insert(argv.end(), t.flags.begin(), t.flags.end());
    const absl::StatusOr<CommandResult> result = RunCommand(argv);
    ASSERT_THAT(result.status(), IsOk());
    EXPECT_EQ(result->exit_code, 2);
    EXPECT_THAT(result->err, HasSubstr("--no-such-flag"));
    EXPECT_THAT(result->out, IsEmpty());
  }
}

}  // namespace
}  // namespace signet::e2e
