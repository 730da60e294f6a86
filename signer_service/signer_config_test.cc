#include "signer_service/signer_config.h"

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/policy/custom_signing.h"
#include "core/sys/pkcs11_uri.h"
#include "core/sys/posix_file_system.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::signer {
namespace {

using ::absl_testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kHead[] =
    "apiVersion: signet.dev/v1alpha1\nkind: SignerConfiguration\n";
constexpr char kAll[] = R"(signers:
- signerName: example.com/serving
  ca:
    certificateFile: /etc/signet/ca.pem
    keyFile: /etc/signet/ca-key.pem
    chain: true
  profile:
    usages: [digital signature, key encipherment, server auth]
    expiry: 720h
    backdate: 1m
    names:
      commonName: ['system:node:.*']
      dnsNames: ['.*\.svc\.cluster\.local', 'localhost']
    keys:
      minRsaBits: 3072
      curves: [P-256, P-384]
      ed25519: false
      sha1: false
    copyExtensions: [1.3.6.1.5.5.7.1.24]
- signerName: example.com/ca
  ca:
    certificateFile: /etc/signet/root.pem
    keyFile: pkcs11:token=signet;object=root
  profile:
    usages: [cert sign, crl sign]
    expiry: 43800h
    caConstraint: {isCa: true, maxPathLen: 0}
trustBundles:
- signerName: example.com/serving
  certificatesFile: /etc/signet/old.pem
  clusterTrustBundle: true
  configMap:
    name: example-serving-ca
    key: ca.pem
    namespaces: [default, my-namespace]
)";

absl::StatusOr<SignerConfiguration> Parse(absl::string_view text) {
  return ParseSignerConfiguration("signer.yaml", absl::StrCat(kHead, text));
}

TEST(SignerConfigTest, ReadsEveryField) {
  const absl::StatusOr<SignerConfiguration> config = Parse(kAll);
  ASSERT_EQ(config.status(), absl::OkStatus());
  ASSERT_EQ(config->signers.size(), 2u);
  const CustomSigner& serving = config->signers[0];
  EXPECT_EQ(serving.signer_name, "example.com/serving");
  EXPECT_EQ(serving.ca.certificate, "/etc/signet/ca.pem");
  EXPECT_EQ(serving.ca.key, "/etc/signet/ca-key.pem");
  EXPECT_TRUE(serving.ca.chain);
  EXPECT_THAT(
      serving.profile.usages,
      ElementsAre("digital signature", "key encipherment", "server auth"));
  EXPECT_EQ(serving.profile.expiry, absl::Hours(720));
  EXPECT_EQ(serving.profile.backdate, absl::Minutes(1));
  EXPECT_FALSE(serving.profile.is_ca);
  ASSERT_TRUE(serving.profile.names.has_value());
  for (size_t i = 0; i < policy::NameFields().size(); ++i) {
    const size_t want = policy::NameFields()[i].name == "dnsNames"     ? 2
                        : policy::NameFields()[i].name == "commonName" ? 1
                                                                       : 0;
    EXPECT_EQ((*serving.profile.names)[i].size(), want)
        << policy::NameFields()[i].name;
  }
  EXPECT_EQ(serving.profile.keys.min_rsa_bits, 3072);
  EXPECT_THAT(serving.profile.keys.ecdsa_bits, ElementsAre(256, 384));
  EXPECT_FALSE(serving.profile.keys.ed25519);
  EXPECT_THAT(serving.profile.copied_extensions,
              ElementsAre("1.3.6.1.5.5.7.1.24"));
  const CustomSigner& ca = config->signers[1];
  EXPECT_EQ(ca.ca.key, "pkcs11:token=signet;object=root");
  EXPECT_FALSE(ca.ca.chain);
  EXPECT_TRUE(ca.profile.is_ca);
  EXPECT_EQ(ca.profile.max_path_len, 0);
  EXPECT_EQ(ca.profile.backdate, absl::Minutes(5));  // C-8
  EXPECT_FALSE(ca.profile.names.has_value());
  EXPECT_EQ(ca.profile.keys.min_rsa_bits, 2048);
  ASSERT_EQ(config->trust_bundles.size(), 1u);
  const TrustBundleConfig& bundle = config->trust_bundles[0];
  EXPECT_EQ(bundle.signer_name, "example.com/serving");
  EXPECT_EQ(bundle.certificates_file, "/etc/signet/old.pem");
  EXPECT_TRUE(bundle.cluster_trust_bundle);
  EXPECT_EQ(bundle.config_map, "example-serving-ca");
  EXPECT_EQ(bundle.config_map_key, "ca.pem");
  EXPECT_THAT(bundle.namespaces, ElementsAre("default", "my-namespace"));
}

