// What the node agent does beside the client certificate: the serving
// certificate, those of its configuration file, and telling how it is.

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdint>
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
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/api/certificates.pb.h"
#include "core/api/core.pb.h"
#include "core/http/beast_transport.h"
#include "core/http/message.h"
#include "core/http/tls_identity.h"
#include "core/http/transport.h"
#include "core/k8s/resource_api.h"
#include "core/pki/certificate.h"
#include "core/pki/certificate_request.h"
#include "core/pki/pem.h"
#include "core/pki/trust_bundle.h"
#include "e2e/agent_process.h"
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
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr absl::string_view kServing = "kubernetes.io/kubelet-serving";

class NodeAgentTest : public E2eTest {
 protected:
  void SetUp() override {
    E2eTest::SetUp();
    if (HasFatalFailure()) return;
    auto approver = testbed().StartApprover();
    ASSERT_THAT(approver.status(), IsOk());
    approver_ = *std::move(approver);
    auto signer = testbed().StartSigner();
    ASSERT_THAT(signer.status(), IsOk());
    signer_ = *std::move(signer);
  }
  void TearDown() override {
    signer_.reset();
    approver_.reset();
    E2eTest::TearDown();
  }

  // Says where a node can be reached, as its kubelet would.
  absl::Status SetAddresses(
      const std::string& node,
      const std::vector<std::pair<std::string, std::string>>& addresses) {
    const auto nodes = testbed().admin().Api<api::Node>();
    ABSL_ASSIGN_OR_RETURN(api::Node object, nodes->Get("", node));
    object.mutable_status()->clear_addresses();
    for (const auto& [type, address] : addresses) {
      auto* entry = object.mutable_status()->add_addresses();
      entry->set_type(type);
      entry->set_address(address);
    }
    // Whatever else the cluster writes into the node meanwhile.
    object.mutable_metadata()->clear_resource_version();
    return nodes->UpdateSubresource("status", object).status();
  }

  // The next request of a node to `signer` that nobody has judged.
  absl::StatusOr<CertificateSigningRequest> Pending(const std::string& node,
                                                    absl::string_view signer) {
    return testbed().WaitForRequest("system:node:" + node, absl::Seconds(30),
                                    [&](const CertificateSigningRequest& csr) {
                                      return csr.spec().signer_name() ==
                                                 signer &&
                                             csr.status().conditions().empty();
                                    });
  }

  // Asks the agent at `port` by TLS, under a name and trusting the cluster's
  // CA.
  absl::StatusOr<std::string> HttpsGet(int port, const std::string& name,
                                       const std::string& path) {
    ABSL_ASSIGN_OR_RETURN(const std::string ca,
                          ReadFile(cluster().CaCertificateFile()));
    ABSL_ASSIGN_OR_RETURN(pki::TrustBundle bundle,
                          pki::TrustBundle::FromPem(ca));
    http::TransportOptions options;
    options.server = absl::StrCat("https://127.0.0.1:", port);
    options.tls_server_name = name;
    options.trust = std::make_shared<http::FixedTrust>(std::move(bundle));
    ABSL_ASSIGN_OR_RETURN(const std::unique_ptr<http::Transport> transport,
                          http::NewBeastTransport(std::move(options)));
    http::Request request;
    request.target = path;
    ABSL_ASSIGN_OR_RETURN(http::Response response,
                          transport->Send(request, absl::Seconds(10)));
    return std::move(response.body);
  }

  std::unique_ptr<Process> approver_;
  std::unique_ptr<Process> signer_;
};

