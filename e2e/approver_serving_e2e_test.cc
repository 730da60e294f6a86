// Serving certificates of kubelets: approved through witnesses, for a node that
// has joined and asks with its own certificate; what a hostile node asks for is
// not, and the approver says why (SPEC B-13 to B-27).

#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/api/certificates.pb.h"
#include "core/api/core.pb.h"
#include "core/api/csr_status_text.h"
#include "core/http/message.h"
#include "core/http/server.h"
#include "core/http/tls_identity.h"
#include "core/k8s/resource_api.h"
#include "core/pki/certificate.h"
#include "core/pki/certificate_request.h"
#include "core/pki/ip_address.h"
#include "core/pki/name.h"
#include "core/pki/pem.h"
#include "core/pki/private_key.h"
#include "core/pki/subject_alt_name.h"
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
using ::signet::api::CertificateSigningRequest;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Words = std::vector<std::string>;

constexpr char kNode[] = "e2e-serving";
constexpr char kAddress[] = "192.0.2.7";
constexpr char kOtherNode[] = "e2e-victim";
constexpr char kOtherAddress[] = "192.0.2.66";

constexpr char kHead[] =
    "apiVersion: signet.dev/v1alpha1\n"
    "kind: ApproverConfiguration\n";
constexpr char kServing[] =
    "kubeletServing:\n"
    "  witnesses: [nodeStatus, inventory]\n"
    "  quorum: 2\n"
    "  apiServer:\n"
    "    names: [api.example.com]\n"
    "    servicePrefixes: [10.96.0.0/12]\n"
    "witnesses:\n"
    "  inventoryFile: ";
constexpr char kInventory[] =
    "apiVersion: signet.dev/v1alpha1\n"
    "kind: NodeInventory\n"
    "nodes:\n"
    "- name: e2e-serving\n"
    "  dnsNames: [e2e-serving]\n"
    "  ipAddresses: [192.0.2.7, 192.0.2.8]\n"
    "- name: e2e-victim\n"
    "  dnsNames: [e2e-victim]\n"
    "  ipAddresses: [192.0.2.66]\n";

// A new key for each: nodes do not share them.
std::string RequestPem(const pki::DistinguishedName& subject, const Words& dns,
                       const Words& ips) {
  const absl::StatusOr<pki::PrivateKey> key =
      pki::PrivateKey::Generate(pki::KeyAlgorithm::kEcdsaP256);
  EXPECT_THAT(key.status(), IsOk());
  pki::SubjectAltNames sans;
  sans.dns_names = dns;
  for (const std::string& ip : ips) {
    sans.ip_addresses.push_back(*pki::IpAddress::Parse(ip));
  }
  const absl::StatusOr<std::string> der =
      pki::CertificateRequest::Build(subject, sans, *key);
  EXPECT_THAT(der.status(), IsOk());
  return pki::EncodePem("CERTIFICATE REQUEST", *der);
}

pki::DistinguishedName NodeSubject(const std::string& node) {
  pki::DistinguishedName subject;
  subject.organization = {"system:nodes"};
  subject.common_name = "system:node:" + node;
  return subject;
}

CertificateSigningRequest ServingCsr(const std::string& name,
                                     const std::string& request_pem) {
  CertificateSigningRequest csr;
  csr.mutable_metadata()->set_name(name);
  auto& spec = *csr.mutable_spec();
  spec.set_request(request_pem);
  spec.set_signer_name("kubernetes.io/kubelet-serving");
  spec.add_usages("digital signature");
  spec.add_usages("server auth");
  return csr;
}

class ApproverServingTest : public E2eTest {
 protected:
  void SetUp() override {
    E2eTest::SetUp();
    if (HasFatalFailure()) return;
    inventory_ = testbed().directory() + "/inventory.yaml";
    config_ = testbed().directory() + "/approver.yaml";
    audit_ = testbed().directory() + "/audit.jsonl";
    ASSERT_THAT(WriteFile(inventory_, kInventory), IsOk());
    ASSERT_THAT(WriteFile(config_, absl::StrCat(kHead, kServing, inventory_)),
                IsOk());
  }
  void TearDown() override {
    for (const char* name : {kNode, kOtherNode}) {
      testbed().admin().Api<api::Node>()->Delete("", name).IgnoreError();
    }
    E2eTest::TearDown();
  }