TEST(SignerConfigTest, NamesWhatIsWrongAndItsLine) {
  const std::string ca = "  ca: {certificateFile: a, keyFile: b}\n";
  const std::string profile =
      "  profile: {usages: [server auth], expiry: 1h}\n";
  const auto signer = [&](const std::string& name) {
    return absl::StrCat("- signerName: ", name, "\n", ca, profile);
  };
  const auto with_profile = [&](const std::string& text) {
    return absl::StrCat("signers:\n- signerName: example.com/a\n", ca,
                        "  profile: {", text, "}\n");
  };
  const struct {
    std::string name;
    std::string text;
    std::string want;
  } kTests[] = {
      {"a signer name twice",
       absl::StrCat("signers:\n", signer("example.com/a"),
                    signer("example.com/a")),
       "signer.yaml:7: signers[1].signerName: \"example.com/a\" is served "
       "twice"},
      {"C-1: one of Kubernetes' own",
       absl::StrCat("signers:\n", signer("kubernetes.io/kubelet-serving")),
       "\"kubernetes.io/kubelet-serving\" is Kubernetes' own"},
      {"no domain", absl::StrCat("signers:\n", signer("serving")),
       "is not of the form example.com/signer-name"},
      {"an unknown field",
       absl::StrCat("signers:\n", signer("a.b/c"), "  profil: {}\n"),
       "unknown field \"profil\""},
      {"no CA",
       absl::StrCat("signers:\n- signerName: example.com/a\n", profile),
       "\"ca\""},
      {"an unknown usage", with_profile("usages: [serve], expiry: 1h"),
       "unknown usage \"serve\""},
      {"no expiry", with_profile("usages: [server auth]"), "\"expiry\""},
      {"a pattern that RE2 does not read",
       with_profile("usages: [server auth], expiry: 1h, names: {dnsNames: "
                    "['(']}"),
       "missing )"},
      {"an unknown curve",
       with_profile("usages: [server auth], expiry: 1h, keys: {curves: "
                    "[P-224]}"),
       "\"P-224\" is none of P-256, P-384, P-521"},
      {"a CA usage for leaves", with_profile("usages: [cert sign], expiry: 1h"),
       "\"cert sign\" is for CA certificates"},
      {"a bundle that goes nowhere",
       "trustBundles:\n- signerName: example.com/a\n",
       "neither clusterTrustBundle nor configMap"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    EXPECT_THAT(
        Parse(t.text).status(),
        StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(t.want)));
  }
}

// What deploy/ shows works.
TEST(SignerConfigTest, TakesTheExamples) {
  sys::PosixFileSystem files;
  const std::string directory = "deploy/signer";
  const absl::StatusOr<std::vector<std::string>> names = files.List(directory);
  ASSERT_EQ(names.status(), absl::OkStatus());
  int read = 0;
  for (const std::string& name : *names) {
    SCOPED_TRACE(name);
    if (!absl::EndsWith(name, ".yaml")) continue;
    ++read;
    const absl::StatusOr<std::string> text =
        files.Read(absl::StrCat(directory, "/", name), 1 << 20);
    ASSERT_EQ(text.status(), absl::OkStatus());
    const absl::StatusOr<SignerConfiguration> config =
        ParseSignerConfiguration(name, *text);
    ASSERT_EQ(config.status(), absl::OkStatus());
    for (const CustomSigner& signer : config->signers) {
      if (!absl::StartsWith(signer.ca.key, "pkcs11:")) continue;
      EXPECT_EQ(sys::ParsePkcs11Uri(signer.ca.key).status(), absl::OkStatus());
    }
  }
  EXPECT_EQ(read, 2);
}

}  // namespace
}  // namespace signet::signer
