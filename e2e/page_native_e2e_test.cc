// The documentation's page on TLS in a cluster as it stands there, with real
// kubectl: real cfssl and signet in its place, on kube-apiserver and on ours.

#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>
#include <tuple>
#include <utility>

#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "e2e/cluster_provider.h"
#include "e2e/e2e_test.h"
#include "e2e/embedded_provider.h"
#include "e2e/process.h"
#include "e2e/testbed.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::e2e {
namespace {

using ::absl_testing::IsOk;
using ::testing::AllOf;
using ::testing::HasSubstr;

// SPEC 0.1, steps 1 to 8. jq's one step is done by python3.
constexpr char kPage[] = R"sh(
cat <<EOF | cfssl genkey - | cfssljson -bare server
{
  "hosts": [
    "my-svc.my-namespace.svc.cluster.local",
    "my-pod.my-namespace.pod.cluster.local",
    "192.0.2.24",
    "10.0.34.2"
  ],
  "CN": "my-pod.my-namespace.pod.cluster.local",
  "key": {
    "algo": "ecdsa",
    "size": 256
  }
}
EOF
cat <<EOF | kubectl apply -f -
apiVersion: certificates.k8s.io/v1
kind: CertificateSigningRequest
metadata:
  name: my-svc.my-namespace
spec:
  request: $(cat server.csr | base64 | tr -d '\n')
  signerName: example.com/serving
  usages:
  - digital signature
  - key encipherment
  - server auth
EOF
kubectl describe csr my-svc.my-namespace
kubectl certificate approve my-svc.my-namespace
kubectl get csr
cat <<EOF | cfssl gencert -initca - | cfssljson -bare ca
{
  "CN": "My Example Signer",
  "key": {
    "algo": "rsa",
    "size": 2048
  }
}
EOF
cat >server-signing-config.json <<EOF
{
    "signing": {
        "default": {
            "usages": [
                "digital signature",
                "key encipherment",
                "server auth"
            ],
            "expiry": "876000h",
            "ca_constraint": {
                "is_ca": false
            }
        }
    }
}
EOF
kubectl get csr my-svc.my-namespace -o jsonpath='{.spec.request}' | \
  base64 --decode | \
  cfssl sign -ca ca.pem -ca-key ca-key.pem -config server-signing-config.json - | \
  cfssljson -bare ca-signed-server
kubectl get csr my-svc.my-namespace -o json | \
  python3 -c 'import base64, json, sys
csr = json.load(sys.stdin)
csr["status"]["certificate"] = base64.b64encode(open("ca-signed-server.pem", "rb").read()).decode()
print(json.dumps(csr))' | \
  kubectl replace --raw /apis/certificates.k8s.io/v1/certificatesigningrequests/my-svc.my-namespace/status -f - >replaced.json
kubectl get csr
kubectl get csr my-svc.my-namespace -o jsonpath='{.status.certificate}' \
    | base64 --decode > server.crt
kubectl create secret tls server --cert server.crt --key server-key.pem
kubectl create configmap example-serving-ca --from-file ca.crt=ca.pem
openssl verify -CAfile ca.pem server.crt
)sh";

// By parameters: whose API server, and whose cfssl.
class PageNativeTest : public E2eTest,
                       public ::testing::WithParamInterface<
                           std::tuple<const char*, const char*>> {
 protected:
  PageNativeTest() : E2eTest({.real_kubernetes = true}) {}
};

TEST_P(PageNativeTest, TheCommandsOfThePage) {
  const std::string server = std::get<0>(GetParam());
  const std::string cfssl = std::get<1>(GetParam());
  const std::string folder = testbed().directory() + "/page";
  ASSERT_THAT(MakeDirectory(folder), IsOk());
  const absl::StatusOr<std::string> kubectl = cluster().Binary("kubectl");
  ASSERT_THAT(kubectl.status(), IsOk());
  const std::string kubectl_folder = kubectl->substr(0, kubectl->rfind('/'));
  EmbeddedProvider ours;
  std::string kubeconfig = cluster().AdminKubeconfig();
  if (server == "Ours") {
    const std::string embedded = testbed().directory() + "/embedded";
    ASSERT_THAT(MakeDirectory(embedded), IsOk());
    ASSERT_THAT(ours.Start(embedded), IsOk());
    kubeconfig = ours.AdminKubeconfig();
  }
  std::string programs;
  if (cfssl == "Cfssl") {
    const char* const peers = std::getenv("SIGNET_PEERS_BIN");
    ASSERT_NE(peers, nullptr) << "run it by tools/e2e native: no cfssl here";
    programs = peers;
  } else {
    const absl::StatusOr<std::string> signet = Runfile("cli/signet");
    ASSERT_THAT(signet.status(), IsOk());
    programs = testbed().directory() + "/programs";
    ASSERT_THAT(MakeDirectory(programs), IsOk());
    for (const auto& [name, word] :
         {std::pair<std::string, std::string>{"cfssl", ""},
          {"cfssljson", "json "}}) {
      const std::string path = absl::StrCat(programs, "/", name);
      std::ofstream(path) << "#!/bin/sh\nexec '" << *signet << "' " << word
                          << "\"$@\"\n";
      ASSERT_EQ(chmod(path.c_str(), 0755), 0);
    }
  }
  // The cluster is shared: what another one left goes first.
  const absl::StatusOr<CommandResult> result = RunCommand(
      {"/bin/bash", "-c",
       absl::StrCat("set -e -o pipefail; umask 022; cd '", folder, "'\n",
                    "kubectl delete csr my-svc.my-namespace "
                    "--ignore-not-found >/dev/null\n"
                    "kubectl delete secret server --ignore-not-found "
                    ">/dev/null\n"
                    "kubectl delete configmap example-serving-ca "
                    "--ignore-not-found >/dev/null\n",
                    kPage)},
      {{"KUBECONFIG", kubeconfig},
       {"PATH", absl::StrCat(programs, ":", kubectl_folder, ":/usr/bin:/bin")}},
      "", absl::Seconds(120));
  ASSERT_THAT(result.status(), IsOk());
  ASSERT_EQ(result->exit_code, 0) << result->out << result->err;
  EXPECT_THAT(result->out,
              AllOf(HasSubstr("certificatesigningrequest.certificates.k8s.io/"
                              "my-svc.my-namespace created\n"),
                    HasSubstr("Status:             Pending\n"),
                    HasSubstr("certificatesigningrequest.certificates.k8s.io/"
                              "my-svc.my-namespace approved\n"),
                    HasSubstr("<none>              Approved\n"),
                    HasSubstr("<none>              Approved,Issued\n"),
                    HasSubstr("secret/server created\n"),
                    HasSubstr("configmap/example-serving-ca created\n"),
                    HasSubstr("server.crt: OK\n")));
  EXPECT_THAT(
      result->err,
      AllOf(HasSubstr("[INFO] generate received request\n"),
            HasSubstr("[INFO] generating key: ecdsa-256\n"),
            HasSubstr("[INFO] signed certificate with serial number ")));
}

