#include "node_agent/foreground_bootstrap.h"

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/log_severity.h"
#include "absl/log/globals.h"
#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/notification.h"
#include "absl/time/simulated_clock.h"
#include "absl/time/time.h"
#include "core/api/certificates.pb.h"
#include "core/pki/certificate_request.h"
#include "core/pki/pem.h"
#include "core/pki/private_key.h"
#include "core/rotation/next_step.h"
#include "core/testing/fake_file_system.h"
#include "core/testing/fake_key_generator.h"
#include "core/testing/fake_rng.h"
#include "core/testing/self_advancing_clock.h"
#include "core/testing/test_ca.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "node_agent/certificate_store.h"
#include "node_agent/request_clients.h"
#include "node_agent/scripted_csr_server.h"

namespace signet::node_agent {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::IsOkAndHolds;
using ::absl_testing::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;
using Csr = api::CertificateSigningRequest;

constexpr size_t kMax = 1 << 20;
constexpr absl::string_view kKubeconfig = "/etc/kubernetes/kubelet.conf";
constexpr absl::string_view kBootstrap = "/etc/kubernetes/boot.conf";
constexpr absl::string_view kTemporaryKey =
    "/var/lib/kubelet/pki/kubelet-client.key.tmp";
constexpr absl::string_view kCurrent =
    "/var/lib/kubelet/pki/kubelet-client-current.pem";
const absl::Time kStart = absl::FromUnixSeconds(1'795'514'421);

// SPEC G-1: the P-256 key whose private number is `d`.
pki::PrivateKey VectorKey(int d) {
  // RFC 5915, without the public key, which follows from the number.
  std::string der("\x30\x31\x02\x01\x01\x04\x20", 7);
  der += std::string(31, '\0');
  der += static_cast<char>(d);
  der += std::string("\xa0\x0a\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07", 12);
  const auto key =
      pki::PrivateKey::FromPem(pki::EncodePem("EC PRIVATE KEY", der));
  EXPECT_THAT(key, IsOk());
  return *key;
}

class VectorKeys : public pki::KeyGenerator {
 public:
  absl::StatusOr<pki::PrivateKey> Generate(pki::KeyAlgorithm) override {
    return VectorKey(++count);
  }
  int count = 0;
};

class ForegroundBootstrapTest : public ::testing::Test {
 protected:
  ForegroundBootstrapTest() : clock_(kStart), server_(clock_), rng_(0) {
    absl::SetMinLogLevel(absl::LogSeverityAtLeast::kInfinity);
    EXPECT_THAT(files_.MakeDirectories("/etc/kubernetes", 0755), IsOk());
    Write(kBootstrap,
          "apiVersion: v1\nkind: Config\nclusters:\n- name: c\n"
          "  cluster: {server: \"http://192.0.2.1:8080\"}\ncontexts:\n"
          "- name: x\n  context: {cluster: c, user: u}\ncurrent-context: x\n"
          "users:\n- name: u\n  user: {token: abcdef.0123}\n");
    for (absl::string_view path : {"/", "/etc", "/etc/kubernetes"}) {
      EXPECT_THAT(files_.SyncDirectory(path), IsOk());
    }
    store_ = *CertificateStore::Open({}, files_, clock_, absl::UTCTimeZone());
  }
  void Write(absl::string_view path, absl::string_view text) {
    EXPECT_THAT(files_.Write(path, text, 0600), IsOk());
  }
  // A process from start to end.
  absl::Status Run(absl::string_view node = "n1") {
    ForegroundBootstrap bootstrap(
        {std::string(kKubeconfig), std::string(kBootstrap)}, std::string(node),
        *store_, server_, keys_, files_, clock_, rng_);
    return bootstrap.Run();
  }
  absl::Duration Elapsed() { return clock_.TimeNow() - kStart; }

  testing::SelfAdvancingClock clock_;
  testing::FakeFileSystem files_;
  ScriptedCsrServer server_;
  VectorKeys keys_;
  testing::FixedRng rng_;
  std::unique_ptr<CertificateStore> store_;
};

TEST_F(ForegroundBootstrapTest, A33G1RequestsByTheDigestName) {
  ASSERT_THAT(Run(), IsOk());
  ASSERT_THAT(server_.created, SizeIs(1));
  const Csr& csr = server_.created[0];
  EXPECT_EQ(csr.metadata().name(),
            "node-csr-ZAK5k7jaDenZEG-dy61F8D3gFX4vUqfMLVTvaJKpRuw");
  EXPECT_EQ(csr.metadata().generate_name(), "");
  EXPECT_EQ(csr.spec().signer_name(),
            "kubernetes.io/kube-apiserver-client-kubelet");
  EXPECT_THAT(csr.spec().usages(),
              ElementsAre("digital signature", "client auth"));
  EXPECT_FALSE(csr.spec().has_expiration_seconds());
  const auto request = pki::CertificateRequest::ParsePem(csr.spec().request());
  ASSERT_THAT(request, IsOk());
  EXPECT_EQ(request->subject().common_name, "system:node:n1");
  EXPECT_THAT(request->subject().organization, ElementsAre("system:nodes"));
  EXPECT_EQ(server_.attempts.at(0).credentials,
            rotation::Credentials::kFallback);
}

TEST_F(ForegroundBootstrapTest, A35G1ItsNameFollowsFromTheKeyThatWasKept) {
  const struct {
    int d;
    std::string node;
    std::string want;
  } kTests[] = {
      {1, "n1", "node-csr-ZAK5k7jaDenZEG-dy61F8D3gFX4vUqfMLVTvaJKpRuw"},
      {2, "n1", "node-csr-kUYH7qsDu0N8qVEs0LkZwariuFpIDpqDLscIWZntCM4"},
      {2, "worker-01.example",
       "node-csr-wdxV5DKs6GiTMkOSjuZg-UJPgbFZlebx1pHkKb4Xoeo"},
  };
  server_.usual = {.deny = absl::ZeroDuration()};
  for (const auto& t : kTests) {
    SCOPED_TRACE(absl::StrCat(t.d, " ", t.node));
    ASSERT_THAT(store_->KeepTemporaryKey(VectorKey(t.d)), IsOk());
    EXPECT_THAT(Run(t.node), StatusIs(absl::StatusCode::kPermissionDenied));
    EXPECT_EQ(server_.created.back().metadata().name(), t.want);
  }
  EXPECT_EQ(keys_.count, 0);
}

TEST_F(ForegroundBootstrapTest, A36WritesPairAndKubeconfigAndRemovesTheKey) {
  ASSERT_THAT(Run(), IsOk());
  const auto pair = store_->Current();
  ASSERT_THAT(pair, IsOk());
  EXPECT_EQ((*pair)->key.public_key(), VectorKey(1).public_key());
  EXPECT_THAT(files_.Stat(kTemporaryKey),
              StatusIs(absl::StatusCode::kNotFound));
  EXPECT_EQ(files_.LinkStat(kKubeconfig)->mode, 0600);
  EXPECT_THAT(
      files_.Read(kKubeconfig, kMax),
      IsOkAndHolds("apiVersion: v1\n"
                   "clusters:\n"
                   "- cluster:\n"
                   "    server: http://192.0.2.1:8080\n"
                   "  name: default-cluster\n"
                   "contexts:\n"
                   "- context:\n"
                   "    cluster: default-cluster\n"
                   "    namespace: default\n"
                   "    user: default-auth\n"
                   "  name: default-context\n"
                   "current-context: default-context\n"
                   "kind: Config\n"
                   "users:\n"
                   "- name: default-auth\n"
                   "  user:\n"
                   "    client-certificate: "
                   "/var/lib/kubelet/pki/kubelet-client-current.pem\n"
                   "    client-key: "
                   "/var/lib/kubelet/pki/kubelet-client-current.pem\n"));
  // All of it survives.
  files_.Crash();
  EXPECT_THAT(files_.Stat(kCurrent), IsOk());
  // Once more: there is nothing to do.
  ASSERT_THAT(Run(), IsOk());
  EXPECT_THAT(server_.created, SizeIs(1));
}

TEST_F(ForegroundBootstrapTest, A31DoesNothingIfTheKubeconfigIsValid) {
  const testing::TestIdentity pair = server_.ca().Client(
      {.common_name = "x",
       .validity = {kStart - absl::Hours(1), kStart + absl::Hours(1)}});
  ASSERT_THAT(store_->Update(pair.certificate_pem, pair.tls->key), IsOk());
  Write(kKubeconfig,
        absl::StrCat(
            "apiVersion: v1\nkind: Config\nclusters:\n- name: c\n"
            "  cluster: {server: \"http://192.0.2.1\"}\ncontexts:\n- name: x\n"
            "  context: {cluster: c, user: u}\ncurrent-context: x\nusers:\n"
            "- name: u\n  user: {client-certificate: ",
            kCurrent, ", client-key: ", kCurrent, "}\n"));
  ASSERT_THAT(Run(), IsOk());
  EXPECT_THAT(server_.attempts, IsEmpty());

  // Once it has expired, its key serves for the next.
  clock_.AdvanceTime(absl::Hours(2));
  ASSERT_THAT(Run(), IsOk());
  const auto now = store_->Current();
  ASSERT_THAT(now, IsOk());
  EXPECT_EQ((*now)->key.public_key(), pair.tls->key.public_key());
  EXPECT_NE((*now)->chain.front().der(), pair.certificate().der());
  EXPECT_EQ(keys_.count, 0);
}

TEST_F(ForegroundBootstrapTest, A33KeepsKeyAndRequestOverARestart) {
  server_.fates = {
      {.approve = absl::Seconds(3700), .issue = absl::Seconds(3800)}};
  EXPECT_THAT(Run(), StatusIs(absl::StatusCode::kDeadlineExceeded,
                              AllOf(HasSubstr("node-csr-"),
                                    HasSubstr("not approved within 1h"))));
  EXPECT_EQ(Elapsed(), absl::Seconds(3600));
  EXPECT_EQ(files_.LinkStat(kTemporaryKey)->mode, 0600);
  // Its supervisor starts it again.
  store_ = *CertificateStore::Open({}, files_, clock_, absl::UTCTimeZone());
  ASSERT_THAT(Run(), IsOk());
  EXPECT_THAT(server_.created, SizeIs(1));
  EXPECT_THAT(server_.gets, SizeIs(1));
  EXPECT_EQ(keys_.count, 1);
}

TEST_F(ForegroundBootstrapTest, A18RefusesARequestOfThatNameThatIsNotOurs) {
  Csr other;
  other.mutable_metadata()->set_name(
      "node-csr-ZAK5k7jaDenZEG-dy61F8D3gFX4vUqfMLVTvaJKpRuw");
  other.mutable_metadata()->set_uid("u");
  const auto wanted =
      rotation::CertificateTemplate{"system:node:n1", {"system:nodes"}, {}, {}};
  const auto der =
      pki::CertificateRequest::Build(wanted.subject(), {}, VectorKey(9));
  ASSERT_THAT(der, IsOk());
  other.mutable_spec()->set_request(
      pki::EncodePem("CERTIFICATE REQUEST", *der));
  server_.Add(other);
  EXPECT_THAT(
      Run(),
      StatusIs(absl::StatusCode::kFailedPrecondition,
               HasSubstr("retrieved csr is not compatible: error validating "
                         "signature new CSR against old key")));
  EXPECT_THAT(server_.created, IsEmpty());
}

// As with a kubelet: until somebody deletes it.
TEST_F(ForegroundBootstrapTest, A18ADeniedRequestBlocksTheNode) {
  server_.fates = {{.deny = absl::ZeroDuration()}};
  for (int start = 0; start < 3; ++start) {
    EXPECT_THAT(Run(), StatusIs(absl::StatusCode::kPermissionDenied,
                                HasSubstr("is denied, reason: Scripted")));
  }
  EXPECT_THAT(server_.created, SizeIs(1));
  ASSERT_THAT(server_.Delete("", server_.created[0].metadata().name()), IsOk());
  EXPECT_THAT(Run(), IsOk());
}

TEST_F(ForegroundBootstrapTest, A33WaitsAMinuteForTheServerAndThenTries) {
  server_.health_errors.assign(10, absl::UnavailableError("refused"));
  ASSERT_THAT(Run(), IsOk());
  EXPECT_GE(Elapsed(), absl::Seconds(20));
  EXPECT_LT(Elapsed(), absl::Seconds(21));

  ASSERT_THAT(files_.Remove(kKubeconfig), IsOk());
  ASSERT_THAT(files_.Remove(kCurrent), IsOk());
  server_.health_errors.assign(1000, absl::UnavailableError("refused"));
  const absl::Time before = clock_.TimeNow();
  ASSERT_THAT(Run(), IsOk());
  EXPECT_GE(clock_.TimeNow() - before, absl::Minutes(1));
  EXPECT_LT(clock_.TimeNow() - before, absl::Seconds(61));
}

TEST_F(ForegroundBootstrapTest, A33EndsWithAnErrorThatSaysWhat) {
  const struct {
    std::string name;
    std::function<void()> prepare;
    std::string want;
  } kTests[] = {
      {"refused",
       [this] { server_.usual.create = HttpError(403, "Forbidden"); },
       "cannot create certificate signing request with bootstrap credentials: "
       "Forbidden"},
      {"no client",
       [this] {
         server_.usual.client = absl::InvalidArgumentError("empty token");
       },
       "unable to create certificates signing request client: empty token"},
      {"no bootstrap kubeconfig",
       [this] {
         server_.usual = {};
         EXPECT_THAT(files_.Remove(kBootstrap), IsOk());
       },
       "unable to load bootstrap kubeconfig: "},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    server_.usual = {};
    t.prepare();
    EXPECT_THAT(Run().message(), StartsWith(t.want));
  }
}

// A server that says nothing until its client is cancelled.
class SilentServer : public ScriptedCsrServer {
 public:
  using ScriptedCsrServer::ScriptedCsrServer;
  absl::StatusOr<std::unique_ptr<RequestClient>> ForAttempt(
      rotation::Credentials) override {
    return std::make_unique<SilentClient>(*this);
  }
  absl::Notification asked;
  absl::Notification cancelled;

 private:
  class SilentClient : public RequestClient {
   public:
    explicit SilentClient(SilentServer& server) : server_(server) {}
    k8s::ResourceApi<Csr>& requests() override { return server_; }
    absl::Status CheckHealth(absl::Duration) override {
      server_.asked.Notify();
      server_.cancelled.WaitForNotification();
      return absl::CancelledError("shut down");
    }
    const std::string& credentials() const override { return credentials_; }
    void Cancel() override { server_.cancelled.Notify(); }

   private:
    SilentServer& server_;
    const std::string credentials_ = "nothing";
  };
};

TEST_F(ForegroundBootstrapTest, StopEndsIt) {
  SilentServer server(clock_);
  server.usual = {.approve = {}, .issue = {}};
  ForegroundBootstrap bootstrap(
      {std::string(kKubeconfig), std::string(kBootstrap)}, "n1", *store_,
      server, keys_, files_, clock_, rng_);
  absl::Status status;
  std::thread thread([&] { status = bootstrap.Run(); });
  server.asked.WaitForNotification();
  bootstrap.Stop();
  thread.join();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kCancelled));
}

}  // namespace
}  // namespace signet::node_agent
