// A real kubectl with our API server and with kube-apiserver, and `signet csr`
// beside it: what one prints, the other does.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/pki/ip_address.h"
#include "core/pki/name.h"
#include "core/pki/subject_alt_name.h"
#include "core/testing/csr_builder.h"
#include "core/testing/test_ca.h"
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
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using Words = std::vector<std::string>;

constexpr absl::string_view kCsrPath =
    "/apis/certificates.k8s.io/v1/certificatesigningrequests/";

// A CertificateSigningRequest as a user writes it.
std::string Manifest(absl::string_view name, absl::string_view request_pem,
                     absl::string_view signer_name,
                     absl::string_view more_metadata = "",
                     absl::string_view more_spec = "") {
  return absl::StrCat(
      "apiVersion: certificates.k8s.io/v1\n"
      "kind: CertificateSigningRequest\n"
      "metadata: {name: ",
      name, more_metadata,
      "}\nspec:\n  request: ", absl::Base64Escape(request_pem),
      "\n  signerName: ", signer_name,
      "\n  usages: [digital signature, key encipherment, server auth]\n",
      more_spec, "---\n");
}

// The request of the documentation's example.
std::string ServiceRequest() {
  pki::DistinguishedName subject;
  subject.common_name = "my-pod.my-namespace.pod.cluster.local";
  pki::SubjectAltNames sans;
  sans.dns_names = {"my-svc.my-namespace.svc.cluster.local",
                    "my-pod.my-namespace.pod.cluster.local"};
  for (const char* ip : {"192.0.2.24", "10.0.34.2"}) {
    sans.ip_addresses.push_back(*pki::IpAddress::Parse(ip));
  }
  return testing::MakeRequestPem(subject, sans);
}

// One with everything in it that describe shows.
std::string LargeRequest() {
  pki::DistinguishedName subject;
  subject.common_name = "x";
  subject.organization = {"system:nodes", "b"};
  subject.organizational_unit = {"u1", "u2"};
  subject.country = {"KR"};
  subject.province = {"S"};
  subject.locality = {"L"};
  subject.street_address = {"st"};
  subject.postal_code = {"12"};
  subject.serial_number = "77";
  pki::SubjectAltNames sans;
  sans.dns_names = {"a"};
  sans.email_addresses = {"a@b.c"};
  sans.uris = {"spiffe://x/y"};
  sans.ip_addresses = {*pki::IpAddress::Parse("10.0.0.1"),
                       *pki::IpAddress::Parse("2001:db8::1")};
  return testing::MakeRequestPem(subject, sans);
}

std::string Text(const CommandResult& result) {
  return absl::StrCat(result.out, "---- stderr\n", result.err,
                      "---- exit code ", result.exit_code, "\n");
}

