// Signers of names of one's own: by keys in a token, with a trust bundle, and
// with a CA that is replaced on disk under load.

#include <cstddef>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/api/certificates.pb.h"
#include "core/api/core.pb.h"
#include "core/api/rbac.pb.h"
#include "core/k8s/resource_api.h"
#include "core/pki/certificate.h"
#include "core/pki/certificate_authority.h"
#include "core/pki/key_usage.h"
#include "core/pki/private_key.h"
#include "core/pki/trust_bundle.h"
#include "core/sys/pkcs11_key.h"
#include "core/sys/pkcs11_uri.h"
#include "core/sys/posix_file_system.h"
#include "core/testing/csr_builder.h"
#include "core/testing/soft_hsm.h"
#include "core/testing/test_ca.h"
#include "e2e/e2e_test.h"
#include "e2e/process.h"
#include "e2e/testbed.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::e2e {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::StatusIs;
using ::signet::api::CertificateSigningRequest;
using ::testing::EndsWith;
using ::testing::HasSubstr;

using ProcessOr = absl::StatusOr<std::unique_ptr<Process>>;

constexpr absl::Duration kAnswer = absl::Seconds(60);
constexpr char kMap[] = "e2e-custom-ca";

// A CA by `key`, valid for a day.
std::string SelfSigned(const std::string& common_name,
                       const pki::SigningKey& key) {
  pki::TbsCertificate tbs;
  tbs.serial_number = "1";
  tbs.subject.common_name = common_name;
  tbs.validity = testing::ValidNow();
  tbs.usages = {pki::kCertSign | pki::kCrlSign, {}};
  tbs.is_ca = true;
  tbs.subject_key_id = pki::KeyId(key.public_key());
  const absl::StatusOr<std::string> der =
      pki::CertificateAuthority::SelfSign(tbs, key);
  EXPECT_THAT(der.status(), IsOk());
  return pki::Certificate::Parse(*der)->ToPem();
}

// OK if `pem` is a certificate by the CA `ca_pem`, for servers and not for
// clients.
absl::Status CheckServing(absl::string_view pem, absl::string_view ca_pem) {
  const absl::StatusOr<std::vector<pki::Certificate>> chain =
      pki::ParseCertificatesPem(pem);
  if (!chain.ok()) return chain.status();
  const absl::StatusOr<pki::TrustBundle> trust =
      pki::TrustBundle::FromPem(ca_pem);
  if (!trust.ok()) return trust.status();
  pki::TrustBundle::Options options;
  options.now = absl::Now();
  options.usages = {pki::ExtendedKeyUsage::kClientAuth};
  if (trust->Verify(*chain, options).ok()) {
    return absl::InternalError("it is good for clients, too");
  }
  options.usages = {pki::ExtendedKeyUsage::kServerAuth};
  return trust->Verify(*chain, options);
}

class CustomSignerTest : public E2eTest {
 protected:
  void SetUp() override {
    E2eTest::SetUp();
    if (HasFatalFailure()) return;
    csrs_ = testbed().admin().Api<CertificateSigningRequest>();
    Grant();
  }

  std::string Path(absl::string_view name) {
    return absl::StrCat(testbed().directory(), "/", name);
  }

