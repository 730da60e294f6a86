#include "signer_service/trust_bundle_publisher.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/base/log_severity.h"
#include "absl/log/scoped_mock_log.h"
#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/simulated_clock.h"
#include "absl/time/time.h"
#include "core/api/certificates.pb.h"
#include "core/api/core.pb.h"
#include "core/pki/certificate_authority.h"
#include "core/policy/custom_signing.h"
#include "core/testing/fake_file_system.h"
#include "core/testing/fake_resource_api.h"
#include "core/testing/test_ca.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "signer_service/ca_source.h"
#include "signer_service/signer_config.h"
#include "signer_service/signer_set.h"

namespace signet::signer {
namespace {

using ::absl_testing::StatusIs;
using ::testing::_;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using testing::Verb;

constexpr char kServing[] = "example.com/serving";
constexpr char kName[] = "example-serving-ca";
constexpr char kManagedBy[] = "app.kubernetes.io/managed-by";

// A CA that can be replaced.
class SomeCa : public CaSource {
 public:
  explicit SomeCa(pki::CertificateAuthority ca) : ca_(std::move(ca)) {}
  absl::StatusOr<pki::CertificateAuthority> Current() override { return ca_; }
  void Replace(pki::CertificateAuthority ca) { ca_ = std::move(ca); }

 private:
  pki::CertificateAuthority ca_;
};

class TrustBundlePublisherTest : public ::testing::Test {
 protected:
  TrustBundlePublisher Publisher(TrustBundleConfig bundle) {
    bundle.signer_name = kServing;
    return TrustBundlePublisher({std::move(bundle)}, set_, files_, maps_,
                                bundles_);
  }
  TrustBundlePublisher MapPublisher() {
    return Publisher(
        {.config_map = kName, .namespaces = {"default", "my-namespace"}});
  }
  TrustBundlePublisher BundlePublisher() {
    return Publisher({.cluster_trust_bundle = true});
  }
  std::string Published(absl::string_view namespace_name) {
    const absl::StatusOr<api::ConfigMap> map = maps_.Get(namespace_name, kName);
    return map.ok() ? map->data().at("ca.crt") : map.status().ToString();
  }
  std::string NameOf(const testing::TestCa& ca) {
    return ClusterTrustBundleName(kServing, ca.certificate_pem());
  }