// By parameter: kube-apiserver, or ours.
class KubectlTest : public E2eTest,
                    public ::testing::WithParamInterface<const char*> {
 protected:
  KubectlTest() : E2eTest({.real_kubernetes = true}) {}

  void SetUp() override {
    E2eTest::SetUp();
    if (HasFatalFailure()) return;
    directory_ = testbed().directory();
    const absl::StatusOr<std::string> kubectl = cluster().Binary("kubectl");
    ASSERT_THAT(kubectl.status(), IsOk());
    kubectl_ = *kubectl;
    const absl::StatusOr<std::string> signet = Runfile("cli/signet");
    ASSERT_THAT(signet.status(), IsOk());
    signet_ = *signet;
    kubeconfig_ = cluster().AdminKubeconfig();
    if (std::string(GetParam()) == "Ours") {
      const std::string folder = directory_ + "/embedded";
      ASSERT_THAT(MakeDirectory(folder), IsOk());
      ASSERT_THAT(ours_.Start(folder), IsOk());
      kubeconfig_ = ours_.AdminKubeconfig();
    }
    Kubectl({"delete", "csr", "--all"});
  }

  std::vector<std::pair<std::string, std::string>> Environment() const {
    // kubectl keeps what it discovered below HOME.
    return {{"KUBECONFIG", kubeconfig_}, {"HOME", directory_}, {"TZ", zone_}};
  }
  CommandResult Run(const std::string& program, Words arguments,
                    absl::string_view input = "") {
    arguments.insert(arguments.begin(), program);
    const absl::StatusOr<CommandResult> result =
        RunCommand(arguments, Environment(), input);
    EXPECT_THAT(result.status(), IsOk());
    return result.ok() ? *result : CommandResult{.exit_code = -1};
  }
  // Runs kubectl, which must succeed; returns what it printed.
  std::string Kubectl(Words arguments, absl::string_view input = "") {
    const CommandResult result = Run(kubectl_, arguments, input);
    EXPECT_EQ(result.exit_code, 0)
        << "kubectl " << absl::StrJoin(arguments, " ") << "\n"
        << Text(result);
    return result.out;
  }
  // Runs kubectl, which must fail; returns what it complains of.
  std::string KubectlError(Words arguments, absl::string_view input = "") {
    const CommandResult result = Run(kubectl_, arguments, input);
    EXPECT_EQ(result.exit_code, 1)
        << "kubectl " << absl::StrJoin(arguments, " ") << "\n"
        << Text(result);
    return result.err;
  }
  std::string File(absl::string_view name, absl::string_view text) {
    const std::string path = absl::StrCat(directory_, "/", name);
    EXPECT_THAT(WriteFile(path, text), IsOk());
    return path;
  }

  // `kubectl <theirs>` and `signet csr <ours>` must print the same and end
  // alike.
  void ExpectSame(const Words& theirs, const Words& ours) {
    Words arguments = ours;
    arguments.insert(arguments.begin(), "csr");
    std::string want, have;
    // Ages grow: a second may have gone by between the two.
    for (int attempt = 0; attempt < 5; ++attempt) {
      want = Text(Run(kubectl_, theirs));
      have = Text(Run(signet_, arguments));
      if (have == want) return;
    }
    ADD_FAILURE() << "kubectl " << absl::StrJoin(theirs, " ") << "\n"
                  << want << "signet " << absl::StrJoin(arguments, " ") << "\n"
                  << have;
  }
  // The same words after `get csr` and after `get`.
  void ExpectSameGet(const Words& rest) {
    Words theirs = {"get", "csr"};
    Words ours = {"get"};
    theirs.insert(theirs.end(), rest.begin(), rest.end());
    ours.insert(ours.end(), rest.begin(), rest.end());
    ExpectSame(theirs, ours);
  }
  void ExpectSameDescribe(const Words& rest) {
    Words theirs = {"describe", "csr"};
    Words ours = {"describe"};
    theirs.insert(theirs.end(), rest.begin(), rest.end());
    ours.insert(ours.end(), rest.begin(), rest.end());
    ExpectSame(theirs, ours);
  }

  std::string directory_;
  std::string kubectl_;
  std::string signet_;
  std::string kubeconfig_;
  std::string zone_ = "UTC";
  EmbeddedProvider ours_;
};

INSTANTIATE_TEST_SUITE_P(Servers, KubectlTest,
                         ::testing::Values("Kubernetes", "Ours"),
                         [](const auto& info) { return info.param; });