TEST_F(NodeAgentTest, A38A39A41ServesWithACertificateForTheNodesAddresses) {
  const std::string node = "e2e-serving";
  CreateNode(testbed(), node);
  ASSERT_THAT(SetAddresses(node, {{"InternalIP", "127.0.0.1"},
                                  {"Hostname", "one.example"}}),
              IsOk());
  const absl::StatusOr<AgentFiles> files = testbed().MakeAgentFiles(node);
  ASSERT_THAT(files.status(), IsOk());
  const auto agent = StartAgentWith(
      testbed(), *files, {"--rotate-server-certificates", "--health-tls"});
  ASSERT_THAT(agent.status(), IsOk());
  const absl::StatusOr<int> port = HealthPort(**agent);
  ASSERT_THAT(port.status(), IsOk());
  EXPECT_THAT(HttpsGet(*port, "127.0.0.1", "/healthz").status(), Not(IsOk()));

  const absl::StatusOr<CertificateSigningRequest> first =
      Pending(node, kServing);
  ASSERT_THAT(first.status(), IsOk());
  EXPECT_THAT(first->spec().usages(),
              ElementsAre("digital signature", "server auth"));
  const auto block = pki::ParseFirstPem(first->spec().request());
  ASSERT_THAT(block.status(), IsOk());
  const auto request = pki::CertificateRequest::Parse(block->der);
  ASSERT_THAT(request.status(), IsOk());
  EXPECT_EQ(request->subject().common_name, "system:node:" + node);
  EXPECT_THAT(request->subject().organization, ElementsAre("system:nodes"));
  EXPECT_THAT(request->subject_alt_names().dns_names,
              ElementsAre("one.example"));
  ASSERT_THAT(Approve(testbed(), first->metadata().name()), IsOk());
  ASSERT_THAT(
      Eventually(
          absl::Seconds(20),
          [&] { return HttpsGet(*port, "one.example", "/healthz").status(); }),
      IsOk());
  EXPECT_THAT(CertificateInFile(files->cert_dir + "/kubelet-server-current.pem")
                  .status(),
              IsOk());
  EXPECT_THAT(HttpsGet(*port, "127.0.0.1", "/metrics"),
              IsOkAndHolds(AllOf(
                  HasSubstr("kubelet_certificate_manager_server_ttl_seconds "),
                  HasSubstr("kubelet_server_expiration_renew_errors 0\n"))));

  // The client certificate is replaced, and with it the connection on which the
  // node is watched; a new address is learned of nevertheless (SPEC A-44),
  // asked for at once (A-5), and served from the next handshake on.
  // It is due 91.5 s after issue at the latest.
  ASSERT_THAT(
      Eventually(
          absl::Seconds(100),
          [&]() -> absl::Status {
            ABSL_ASSIGN_OR_RETURN(const std::string status,
                                  HttpsGet(*port, "127.0.0.1", "/status"));
            if (absl::StrContains(status, "\"rotations\":1,\"renew_errors\"")) {
              return absl::OkStatus();
            }
            return absl::UnavailableError(status);
          }),
      IsOk());
  EXPECT_THAT(HttpsGet(*port, "two.example", "/healthz").status(), Not(IsOk()));
  ASSERT_THAT(SetAddresses(node, {{"InternalIP", "127.0.0.1"},
                                  {"Hostname", "one.example"},
                                  {"InternalDNS", "two.example"}}),
              IsOk());
  // A request for the old names may be pending; then two are to be approved.
  ASSERT_THAT(
      Eventually(absl::Seconds(30),
                 [&]() -> absl::Status {
                   absl::Status served =
                       HttpsGet(*port, "two.example", "/healthz").status();
                   if (served.ok()) return served;
                   ABSL_ASSIGN_OR_RETURN(
                       const std::vector<CertificateSigningRequest> requests,
                       testbed().RequestsOf("system:node:" + node));
                   for (const CertificateSigningRequest& csr : requests) {
                     if (csr.spec().signer_name() == kServing &&
                         csr.status().conditions().empty()) {
                       ABSL_RETURN_IF_ERROR(
                           Approve(testbed(), csr.metadata().name()));
                     }
                   }
                   return served;
                 }),
      IsOk());
}

// The files of the configuration: {directory, node}.
constexpr absl::string_view kConfig =
    R"(apiVersion: signet.dev/v1alpha1
kind: NodeAgentConfiguration
certificates:
- name: proxy
  signerName: kubernetes.io/kube-apiserver-client
  subject:
    commonName: proxy-on-$(NODE_NAME)
    organizations: [e2e:proxies]
  usages: [digital signature, client auth]
  keyType: ECDSA-P384
  directory: $DIR/store
  files:
    certificate: $DIR/tls.crt
    key: $DIR/tls.key
    ca: $DIR/ca.crt
    owner: "$OWNER"
    keyMode: "0640"
  after:
  - command:
      argv: [/bin/sh, -c, 'echo "$SIGNET_NAME $SIGNET_KEY_FILE" >> $DIR/done']
)";

// An owner that this process may give a file in `directory`: another than its
// own, where it may.
uint32_t OwnerToGive(const std::string& directory) {
  constexpr uint32_t kOther = 12345;
  const std::string path = directory + "/owner";
  EXPECT_THAT(WriteFile(path, ""), IsOk());
  const bool may = chown(path.c_str(), kOther, static_cast<gid_t>(-1)) == 0;
  return may ? kOther : geteuid();
}