  // What the optional roles of deploy/rbac/signer.yaml give, for the signers
  // of these tests.
  void Grant() {
    api::ClusterRole role;
    role.mutable_metadata()->set_name("e2e:custom-signer");
    const auto allow = [&role](absl::string_view group,
                               absl::string_view resource,
                               std::vector<std::string> verbs) {
      api::PolicyRule& rule = *role.add_rules();
      rule.add_api_groups(group);
      rule.add_resources(resource);
      for (const std::string& verb : verbs) rule.add_verbs(verb);
    };
    allow("certificates.k8s.io", "signers", {"sign", "attest"});
    role.mutable_rules(0)->add_resource_names("example.com/*");
    allow("certificates.k8s.io", "clustertrustbundles",
          {"list", "create", "update", "delete"});
    allow("", "configmaps", {"get", "create", "update"});
    api::ClusterRoleBinding binding;
    binding.mutable_metadata()->set_name("e2e:custom-signer");
    binding.mutable_role_ref()->set_api_group("rbac.authorization.k8s.io");
    binding.mutable_role_ref()->set_kind("ClusterRole");
    binding.mutable_role_ref()->set_name("e2e:custom-signer");
    api::Subject& subject = *binding.add_subjects();
    subject.set_api_group("rbac.authorization.k8s.io");
    subject.set_kind("User");
    subject.set_name("signet-signer");
    const absl::Status made =
        testbed().admin().Api<api::ClusterRole>()->Create(role).status();
    if (absl::IsAlreadyExists(made)) return;  // By an earlier test.
    ASSERT_THAT(made, IsOk());
    ASSERT_THAT(testbed()
                    .admin()
                    .Api<api::ClusterRoleBinding>()
                    ->Create(binding)
                    .status(),
                IsOk());
  }

  // A signer with this configuration and no other CA.
  ProcessOr StartSigner(const std::string& configuration) {
    const std::string path = Path("signer.yaml");
    EXPECT_THAT(WriteFile(path, configuration), IsOk());
    const absl::StatusOr<std::string> program =
        Runfile("signer_service/signet-signer");
    EXPECT_THAT(program.status(), IsOk());
    return WaitUntilReady(Process::Start(
        {.name = "signet-signer",
         .argv = {*program, "--kubeconfig=" + cluster().SignerKubeconfig(),
                  "--config=" + path, "--health-address=127.0.0.1:0",
                  "--leader-elect=false"},
         .log_path = Path("signet-signer.log")}));
  }

  static std::string Head() {
    return "apiVersion: signet.dev/v1alpha1\nkind: SignerConfiguration\n"
           "signers:\n";
  }
  static std::string SignerYaml(const std::string& name,
                                const std::string& certificate_file,
                                const std::string& key_file) {
    return absl::StrCat(
        "- signerName: ", name,
        "\n  ca:\n    certificateFile: ", certificate_file,
        "\n    keyFile: ", key_file,
        "\n  profile:\n    usages: [digital signature, server auth]\n"
        "    expiry: 1h\n    names:\n      commonName: ['svc-.*']\n");
  }

  // A request as the documentation makes it, approved.
  void Request(const std::string& name, const std::string& signer_name,
               const std::string& common_name = "svc-a") {
    testing::CsrFields fields = {.name = name};
    fields.subject = {.common_name = common_name};
    fields.usages = {"digital signature", "server auth"};
    fields.signer_name = signer_name;
    CertificateSigningRequest csr = testing::MakeCsr(fields);
    csr.clear_status();
    absl::StatusOr<CertificateSigningRequest> made = csrs_->Create(csr);
    ASSERT_THAT(made.status(), IsOk());
    api::CertificateSigningRequestCondition& condition =
        *made->mutable_status()->add_conditions();
    condition.set_type("Approved");
    condition.set_status("True");
    condition.set_reason("Test");
    ASSERT_THAT(csrs_->UpdateSubresource("approval", *made).status(), IsOk());
  }

  // The request once it has a certificate or has failed.
  absl::StatusOr<CertificateSigningRequest> Done(const std::string& name) {
    CertificateSigningRequest done;
    const absl::Status status = Eventually(kAnswer, [&] {
      const absl::StatusOr<CertificateSigningRequest> csr =
          csrs_->Get("", name);
      if (!csr.ok()) return csr.status();
      done = *csr;
      return done.status().certificate().empty() &&
                     done.status().conditions_size() < 2
                 ? absl::DeadlineExceededError(
                       absl::StrCat(name, " is still being signed"))
                 : absl::OkStatus();
    });
    if (!status.ok()) return status;
    return done;
  }
  absl::StatusOr<std::string> Certificate(const std::string& name) {
    const absl::StatusOr<CertificateSigningRequest> csr = Done(name);
    if (!csr.ok()) return csr.status();
    if (csr->status().certificate().empty()) {
      return absl::InternalError(
          absl::StrCat(name, ": ", csr->status().conditions(1).message()));
    }
    return csr->status().certificate();
  }

