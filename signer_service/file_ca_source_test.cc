#include "signer_service/file_ca_source.h"

#include <memory>
#include <string>

#include "absl/algorithm/container.h"
#include "absl/base/log_severity.h"
#include "absl/log/scoped_mock_log.h"
#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/simulated_clock.h"
#include "absl/time/time.h"
#include "core/pki/certificate_authority.h"
#include "core/pki/private_key.h"
#include "core/testing/fake_file_system.h"
#include "core/testing/test_ca.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "prometheus/client_metric.h"
#include "prometheus/metric_family.h"
#include "prometheus/metric_type.h"
#include "prometheus/registry.h"
#include "signer_service/ca_metrics.h"

namespace signet::signer {
namespace {

using ::absl_testing::StatusIs;
using ::testing::_;
using ::testing::HasSubstr;
using testing::TestCa;

constexpr char kCertificate[] = "/ca.pem";
constexpr char kKey[] = "/ca-key.pem";
const CaFiles kPaths = {kCertificate, kKey};

class FileCaSourceTest : public ::testing::Test {
 protected:
  void Write(absl::string_view path, absl::string_view text) {
    ASSERT_EQ(files_.Write(path, text, 0600), absl::OkStatus());
  }
  void WritePair(const TestCa& ca) {
    Write(kCertificate, ca.certificate_pem());
    Write(kKey, ca.key_pem());
  }
  void WriteLinkedPair(const std::string& directory, const TestCa& ca) {
    ASSERT_EQ(files_.MakeDirectories(directory, 0755), absl::OkStatus());
    Write(directory + kCertificate, ca.certificate_pem());
    Write(directory + kKey, ca.key_pem());
  }

  void Start() {
    auto source = FileCaSource::Create(files_, clock_, kPaths);
    ASSERT_TRUE(source.ok()) << source.status();
    source_ = *std::move(source);
  }
  // The common name of the CA in use, once the files were looked at again.
  std::string Later(FileCaSource& source) {
    clock_.AdvanceTime(FileCaSource::kCheckInterval);
    return source.Current()->certificate().subject().common_name;
  }
  std::string Later() { return Later(*source_); }