TEST_F(NodeAgentTest, KeepsFurtherCertificatesAndTellsWhoUsesThem) {
  const std::string node = "e2e-further";
  CreateNode(testbed(), node);
  const absl::StatusOr<AgentFiles> files = testbed().MakeAgentFiles(node);
  ASSERT_THAT(files.status(), IsOk());
  const std::string directory = absl::StrCat(testbed().directory(), "/proxy");
  ASSERT_THAT(MakeDirectory(directory), IsOk());
  const std::string config = absl::StrCat(testbed().directory(), "/agent.yaml");
  const uint32_t owner = OwnerToGive(directory);
  ASSERT_THAT(
      WriteFile(config, absl::StrReplaceAll(kConfig,
                                            {{"$DIR", directory},
                                             {"$OWNER", absl::StrCat(owner)}})),
      IsOk());
  const auto agent = StartAgentWith(testbed(), *files, {"--config=" + config});
  ASSERT_THAT(agent.status(), IsOk());
  const absl::StatusOr<int> port = HealthPort(**agent);
  ASSERT_THAT(port.status(), IsOk());

  const absl::StatusOr<CertificateSigningRequest> request =
      Pending(node, "kubernetes.io/kube-apiserver-client");
  ASSERT_THAT(request.status(), IsOk());
  ASSERT_THAT(Approve(testbed(), request->metadata().name()), IsOk());
  ASSERT_THAT(
      Eventually(absl::Seconds(20),
                 [&] { return ReadFile(directory + "/done").status(); }),
      IsOk());
  const absl::StatusOr<pki::Certificate> certificate =
      CertificateInFile(directory + "/tls.crt");
  ASSERT_THAT(certificate.status(), IsOk());
  EXPECT_EQ(certificate->subject().common_name, "proxy-on-e2e-further");
  EXPECT_EQ(certificate->public_key().bits(), 384);
  EXPECT_THAT(ReadFile(directory + "/done"),
              IsOkAndHolds(absl::StrCat("proxy ", directory, "/tls.key\n")));
  struct stat key;
  ASSERT_EQ(stat((directory + "/tls.key").c_str(), &key), 0);
  EXPECT_EQ(key.st_uid, owner);
  EXPECT_EQ(key.st_mode & 07777, 0640);
  EXPECT_THAT(ReadFile(directory + "/ca.crt"),
              IsOkAndHolds(*ReadFile(cluster().CaCertificateFile())));
  EXPECT_THAT(
      CertificateInFile(directory + "/store/proxy-current.pem").status(),
      IsOk());

  // `signet-node-agent status`, for people and for programs.
  const std::string address = absl::StrCat("127.0.0.1:", *port);
  const absl::StatusOr<std::string> program =
      Runfile("node_agent/signet-node-agent");
  ASSERT_THAT(program.status(), IsOk());
  absl::StatusOr<CommandResult> status =
      RunCommand({*program, "status", "--address", address});
  ASSERT_THAT(status.status(), IsOk());
  EXPECT_EQ(status->exit_code, 0) << status->err;
  EXPECT_THAT(
      status->out,
      AllOf(HasSubstr("node e2e-further\n"), HasSubstr("\nkubelet-client\n"),
            HasSubstr("\nproxy\n"), HasSubstr("  next rotation   20"),
            HasSubstr("  delivery        done\n")));
  status = RunCommand(
      {*program, "status", "--health-address", address, "-o", "json"});
  ASSERT_THAT(status.status(), IsOk());
  EXPECT_THAT(status->out, HasSubstr("\"name\":\"proxy\""));

  (*agent)->Terminate();
  status = RunCommand({*program, "status", "--address", address});
  ASSERT_THAT(status.status(), IsOk());
  EXPECT_EQ(status->exit_code, 1);
  EXPECT_THAT(status->err, HasSubstr("no agent answers at http://" + address));
}

