#include "signer_service/signers_from_flags.h"

#include <sstream>
#include <string>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/simulated_clock.h"
#include "absl/time/time.h"
#include "core/policy/signer_names.h"
#include "core/testing/fake_file_system.h"
#include "core/testing/test_ca.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "signer_service/signer_flags.h"
#include "signer_service/signer_set.h"

namespace signet::signer {
namespace {

using ::absl_testing::StatusIs;
using ::testing::HasSubstr;

constexpr char kServing[] = "example.com/serving";

class SignersFromFlagsTest : public ::testing::Test {
 protected:
  SignersFromFlagsTest() {
    clock_.SetTime(testing::ValidNow().not_before + absl::Hours(1));
    WriteCa("one", one_);
    WriteCa("two", two_);
  }
  void Write(const std::string& path, absl::string_view text) {
    ASSERT_EQ(files_.Write(path, text, 0600), absl::OkStatus());
  }
  void WriteCa(const std::string& name, const testing::TestCa& ca) {
    Write(absl::StrCat("/", name, ".crt"), ca.certificate_pem());
    Write(absl::StrCat("/", name, ".key"), ca.key_pem());
  }
  static CaFiles Files(const std::string& name) {
    return {absl::StrCat("/", name, ".crt"), absl::StrCat("/", name, ".key")};
  }
  // A configuration with one signer that has the CA `ca`.
  static std::string Config(const std::string& signer_name,
                            const std::string& ca) {
    return absl::StrCat(
        "apiVersion: signet.dev/v1alpha1\nkind: SignerConfiguration\n"
        "signers:\n- signerName: ",
        signer_name, "\n  ca: {certificateFile: /", ca, ".crt, keyFile: /", ca,
        ".key}\n  profile: {usages: [server auth], expiry: 1h}\n");
  }
  std::string CaOf(const SignerSet& set, absl::string_view name) {
    const Signer* const signer = set.Find(name);
    if (signer == nullptr) return "not served";
    return signer->ca().Current()->certificate().subject().common_name;
  }
  // What `check` writes, and ends with.
  std::string Check() {
    std::ostringstream out;
    check_status_ = CheckSigners(flags_, files_, clock_, nullptr, out);
    return out.str();
  }

  absl::SimulatedClock clock_;
  testing::FakeFileSystem files_;
  const testing::TestCa one_{
      "one",
      {testing::ValidNow().not_before,
       testing::ValidNow().not_after + absl::Hours(24 * 365)}};
  const testing::TestCa two_{"two"};
  SignerFlags flags_;
  absl::Status check_status_;
};

TEST_F(SignersFromFlagsTest, C21OneCaServesAllFour) {
  flags_.ca = Files("one");
  const absl::StatusOr<SignerSet> set =
      SignersFromFlags(flags_, files_, clock_);
  ASSERT_EQ(set.status(), absl::OkStatus());
  for (const absl::string_view name : policy::kClusterSignerNames) {
    EXPECT_EQ(CaOf(*set, name), "one");
  }
  EXPECT_EQ(set->signers().size(), 4u);
}

TEST_F(SignersFromFlagsTest, C21WithSpecificCasTheOthersAreNotServed) {
  flags_.specific_cas[1] = Files("one");
  flags_.specific_cas[2] = Files("two");
  const absl::StatusOr<SignerSet> set =
      SignersFromFlags(flags_, files_, clock_);
  ASSERT_EQ(set.status(), absl::OkStatus());
  EXPECT_EQ(CaOf(*set, policy::kKubeApiserverClientKubelet), "one");
  EXPECT_EQ(CaOf(*set, policy::kKubeletServing), "two");
  EXPECT_EQ(CaOf(*set, policy::kKubeApiserverClient), "not served");
  EXPECT_EQ(set->signers().size(), 2u);
}

TEST_F(SignersFromFlagsTest, OneProcessServesFlagsAndConfiguration) {
  flags_.ca = Files("one");
  flags_.config = "/signer.yaml";
  Write("/signer.yaml", Config(kServing, "two"));
  const absl::StatusOr<SignerSet> set =
      SignersFromFlags(flags_, files_, clock_);
  ASSERT_EQ(set.status(), absl::OkStatus());
  EXPECT_EQ(set->signers().size(), 5u);
  EXPECT_EQ(CaOf(*set, kServing), "two");
  EXPECT_EQ(CaOf(*set, policy::kLegacyUnknown), "one");
}

TEST_F(SignersFromFlagsTest, AMistakeIsNamed) {
  const std::string bundle =
      "trustBundles:\n- signerName: example.com/other\n"
      "  clusterTrustBundle: true\n";
  const struct {
    std::string name;
    std::string config;
    std::string want;
  } kTests[] = {
      {"a CA that is not there", Config(kServing, "three"),
       "error reading CA cert file \"/three.crt\": \"/three.crt\": no such "
       "file or directory; signer example.com/serving"},
      {"one of Kubernetes' own names, also without a flag for it",
       Config("kubernetes.io/kubelet-serving", "one"), "is Kubernetes' own"},
      {"a bundle of a signer that is not served",
       Config(kServing, "one") + bundle,
       "trustBundles: the signer \"example.com/other\" is not served here"},
      {"another kind of file", "apiVersion: v1\nkind: ConfigMap\n",
       "/signer.yaml"},
  };
  flags_.config = "/signer.yaml";
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    Write("/signer.yaml", t.config);
    EXPECT_THAT(SignersFromFlags(flags_, files_, clock_).status().message(),
                HasSubstr(t.want));
  }
}

TEST_F(SignersFromFlagsTest, CheckShowsEachSignerAndItsCa) {
  flags_.specific_cas[2] = Files("one");
  flags_.config = "/signer.yaml";
  Write("/signer.yaml", Config(kServing, "one"));
  const std::string end = absl::FormatTime(
      absl::RFC3339_sec, one_.validity().not_after, absl::UTCTimeZone());
  EXPECT_EQ(Check(),
            absl::StrCat("kubernetes.io/kubelet-serving\n  CA: CN=one\n"
                         "  valid until: ",
                         end,
                         "\nexample.com/serving\n  CA: CN=one\n"
                         "  valid until: ",
                         end, "\n"));
  EXPECT_EQ(check_status_, absl::OkStatus());
}

TEST_F(SignersFromFlagsTest, CheckFindsAllProblemsAndFails) {
  flags_.specific_cas[1] = Files("one");
  flags_.specific_cas[2] = Files("two");
  flags_.specific_cas[3] = Files("ended");
  WriteCa("ended", testing::TestCa("ended", testing::Expired()));
  flags_.config = "/signer.yaml";
  Write("/signer.yaml", Config(kServing, "mixed"));
  Write("/mixed.crt", one_.certificate_pem());
  Write("/mixed.key", two_.key_pem());
  const std::string out = Check();
  EXPECT_THAT(out, HasSubstr("problem: the CA ends within 30 days"));
  EXPECT_THAT(out, HasSubstr("problem: the CA has ended"));
  EXPECT_THAT(out, HasSubstr("problem: error reading CA key file "
                             "\"/mixed.key\": not the key of \"/mixed.crt\""));
  EXPECT_THAT(check_status_,
              StatusIs(absl::StatusCode::kFailedPrecondition, "3 problems"));
}

}  // namespace
}  // namespace signet::signer