  absl::SimulatedClock clock_;
  testing::FakeFileSystem files_;
  const TestCa one_{"one"};
  const TestCa two_{"two"};
  std::unique_ptr<FileCaSource> source_;
};

TEST_F(FileCaSourceTest, ReadsThePair) {
  WritePair(one_);
  Start();
  const absl::StatusOr<pki::CertificateAuthority> ca = source_->Current();
  ASSERT_TRUE(ca.ok()) << ca.status();
  EXPECT_EQ(ca->certificate().der(), one_.authority().certificate().der());
}

TEST_F(FileCaSourceTest, ReadsEveryFormOfKey) {
  for (const auto algorithm :
       {pki::KeyAlgorithm::kEcdsaP256, pki::KeyAlgorithm::kRsa2048}) {
    const TestCa ca("ca", testing::ValidNow(), algorithm);
    for (const auto format : {pki::PrivateKey::Format::kTraditional,
                              pki::PrivateKey::Format::kPkcs8}) {
      Write(kCertificate, ca.certificate_pem());
      Write(kKey,
            absl::StrCat("-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n"
                         "-----END EC PARAMETERS-----\n",
                         ca.key().ToPem(format)->Reveal()));
      EXPECT_TRUE(ReadCa(files_, kPaths).ok());
    }
  }
}

TEST_F(FileCaSourceTest, RefusesToStartOnABadPairAndNamesTheFile) {
  const struct {
    std::string name;
    std::string certificate;
    std::string key;
    std::string want;
  } kTests[] = {
      {"C-19: a bundle", one_.certificate_pem() + two_.certificate_pem(),
       one_.key_pem(),
       "error reading CA cert file \"/ca.pem\": expected 1 certificate, found "
       "2"},
      {"C-19: the same certificate twice",
       one_.certificate_pem() + one_.certificate_pem(), one_.key_pem(),
       "expected 1 certificate, found 2"},
      {"no certificate", "text", one_.key_pem(),
       "error reading CA cert file \"/ca.pem\": data does not contain any "
       "valid RSA or ECDSA certificates"},
      {"an empty key file", one_.certificate_pem(), "",
       "error reading CA key file \"/ca-key.pem\": "},
      {"a certificate for a key", one_.certificate_pem(),
       one_.certificate_pem(), "error reading CA key file \"/ca-key.pem\": "},
      {"C-19: another's key", one_.certificate_pem(), two_.key_pem(),
       "error reading CA key file \"/ca-key.pem\": not the key of "
       "\"/ca.pem\""},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    Write(kCertificate, t.certificate);
    Write(kKey, t.key);
    EXPECT_THAT(
        FileCaSource::Create(files_, clock_, kPaths),
        StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(t.want)));
  }
}

TEST_F(FileCaSourceTest, RefusesToStartWithoutAFile) {
  Write(kCertificate, one_.certificate_pem());
  EXPECT_THAT(FileCaSource::Create(files_, clock_, kPaths),
              StatusIs(absl::StatusCode::kNotFound,
                       HasSubstr("error reading CA key file \"/ca-key.pem\"")));
  EXPECT_THAT(
      FileCaSource::Create(files_, clock_, {"/nowhere/ca.pem", kKey}),
      StatusIs(absl::StatusCode::kNotFound,
               HasSubstr("error reading CA cert file \"/nowhere/ca.pem\"")));
}

TEST_F(FileCaSourceTest, TakesUpANewPair) {  // C-20
  WritePair(one_);
  Start();
  WritePair(two_);
  EXPECT_EQ(source_->Current()->certificate().subject().common_name, "one")
      << "looked before its time";
  EXPECT_EQ(Later(), "two");
  WritePair(one_);
  EXPECT_EQ(Later(), "one");
}

TEST_F(FileCaSourceTest, DoesNotReadFilesThatHaveNotChanged) {
  WritePair(one_);
  Start();
  const int before = files_.operations();
  EXPECT_EQ(Later(), "one");
  EXPECT_EQ(files_.operations(), before + 2) << "more than two stats";
  source_->Current().IgnoreError();
  EXPECT_EQ(files_.operations(), before + 2) << "a look before its time";
}

TEST_F(FileCaSourceTest, FollowsAFolderThatIsSwitched) {
  // As Kubernetes mounts secrets: ..data is a link that is renamed over.
  WriteLinkedPair("/v1", one_);
  WriteLinkedPair("/v2", two_);
  ASSERT_EQ(files_.Symlink("/v1", "/data"), absl::OkStatus());
  auto source = FileCaSource::Create(files_, clock_,
                                     {"/data/ca.pem", "/data/ca-key.pem"});
  ASSERT_TRUE(source.ok()) << source.status();
  EXPECT_EQ(Later(**source), "one");
  ASSERT_EQ(files_.Symlink("/v2", "/new"), absl::OkStatus());
  ASSERT_EQ(files_.Rename("/new", "/data"), absl::OkStatus());
  EXPECT_EQ(Later(**source), "two");
}

TEST_F(FileCaSourceTest, KeepsTheLastGoodPairAndSaysSoOnce) {  // C-20
  WritePair(one_);
  Start();
  absl::ScopedMockLog log(absl::MockLogDefault::kDisallowUnexpected);
  log.StartCapturingLogs();
  const auto expect_error = [&log](const std::string& text) {
    EXPECT_CALL(log, Log(absl::LogSeverity::kError, _, HasSubstr(text)))
        .Times(1)
        .RetiresOnSaturation();
  };

  expect_error("expected 1 certificate, found 2");
  Write(kCertificate, one_.certificate_pem() + two_.certificate_pem());
  EXPECT_EQ(Later(), "one");
  EXPECT_EQ(Later(), "one");

  expect_error("not the key of");
  Write(kCertificate, two_.certificate_pem());
  EXPECT_EQ(Later(), "one");
  EXPECT_EQ(Later(), "one");

  expect_error("error reading CA key file");
  ASSERT_EQ(files_.Remove(kKey), absl::OkStatus());
  EXPECT_EQ(Later(), "one");
  EXPECT_EQ(Later(), "one");

  EXPECT_CALL(log, Log(absl::LogSeverity::kInfo, _, HasSubstr("CN=two")))
      .Times(1);
  Write(kKey, two_.key_pem());
  EXPECT_EQ(Later(), "two");
  EXPECT_EQ(Later(), "two");
}

TEST_F(FileCaSourceTest, SaysAgainWhatIsWrongAgain) {
  WritePair(one_);
  Start();
  absl::ScopedMockLog log(absl::MockLogDefault::kDisallowUnexpected);
  log.StartCapturingLogs();
  EXPECT_CALL(log, Log(absl::LogSeverity::kError, _,
                       HasSubstr("expected 1 certificate, found 2")))
      .Times(2);
  EXPECT_CALL(log, Log(absl::LogSeverity::kInfo, _, _)).Times(1);
  for (int i = 0; i < 2; ++i) {
    Write(kCertificate, one_.certificate_pem() + two_.certificate_pem());
    EXPECT_EQ(Later(), "one");
    Write(kCertificate, one_.certificate_pem());
    if (i == 0) EXPECT_EQ(Later(), "one");
  }
}

TEST_F(FileCaSourceTest, TriesAFileAgainThatCouldNotBeRead) {
  WritePair(one_);
  Start();
  WritePair(two_);
  files_.FailPath(kKey, absl::UnavailableError("I/O error"));
  EXPECT_EQ(Later(), "one");
  files_.FailPath(kKey, absl::OkStatus());
  EXPECT_EQ(Later(), "two");
}

// The value of a gauge or counter, -1 if it is not there.
double Metric(const prometheus::Registry& registry, const std::string& name,
              const std::string& label_value = "") {
  for (const prometheus::MetricFamily& family : registry.Collect()) {
    if (family.name != name) continue;
    for (const prometheus::ClientMetric& metric : family.metric) {
      const bool wanted = label_value.empty() ||
                          absl::c_any_of(metric.label, [&](const auto& label) {
                            return label.value == label_value;
                          });
      if (wanted) {
        return family.type == prometheus::MetricType::Counter
                   ? metric.counter.value
                   : metric.gauge.value;
      }
    }
  }
  return -1;
}

TEST_F(FileCaSourceTest, C20WhatCannotBeUsedKeepsTheLastGoodPair) {
  const TestCa ended("ended", testing::Expired());
  const struct {
    std::string name;
    std::string certificate;
    std::string key;
    std::string want;
  } kTests[] = {
      {"a mismatched pair", two_.certificate_pem(), one_.key_pem(),
       "not the key of \"/ca.pem\""},
      {"no CA", two_.Server().certificate_pem, two_.Server().key_pem,
       "is no CA's"},
      {"expired", ended.certificate_pem(), ended.key_pem(), "it has ended at "},
      {"unreadable", "", two_.key_pem(),
       "data does not contain any valid RSA or ECDSA certificates"},
      {"two certificates (C-19)",
       two_.certificate_pem() + one_.certificate_pem(), two_.key_pem(),
       "expected 1 certificate, found 2"},
  };
  clock_.SetTime(testing::ValidNow().not_before + absl::Hours(1));
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    WritePair(one_);
    Start();
    prometheus::Registry registry;
    CaMetrics metrics(registry);
    source_->ReportTo(metrics);
    EXPECT_EQ(Metric(registry, "signet_ca_expiry_timestamp_seconds", "CN=one"),
              absl::ToUnixSeconds(one_.validity().not_after));
    EXPECT_EQ(Metric(registry, "signet_ca_problem"), 0);

    Write(kCertificate, t.certificate);
    Write(kKey, t.key);
    clock_.AdvanceTime(absl::Seconds(1));
    EXPECT_EQ(Later(), "one");
    EXPECT_EQ(Later(), "one");
    EXPECT_EQ(Metric(registry, "signet_ca_problem"), 1);
    EXPECT_EQ(Metric(registry, "signet_ca_reloads_total", "failed"), 1);
    EXPECT_THAT(
        source_->Problem(),
        StatusIs(::testing::Ne(absl::StatusCode::kOk), HasSubstr(t.want)));

    WritePair(two_);
    EXPECT_EQ(Later(), "two");
    EXPECT_EQ(source_->Problem(), absl::OkStatus());
    EXPECT_EQ(Metric(registry, "signet_ca_problem"), 0);
    EXPECT_EQ(Metric(registry, "signet_ca_reloads_total", "ok"), 1);
    EXPECT_EQ(Metric(registry, "signet_ca_expiry_timestamp_seconds", "CN=two"),
              absl::ToUnixSeconds(two_.validity().not_after));
    EXPECT_EQ(Metric(registry, "signet_ca_expiry_timestamp_seconds", "CN=one"),
              -1);
  }
}

