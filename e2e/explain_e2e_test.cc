// signet csr explain on broken situations: its first line names the true cause.

#include <iostream>
#include <string>
#include <vector>

#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/api/certificates.pb.h"
#include "core/api/codec.h"
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
using ::testing::HasSubstr;

class ExplainTest : public E2eTest {
 protected:
  void SetUp() override {
    E2eTest::SetUp();
    if (HasFatalFailure()) return;
    const absl::StatusOr<std::string> signet = Runfile("cli/signet");
    ASSERT_THAT(signet.status(), IsOk());
    signet_ = *signet;
    folder_ = testbed().directory() + "/explain";
    ASSERT_THAT(MakeDirectory(folder_), IsOk());
    admin_ = cluster().AdminKubeconfig();
  }

  // Runs a script in the folder, as `kubeconfig`'s user.
  CommandResult Run(const std::string& script, const std::string& kubeconfig) {
    const absl::StatusOr<CommandResult> result = RunCommand(
        {"/bin/bash", "-c",
         absl::StrCat("set -e -o pipefail; cd '", folder_, "'; signet() { '",
                      signet_, "' \"$@\"; }; ", script)},
        {{"KUBECONFIG", kubeconfig}});
    EXPECT_THAT(result.status(), IsOk());
    return result.value_or(CommandResult());
  }

  // Adds the condition Failed, as a signer does.
  void Fail(const std::string& name) {
    const auto csrs = testbed().admin().Api<api::CertificateSigningRequest>();
    auto csr = csrs->Get("", name);
    ASSERT_THAT(csr, IsOk());
    auto& condition = *csr->mutable_status()->add_conditions();
    condition.set_type("Failed");
    condition.set_status("True");
    condition.set_reason("SignerValidationFailure");
    *condition.mutable_last_update_time() = api::FromAbslTime(absl::Now());
    ASSERT_THAT(csrs->UpdateSubresource("status", *csr), IsOk());
  }

  std::string signet_, folder_, admin_;
};

TEST_F(ExplainTest, TheFirstLineNamesTheTrueCause) {  // SPEC F-1
  // Nodes that join: one whose group may, and one whose group may only ask.
  const absl::StatusOr<AgentFiles> joins =
      testbed().MakeAgentFiles("e2e-explain");
  ASSERT_THAT(joins.status(), IsOk());
  const std::string kClient =
      "signet csr apply NAME --request NAME.csr --signer "
      "kubernetes.io/kube-apiserver-client-kubelet --usage 'digital signature' "
      "--usage 'client auth'";
  const std::string kServing =
      "signet csr apply NAME --request NAME.csr --signer "
      "kubernetes.io/kubelet-serving --usage 'digital signature' --usage "
      "'server auth'";
  const std::string kNode =
      "signet csr new -o NAME --org system:nodes --cn system:node:e2e-explain";
  const std::string kService = "signet csr new -o NAME --dns svc.ns.svc";
  const std::string kAsk =
      "signet csr apply NAME --request NAME.csr --signer example.com/e2e";
  const struct {
    std::string name;
    std::string script;  // NAME is the request's.
    std::string want;    // In the first line.
    bool as_node = false;
    bool fail = false;
  } kTests[] = {
      {"missing", "true", "it was never made, or removed"},
      {"denied",
       kService + "; " + kAsk + "; signet csr deny NAME --message 'no such'",
       "it was denied (SignetDeny: no such)"},
      {"failed", kService + "; " + kAsk + "; signet csr approve NAME",
       "its signer refused it (SignerValidationFailure)", false, true},
      {"pending-custom", kService + "; " + kAsk,
       "nobody has approved it, and for example.com/e2e somebody has to"},
      {"approved-custom", kService + "; " + kAsk + "; signet csr approve NAME",
       "no signer in Kubernetes answers for example.com/e2e"},
      {"wrong-organization",
       "signet csr new -o NAME --org nodes --cn system:node:e2e-explain; " +
           kClient,
       "subject organization is not system:nodes"},
      {"wrong-name",
       "signet csr new -o NAME --org system:nodes --cn e2e-explain; " + kClient,
       "subject common name does not begin with system:node:"},
      {"surplus-names", kNode + " --dns e2e-explain; " + kClient,
       "DNS subjectAltNames are not allowed"},
      {"wrong-usages", kNode + "; " + kClient + " --usage 'code signing'",
       "usages did not match"},
      {"no-approver", kNode + "; " + kClient, "approve", true},
      {"approved-wrong-shape",
       "signet csr new -o NAME --org nodes --cn system:node:e2e-explain; " +
           kClient + "; signet csr approve NAME",
       "its signer will refuse it: subject organization"},
      {"approved-unsigned",
       "signet csr new -o NAME --cn jane; signet csr apply NAME --request "
       "NAME.csr --signer kubernetes.io/kube-apiserver-client --usage 'client "
       "auth'; signet csr approve NAME",
       "it is approved, but"},
      {"serving-without-names", kNode + "; " + kServing,
       "DNS or IP subjectAltName is required"},
      {"serving-of-another-node", kNode + " --dns e2e-explain; " + kServing,
       "for another node, system:node:e2e-explain"},
      {"pending-client",
       "signet csr new -o NAME --cn jane; signet csr apply NAME --request "
       "NAME.csr --signer kubernetes.io/kube-apiserver-client --usage 'client "
       "auth'",
       "for kubernetes.io/kube-apiserver-client somebody has to"},
      {"issued",
       kService + "; " + kAsk +
           "; signet csr approve NAME; signet ca new --cn ca -o NAME-ca; "
           "signet csr sign NAME --ca NAME-ca.pem --ca-key NAME-ca-key.pem",
       "nothing is missing"},
      {"issued-otherwise",
       kService + "; " + kAsk +
           "; signet csr approve NAME; signet ca new --cn ca -o NAME-ca; "
           "signet ca sign NAME.csr --ca NAME-ca.pem --ca-key NAME-ca-key.pem "
           "--usage 'client auth' -o NAME; signet csr upload NAME NAME.pem",
       "not as asked for: usages"},
  };
  int right = 0;
  for (const auto& test : kTests) {
    SCOPED_TRACE(test.name);
    const std::string name = "e2e-explain-" + test.name;
    std::string script;
    for (const absl::string_view part : absl::StrSplit(test.script, "NAME")) {
      absl::StrAppend(&script, script.empty() ? "" : name, part);
    }
    const CommandResult made =
        Run(script, test.as_node ? joins->bootstrap_kubeconfig : admin_);
    ASSERT_EQ(made.exit_code, 0) << script << "\n" << made.out << made.err;
    if (test.fail) Fail(name);
    const CommandResult said = Run("signet explain csr " + name, admin_);
    const std::string text = said.out + said.err;
    const std::string first = text.substr(0, text.find('\n'));
    EXPECT_THAT(first, HasSubstr(test.want));
    std::cout << test.name << ": " << first << "\n";
    ++right;
  }
  std::cout << "signet explained " << right << " situations on "
            << cluster().name() << "\n";
}

}  // namespace
}  // namespace signet::e2e
