// The documentation's page on TLS in a cluster, from the key to the Secret,
// with signet alone: step by step, and by one command.

#include <sys/stat.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/api/core.pb.h"
#include "core/api/resource.h"
#include "core/k8s/resource_api.h"
#include "e2e/cluster_provider.h"
#include "e2e/e2e_test.h"
#include "e2e/process.h"
#include "e2e/testbed.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::e2e {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::IsOkAndHolds;
using ::testing::AllOf;
using ::testing::HasSubstr;

class PageTest : public E2eTest {
 protected:
  void SetUp() override {
    E2eTest::SetUp();
    if (HasFatalFailure()) return;
    const absl::StatusOr<std::string> signet = Runfile("cli/signet");
    ASSERT_THAT(signet.status(), IsOk());
    signet_ = *signet;
    folder_ = testbed().directory() + "/page";
    ASSERT_THAT(MakeDirectory(folder_), IsOk());
  }

  // Runs a script in the folder, in which `signet` is ours.
  CommandResult Run(const std::string& script) {
    const absl::StatusOr<CommandResult> result = RunCommand(
        {"/bin/bash", "-c",
         absl::StrCat("set -e -o pipefail; umask 022; cd '", folder_,
                      "'; signet() { '", signet_, "' \"$@\"; }; ", script)},
        {{"KUBECONFIG", cluster().AdminKubeconfig()}});
    EXPECT_THAT(result.status(), IsOk());
    return result.value_or(CommandResult());
  }

  std::string signet_, folder_;
};

TEST_F(PageTest, StepByStep) {
  // As in docs/cli.md.
  const CommandResult result = Run(R"sh(
signet csr new -o server --cn my-pod.my-namespace.pod.cluster.local \
  --dns my-svc.my-namespace.svc.cluster.local \
  --dns my-pod.my-namespace.pod.cluster.local --ip 192.0.2.24 --ip 10.0.34.2
signet csr apply my-svc.my-namespace --request server.csr \
  --signer example.com/serving
signet csr describe my-svc.my-namespace
signet csr approve my-svc.my-namespace
signet csr get my-svc.my-namespace --no-headers | grep -q Approved
signet csr wait my-svc.my-namespace --for approved --timeout 10s
signet ca new --cn "My Example Signer" -o ca --algorithm rsa-2048
signet csr sign my-svc.my-namespace --ca ca.pem --ca-key ca-key.pem
signet csr get my-svc.my-namespace --no-headers | grep -q Approved,Issued
signet csr diff my-svc.my-namespace
signet csr download my-svc.my-namespace -o server.crt
signet csr get my-svc.my-namespace -o jsonpath='{.status.certificate}' |
  base64 --decode | cmp - server.crt
signet verify server.crt --ca ca.pem --key server-key.pem --usage server \
  --name my-svc.my-namespace.svc.cluster.local
signet secret tls server --cert server.crt --key server-key.pem
signet configmap example-serving-ca --from-file ca.crt=ca.pem
)sh");
  ASSERT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_THAT(result.out,
              AllOf(HasSubstr("certificatesigningrequest.certificates.k8s.io/"
                              "my-svc.my-namespace created\n"),
                    HasSubstr("  Common Name:    "
                              "my-pod.my-namespace.pod.cluster.local\n"),
                    HasSubstr("         DNS Names:     "
                              "my-svc.my-namespace.svc.cluster.local\n"),
                    HasSubstr("certificatesigningrequest.certificates.k8s.io/"
                              "my-svc.my-namespace approved\n"),
                    HasSubstr("condition met\n"), HasSubstr("signed\n"),
                    HasSubstr("secret/server created\n"),
                    HasSubstr("configmap/example-serving-ca created\n")));
  // What is there now, and how long.
  const std::string server = absl::StrCat("127.0.0.1:", cluster().ApiPort());
  const CommandResult inspected = Run(absl::StrCat(
      "signet inspect --secret default/server; signet inspect ", server,
      "; signet expiry --secrets -n default server.crt ", server));
  EXPECT_EQ(inspected.exit_code, 0) << inspected.err;
  EXPECT_THAT(
      inspected.out,
      AllOf(HasSubstr("The key of secret default/server: tls.key belongs to "
                      "the certificate of secret default/server: tls.crt."),
            HasSubstr(server + ": certificate\n"),
            HasSubstr("secret default/server: tls.crt\n"),
            HasSubstr("server.crt\n")));
  struct stat key;
  ASSERT_EQ(stat((folder_ + "/server-key.pem").c_str(), &key), 0);
  EXPECT_EQ(key.st_mode & 0777, 0600u);
  const auto secrets = testbed().admin().Api<api::Secret>();
  const absl::StatusOr<api::Secret> secret = secrets->Get("default", "server");
  ASSERT_THAT(secret, IsOk());
  EXPECT_EQ(secret->type(), "kubernetes.io/tls");
  EXPECT_THAT(ReadFile(folder_ + "/server.crt"),
              IsOkAndHolds(secret->data().at("tls.crt")));
  EXPECT_THAT(ReadFile(folder_ + "/server-key.pem"),
              IsOkAndHolds(secret->data().at("tls.key")));
}