  std::unique_ptr<k8s::ResourceApi<CertificateSigningRequest>> csrs_;
};

TEST_F(CustomSignerTest, SignsWithKeysThatStayInAToken) {
  absl::StatusOr<testing::SoftHsm> hsm =
      testing::SoftHsm::Create(Path("softhsm"));
  ASSERT_THAT(hsm.status(), IsOk());
  ASSERT_THAT(hsm->MakeKey("p256", pki::KeyAlgorithm::kEcdsaP256), IsOk());
  ASSERT_THAT(hsm->MakeKey("rsa2048", pki::KeyAlgorithm::kRsa2048), IsOk());
  sys::PosixFileSystem files;
  std::string configuration = Head();
  std::map<std::string, std::string> cas;
  for (const std::string label : {"p256", "rsa2048"}) {
    const absl::StatusOr<sys::Pkcs11Uri> uri =
        sys::ParsePkcs11Uri(hsm->Uri(label));
    ASSERT_THAT(uri.status(), IsOk());
    const absl::StatusOr<std::shared_ptr<sys::Pkcs11Key>> key =
        sys::Pkcs11Key::Open(*uri, files);
    ASSERT_THAT(key.status(), IsOk());
    EXPECT_FALSE((*key)->extractable());
    cas[label] = SelfSigned(label, **key);
    ASSERT_THAT(WriteFile(Path(label + ".pem"), cas[label]), IsOk());
    configuration += SignerYaml("example.com/" + label, Path(label + ".pem"),
                                hsm->Uri(label));
  }
  const ProcessOr signer = StartSigner(configuration);
  ASSERT_THAT(signer.status(), IsOk());
  for (const auto& [label, ca] : cas) {
    SCOPED_TRACE(label);
    const std::string name = "token-" + label;
    Request(name, "example.com/" + label);
    const absl::StatusOr<std::string> pem = Certificate(name);
    ASSERT_THAT(pem.status(), IsOk());
    EXPECT_THAT(CheckServing(*pem, ca), IsOk());
  }
}

TEST_F(CustomSignerTest, FailsWhatTheProfileDoesNotAllow) {
  const testing::TestCa ca("custom");
  ASSERT_THAT(WriteFile(Path("ca.pem"), ca.certificate_pem()), IsOk());
  ASSERT_THAT(WriteFile(Path("ca.key"), ca.key_pem()), IsOk());
  const ProcessOr signer =
      StartSigner(Head() + SignerYaml("example.com/serving", Path("ca.pem"),
                                      Path("ca.key")));
  ASSERT_THAT(signer.status(), IsOk());
  Request("refused", "example.com/serving", "other");
  const absl::StatusOr<CertificateSigningRequest> csr = Done("refused");
  ASSERT_THAT(csr.status(), IsOk());
  ASSERT_EQ(csr->status().conditions_size(), 2);
  EXPECT_EQ(csr->status().conditions(1).type(), "Failed");
  EXPECT_EQ(csr->status().conditions(1).reason(), "SignerValidationFailure");
  EXPECT_EQ(csr->status().conditions(1).message(),
            "the common name \"other\" is none that the signer allows");
  // One of Kubernetes' own signers is not served here.
  Request("not-ours", "kubernetes.io/kube-apiserver-client");
  Request("ours", "example.com/serving");
  EXPECT_THAT(Certificate("ours").status(), IsOk());
  EXPECT_EQ(csrs_->Get("", "not-ours")->status().conditions_size(), 1);
}