// The documentation's page "Manage TLS Certificates in a Cluster".
TEST_P(KubectlTest, WalksThroughTheDocumentation) {
  // SPEC D-10, D-14, D-16, D-18, E-1, E-4, G-7.
  const std::string name = "my-svc.my-namespace";
  const std::string called =
      "certificatesigningrequest.certificates.k8s.io/" + name;
  const std::string manifest =
      Manifest(name, ServiceRequest(), "example.com/serving");
  EXPECT_EQ(Kubectl({"apply", "-f", "-"}, manifest), called + " created\n");
  EXPECT_EQ(Kubectl({"apply", "-f", "-"}, manifest), called + " unchanged\n");
  EXPECT_THAT(Kubectl({"get", "csr"}),
              MatchesRegex("NAME +AGE +SIGNERNAME +REQUESTOR "
                           "+REQUESTEDDURATION +CONDITION\n"
                           "my-svc.my-namespace +[0-9]+s "
                           "+example.com/serving +[a-z-]+ +<none> "
                           "+Pending\n"));
  EXPECT_THAT(
      Kubectl({"describe", "csr", name}),
      EndsWith("Status:             Pending\n"
               "Subject:\n"
               "  Common Name:    my-pod.my-namespace.pod.cluster.local\n"
               "  Serial Number:  \n"
               "Subject Alternative Names:\n"
               "         DNS Names:     my-svc.my-namespace.svc.cluster.local\n"
               "                        my-pod.my-namespace.pod.cluster.local\n"
               "         IP Addresses:  192.0.2.24\n"
               "                        10.0.34.2\n"
               "Events:  <none>\n"));

  const absl::StatusOr<std::unique_ptr<Process>> watch =
      Process::Start({.name = "kubectl get -w",
                      .argv = {kubectl_, "get", "csr", "-w"},
                      .environment = Environment(),
                      .log_path = directory_ + "/watch.log"});
  ASSERT_THAT(watch.status(), IsOk());
  EXPECT_THAT((*watch)->WaitForLine("Pending", absl::Seconds(30)), IsOk());
  EXPECT_EQ(Kubectl({"certificate", "approve", name}), called + " approved\n");
  EXPECT_THAT((*watch)->WaitForLine("Approved", absl::Seconds(30)), IsOk());

  // Signed, and written as the documentation does it.
  const testing::TestIdentity server = testing::TestCa().Server();
  const std::string certificate = File("server.crt", server.certificate_pem);
  std::string json = Kubectl({"get", "csr", name, "-o", "json"});
  const std::string status = absl::StrReplaceAll(
      json,
      {{"\"status\": {",
        absl::StrCat("\"status\": {\"certificate\": \"",
                     absl::Base64Escape(server.certificate_pem), "\",")}});
  const Words replace = {"replace", "--raw",
                         absl::StrCat(kCsrPath, name, "/status"), "-f"};
  Words arguments = replace;
  arguments.push_back(File("status.json", status));
  EXPECT_THAT(Kubectl(arguments),
              HasSubstr(absl::StrCat("\"certificate\":\"",
                                     absl::Base64Escape(server.certificate_pem),
                                     "\"")));
  EXPECT_THAT((*watch)->WaitForLine("Approved,Issued", absl::Seconds(30)),
              IsOk());
  EXPECT_EQ(
      Kubectl({"get", "csr", name, "-o", "jsonpath={.status.certificate}"}),
      absl::Base64Escape(server.certificate_pem));

  EXPECT_EQ(Kubectl({"create", "secret", "tls", "server", "--cert", certificate,
                     "--key", File("server.key", server.key_pem)}),
            "secret/server created\n");
  EXPECT_EQ(Kubectl({"create", "configmap", "serving-ca", "--from-file",
                     "ca.crt=" + certificate}),
            "configmap/serving-ca created\n");
  EXPECT_EQ(Kubectl({"get", "secret", "server", "-o", "jsonpath={.type}"}),
            "kubernetes.io/tls");
  EXPECT_THAT(Kubectl({"get", "secrets"}),
              MatchesRegex("NAME +TYPE +DATA +AGE\n"
                           "server +kubernetes.io/tls +2 +[0-9]+s\n"));

  // What is refused.
  json = Kubectl({"get", "csr", name, "-o", "json"});
  const size_t begin = json.find("\"certificate\": \"") + 16;
  json.erase(begin, json.find('"', begin) - begin);
  arguments = replace;
  arguments.push_back(File("clear.json", json));
  EXPECT_EQ(KubectlError(arguments),
            "The CertificateSigningRequest \"my-svc.my-namespace\" is invalid: "
            "status.certificate: Forbidden: updates may not modify existing "
            "certificate content\n");
  EXPECT_EQ(KubectlError({"certificate", "deny", name}),
            "error: certificate signing request \"my-svc.my-namespace\" is "
            "already Approved\n");
  EXPECT_EQ(KubectlError({"create", "-f", "-"}, manifest),
            "Error from server (AlreadyExists): error when creating \"STDIN\": "
            "certificatesigningrequests.certificates.k8s.io "
            "\"my-svc.my-namespace\" already exists\n");
  EXPECT_EQ(
      KubectlError({"create", "-f", "-"},
                   Manifest("short", ServiceRequest(), "example.com/s", "",
                            "  expirationSeconds: 599\n")),
      "The CertificateSigningRequest \"short\" is invalid: "
      "spec.expirationSeconds: Invalid value: 599: may not specify a duration "
      "less than 600 seconds (10 minutes)\n");
  EXPECT_THAT(KubectlError({"create", "-f", "-"},
                           Manifest("typo", ServiceRequest(), "example.com/s",
                                    "", "  expiration: 600\n")),
              HasSubstr("strict decoding error: unknown field "
                        "\"spec.expiration\""));

  EXPECT_EQ(Kubectl({"label", "csr", name, "a=b"}), called + " labeled\n");
  EXPECT_EQ(Kubectl({"delete", "csr", "-l", "a=b"}),
            "certificatesigningrequest.certificates.k8s.io "
            "\"my-svc.my-namespace\" deleted\n");
  Kubectl({"delete", "secret/server", "configmap/serving-ca"});
}

