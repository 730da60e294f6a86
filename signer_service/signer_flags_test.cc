#include "signer_service/signer_flags.h"

#include <optional>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/policy/signer_names.h"
#include "core/policy/signing.h"
#include "core/service/service_flags.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::signer {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::internal::CaptureStderr;
using ::testing::internal::GetCapturedStderr;

class SignerFlagsTest : public ::testing::Test {
 protected:
  SignerFlagsTest() { AddSignerFlags(app_, flags_); }

  std::optional<int> Parse(std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), "signet-signer");
    CaptureStderr();
    const std::optional<int> code = service::ParseFlags(
        app_, static_cast<int>(arguments.size()), arguments.data());
    error_ = GetCapturedStderr();
    return code;
  }
  // With the two flags that must be there.
  std::optional<int> ParseMore(std::vector<const char*> arguments) {
    arguments.push_back("--cluster-signing-cert-file=/ca.crt");
    arguments.push_back("--cluster-signing-key-file=/ca.key");
    return Parse(std::move(arguments));
  }

  SignerFlags flags_;
  CLI::App app_{"Tests.", "signet-signer"};
  std::string error_;
};

TEST_F(SignerFlagsTest, DefaultsAreKubernetes) {  // C-21
  EXPECT_EQ(ParseMore({}), std::nullopt) << error_;
  EXPECT_EQ(flags_.ca.certificate, "/ca.crt");
  EXPECT_EQ(flags_.ca.key, "/ca.key");
  EXPECT_EQ(flags_.signing.duration, absl::Hours(8760));
  EXPECT_EQ(flags_.signing.backdate, absl::Minutes(5));
  EXPECT_EQ(flags_.signing.signer_names.size(), 4u);
  EXPECT_EQ(policy::ValidateSigningConfig(flags_.signing), absl::OkStatus());
}

TEST_F(SignerFlagsTest, ReadsDurationsAsGoWritesThem) {
  EXPECT_EQ(
      ParseMore({"--cluster-signing-duration=8760h0m0s", "--backdate=1m30s"}),
      std::nullopt)
      << error_;
  EXPECT_EQ(flags_.signing.duration, absl::Hours(8760));
  EXPECT_EQ(flags_.signing.backdate, absl::Seconds(90));
  EXPECT_EQ(ParseMore({"--cluster-signing-duration", "3m", "--backdate=0"}),
            std::nullopt)
      << error_;
  EXPECT_EQ(flags_.signing.duration, absl::Minutes(3));
  EXPECT_EQ(flags_.signing.backdate, absl::ZeroDuration());
}

TEST_F(SignerFlagsTest, ServesTheSignersItIsTold) {
  EXPECT_EQ(ParseMore({"--signer-name=kubernetes.io/kubelet-serving",
                       "--signer-name", "kubernetes.io/legacy-unknown"}),
            std::nullopt)
      << error_;
  EXPECT_THAT(flags_.signing.signer_names,
              ElementsAre("kubernetes.io/kubelet-serving",
                          "kubernetes.io/legacy-unknown"));
}

TEST_F(SignerFlagsTest, AMistakeIsNamed) {
  const struct {
    std::vector<const char*> arguments;
    std::string want;
  } kTests[] = {
      {{"--cluster-signing-duration=1d"},
       "--cluster-signing-duration: time: unknown unit \"d\" in duration "
       "\"1d\""},
      {{"--cluster-signing-duration=0"},
       "--cluster-signing-duration: 0 is less than 1ns"},
      {{"--backdate=-5m"}, "--backdate: -5m is less than 0s"},
      {{"--signer-name=example.com/serving"}, "--signer-name"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.arguments[0]);
    EXPECT_EQ(ParseMore(t.arguments), 2);
    EXPECT_THAT(error_, HasSubstr(t.want));
  }
}

TEST_F(SignerFlagsTest, C21ACaOrAConfigurationIsRequired) {
  EXPECT_EQ(Parse({}), 2);
  EXPECT_THAT(error_, HasSubstr("nothing to sign with"));
}