// SPEC E-14 to E-26: the page's own commands for cfssl's part.
TEST_F(PageTest, WithCfsslsCommands) {
  const CommandResult result = Run(R"sh(
cat <<'EOF' | signet genkey - | signet json -bare page
{"hosts": ["my-svc.my-namespace.svc.cluster.local",
   "my-pod.my-namespace.pod.cluster.local", "192.0.2.24", "10.0.34.2"],
 "CN": "my-pod.my-namespace.pod.cluster.local",
 "key": {"algo": "ecdsa", "size": 256}}
EOF
signet csr apply page.my-namespace --request page.csr --signer example.com/serving
signet csr approve page.my-namespace
cat <<'EOF' | signet gencert -initca - | signet json -bare ca
{"CN": "My Example Signer", "key": {"algo": "rsa", "size": 2048}}
EOF
cat >config.json <<'EOF'
{"signing": {"default": {"usages": ["digital signature", "key encipherment",
   "server auth"], "expiry": "876000h", "ca_constraint": {"is_ca": false}}}}
EOF
signet csr get page.my-namespace -o jsonpath='{.spec.request}' |
  base64 --decode |
  signet sign -ca ca.pem -ca-key ca-key.pem -config config.json - |
  signet json -bare ca-signed-server
signet csr upload page.my-namespace ca-signed-server.pem
signet csr get page.my-namespace --no-headers
)sh");
  ASSERT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_THAT(result.out, HasSubstr("Approved,Issued"));
  EXPECT_THAT(result.err, HasSubstr("outlives its CA"));  // E-24.
}

TEST_F(PageTest, ByOneCommand) {
  ASSERT_EQ(Run("signet ca new --cn ca -o ca").exit_code, 0);
  absl::StatusOr<std::unique_ptr<Process>> request = Process::Start(
      {.name = "signet request",
       .argv = {signet_, "request", "server", "--name", "one.my-namespace",
                "--dns", "one.my-namespace.svc", "--signer",
                "example.com/serving", "--secret", "default/one", "-o",
                folder_ + "/one", "--ca", folder_ + "/ca.pem", "--timeout",
                "60s"},
       .environment = {{"KUBECONFIG", cluster().AdminKubeconfig()}},
       .log_path = folder_ + "/request.log"});
  ASSERT_THAT(request.status(), IsOk());
  ASSERT_THAT((*request)->WaitForLine("waiting: Pending", absl::Seconds(20)),
              IsOk());
  const CommandResult other = Run(R"sh(
signet csr approve --field-selector metadata.name=one.my-namespace
signet csr approve --field-selector metadata.name=one.my-namespace --yes
signet csr sign one.my-namespace --ca ca.pem --ca-key ca-key.pem
)sh");
  ASSERT_EQ(other.exit_code, 0) << other.out << other.err;
  EXPECT_THAT(other.out, HasSubstr("names DNS one.my-namespace.svc"));
  EXPECT_THAT((*request)->Wait(absl::Seconds(20)), IsOkAndHolds(0));
  EXPECT_THAT((*request)->Log(), HasSubstr("secret/one created"));
  const CommandResult check =
      Run("signet verify one.pem --ca ca.pem --key one-key.pem --usage server "
          "--name one.my-namespace.svc");
  EXPECT_EQ(check.exit_code, 0) << check.out << check.err;
}

TEST_F(PageTest, ADeniedRequestEndsAtOnceAndLeavesNothing) {
  absl::StatusOr<std::unique_ptr<Process>> request = Process::Start(
      {.name = "signet request",
       .argv = {signet_, "request", "client", "--name", "denied", "--cn",
                "jane", "--signer", "example.com/serving", "-o",
                folder_ + "/denied"},
       .environment = {{"KUBECONFIG", cluster().AdminKubeconfig()}},
       .log_path = folder_ + "/denied.log"});
  ASSERT_THAT(request.status(), IsOk());
  ASSERT_THAT((*request)->WaitForLine("waiting: Pending", absl::Seconds(20)),
              IsOk());
  ASSERT_EQ(Run("signet csr deny denied --message no").exit_code, 0);
  EXPECT_THAT((*request)->Wait(absl::Seconds(20)), IsOkAndHolds(1));
  EXPECT_THAT((*request)->Log(), HasSubstr("is Denied (SignetDeny: no)"));
  EXPECT_EQ(Run("signet csr get denied").exit_code, 1);
  EXPECT_EQ(Run("ls denied.pem").exit_code, 2);
}

}  // namespace
}  // namespace signet::e2e