TEST_P(KubectlTest, WorksWithNodesAndRights) {
  // SPEC D-18.
  EXPECT_EQ(Kubectl({"create", "-f", "-"},
                    "apiVersion: v1\n"
                    "kind: Node\n"
                    "metadata: {name: by-kubectl}\n"),
            "node/by-kubectl created\n");
  EXPECT_THAT(Kubectl({"get", "nodes", "--no-headers"}),
              HasSubstr("by-kubectl"));
  EXPECT_EQ(Kubectl({"delete", "node", "by-kubectl"}),
            "node \"by-kubectl\" deleted\n");
  EXPECT_EQ(Kubectl({"create", "clusterrole", "by-kubectl", "--verb=get",
                     "--resource=csr"}),
            "clusterrole.rbac.authorization.k8s.io/by-kubectl created\n");
  EXPECT_EQ(Kubectl({"create", "clusterrolebinding", "by-kubectl",
                     "--clusterrole=by-kubectl", "--user=someone"}),
            "clusterrolebinding.rbac.authorization.k8s.io/by-kubectl "
            "created\n");
  EXPECT_THAT(
      Kubectl({"get", "clusterrolebinding", "by-kubectl", "-o", "wide"}),
      MatchesRegex("NAME +ROLE +AGE +USERS +GROUPS +SERVICEACCOUNTS\n"
                   "by-kubectl +ClusterRole/by-kubectl +[0-9]+s "
                   "+someone +\n"));
  Kubectl(
      {"delete", "clusterrolebinding/by-kubectl", "clusterrole/by-kubectl"});
  EXPECT_EQ(Kubectl({"auth", "can-i", "approve", "csr"}), "yes\n");
}