  // The services, and a node that has joined and says where it is.
  void Start(Words flags, const std::string& address = kAddress) {
    flags.push_back("--audit-log-file=" + audit_);
    absl::StatusOr<std::unique_ptr<Process>> approver =
        testbed().StartApprover({.flags = flags});
    ASSERT_THAT(approver.status(), IsOk());
    approver_ = *std::move(approver);
    absl::StatusOr<std::unique_ptr<Process>> signer = testbed().StartSigner();
    ASSERT_THAT(signer.status(), IsOk());
    signer_ = *std::move(signer);
    CreateNodeAt(kNode, address);
    CreateNodeAt(kOtherNode, kOtherAddress);
    if (HasFatalFailure()) return;
    const absl::StatusOr<AgentFiles> files = testbed().MakeAgentFiles(kNode);
    ASSERT_THAT(files.status(), IsOk());
    absl::StatusOr<std::unique_ptr<Process>> agent =
        testbed().StartAgent(*files);
    ASSERT_THAT(agent.status(), IsOk());
    agent_ = *std::move(agent);
    std::optional<pki::Certificate> certificate;
    ExpectJoined(testbed(), *files, &certificate);
    if (HasFatalFailure()) return;
    absl::StatusOr<std::unique_ptr<Connection>> node =
        Connection::Open(files->kubeconfig);
    ASSERT_THAT(node.status(), IsOk());
    node_ = *std::move(node);
  }

  void CreateNodeAt(const std::string& name, const std::string& address) {
    CreateNode(testbed(), name);
    if (HasFatalFailure()) return;
    absl::StatusOr<api::Node> node =
        testbed().admin().Api<api::Node>()->Get("", name);
    ASSERT_THAT(node.status(), IsOk());
    auto& host = *node->mutable_status()->add_addresses();
    host.set_type("Hostname");
    host.set_address(name);
    auto& ip = *node->mutable_status()->add_addresses();
    ip.set_type("InternalIP");
    ip.set_address(address);
    ASSERT_THAT(
        testbed().admin().Api<api::Node>()->UpdateSubresource("status", *node),
        IsOk());
  }

  // As the node.
  absl::Status Ask(const CertificateSigningRequest& csr) {
    return node_->client()
        .Api<CertificateSigningRequest>()
        ->Create(csr)
        .status();
  }

  // Waits until the request is "Approved,Issued" and the like (SPEC E-3).
  void Await(const std::string& name, const std::string& status) {
    EXPECT_THAT(
        Eventually(
            absl::Seconds(30),
            [&]() -> absl::Status {
              ABSL_ASSIGN_OR_RETURN(
                  const CertificateSigningRequest csr,
                  testbed().admin().Api<CertificateSigningRequest>()->Get(
                      "", name));
              const std::string now = api::CsrStatusText(csr);
              if (now == status) return absl::OkStatus();
              return absl::UnavailableError(absl::StrCat(name, " is ", now));
            }),
        IsOk());
  }

  // The messages of the Events about a request, once there are some.
  Words AwaitEvents(const std::string& name) {
    Words messages;
    EXPECT_THAT(Eventually(absl::Seconds(30),
                           [&]() -> absl::Status {
                             ABSL_ASSIGN_OR_RETURN(
                                 const k8s::ListResult<api::Event> events,
                                 testbed().admin().Api<api::Event>()->List(
                                     {.namespace_name = "default"}));
                             messages.clear();
                             for (const api::Event& event : events.items) {
                               if (event.involved_object().name() == name) {
                                 messages.push_back(event.message());
                               }
                             }
                             return messages.empty()
                                        ? absl::UnavailableError(absl::StrCat(
                                              "no Event about ", name))
                                        : absl::OkStatus();
                           }),
                IsOk());
    return messages;
  }

  // The audit records about a request.
  Words RecordsOf(const std::string& name) {
    Words records;
    for (const absl::string_view line :
         absl::StrSplit(ReadFile(audit_).value_or(""), '\n')) {
      if (absl::StrContains(line, absl::StrCat("\"name\":\"", name, "\""))) {
        records.emplace_back(line);
      }
    }
    return records;
  }

  std::string inventory_, config_, audit_;
  std::unique_ptr<Process> approver_, signer_, agent_;
  std::unique_ptr<Connection> node_;
};