TEST_F(NodeAgentTest, ADeniedRequestIsAnEventAtTheNode) {
  const std::string node = "e2e-events";
  CreateNode(testbed(), node);
  ASSERT_THAT(SetAddresses(node, {{"InternalIP", "127.0.0.1"}}), IsOk());
  const absl::StatusOr<AgentFiles> files = testbed().MakeAgentFiles(node);
  ASSERT_THAT(files.status(), IsOk());
  const auto agent =
      StartAgentWith(testbed(), *files, {"--rotate-server-certificates"});
  ASSERT_THAT(agent.status(), IsOk());
  absl::StatusOr<CertificateSigningRequest> request = Pending(node, kServing);
  ASSERT_THAT(request.status(), IsOk());
  auto* condition = request->mutable_status()->add_conditions();
  condition->set_type("Denied");
  condition->set_status("True");
  condition->set_reason("EndToEndTest");
  condition->set_message("not today");
  ASSERT_THAT(
      testbed().admin().Api<CertificateSigningRequest>()->UpdateSubresource(
          "approval", *request),
      IsOk());
  EXPECT_THAT(
      Eventually(absl::Seconds(30),
                 [&]() -> absl::Status {
                   ABSL_ASSIGN_OR_RETURN(
                       const auto events,
                       testbed().admin().Api<api::Event>()->List(
                           {.namespace_name = "default"}));
                   for (const api::Event& event : events.items) {
                     if (event.involved_object().name() == node &&
                         event.reason() == "CertificateRenewalFailed" &&
                         absl::StrContains(event.message(), "not today")) {
                       return absl::OkStatus();
                     }
                   }
                   return absl::NotFoundError(absl::StrCat(
                       events.items.size(), " events, none of them"));
                 }),
      IsOk());
}

// The socket of a service manager, in a folder of its own: such a path is
// short.
class NotifySocket {
 public:
  NotifySocket() {
    EXPECT_NE(mkdtemp(directory_), nullptr);
    path_ = absl::StrCat(directory_, "/notify");
    socket_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(bind(socket_, reinterpret_cast<const sockaddr*>(&address),
                   sizeof address),
              0);
  }
  ~NotifySocket() {
    close(socket_);
    unlink(path_.c_str());
    rmdir(directory_);
  }
  const std::string& path() const { return path_; }

  // All that was told so far, a line each.
  const std::string& Told() {
    char message[4096];
    ssize_t size;
    while ((size = recv(socket_, message, sizeof message, MSG_DONTWAIT)) > 0) {
      told_.append(message, static_cast<size_t>(size)).push_back('\n');
    }
    return told_;
  }

 private:
  char directory_[32] = "/tmp/signet-e2e-XXXXXX";
  std::string path_;
  int socket_;
  std::string told_;
};

TEST_F(NodeAgentTest, TellsSystemdHowItIs) {
  const absl::StatusOr<AgentFiles> files =
      testbed().MakeAgentFiles("e2e-systemd");
  ASSERT_THAT(files.status(), IsOk());
  NotifySocket socket;
  const auto agent =
      StartAgentWith(testbed(), *files, {}, {{"NOTIFY_SOCKET", socket.path()}});
  ASSERT_THAT(agent.status(), IsOk());
  EXPECT_THAT(Eventually(kJoinTimeout,
                         [&] {
                           return absl::StrContains(
                                      socket.Told(),
                                      "STATUS=client certificate good until 20")
                                      ? absl::OkStatus()
                                      : absl::NotFoundError(socket.Told());
                         }),
              IsOk());
  (*agent)->Terminate();
  EXPECT_THAT(socket.Told(),
              AllOf(StartsWith("READY=1\n"), EndsWith("STOPPING=1\n")));
}

TEST_F(NodeAgentTest, NamesTheLineOfABadConfiguration) {
  const absl::StatusOr<AgentFiles> files =
      testbed().MakeAgentFiles("e2e-config");
  ASSERT_THAT(files.status(), IsOk());
  const std::string config = absl::StrCat(testbed().directory(), "/bad.yaml");
  ASSERT_THAT(WriteFile(config,
                        "apiVersion: signet.dev/v1alpha1\n"
                        "kind: NodeAgentConfiguration\n"
                        "certificates:\n"
                        "- name: web\n"
                        "  signer: example.com/web\n"),
              IsOk());
  const auto agent = StartAgentWith(testbed(), *files, {"--config=" + config});
  ASSERT_THAT(agent.status(), IsOk());
  EXPECT_THAT((*agent)->Wait(absl::Seconds(20)), IsOkAndHolds(1));
  EXPECT_THAT((*agent)->Log(),
              HasSubstr(absl::StrCat(config, ":5: unknown field \"signer\"")));
}

}  // namespace
}  // namespace signet::e2e