TEST_F(CustomSignerTest, HandsOutTheChainLeafFirst) {
  const testing::TestCa root("root");
  const testing::TestCa middle = root.Intermediate("middle");
  ASSERT_THAT(WriteFile(Path("ca.pem"),
                        middle.certificate_pem() + root.certificate_pem()),
              IsOk());
  ASSERT_THAT(WriteFile(Path("ca.key"), middle.key_pem()), IsOk());
  const std::string chain_file = Path("ca.pem\n    chain: true");
  const ProcessOr signer = StartSigner(
      Head() + SignerYaml("example.com/chain", chain_file, Path("ca.key")));
  ASSERT_THAT(signer.status(), IsOk());
  Request("chain", "example.com/chain");
  const absl::StatusOr<std::string> pem = Certificate("chain");
  ASSERT_THAT(pem.status(), IsOk());
  EXPECT_THAT(*pem, EndsWith(middle.certificate_pem()));
  EXPECT_EQ(pki::ParseCertificatesPem(*pem)->size(), 2u);
  EXPECT_THAT(CheckServing(*pem, root.certificate_pem()), IsOk());
}

TEST_F(CustomSignerTest, PublishesItsCaAndRepairsWhatWasEdited) {
  const testing::TestCa ca("published");
  ASSERT_THAT(WriteFile(Path("ca.pem"), ca.certificate_pem()), IsOk());
  ASSERT_THAT(WriteFile(Path("ca.key"), ca.key_pem()), IsOk());
  const std::string configuration = absl::StrCat(
      Head(), SignerYaml("example.com/bundle", Path("ca.pem"), Path("ca.key")),
      "trustBundles:\n- signerName: example.com/bundle\n"
      "  clusterTrustBundle: true\n"
      "  configMap: {name: ",
      kMap, ", namespaces: [default]}\n");
  const auto maps = testbed().admin().Api<api::ConfigMap>();
  const auto bundles = testbed().admin().Api<api::ClusterTrustBundle>();
  const auto published = [&]() -> absl::Status {
    const absl::StatusOr<api::ConfigMap> map = maps->Get("default", kMap);
    if (!map.ok()) return map.status();
    if (map->data().at("ca.crt") != ca.certificate_pem()) {
      return absl::InternalError("the ConfigMap has another CA");
    }
    const auto list = bundles->List({});
    if (!list.ok()) return list.status();
    for (const api::ClusterTrustBundle& bundle : list->items) {
      if (bundle.spec().signer_name() == "example.com/bundle") {
        return bundle.spec().trust_bundle() == ca.certificate_pem()
                   ? absl::OkStatus()
                   : absl::InternalError("the bundle has another CA");
      }
    }
    return absl::NotFoundError("no ClusterTrustBundle");
  };
  {
    const ProcessOr signer = StartSigner(configuration);
    ASSERT_THAT(signer.status(), IsOk());
    EXPECT_THAT(Eventually(kAnswer, published), IsOk());
  }
  absl::StatusOr<api::ConfigMap> map = maps->Get("default", kMap);
  ASSERT_THAT(map.status(), IsOk());
  (*map->mutable_data())["ca.crt"] = "edited";
  ASSERT_THAT(maps->Update(*map).status(), IsOk());
  EXPECT_THAT(published(), StatusIs(absl::StatusCode::kInternal));
  const ProcessOr signer = StartSigner(configuration);
  ASSERT_THAT(signer.status(), IsOk());
  EXPECT_THAT(Eventually(kAnswer, published), IsOk());
}