TEST_F(ApproverServingTest, B13ApprovesWhatTwoWitnessesBackAndNothingElse) {
  Start({"--config=" + config_});
  if (HasFatalFailure()) return;
  ASSERT_THAT(Ask(ServingCsr("serving-good", RequestPem(NodeSubject(kNode),
                                                        {kNode}, {kAddress}))),
              IsOk());
  Await("serving-good", "Approved,Issued");
  const absl::StatusOr<CertificateSigningRequest> good =
      testbed().admin().Api<CertificateSigningRequest>()->Get("",
                                                              "serving-good");
  ASSERT_THAT(good.status(), IsOk());
  const absl::StatusOr<pki::Certificate> certificate =
      CertificateIn(good->status().certificate());
  ASSERT_THAT(certificate.status(), IsOk());
  EXPECT_THAT(certificate->subject_alt_names().dns_names, ElementsAre(kNode));
  ASSERT_THAT(RecordsOf("serving-good"), SizeIs(1));
  EXPECT_THAT(RecordsOf("serving-good").front(),
              HasSubstr("\"verdict\":\"approve\""));

  const struct {
    const char* name;
    const char* sentence;
    std::string node;
    Words dns, ips;
    const char* rule;
  } kHostile[] = {
      {"evil-address",
       "another node's address",
       kNode,
       {kNode},
       {kAddress, kOtherAddress},
       "witnesses: "},
      {"evil-one-witness",
       "an address that only the inventory has",
       kNode,
       {kNode},
       {"192.0.2.8"},
       "witnesses: "},
      {"evil-name",
       "another node's DNS name",
       kNode,
       {kNode, kOtherNode},
       {kAddress},
       "witnesses: "},
      {"evil-prefix",
       "a name that begins as the node's",
       kNode,
       {"e2e-serving.evil.example.com"},
       {kAddress},
       "witnesses: "},
      {"evil-wildcard",
       "a wildcard",
       kNode,
       {"*.example.com"},
       {kAddress},
       "names: "},
      {"evil-dot",
       "a name with a dot at its end",
       kNode,
       {"e2e-serving."},
       {kAddress},
       "names: "},
      {"evil-localhost",
       "localhost",
       kNode,
       {"localhost"},
       {kAddress},
       "names: "},
      {"evil-loopback",
       "a loopback address",
       kNode,
       {kNode},
       {"127.0.0.1"},
       "names: "},
      {"evil-service",
       "the API server's name in the cluster",
       kNode,
       {"kubernetes.default.svc"},
       {kAddress},
       "apiServer: "},
      {"evil-api",
       "the API server's name outside",
       kNode,
       {"API.example.com"},
       {kAddress},
       "apiServer: "},
      {"evil-service-ip",
       "a service's address",
       kNode,
       {kNode},
       {"10.96.0.1"},
       "apiServer: "},
  };
  for (const auto& h : kHostile) {
    SCOPED_TRACE(h.sentence);
    ASSERT_THAT(
        Ask(ServingCsr(h.name, RequestPem(NodeSubject(h.node), h.dns, h.ips))),
        IsOk());
  }
  // In another node's name: NodeRestriction refuses it at once (SPEC B-10), or
  // the approver does not approve it.
  const absl::Status in_anothers_name = Ask(ServingCsr(
      "evil-identity",
      RequestPem(NodeSubject(kOtherNode), {kOtherNode}, {kOtherAddress})));
  int left_alone = 0;
  for (const auto& h : kHostile) {
    SCOPED_TRACE(h.sentence);
    EXPECT_THAT(AwaitEvents(h.name), ElementsAre(HasSubstr(h.rule)));
    Await(h.name, "Pending");
    EXPECT_THAT(RecordsOf(h.name), ElementsAre(HasSubstr("\"leave\"")));
    ++left_alone;
  }
  if (in_anothers_name.ok()) {
    EXPECT_THAT(AwaitEvents("evil-identity"),
                ElementsAre(HasSubstr("requester: ")));
    Await("evil-identity", "Pending");
  } else {
    EXPECT_TRUE(absl::IsPermissionDenied(in_anothers_name)) << in_anothers_name;
  }
  ++left_alone;

  // The node moves, and the inventory knows: what waits is approved at last.
  absl::StatusOr<api::Node> node =
      testbed().admin().Api<api::Node>()->Get("", kNode);
  ASSERT_THAT(node.status(), IsOk());
  node->mutable_status()->mutable_addresses(1)->set_address("192.0.2.8");
  ASSERT_THAT(
      testbed().admin().Api<api::Node>()->UpdateSubresource("status", *node),
      IsOk());
  Await("evil-one-witness", "Approved,Issued");
  std::cout << "serving: 1 approved through 2 witnesses, " << left_alone
            << " hostile requests not approved, each with its reason\n";
}