TEST_F(FileCaSourceTest, C10ACaAtItsEndCanBeStartedWithAndReplaced) {
  clock_.SetTime(testing::ValidNow().not_before + absl::Hours(1));
  WritePair(TestCa("ended", testing::Expired()));
  Start();
  EXPECT_THAT(source_->Problem(),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("has ended at ")));
  WritePair(one_);
  EXPECT_EQ(Later(), "one");
}

TEST_F(FileCaSourceTest, AChainIsReadIfItIsAskedFor) {
  const TestCa middle = one_.Intermediate("middle");
  Write(kKey, middle.key_pem());
  const CaFiles chain = {kCertificate, kKey, /*chain=*/true};
  const struct {
    std::string name;
    std::string certificates;
    std::string want_chain;
    std::string want_error;
  } kTests[] = {
      {"an intermediate and its root: the root is left out",
       middle.certificate_pem() + one_.certificate_pem(),
       middle.certificate_pem(), ""},
      {"an intermediate alone", middle.certificate_pem(), "", ""},
      {"in the wrong order", one_.certificate_pem() + middle.certificate_pem(),
       "", "not the key of"},
      {"another's root", middle.certificate_pem() + two_.certificate_pem(), "",
       "is not followed by its issuer's"},
      {"a leaf among them",
       middle.certificate_pem() + one_.Server().certificate_pem, "",
       "is no CA's"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    Write(kCertificate, t.certificates);
    const absl::StatusOr<pki::CertificateAuthority> ca = ReadCa(files_, chain);
    if (!t.want_error.empty()) {
      EXPECT_THAT(ca.status(), StatusIs(absl::StatusCode::kInvalidArgument,
                                        HasSubstr(t.want_error)));
      continue;
    }
    ASSERT_EQ(ca.status(), absl::OkStatus());
    EXPECT_EQ(ca->chain_pem(), t.want_chain);
    EXPECT_EQ(ca->certificate().subject().common_name, "middle");
  }
}

TEST_F(FileCaSourceTest, AKeyMayBeInAToken) {
  Write(kCertificate, one_.certificate_pem());
  const CaFiles paths = {kCertificate, "pkcs11:token=t;object=o"};
  std::string asked;
  const TokenKeyOpener open = [&](absl::string_view uri)
      -> absl::StatusOr<std::shared_ptr<const pki::SigningKey>> {
    asked = std::string(uri);
    return std::make_shared<const pki::PrivateKey>(one_.key());
  };
  EXPECT_EQ(ReadCa(files_, paths, open).status(), absl::OkStatus());
  EXPECT_EQ(asked, "pkcs11:token=t;object=o");
  EXPECT_THAT(ReadCa(files_, paths).status(),
              StatusIs(absl::StatusCode::kUnimplemented));
  auto source = FileCaSource::Create(files_, clock_, paths, open);
  ASSERT_EQ(source.status(), absl::OkStatus());
  EXPECT_EQ(Later(**source), "one");
  Write(kCertificate, two_.certificate_pem());
  EXPECT_EQ(Later(**source), "one");  // The token has another key.
}

}  // namespace
}  // namespace signet::signer