TEST_F(SignerFlagsTest, AConfigurationIsEnough) {
  EXPECT_EQ(Parse({"--config=/signer.yaml"}), std::nullopt) << error_;
  EXPECT_EQ(flags_.config, "/signer.yaml");
  EXPECT_FALSE(flags_.check);
}

TEST_F(SignerFlagsTest, CheckTakesTheSameFlags) {
  EXPECT_EQ(Parse({"check", "--config=/signer.yaml"}), std::nullopt) << error_;
  EXPECT_EQ(flags_.config, "/signer.yaml");
  EXPECT_TRUE(flags_.check);
}

TEST_F(SignerFlagsTest, C21EachSignerMayHaveACaOfItsOwn) {
  EXPECT_EQ(Parse({"--cluster-signing-kube-apiserver-client-cert-file=/0.crt",
                   "--cluster-signing-kube-apiserver-client-key-file=/0.key",
                   "--cluster-signing-kubelet-client-cert-file=/1.crt",
                   "--cluster-signing-kubelet-client-key-file=/1.key",
                   "--cluster-signing-kubelet-serving-cert-file=/2.crt",
                   "--cluster-signing-kubelet-serving-key-file=/2.key",
                   "--cluster-signing-legacy-unknown-cert-file=/3.crt",
                   "--cluster-signing-legacy-unknown-key-file=/3.key"}),
            std::nullopt)
      << error_;
  const char* const kNames[] = {"kubernetes.io/kube-apiserver-client",
                                "kubernetes.io/kube-apiserver-client-kubelet",
                                "kubernetes.io/kubelet-serving",
                                "kubernetes.io/legacy-unknown"};
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(policy::kClusterSignerNames[i], kNames[i]);
    EXPECT_EQ(flags_.specific_cas[i].certificate, absl::StrCat("/", i, ".crt"));
    EXPECT_EQ(flags_.specific_cas[i].key, absl::StrCat("/", i, ".key"));
  }
}

// With kube-controller-manager's words.
TEST_F(SignerFlagsTest, C21PairsAreWholeAndNotMixed) {
  const struct {
    std::vector<const char*> arguments;
    std::string want;
  } kTests[] = {
      {{"--cluster-signing-kubelet-serving-key-file=/k"},
       "\"cluster-signing-kubelet-serving\": cannot specify key without cert"},
      {{"--cluster-signing-kubelet-client-cert-file=/c"},
       "\"cluster-signing-kubelet-client\": cannot specify cert without key"},
      {{"--cluster-signing-cert-file=/c"},
       "\"cluster-signing\": cannot specify cert without key"},
      {{"--cluster-signing-cert-file=/c", "--cluster-signing-key-file=/k",
        "--cluster-signing-legacy-unknown-cert-file=/c",
        "--cluster-signing-legacy-unknown-key-file=/k"},
       "cannot specify --cluster-signing-{cert,key}-file and other "
       "--cluster-signing-*-file flags at the same time"},
      {{"--cluster-signing-legacy-unknown-cert-file=/c",
        "--cluster-signing-legacy-unknown-key-file=/k",
        "--signer-name=kubernetes.io/kubelet-serving"},
       "--signer-name: no CA for kubernetes.io/kubelet-serving"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.want);
    SignerFlags flags;
    CLI::App app("Tests.", "signet-signer");
    AddSignerFlags(app, flags);
    std::vector<const char*> arguments = t.arguments;
    arguments.insert(arguments.begin(), "signet-signer");
    CaptureStderr();
    EXPECT_EQ(service::ParseFlags(app, static_cast<int>(arguments.size()),
                                  arguments.data()),
              2);
    EXPECT_THAT(GetCapturedStderr(), HasSubstr(t.want));
  }
}

TEST_F(SignerFlagsTest, TheOldNameOfTheDurationStillWorks) {
  EXPECT_EQ(ParseMore({"--experimental-cluster-signing-duration=1h"}),
            std::nullopt);
  EXPECT_EQ(flags_.signing.duration, absl::Hours(1));
  EXPECT_EQ(error_,
            "Flag --experimental-cluster-signing-duration has been "
            "deprecated, use --cluster-signing-duration\n");
}

}  // namespace
}  // namespace signet::signer