TEST_F(ApproverServingTest, ADryRunBesideTheApproverAtWorkWritesNothing) {
  Start({});
  if (HasFatalFailure()) return;
  audit_ = testbed().directory() + "/dry-run.jsonl";
  absl::StatusOr<std::unique_ptr<Process>> dry =
      testbed().StartApprover({.name = "dry-run",
                               .flags = {"--config=" + config_, "--dry-run",
                                         "--audit-log-file=" + audit_}});
  ASSERT_THAT(dry.status(), IsOk());
  ASSERT_THAT(Ask(ServingCsr("serving-dry", RequestPem(NodeSubject(kNode),
                                                       {kNode}, {kAddress}))),
              IsOk());
  EXPECT_THAT(
      (*dry)->WaitForLine("csr serving-dry would approve", absl::Seconds(30)),
      IsOk());
  Await("serving-dry", "Pending");
  EXPECT_THAT(RecordsOf("serving-dry"),
              ElementsAre(HasSubstr("\"event\":\"dry run\"")));
}

// The node's port, as a kubelet that is to renew its certificate has it.
TEST_F(ApproverServingTest, B16ApprovesARenewalByTheCertificateServedNow) {
  const signet::testing::TestCa ca("kubelets");
  const std::string ca_file = testbed().directory() + "/kubelets.crt";
  ASSERT_THAT(WriteFile(ca_file, ca.certificate_pem()), IsOk());
  const signet::testing::TestIdentity served =
      ca.Server({.common_name = absl::StrCat("system:node:", kNode),
                 .organizations = {"system:nodes"},
                 .dns_names = {kNode}});
  http::ServerOptions options;
  options.identity = std::make_shared<http::FixedIdentity>(served.tls);
  const auto server = http::StartServer(
      options, [](const http::Request&, const http::Peer&,
                  const std::shared_ptr<http::Responder>&) {});
  ASSERT_THAT(server.status(), IsOk());
  ASSERT_THAT(WriteFile(config_, absl::StrCat(kHead,
                                              "kubeletServing: {witnesses: "
                                              "[servedCertificate]}\n"
                                              "witnesses: {kubeletCAFile: ",
                                              ca_file, ", kubeletPort: ",
                                              (*server)->port(), "}\n")),
              IsOk());
  Start({"--config=" + config_}, "127.0.0.1");
  if (HasFatalFailure()) return;
  ASSERT_THAT(Ask(ServingCsr("renewal-good",
                             RequestPem(NodeSubject(kNode), {kNode}, {}))),
              IsOk());
  Await("renewal-good", "Approved,Issued");
  // A name that the present certificate does not have.
  ASSERT_THAT(
      Ask(ServingCsr("renewal-more",
                     RequestPem(NodeSubject(kNode), {kNode, kOtherNode}, {}))),
      IsOk());
  EXPECT_THAT(AwaitEvents("renewal-more"),
              ElementsAre(HasSubstr(absl::StrCat("\"", kOtherNode, "\""))));
  Await("renewal-more", "Pending");

  // Nobody listens any more: nothing is known, so the request waits.
  (*server)->Stop();
  ASSERT_THAT(Ask(ServingCsr("renewal-down",
                             RequestPem(NodeSubject(kNode), {kNode}, {}))),
              IsOk());
  EXPECT_THAT(AwaitEvents("renewal-down"),
              ElementsAre(HasSubstr("servedCertificate is unknown")));
  EXPECT_THAT(RecordsOf("renewal-down"), ElementsAre(HasSubstr("\"wait\"")));
  Await("renewal-down", "Pending");
}

TEST_F(ApproverServingTest, TakesOverAChangedConfigurationButNotABadOne) {
  const std::string live = testbed().directory() + "/live.yaml";
  ASSERT_THAT(WriteFile(live, kHead), IsOk());
  Start({"--config=" + live});
  if (HasFatalFailure()) return;
  ASSERT_THAT(Ask(ServingCsr("serving-later", RequestPem(NodeSubject(kNode),
                                                         {kNode}, {kAddress}))),
              IsOk());
  EXPECT_THAT(approver_->WaitForLine("csr serving-later unrecognised",
                                     absl::Seconds(30)),
              IsOk());
  ASSERT_THAT(WriteFile(live, absl::StrCat(kHead, "kubeletServin: {}\n")),
              IsOk());
  EXPECT_THAT(approver_->WaitForLine(
                  "the changed configuration is bad, the old one stays in "
                  "force",
                  absl::Seconds(30)),
              IsOk());
  Await("serving-later", "Pending");
  ASSERT_THAT(WriteFile(live, absl::StrCat(kHead, kServing, inventory_)),
              IsOk());
  Await("serving-later", "Approved,Issued");
}

}  // namespace
}  // namespace signet::e2e