  absl::SimulatedClock clock_;
  testing::FakeFileSystem files_;
  testing::FakeResourceApi<api::ConfigMap> maps_{clock_};
  testing::FakeResourceApi<api::ClusterTrustBundle> bundles_{clock_};
  const testing::TestCa one_{"one"};
  const testing::TestCa two_{"two"};
  const std::shared_ptr<SomeCa> ca_ =
      std::make_shared<SomeCa>(one_.authority());
  const SignerSet set_ = *SignerSet::Create(
      {Signer(kServing, ca_,
              policy::CustomProfile{.usages = {"server auth"},
                                    .expiry = absl::Hours(1)})});
};

TEST_F(TrustBundlePublisherTest, C30PublishesAConfigMapInEachNamespace) {
  TrustBundlePublisher publisher = MapPublisher();
  EXPECT_EQ(publisher.RunOnce(), absl::OkStatus());
  EXPECT_EQ(Published("default"), one_.certificate_pem());
  EXPECT_EQ(Published("my-namespace"), one_.certificate_pem());
  EXPECT_THAT(maps_.Get("default", kName)
                  ->metadata()
                  .annotations()
                  .at("kubernetes.io/description"),
              HasSubstr(kServing));
  EXPECT_EQ(publisher.RunOnce(), absl::OkStatus());
  EXPECT_EQ(maps_.writes(), 2);  // All is well: nothing is written.
}

TEST_F(TrustBundlePublisherTest, C30RepairsWhatWasEditedOrRemoved) {
  TrustBundlePublisher publisher = MapPublisher();
  ASSERT_EQ(publisher.RunOnce(), absl::OkStatus());
  const struct {
    const char* name;
    void (*edit)(api::ConfigMap&);
  } kTests[] = {
      {"the content", [](auto& m) { (*m.mutable_data())["ca.crt"] = "x"; }},
      {"the key", [](auto& m) { m.clear_data(); }},
      {"the annotation",
       [](auto& m) { m.mutable_metadata()->clear_annotations(); }},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    const int writes = maps_.writes();
    api::ConfigMap map = *maps_.Get("default", kName);
    t.edit(map);
    maps_.Put(map);
    EXPECT_EQ(publisher.RunOnce(), absl::OkStatus());
    EXPECT_EQ(Published("default"), one_.certificate_pem());
    EXPECT_EQ(maps_.writes(), writes + 1);
  }
  maps_.Remove("my-namespace", kName);
  EXPECT_EQ(publisher.RunOnce(), absl::OkStatus());
  EXPECT_EQ(Published("my-namespace"), one_.certificate_pem());
}

TEST_F(TrustBundlePublisherTest, LeavesOtherKeysOfAConfigMapAlone) {
  api::ConfigMap map;
  map.mutable_metadata()->set_namespace_("default");
  map.mutable_metadata()->set_name(kName);
  (*map.mutable_data())["other"] = "kept";
  maps_.Put(map);
  TrustBundlePublisher publisher = MapPublisher();
  EXPECT_EQ(publisher.RunOnce(), absl::OkStatus());
  EXPECT_EQ(maps_.Get("default", kName)->data().at("other"), "kept");
  EXPECT_EQ(Published("default"), one_.certificate_pem());
}

TEST_F(TrustBundlePublisherTest, AnErrorInOneNamespaceDoesNotStopTheOthers) {
  TrustBundlePublisher publisher = MapPublisher();
  maps_.FailNext(Verb::kCreate, absl::PermissionDeniedError("no"));
  EXPECT_THAT(publisher.RunOnce(),
              StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_EQ(Published("my-namespace"), one_.certificate_pem());
  EXPECT_EQ(publisher.RunOnce(), absl::OkStatus());
  EXPECT_EQ(Published("default"), one_.certificate_pem());
}

TEST_F(TrustBundlePublisherTest, PublishesTheRootOfAChainAndWhatItIsGiven) {
  const testing::TestCa middle = one_.Intermediate("middle");
  ca_->Replace(*pki::CertificateAuthority::Create(
      middle.authority().certificate(),
      std::make_shared<const pki::PrivateKey>(middle.key()),
      {one_.authority().certificate()}));
  // The first is there already.
  ASSERT_EQ(files_.Write("/old.pem",
                         one_.certificate_pem() + two_.certificate_pem(), 0644),
            absl::OkStatus());
  TrustBundlePublisher publisher = Publisher({.certificates_file = "/old.pem",
                                              .config_map = kName,
                                              .namespaces = {"default"}});
  EXPECT_EQ(publisher.RunOnce(), absl::OkStatus());
  EXPECT_EQ(Published("default"),
            one_.certificate_pem() + two_.certificate_pem());
  // D-20: no leaf in a bundle. What is published stays.
  ASSERT_EQ(files_.Write("/old.pem", one_.Server().certificate_pem, 0644),
            absl::OkStatus());
  EXPECT_THAT(publisher.RunOnce(), StatusIs(absl::StatusCode::kInvalidArgument,
                                            HasSubstr("is no CA's")));
  EXPECT_EQ(Published("default"),
            one_.certificate_pem() + two_.certificate_pem());
}

TEST_F(TrustBundlePublisherTest, C31NamesABundleByItsContent) {
  EXPECT_EQ(ClusterTrustBundleName("kubernetes.io/kube-apiserver-serving", ""),
            "kubernetes.io:kube-apiserver-serving:e3b0c44298fc1c149afbf4c8");
}

TEST_F(TrustBundlePublisherTest, C31PublishesABundleAndRepairsIt) {
  TrustBundlePublisher publisher = BundlePublisher();
  EXPECT_EQ(publisher.RunOnce(), absl::OkStatus());
  absl::StatusOr<api::ClusterTrustBundle> bundle =
      bundles_.Get("", NameOf(one_));
  ASSERT_EQ(bundle.status(), absl::OkStatus());
  EXPECT_EQ(bundle->spec().signer_name(), kServing);
  EXPECT_EQ(bundle->spec().trust_bundle(), one_.certificate_pem());

  bundle->mutable_spec()->set_trust_bundle(two_.certificate_pem());
  bundles_.Put(*bundle);
  EXPECT_EQ(publisher.RunOnce(), absl::OkStatus());
  EXPECT_EQ(bundles_.Get("", NameOf(one_))->spec().trust_bundle(),
            one_.certificate_pem());
  const int writes = bundles_.writes();
  EXPECT_EQ(publisher.RunOnce(), absl::OkStatus());
  EXPECT_EQ(bundles_.writes(), writes);
}

TEST_F(TrustBundlePublisherTest, C31ANewCaTakesThePlaceOfOurOldBundleOnly) {
  TrustBundlePublisher publisher = BundlePublisher();
  ASSERT_EQ(publisher.RunOnce(), absl::OkStatus());
  api::ClusterTrustBundle foreign;
  foreign.mutable_metadata()->set_name("example.com:serving:by-hand");
  foreign.mutable_spec()->set_signer_name(kServing);
  bundles_.Put(foreign);
  api::ClusterTrustBundle others;
  others.mutable_metadata()->set_name("example.com:other:x");
  (*others.mutable_metadata()->mutable_labels())[kManagedBy] = "signet-signer";
  others.mutable_spec()->set_signer_name("example.com/other");
  bundles_.Put(others);

  ca_->Replace(two_.authority());
  EXPECT_EQ(publisher.RunOnce(), absl::OkStatus());
  EXPECT_EQ(bundles_.Get("", NameOf(two_)).status(), absl::OkStatus());
  EXPECT_THAT(bundles_.Get("", NameOf(one_)).status(),
              StatusIs(absl::StatusCode::kNotFound));
  EXPECT_EQ(bundles_.objects().size(), 3u);
}

TEST_F(TrustBundlePublisherTest, AServerWithoutBundlesGetsOneLineInTheLog) {
  TrustBundlePublisher publisher = Publisher({.cluster_trust_bundle = true,
                                              .config_map = kName,
                                              .namespaces = {"default"}});
  bundles_.FailNext(Verb::kList,
                    absl::NotFoundError("the server could not find the "
                                        "requested resource"),
                    2);
  absl::ScopedMockLog log(absl::MockLogDefault::kIgnoreUnexpected);
  EXPECT_CALL(log, Log(absl::LogSeverity::kWarning, _,
                       StartsWith("ClusterTrustBundles: this server has none")))
      .Times(1);
  log.StartCapturingLogs();
  EXPECT_EQ(publisher.RunOnce(), absl::OkStatus());
  EXPECT_EQ(publisher.RunOnce(), absl::OkStatus());
  log.StopCapturingLogs();
  EXPECT_EQ(Published("default"), one_.certificate_pem());
  EXPECT_EQ(publisher.RunOnce(), absl::OkStatus());  // Now it has them.
  EXPECT_EQ(bundles_.objects().size(), 1u);
}

}  // namespace
}  // namespace signet::signer