// The CA is replaced three times while requests come in, the certificate a
// moment before its key: no request fails, and each certificate is by the CA
// that its authority key identifier names.
TEST_F(CustomSignerTest, ACaMayBeReplacedOnDiskUnderLoad) {
  constexpr int kRequests = 300;
  const std::vector<testing::TestCa> cas = {
      testing::TestCa("rotated-0"), testing::TestCa("rotated-1"),
      testing::TestCa("rotated-2"), testing::TestCa("rotated-3")};
  const auto replace = [&](const std::string& file, const std::string& text) {
    sys::PosixFileSystem files;
    ASSERT_THAT(WriteFile(Path(file + ".new"), text), IsOk());
    ASSERT_THAT(files.Rename(Path(file + ".new"), Path(file)), IsOk());
  };
  replace("ca.pem", cas[0].certificate_pem());
  replace("ca.key", cas[0].key_pem());
  const ProcessOr signer =
      StartSigner(Head() + SignerYaml("example.com/rotated", Path("ca.pem"),
                                      Path("ca.key")));
  ASSERT_THAT(signer.status(), IsOk());

  const absl::Time start = absl::Now();
  size_t next_ca = 1;
  for (int i = 0; i < kRequests; ++i) {
    Request(absl::StrCat("rotated-", i), "example.com/rotated");
    if (HasFatalFailure()) return;
    // Every seven seconds, as the signer looks every five.
    if (next_ca < cas.size() &&
        absl::Now() - start > absl::Seconds(7 * next_ca)) {
      replace("ca.pem", cas[next_ca].certificate_pem());
      absl::SleepFor(absl::Milliseconds(500));
      replace("ca.key", cas[next_ca].key_pem());
      ++next_ca;
    }
    absl::SleepFor(absl::Milliseconds(90));
  }
  ASSERT_EQ(next_ca, cas.size());

  std::map<std::string, int> issued_by;
  for (int i = 0; i < kRequests; ++i) {
    const std::string name = absl::StrCat("rotated-", i);
    const absl::StatusOr<std::string> pem = Certificate(name);
    ASSERT_THAT(pem.status(), IsOk());
    const absl::StatusOr<pki::Certificate> certificate = CertificateIn(*pem);
    ASSERT_THAT(certificate.status(), IsOk());
    for (const testing::TestCa& ca : cas) {
      const pki::Certificate& issuer = ca.authority().certificate();
      if (certificate->authority_key_id() != issuer.subject_key_id()) continue;
      EXPECT_THAT(CheckServing(*pem, ca.certificate_pem()), IsOk()) << name;
      ++issued_by[issuer.subject().common_name];
    }
  }
  int sum = 0;
  std::cout << kRequests << " requests";
  for (const auto& [name, count] : issued_by) {
    std::cout << ", " << count << " by " << name;
    sum += count;
  }
  std::cout << ", 0 failed\n";
  EXPECT_EQ(sum, kRequests);
  EXPECT_EQ(issued_by.size(), cas.size());
}

TEST_F(CustomSignerTest, CheckPrintsWhatIsServedAndWhatIsWrong) {
  const testing::TestCa ca("checked");
  ASSERT_THAT(WriteFile(Path("ca.pem"), ca.certificate_pem()), IsOk());
  ASSERT_THAT(WriteFile(Path("ca.key"), testing::TestCa("x").key_pem()),
              IsOk());
  ASSERT_THAT(WriteFile(Path("signer.yaml"),
                        Head() + SignerYaml("example.com/checked",
                                            Path("ca.pem"), Path("ca.key"))),
              IsOk());
  const absl::StatusOr<std::string> program =
      Runfile("signer_service/signet-signer");
  ASSERT_THAT(program.status(), IsOk());
  const absl::StatusOr<CommandResult> result =
      RunCommand({*program, "check", "--config=" + Path("signer.yaml")});
  ASSERT_THAT(result.status(), IsOk());
  EXPECT_EQ(result->exit_code, 1);
  EXPECT_THAT(result->out, HasSubstr("example.com/checked\n  problem: "));
  EXPECT_THAT(result->out, HasSubstr(Path("ca.key")));
  EXPECT_THAT(result->err, HasSubstr("1 problem"));
}

}  // namespace
}  // namespace signet::e2e