class CreateTest : public E2eTest {
 protected:
  CreateTest() : E2eTest({.real_kubernetes = true}) {}
};

// SPEC E-8, E-9: the same words after `kubectl create` and after `signet`.
TEST_F(CreateTest, E8ToE9SignetMakesObjectsAsKubectlCreate) {
  const absl::StatusOr<std::string> kubectl = cluster().Binary("kubectl");
  ASSERT_THAT(kubectl.status(), IsOk());
  const absl::StatusOr<std::string> signet = Runfile("cli/signet");
  ASSERT_THAT(signet.status(), IsOk());
  const std::string folder = testbed().directory() + "/create";
  ASSERT_THAT(MakeDirectory(folder), IsOk());
  const auto run = [&](const std::string& script) {
    const absl::StatusOr<CommandResult> result = RunCommand(
        {"/bin/bash", "-c", absl::StrCat("cd '", folder, "'; ", script)},
        {{"KUBECONFIG", cluster().AdminKubeconfig()}});
    EXPECT_THAT(result.status(), IsOk());
    return result.value_or(CommandResult());
  };
  const CommandResult made = run(absl::StrCat(
      "set -e; '", *signet, "' ca new --cn a -o a; '", *signet,
      "' ca new --cn b -o b; mkdir d; echo 1 >d/one; printf '\\xff' >d/two"));
  ASSERT_EQ(made.exit_code, 0) << made.err;
  const std::string kPair = "tls e2e-s --cert a.pem --key a-key.pem";
  const std::string kMap = "e2e-m --from-file d";
  // The object of the commands without --dry-run is removed after the first
  // program made it; the last of each kind finds it there.
  const struct {
    std::string kind, words;
    bool is_there = false;
  } kCommands[] = {
      {"secret", kPair + " --dry-run=client"},
      {"secret", kPair + " --dry-run=client -o yaml"},
      {"secret", kPair + " --dry-run=client -o json"},
      {"secret", kPair + " --dry-run=client -o name"},
      {"secret", kPair + " --dry-run=client -o yaml -n other"},
      {"secret", kPair + " --append-hash --dry-run=client -o name"},
      {"secret", kPair},
      {"secret", kPair, true},
      {"secret", "tls e2e-s --cert a.pem --key b-key.pem"},
      {"secret", "tls e2e-s --cert none --key b-key.pem"},
      {"configmap", "e2e-m --from-file ca.crt=a.pem --dry-run=client -o yaml"},
      {"configmap", "e2e-m --from-file a.pem --dry-run=client -o json"},
      {"configmap", kMap + " --dry-run=client -o yaml"},
      {"configmap", kMap + " --dry-run=client -o json"},
      {"configmap", kMap + " --append-hash --dry-run=client"},
      {"configmap", kMap + " --from-file x=a.pem"},
      {"configmap", kMap, true},
      {"configmap", "e2e-n --from-file none"},
      {"configmap", "e2e-n --from-file 'a b=a.pem'"},
      {"configmap", "e2e-n --from-file x=a.pem -n none"},
  };
  int same = 0;
  for (const auto& command : kCommands) {
    SCOPED_TRACE(command.kind + " " + command.words);
    const std::string object = command.kind == "secret" ? "e2e-s" : "e2e-m";
    const auto text = [&](const std::string& program) {
      run(absl::StrCat("'", *kubectl, "' delete ", command.kind, " ", object));
      if (command.is_there) {
        run(absl::StrCat(
            "'", *kubectl, "' create ",
            command.kind == "secret" ? "secret generic " : "configmap ",
            object));
      }
      const CommandResult result =
          run(absl::StrCat(program, " ", command.kind, " ", command.words));
      return absl::StrCat(result.out, "---- stderr\n", result.err,
                          "---- exit code ", result.exit_code, "\n");
    };
    EXPECT_EQ(text(absl::StrCat("'", *signet, "'")),
              text(absl::StrCat("'", *kubectl, "' create")));
    ++same;
  }
  std::cout << "signet and kubectl create: " << same << " command lines\n";
}

INSTANTIATE_TEST_SUITE_P(All, PageNativeTest,
                         ::testing::Combine(::testing::Values("Theirs", "Ours"),
                                            ::testing::Values("Cfssl",
                                                              "Signet")),
                         [](const auto& info) {
                           return absl::StrCat("On", std::get<0>(info.param),
                                               "With", std::get<1>(info.param));
                         });

}  // namespace
}  // namespace signet::e2e
