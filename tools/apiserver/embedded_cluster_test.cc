#include "tools/apiserver/embedded_cluster.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock_interface.h"
#include "absl/time/simulated_clock.h"
#include "absl/time/time.h"
#include "core/api/authorization.pb.h"
#include "core/api/certificates.pb.h"
#include "core/api/coordination.pb.h"
#include "core/api/core.pb.h"
#include "core/base/file_system.h"
#include "core/base/secret.h"
#include "core/http/beast_transport.h"
#include "core/http/transport.h"
#include "core/k8s/api_client.h"
#include "core/k8s/http_status.h"
#include "core/k8s/kubeconfig.h"
#include "core/k8s/resource_api.h"
#include "core/pki/certificate.h"
#include "core/sys/posix_file_system.h"
#include "core/testing/csr_builder.h"
#include "core/testing/fake_key_generator.h"
#include "core/testing/fake_rng.h"
#include "core/testing/resource_api_contract.h"
#include "core/testing/test_ca.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tools/apiserver/cluster_pki.h"

namespace signet::apiserver {
namespace {

using absl_testing::IsOk;
using absl_testing::StatusIs;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using Csr = api::CertificateSigningRequest;

constexpr absl::string_view kBootstrapToken = "abcdef.0123456789abcdef";
constexpr absl::string_view kClientKubelet =
    "kubernetes.io/kube-apiserver-client-kubelet";

class EmbeddedClusterTest : public ::testing::Test {
 protected:
  EmbeddedClusterTest() : clock_(absl::Clock::GetRealClock()), rng_(1) {}

  // A folder of this test's own, that does not exist yet.
  static std::string Folder(absl::string_view name) {
    return absl::StrCat(
        ::testing::TempDir(), "/",
        ::testing::UnitTest::GetInstance()->current_test_info()->name(), "-",
        name);
  }
  absl::StatusOr<std::unique_ptr<EmbeddedCluster>> Start(
      EmbeddedClusterOptions options) {
    return EmbeddedCluster::Start(std::move(options),
                                  {files_, keys_, rng_, clock_});
  }
  std::unique_ptr<EmbeddedCluster> MustStart(EmbeddedClusterOptions options) {
    auto cluster = Start(std::move(options));
    CHECK_OK(cluster.status());
    return *std::move(cluster);
  }
  static EmbeddedClusterOptions WithToken() {
    EmbeddedClusterOptions options;
    options.bootstrap_tokens = {std::string(kBootstrapToken)};
    return options;
  }

  absl::Clock& clock_;
  sys::PosixFileSystem files_;
  testing::FakeKeyGenerator keys_;
  testing::SeededRng rng_;
};

// A client by a kubeconfig.
class Client {
 public:
  Client(const std::string& kubeconfig, FileSystem& files, bool json = false) {
    absl::StatusOr<k8s::ClientConfig> config =
        k8s::ParseKubeconfig(kubeconfig, "test.kubeconfig");
    CHECK_OK(config.status());
    absl::StatusOr<http::TransportOptions> options =
        k8s::MakeTransportOptions(*config, files, absl::Clock::GetRealClock());
    CHECK_OK(options.status());
    auto transport = http::NewBeastTransport(*std::move(options));
    CHECK_OK(transport.status());
    transport_ = *std::move(transport);
    k8s::ApiClientOptions client_options;
    client_options.json = json;
    client_ = std::make_unique<k8s::ApiClient>(
        *transport_,
        k8s::MakeTokenSource(*config, files, absl::Clock::GetRealClock()),
        client_options);
  }
  template <class T>
  std::unique_ptr<k8s::ResourceApi<T>> Api() {
    return client_->Api<T>();
  }