TEST_P(KubectlTest, SignetPrintsTheSame) {
  // SPEC E-1, E-2, E-3, E-4, E-5, E-6, E-7, G-3, G-7.
  Kubectl({"create", "-f", "-"},
          absl::StrCat(
              Manifest("my-svc.my-namespace", ServiceRequest(),
                       "example.com/serving"),
              Manifest("b", LargeRequest(), "kubernetes.io/kubelet-serving",
                       R"(, labels: {b: c, a: "1"},)"
                       R"( annotations: {x: "a b", y: "l1\nl2"})",
                       "  expirationSeconds: 3600\n"),
              Manifest("nosan", testing::MakeRequestPem({}), "example.com/x")));
  // With kubectl's annotation, which describe breaks over lines.
  Kubectl({"apply", "-f", "-"},
          Manifest("applied", ServiceRequest(), "example.com/a"));

  ExpectSameGet({});
  ExpectSame({"get", "csr"}, {"list"});
  ExpectSameGet({"b"});
  ExpectSameGet({"b", "nosan"});
  ExpectSameGet({"-o", "wide"});
  ExpectSameGet({"-o", "name"});
  ExpectSameGet({"-o", "json"});
  ExpectSameGet({"-o", "yaml"});
  ExpectSameGet({"b", "-o", "json"});
  ExpectSameGet({"b", "-o", "yaml"});
  ExpectSameGet({"my-svc.my-namespace", "applied", "-o", "yaml"});
  ExpectSameGet({"--no-headers"});
  ExpectSameGet({"nope"});
  ExpectSameGet({"b", "nope"});
  ExpectSameGet({"nope", "nope2"});
  ExpectSameGet({"nope", "-o", "yaml"});
  ExpectSameGet({"-l", "a=1"});
  ExpectSameGet({"-l", "zz=1"});
  ExpectSameGet({"--field-selector=spec.signerName=example.com/x"});

  ExpectSameDescribe({});
  ExpectSameDescribe({"b"});
  ExpectSameDescribe({"applied"});
  ExpectSameDescribe({"my"});
  ExpectSameDescribe({"nope"});
  ExpectSameDescribe({"b", "nosan"});
  ExpectSameDescribe({"b", "nope", "nosan"});
  for (const char* zone : {"Asia/Kolkata", "America/New_York"}) {
    zone_ = zone;
    ExpectSameDescribe({"b"});
  }
  zone_ = "UTC";

  ExpectSame({"certificate", "approve", "b"}, {"approve", "b"});
  ExpectSame({"certificate", "deny", "b"}, {"deny", "b"});
  ExpectSame({"certificate", "deny", "nosan"}, {"deny", "nosan"});
  ExpectSame({"certificate", "approve", "nosan"}, {"approve", "nosan"});
  ExpectSame({"certificate", "approve", "nope"}, {"approve", "nope"});
  ExpectSame({"certificate", "approve", "b", "nope"}, {"approve", "b", "nope"});
  ExpectSame({"certificate", "approve", "nope", "b"}, {"approve", "nope", "b"});
  ExpectSameGet({});
  ExpectSameDescribe({"b"});
  ExpectSameGet({"b", "-o", "yaml"});

  const std::string uid =
      Kubectl({"get", "csr", "b", "-o", "jsonpath={.metadata.uid}"});
  Kubectl({"create", "-f", "-"},
          absl::StrCat("apiVersion: v1\n"
                       "kind: Event\n"
                       "metadata: {name: odd, namespace: default}\n"
                       "involvedObject:\n"
                       "  kind: CertificateSigningRequest\n"
                       "  apiVersion: certificates.k8s.io/v1\n"
                       "  name: b\n"
                       "  uid: ",
                       uid,
                       "\n"
                       "type: Warning\n"
                       "reason: Odd\n"
                       "message: '  something odd  '\n"
                       "source: {component: comp}\n"
                       "firstTimestamp: 2020-01-01T00:00:00Z\n"
                       "lastTimestamp: 2021-01-01T00:00:00Z\n"
                       "count: 3\n"));
  ExpectSameDescribe({"b"});
  Kubectl({"delete", "event", "odd"});

  // As nobody.
  const absl::StatusOr<std::string> admin = ReadFile(kubeconfig_);
  ASSERT_THAT(admin, IsOk());
  std::string nobody;
  for (const absl::string_view line : absl::StrSplit(*admin, '\n')) {
    if (absl::StrContains(line, "client-certificate")) {
      absl::StrAppend(&nobody, "    token: nope\n");
    } else if (!absl::StrContains(line, "client-key")) {
      absl::StrAppend(&nobody, line, "\n");
    }
  }
  kubeconfig_ = File("nobody.kubeconfig", nobody);
  ExpectSameGet({});
  ExpectSameDescribe({"b"});
}

}  // namespace
}  // namespace signet::e2e
