#include "core/policy/signing.h"

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/api/certificates.pb.h"
#include "core/pki/certificate_authority.h"
#include "core/pki/key_usage.h"
#include "core/pki/subject_alt_name.h"
#include "core/pki/validity.h"
#include "core/policy/signer_names.h"
#include "core/testing/csr_builder.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::policy {
namespace {

using ::absl_testing::StatusIs;
using testing::CsrFields;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::MakeCsr;

const absl::Time kNow = absl::FromUnixSeconds(1767225600);  // 2026-01-01.
const pki::Validity kCa = {kNow - absl::Hours(24), kNow + absl::Hours(87600)};
constexpr absl::string_view kSerial = "0123456789abcdef";

SigningConfig Config() {
  return {
      .signer_names = {kClusterSignerNames.begin(), kClusterSignerNames.end()},
      .duration = absl::Hours(8760)};
}

// An approved request of a bootstrapping kubelet.
CsrFields Approved() {
  CsrFields fields;
  fields.conditions = {"Approved"};
  return fields;
}

absl::StatusOr<SigningDecision> Decide(const CsrFields& fields) {
  return DecideSigning(MakeCsr(fields), kCa, Config(), kNow, kSerial);
}

TEST(DecideSigningTest, IgnoresWhatIsNotItsBusiness) {  // C-1
  const struct {
    std::string name;
    std::function<void(CsrFields&)> change;
    std::string certificate;
    std::string want_reason;
  } kTests[] = {
      {"a certificate is present", [](CsrFields&) {}, "PEM",
       "it has its certificate"},
      {"not approved", [](CsrFields& f) { f.conditions.clear(); }, "",
       "it is not approved"},
      {"denied", [](CsrFields& f) { f.conditions = {"Denied"}; }, "",
       "it is denied"},
      {"denied although approved",
       [](CsrFields& f) { f.conditions = {"Approved", "Denied"}; }, "",
       "it is denied"},
      {"failed", [](CsrFields& f) { f.conditions = {"Approved", "Failed"}; },
       "", "it has failed"},
      {"another's signer",
       [](CsrFields& f) { f.signer_name = "example.com/serving"; }, "",
       "signer example.com/serving is not served here"},
      {"an unknown kubernetes.io signer",
       [](CsrFields& f) { f.signer_name = "kubernetes.io/other"; }, "",
       "signer kubernetes.io/other is not served here"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    CsrFields fields = Approved();
    t.change(fields);
    // What is ignored is not even parsed.
    fields.request_pem = "no PEM";
    api::CertificateSigningRequest csr = MakeCsr(fields);
    csr.mutable_status()->set_certificate(t.certificate);
    const auto got = DecideSigning(csr, kCa, Config(), kNow, kSerial);
    ASSERT_TRUE(got.ok()) << got.status();
    EXPECT_EQ(got->action, SigningAction::kIgnore);
    EXPECT_EQ(got->reason, t.want_reason);
    EXPECT_FALSE(AwaitsSigning(csr, Config()));
  }
}

TEST(DecideSigningTest, AFailedConditionThatIsNotTrueDoesNotCount) {  // C-1
  for (const char* status : {"False", "Unknown", "True", ""}) {
    SCOPED_TRACE(status);
    api::CertificateSigningRequest csr = MakeCsr(Approved());
    auto& condition = *csr.mutable_status()->add_conditions();
    condition.set_type("Failed");
    condition.set_status(status);
    const bool failed = *status == '\0' || *status == 'T';
    const auto got = DecideSigning(csr, kCa, Config(), kNow, kSerial);
    ASSERT_TRUE(got.ok()) << got.status();
    EXPECT_EQ(got->action,
              failed ? SigningAction::kIgnore : SigningAction::kIssue);
    EXPECT_EQ(AwaitsSigning(csr, Config()), !failed);
  }
}

TEST(DecideSigningTest, ServesOnlyTheSignersItIsToldTo) {  // C-1, C-21
  SigningConfig config = Config();
  config.signer_names = {std::string(kKubeletServing)};
  const auto got =
      DecideSigning(MakeCsr(Approved()), kCa, config, kNow, kSerial);
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(got->action, SigningAction::kIgnore);
  // A name outside the closed set is not served even if configured (C-1).
  config.signer_names = {"kubernetes.io/other"};
  CsrFields other = Approved();
  other.signer_name = "kubernetes.io/other";
  EXPECT_FALSE(AwaitsSigning(MakeCsr(other), config));
}

TEST(DecideSigningTest, FailsRequestsOfTheWrongShape) {  // C-2, C-3
  const auto server = [](CsrFields& f) {
    f.signer_name = kKubeletServing;
    f.usages = {"digital signature", "server auth"};
    f.sans.dns_names = {"node-a"};
  };
  const auto client = [](CsrFields& f) {
    f.signer_name = kKubeApiserverClient;
    f.subject = {.common_name = "jane"};
  };
  const auto legacy = [](CsrFields& f) {
    f.signer_name = kLegacyUnknown;
    f.subject = {.common_name = "anything"};
    f.usages = {"any", "cert sign"};
    f.sans.uris = {"spiffe://x/y"};
  };
  const struct {
    std::string name;
    std::function<void(CsrFields&)> change;
    std::string want;  // The message; empty: issued.
  } kTests[] = {
      {"B-4: a kubelet's client request", [](CsrFields&) {}, ""},
      {"B-4: one with a DNS name",
       [](CsrFields& f) { f.sans.dns_names = {"node-a"}; },
       "DNS subjectAltNames are not allowed"},
      {"B-4: one of another organization",
       [](CsrFields& f) { f.subject.organization = {"system:masters"}; },
       "subject organization is not system:nodes"},
      {"B-22: one that asks for server auth too",
       [](CsrFields& f) { f.usages.push_back("server auth"); },
       "usages did not match [client auth digital signature key "
       "encipherment]"},
      {"B-5: a kubelet's serving request", server, ""},
      {"B-5: one without names",
       [&](CsrFields& f) {
         server(f);
         f.sans = {};
       },
       "DNS or IP subjectAltName is required"},
      {"B-22: one that asks for client auth",
       [&](CsrFields& f) {
         server(f);
         f.usages = {"digital signature", "client auth"};
       },
       "usages did not match [digital signature key encipherment server "
       "auth]"},
      {"C-3: an API client of any name", client, ""},
      {"C-3: client auth alone is enough",
       [&](CsrFields& f) {
         client(f);
         f.usages = {"client auth"};
       },
       ""},
      {"C-3: digital signature and key encipherment are optional",
       [&](CsrFields& f) {
         client(f);
         f.usages = {"key encipherment", "client auth", "digital signature"};
       },
       ""},
      {"C-3: any SANs will do",
       [&](CsrFields& f) {
         client(f);
         f.sans.email_addresses = {"jane@example.com"};
       },
       ""},
      {"C-3: client auth is missing",
       [&](CsrFields& f) {
         client(f);
         f.usages = {"digital signature"};
       },
       "missing required usage for client certificate: client auth"},
      {"C-3: no usages at all",
       [&](CsrFields& f) {
         client(f);
         f.usages = {};
       },
       "missing required usage for client certificate: client auth"},
      {"C-3: another usage is named, before the missing one",
       [&](CsrFields& f) {
         client(f);
         f.usages = {"server auth", "code signing"};
       },
       "invalid usage for client certificate: server auth"},
      {"B-7: signing is no digital signature here either",
       [&](CsrFields& f) {
         client(f);
         f.usages = {"client auth", "signing"};
       },
       "invalid usage for client certificate: signing"},
      {"C-3: legacy-unknown takes anything", legacy, ""},
      {"C-2: the shape is judged before the signature",
       [](CsrFields& f) {
         f.subject.common_name = "x";
         f.request_pem =
             testing::SpoilSignature(testing::MakeRequestPem(f.subject));
       },
       "subject common name does not begin with system:node:"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    CsrFields fields = Approved();
    t.change(fields);
    EXPECT_TRUE(AwaitsSigning(MakeCsr(fields), Config()));
    const absl::StatusOr<SigningDecision> got = Decide(fields);
    ASSERT_TRUE(got.ok()) << got.status();
    if (t.want.empty()) {
      EXPECT_EQ(got->action, SigningAction::kIssue);
      continue;
    }
    ASSERT_EQ(got->action, SigningAction::kFail);
    EXPECT_EQ(got->condition.type(), "Failed");
    EXPECT_EQ(got->condition.status(), "True");
    EXPECT_EQ(got->condition.reason(), "SignerValidationFailure");
    EXPECT_EQ(got->condition.message(), t.want);
    EXPECT_EQ(got->condition.last_update_time().seconds(), 1767225600);
    EXPECT_FALSE(got->condition.has_last_transition_time());
  }
}

TEST(DecideSigningTest, ErrorsAreForRetryingNotForFailed) {  // C-2
  CsrFields fields = Approved();
  fields.request_pem = "no PEM";
  EXPECT_THAT(Decide(fields),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "PEM block type must be CERTIFICATE REQUEST"));

  fields.request_pem =
      testing::SpoilSignature(testing::MakeRequestPem(fields.subject));
  EXPECT_THAT(Decide(fields),  // C-5
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("verification failure")));

  fields = Approved();
  fields.signer_name = kLegacyUnknown;
  fields.usages = {"client auth", "world domination"};
  EXPECT_THAT(Decide(fields), StatusIs(absl::StatusCode::kInvalidArgument,
                                       HasSubstr("world domination")));

  const pki::Validity ended = {kNow - absl::Hours(24), kNow - absl::Minutes(2)};
  EXPECT_THAT(
      DecideSigning(MakeCsr(Approved()), ended, Config(), kNow, kSerial),
      StatusIs(absl::StatusCode::kFailedPrecondition,  // C-10
               "refusing to sign a certificate that expired in the past: "
               "NotAfter=2025-12-31 23:58:00 +0000 UTC"));
}

TEST(DecideSigningTest, IssuesWhatKubernetesSignerWould) {
  CsrFields fields = Approved();
  fields.signer_name = kLegacyUnknown;
  fields.subject = {.country = {"KR"},
                    .organization = {"b", "a"},
                    .common_name = "x",
                    .serial_number = "7"};
  fields.sans = {.dns_names = {"b.example", "a.example"},
                 .email_addresses = {"a@example.com"},
                 .ip_addresses = {*pki::IpAddress::Parse("::ffff:192.0.2.1")},
                 .uris = {"spiffe://x/y"}};
  fields.usages = {"s/mime",      "client auth",      "signing",
                   "server auth", "email protection", "crl sign"};
  const absl::StatusOr<SigningDecision> got = Decide(fields);
  ASSERT_TRUE(got.ok()) << got.status();
  ASSERT_EQ(got->action, SigningAction::kIssue);
  const pki::TbsCertificate& tbs = got->tbs;
  EXPECT_EQ(tbs.serial_number, kSerial);  // C-6
  // C-16; the encoder writes it in Go's order.
  EXPECT_THAT(tbs.subject.country, ElementsAre("KR"));
  EXPECT_THAT(tbs.subject.organization,
              ::testing::UnorderedElementsAre("a", "b"));
  EXPECT_EQ(tbs.subject.common_name, "x");
  EXPECT_EQ(tbs.subject.serial_number, "7");
  EXPECT_EQ(tbs.spki_der, testing::TestKey().public_key().spki_der());
  // C-13, C-14.
  EXPECT_EQ(tbs.usages.key_usage, pki::kDigitalSignature | pki::kCrlSign);
  EXPECT_THAT(tbs.usages.extended,
              ElementsAre(pki::ExtendedKeyUsage::kServerAuth,
                          pki::ExtendedKeyUsage::kClientAuth,
                          pki::ExtendedKeyUsage::kEmailProtection));
  // C-15.
  EXPECT_THAT(tbs.subject_alt_names.dns_names,
              ElementsAre("b.example", "a.example"));
  EXPECT_THAT(tbs.subject_alt_names.email_addresses,
              ElementsAre("a@example.com"));
  ASSERT_EQ(tbs.subject_alt_names.ip_addresses.size(), 1u);
  EXPECT_TRUE(tbs.subject_alt_names.ip_addresses[0].is_v4());
  EXPECT_THAT(tbs.subject_alt_names.uris, ElementsAre("spiffe://x/y"));
  // C-12.
  EXPECT_FALSE(tbs.is_ca);
  EXPECT_FALSE(tbs.max_path_len.has_value());
  EXPECT_THAT(tbs.subject_key_id, IsEmpty());
}

TEST(DecideSigningTest, LifetimeFollowsRequestSignerAndCa) {  // C-7 to C-10
  const auto validity = [](std::optional<int32_t> seconds,
                           absl::Duration duration, absl::Duration ca_end) {
    CsrFields fields = Approved();
    fields.expiration_seconds = seconds;
    SigningConfig config = Config();
    config.duration = duration;
    const auto got =
        DecideSigning(MakeCsr(fields), {kNow, kNow + ca_end}, config,
                      kNow + absl::Milliseconds(700), kSerial);
    EXPECT_TRUE(got.ok()) << got.status();
    return got.ok() ? got->tbs.validity : pki::Validity{};
  };
  constexpr absl::Duration kFar = absl::Hours(87600);
  EXPECT_EQ(validity({}, absl::Hours(8760), kFar),
            (pki::Validity{kNow - absl::Minutes(5),
                           kNow + absl::Hours(8760) - absl::Minutes(5)}));
  EXPECT_EQ(validity(3600, absl::Hours(8760), kFar),
            (pki::Validity{kNow - absl::Minutes(5), kNow + absl::Hours(1)}));
  EXPECT_EQ(validity({}, absl::Minutes(3), kFar),
            (pki::Validity{kNow - absl::Minutes(5), kNow + absl::Minutes(3)}));
  EXPECT_EQ(validity({}, absl::Hours(8760), absl::Hours(1)),
            (pki::Validity{kNow - absl::Minutes(5), kNow + absl::Hours(1)}));
  SigningConfig config = Config();
  config.duration = absl::Minutes(1);
  config.backdate = absl::ZeroDuration();  // C-18
  const auto got =
      DecideSigning(MakeCsr(Approved()), kCa, config, kNow, kSerial);
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(got->tbs.validity, (pki::Validity{kNow, kNow + absl::Minutes(1)}));
}

TEST(ValidateSigningConfigTest, AcceptsOnlyTheClosedSet) {  // C-1
  EXPECT_EQ(ValidateSigningConfig(Config()), absl::OkStatus());
  SigningConfig config = Config();
  config.signer_names.push_back("example.com/serving");
  EXPECT_THAT(ValidateSigningConfig(config),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "unrecognized signerName: \"example.com/serving\""));
  config.signer_names.clear();
  EXPECT_THAT(ValidateSigningConfig(config),
              StatusIs(absl::StatusCode::kInvalidArgument));
  config = Config();
  config.duration = absl::ZeroDuration();
  EXPECT_THAT(ValidateSigningConfig(config),
              StatusIs(absl::StatusCode::kInvalidArgument));
  config = Config();
  config.backdate = -absl::Seconds(1);
  EXPECT_THAT(ValidateSigningConfig(config),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace signet::policy