 private:
  std::unique_ptr<http::Transport> transport_;
  std::unique_ptr<k8s::ApiClient> client_;
};

std::string AdminConfig(const EmbeddedCluster& cluster) {
  const auto config = cluster.KubeconfigFor("admin", {"system:masters"});
  CHECK_OK(config.status());
  return *config;
}

void AddApproval(Csr& csr) {
  auto& condition = *csr.mutable_status()->add_conditions();
  condition.set_type("Approved");
  condition.set_status("True");
}

// ---- over the wire

TEST_F(EmbeddedClusterTest, DoesWhatTheApiPromisesInBothFormats) {
  // SPEC A-48, D-2, D-3, D-10, D-11, D-12, D-13, D-14, D-15, D-19.
  const auto cluster = MustStart({});
  for (const bool json : {false, true}) {
    SCOPED_TRACE(json ? "JSON" : "protobuf");
    Client client(AdminConfig(*cluster), files_, json);
    testing::ExpectResourceApiContract(*client.Api<Csr>(),
                                       *client.Api<api::Lease>(),
                                       json ? "json-" : "protobuf-", "default");
  }
}

TEST_F(EmbeddedClusterTest, BootstrapsANode) {
  // SPEC B-11, B-12, C-26: each with the rights that its kubeconfig gives.
  const auto cluster = MustStart(WithToken());
  const std::string folder = Folder("kubeconfigs");
  ASSERT_THAT(cluster->WriteKubeconfigs(folder), IsOk());
  const auto client = [&](absl::string_view name) {
    const std::string path = absl::StrCat(folder, "/", name, ".kubeconfig");
    EXPECT_EQ(files_.Stat(path)->mode, 0600u);
    return Client(*files_.Read(path, 1 << 20), files_);
  };
  Client bootstrap = client("bootstrap");
  Client approver = client("approver");
  Client signer = client("signer");
  Client admin = client("admin");

  testing::CsrFields fields;
  fields.name = "csr-a";
  fields.signer_name = std::string(kClientKubelet);
  fields.subject.common_name = "system:node:a";
  absl::StatusOr<Csr> csr =
      bootstrap.Api<Csr>()->Create(testing::MakeCsr(fields));
  ASSERT_THAT(csr, IsOk());
  EXPECT_EQ(csr->spec().username(), "system:bootstrap:abcdef");

  api::SubjectAccessReview review;
  api::SubjectAccessReviewSpec& spec = *review.mutable_spec();
  spec.set_user(csr->spec().username());
  spec.mutable_groups()->CopyFrom(csr->spec().groups());
  api::ResourceAttributes& asked = *spec.mutable_resource_attributes();
  asked.set_group("certificates.k8s.io");
  asked.set_resource("certificatesigningrequests");
  asked.set_subresource("nodeclient");
  asked.set_verb("create");
  asked.set_version("*");
  const auto answer = approver.Api<api::SubjectAccessReview>()->Create(review);
  ASSERT_THAT(answer, IsOk());
  EXPECT_TRUE(answer->status().allowed());

  AddApproval(*csr);
  EXPECT_THAT(bootstrap.Api<Csr>()->UpdateSubresource("approval", *csr),
              StatusIs(absl::StatusCode::kPermissionDenied));
  csr = approver.Api<Csr>()->UpdateSubresource("approval", *csr);
  ASSERT_THAT(csr, IsOk());

  const auto issued = cluster->pki().IssueClient(
      "system:node:a", {"system:nodes"}, clock_.TimeNow());
  ASSERT_THAT(issued, IsOk());
  csr->mutable_status()->set_certificate(issued->certificate_pem);
  ASSERT_THAT(signer.Api<Csr>()->UpdateSubresource("status", *csr), IsOk());

  // The node, by its certificate.
  Client node(RenderKubeconfig(cluster->server_url(), cluster->ca_pem(), "node",
                               &*issued, ""),
              files_);
  const auto seen = node.Api<Csr>()->Get("", "csr-a");
  ASSERT_THAT(seen, IsOk());
  EXPECT_EQ(seen->status().certificate(), issued->certificate_pem);
  api::Lease lease;
  lease.mutable_metadata()->set_name("a");
  lease.mutable_metadata()->set_namespace_("kube-node-lease");
  EXPECT_THAT(node.Api<api::Lease>()->Create(lease), IsOk());
  EXPECT_THAT(
      node.Api<api::Secret>()->Get("kube-system", "bootstrap-token-abcdef"),
      StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_THAT(
      admin.Api<api::Secret>()->Get("kube-system", "bootstrap-token-abcdef"),
      IsOk());
}

TEST_F(EmbeddedClusterTest, AStrangersCertificateIs401) {
  const auto cluster = MustStart({});
  const testing::TestIdentity stranger =
      testing::TestCa("evil").Client("admin", {"system:masters"});
  KeyPair pair;
  pair.certificate_pem = stranger.certificate_pem;
  pair.key_pem = Secret(stranger.key_pem);
  Client client(RenderKubeconfig(cluster->server_url(), cluster->ca_pem(),
                                 "stranger", &pair, ""),
                files_);
  const auto list = client.Api<Csr>()->List({});
  EXPECT_THAT(list, StatusIs(absl::StatusCode::kUnauthenticated));
  EXPECT_EQ(k8s::HttpCode(list.status()), 401);
}

TEST_F(EmbeddedClusterTest, UsersAreCalledAnything) {
  const auto cluster = MustStart({});
  const auto config =
      cluster->KubeconfigFor("a: \"b\" #c\n- d", {"system:masters"});
  ASSERT_THAT(config, IsOk());
  Client client(*config, files_);
  testing::CsrFields fields;
  fields.signer_name = "example.com/s";
  const auto csr = client.Api<Csr>()->Create(testing::MakeCsr(fields));
  ASSERT_THAT(csr, IsOk());
  EXPECT_EQ(csr->spec().username(), "a: \"b\" #c\n- d");
}

TEST_F(EmbeddedClusterTest, StoppingEndsWatches) {
  const auto cluster = MustStart({});
  Client client(AdminConfig(*cluster), files_);
  const auto watcher = client.Api<Csr>()->Watch({});
  ASSERT_THAT(watcher, IsOk());
  cluster->Stop();
  cluster->Stop();
  EXPECT_THAT((*watcher)->Next(absl::Seconds(30)),
              AnyOf(StatusIs(absl::StatusCode::kUnavailable),
                    StatusIs(absl::StatusCode::kOutOfRange)));
  EXPECT_THAT(client.Api<Csr>()->List({}),
              StatusIs(absl::StatusCode::kUnavailable));
}

// ---- on disk

TEST_F(EmbeddedClusterTest, GoesOnWhereItEnded) {
  const auto options = [] {
    EmbeddedClusterOptions on_disk = WithToken();
    on_disk.data_dir = Folder("data");
    on_disk.cert_dir = Folder("pki");
    return on_disk;
  };
  std::string deleted_at;
  std::string kept_version;
  {
    const auto cluster = MustStart(options());
    Client client(AdminConfig(*cluster), files_);
    const auto csrs = client.Api<Csr>();
    for (const char* name : {"kept", "gone"}) {
      testing::CsrFields fields;
      fields.name = name;
      fields.signer_name = "example.com/s";
      const auto created = csrs->Create(testing::MakeCsr(fields));
      ASSERT_THAT(created, IsOk());
    }
    auto kept = csrs->Get("", "kept");
    ASSERT_THAT(kept, IsOk());
    AddApproval(*kept);
    kept = csrs->UpdateSubresource("approval", *kept);
    ASSERT_THAT(kept, IsOk());
    kept_version = kept->metadata().resource_version();
    ASSERT_THAT(csrs->Delete("", "gone"), IsOk());
    deleted_at = csrs->List({})->resource_version;
  }
  const auto cluster = MustStart(options());
  Client client(AdminConfig(*cluster), files_);
  const auto csrs = client.Api<Csr>();
  const auto list = csrs->List({});
  ASSERT_THAT(list, IsOk());
  ASSERT_EQ(list->items.size(), 1u);
  EXPECT_EQ(list->items[0].metadata().name(), "kept");
  EXPECT_EQ(list->items[0].metadata().resource_version(), kept_version);
  ASSERT_EQ(list->items[0].status().conditions_size(), 1);
  // What happened before is not known any more, but when it was is.
  EXPECT_EQ(list->resource_version, deleted_at);
  k8s::WatchOptions watch;
  watch.resource_version = kept_version;
  const auto watcher = csrs->Watch(watch);
  ASSERT_THAT(watcher, IsOk());
  const auto event = (*watcher)->Next(absl::Seconds(30));
  EXPECT_THAT(event, StatusIs(absl::StatusCode::kOutOfRange));
  EXPECT_EQ(k8s::HttpCode(event.status()), 410);
}

TEST_F(EmbeddedClusterTest, AFolderOfDataServesOneAtATime) {
  const auto options = [] {
    EmbeddedClusterOptions on_disk;
    on_disk.data_dir = Folder("data");
    return on_disk;
  };
  const auto cluster = MustStart(options());
  const auto second = Start(options());
  ASSERT_FALSE(second.ok());
  EXPECT_THAT(second.status().message(), HasSubstr("objects.db"));
}

TEST_F(EmbeddedClusterTest, KeepsItsCertificates) {
  const std::string folder = Folder("pki");
  const auto options = [&folder] {
    EmbeddedClusterOptions with_folder;
    with_folder.cert_dir = folder;
    return with_folder;
  };
  const auto read = [&](absl::string_view name) {
    return *files_.Read(absl::StrCat(folder, "/", name), 1 << 20);
  };
  std::string ca;
  {
    const auto cluster = MustStart(options());
    ca = cluster->ca_pem();
    EXPECT_EQ(read("ca.crt"), ca);
    EXPECT_EQ(files_.Stat(folder + "/ca.key")->mode, 0600u);
    EXPECT_EQ(files_.Stat(folder + "/apiserver.key")->mode, 0600u);
  }
  const std::string server = read("apiserver.crt");
  {
    const auto cluster = MustStart(options());
    EXPECT_EQ(cluster->ca_pem(), ca);
    EXPECT_EQ(read("apiserver.crt"), server);
  }
  // For another name it needs another certificate, by the same CA.
  {
    EmbeddedClusterOptions more = options();
    more.extra_hosts = {"api.example.com"};
    const auto cluster = MustStart(std::move(more));
    EXPECT_EQ(cluster->ca_pem(), ca);
    const auto leaf = pki::ParseCertificatesPem(read("apiserver.crt"));
    ASSERT_THAT(leaf, IsOk());
    EXPECT_THAT(leaf->front().subject_alt_names().dns_names,
                ::testing::Contains("api.example.com"));
  }
}

TEST_F(EmbeddedClusterTest, ReplacesItsCertificateBeforeTheEnd) {
  const std::string folder = Folder("pki");
  const auto options = [&folder] {
    EmbeddedClusterOptions with_folder;
    with_folder.cert_dir = folder;
    return with_folder;
  };
  absl::SimulatedClock clock(clock_.TimeNow());
  const auto serial = [&] {
    const auto cluster =
        EmbeddedCluster::Start(options(), {files_, keys_, rng_, clock});
    CHECK_OK(cluster.status());
    const auto leaf = pki::ParseCertificatesPem(
        *files_.Read(folder + "/apiserver.crt", 1 << 20));
    CHECK_OK(leaf.status());
    return leaf->front().serial_number();
  };
  const std::string first = serial();
  clock.AdvanceTime(absl::Hours(24 * 330));
  EXPECT_EQ(serial(), first);
  clock.AdvanceTime(absl::Hours(24 * 10));
  EXPECT_NE(serial(), first);
}

// ---- bad input

TEST_F(EmbeddedClusterTest, SaysWhatItCannotUse) {
  const std::string folder = Folder("bad");
  ASSERT_THAT(files_.MakeDirectories(folder, 0755), IsOk());
  const auto write = [&](absl::string_view name, absl::string_view text) {
    const std::string path = absl::StrCat(folder, "/", name);
    CHECK_OK(files_.Write(path, text, 0600));
    return path;
  };
  const testing::TestCa ca;
  const std::string junk = write("junk.pem", "junk");
  const std::string cert = write("ca.crt", ca.certificate_pem());
  const std::string other_key = write("ca.key", testing::TestCa("b").key_pem());
  const auto running = MustStart({});
  const struct {
    const char* name;
    std::function<void(EmbeddedClusterOptions&)> change;
    std::string error;
  } kCases[] = {
      {"a CA whose key is another's",
       [&](EmbeddedClusterOptions& options) { options.cert_dir = folder; },
       absl::StrCat(cert, " and ", other_key)},
      {"a certificate without its key",
       [&](EmbeddedClusterOptions& options) { options.tls_cert_file = cert; },
       "must be given together"},
      {"a client CA file that is none",
       [&](EmbeddedClusterOptions& options) { options.client_ca_file = junk; },
       junk},
      {"a client CA file that is not there",
       [&](EmbeddedClusterOptions& options) {
         options.client_ca_file = folder + "/none.pem";
       },
       "none.pem"},
      {"a bootstrap token that is none",
       [](EmbeddedClusterOptions& options) {
         options.bootstrap_tokens = {"letmein"};
       },
       "abcdef.0123456789abcdef"},
      {"an address that is none",
       [](EmbeddedClusterOptions& options) { options.address = "nowhere"; },
       "nowhere"},
      {"a port that is taken",
       [&](EmbeddedClusterOptions& options) { options.port = running->port(); },
       absl::StrCat(running->port())},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.name);
    EmbeddedClusterOptions options;
    c.change(options);
    const auto cluster = Start(std::move(options));
    ASSERT_FALSE(cluster.ok());
    EXPECT_THAT(cluster.status().message(), HasSubstr(c.error));
  }
}

}  // namespace
}  // namespace signet::apiserver
