#include "core/policy/custom_signing.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/api/certificates.pb.h"
#include "core/pki/certificate.h"
#include "core/pki/certificate_authority.h"
#include "core/pki/certificate_request.h"
#include "core/pki/certificate_template.h"
#include "core/pki/key_usage.h"
#include "core/pki/pem.h"
#include "core/pki/private_key.h"
#include "core/policy/pattern.h"
#include "core/policy/signing.h"
#include "core/testing/csr_builder.h"
#include "core/testing/test_ca.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::policy {
namespace {

using ::absl_testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kSigner[] = "example.com/serving";
constexpr char kSerial[] = "0123456789abcdef";
// TLS feature (RFC 7633), "must staple": value SEQUENCE { INTEGER 5 }.
constexpr char kTlsFeature[] = "1.3.6.1.5.5.7.1.24";
const absl::Time kNow = absl::FromUnixSeconds(1790000000);

const testing::TestCa& Ca() {
  static const auto* const ca = new testing::TestCa(
      "example-ca", {kNow - absl::Hours(1), kNow + absl::Hours(24 * 365 * 5)});
  return *ca;
}

// The profile of the documentation's second page, in our words.
CustomProfile Page2() {
  return {
      .usages = {"digital signature", "key encipherment", "server auth"},
      .expiry = absl::Hours(876000),
  };
}

// The request of the documentation's second page, approved.
testing::CsrFields Fields() {
  return {.name = "my-svc.my-namespace",
          .subject = {.organization = {"system:nodes"},
                      .common_name = "system:node:my-pod"},
          .sans = {.dns_names = {"my-svc.my-namespace.svc.cluster.local"},
                   .ip_addresses = {*pki::IpAddress::Parse("192.0.2.24")}},
          .usages = {"digital signature", "key encipherment", "server auth"},
          .signer_name = kSigner,
          .conditions = {"Approved"}};
}

absl::StatusOr<SigningDecision> Decide(const testing::CsrFields& fields,
                                       const CustomProfile& profile) {
  return DecideCustomSigning(testing::MakeCsr(fields), Ca().authority(),
                             profile, kNow, kSerial);
}

// The message of the condition Failed, "" if there is none.
std::string FailureOf(const testing::CsrFields& fields,
                      const CustomProfile& profile) {
  const absl::StatusOr<SigningDecision> decision = Decide(fields, profile);
  EXPECT_EQ(decision.status(), absl::OkStatus());
  if (!decision.ok() || decision->action != SigningAction::kFail) return "";
  EXPECT_EQ(decision->condition.type(), "Failed");
  EXPECT_EQ(decision->condition.status(), "True");
  EXPECT_EQ(decision->condition.reason(), "SignerValidationFailure");
  EXPECT_EQ(decision->condition.last_update_time().seconds(),
            absl::ToUnixSeconds(kNow));
  return decision->condition.message();
}

// Only names like these.
AllowedNames Names(
    std::vector<std::pair<absl::string_view, std::vector<std::string>>> of) {
  AllowedNames allowed;
  for (const NameField& field : NameFields()) {
    std::vector<Pattern>& patterns = allowed.emplace_back();
    for (const auto& [name, texts] : of) {
      if (name != field.name) continue;
      for (const std::string& text : texts) {
        patterns.push_back(*Pattern::Parse(text));
      }
    }
  }
  return allowed;
}

std::string RequestWithExtensions(
    std::vector<pki::RequestedExtension> extensions) {
  pki::RequestTemplate request;
  request.subject.common_name = "x";
  request.extensions = std::move(extensions);
  return pki::EncodePem("CERTIFICATE REQUEST",
                        *pki::SignRequestTemplate(request, testing::TestKey()));
}

std::string RequestWithKey(pki::KeyAlgorithm algorithm) {
  const pki::PrivateKey key = *pki::PrivateKey::Generate(algorithm);
  return pki::EncodePem("CERTIFICATE REQUEST",
                        *pki::CertificateRequest::Build({}, {}, key));
}

TEST(DecideCustomSigningTest, C18IssuesWhatTheDocumentationsPageDoes) {
  const absl::StatusOr<SigningDecision> decision = Decide(Fields(), Page2());
  ASSERT_EQ(decision.status(), absl::OkStatus());
  ASSERT_EQ(decision->action, SigningAction::kIssue);
  const absl::StatusOr<std::string> der = Ca().authority().Issue(decision->tbs);
  ASSERT_EQ(der.status(), absl::OkStatus());
  const absl::StatusOr<pki::Certificate> issued = pki::Certificate::Parse(*der);
  ASSERT_EQ(issued.status(), absl::OkStatus());
  EXPECT_EQ(issued->subject().common_name, "system:node:my-pod");
  EXPECT_THAT(issued->subject_alt_names().dns_names,
              ElementsAre("my-svc.my-namespace.svc.cluster.local"));
  EXPECT_EQ(issued->usages().key_usage,
            pki::kDigitalSignature | pki::kKeyEncipherment);
  EXPECT_THAT(issued->usages().extended,
              ElementsAre(pki::ExtendedKeyUsage::kServerAuth));
  EXPECT_TRUE(issued->has_basic_constraints());
  EXPECT_FALSE(issued->is_ca());
  // As cfssl does (SPEC E-20).
  EXPECT_EQ(issued->subject_key_id(),
            pki::KeyId(testing::TestKey().public_key()));
  // 100 years were configured, but the CA ends before.
  EXPECT_EQ(issued->validity().not_before, kNow - absl::Minutes(5));
  EXPECT_EQ(issued->validity().not_after, Ca().validity().not_after);
}

TEST(DecideCustomSigningTest, C1IgnoresWhatDoesNotWait) {
  for (std::vector<std::string> conditions :
       {std::vector<std::string>{}, {"Denied"}, {"Approved", "Failed"}}) {
    testing::CsrFields fields = Fields();
    fields.conditions = std::move(conditions);
    const absl::StatusOr<SigningDecision> decision = Decide(fields, Page2());
    ASSERT_EQ(decision.status(), absl::OkStatus());
    EXPECT_EQ(decision->action, SigningAction::kIgnore);
    EXPECT_NE(decision->reason, "");
  }
}

TEST(DecideCustomSigningTest, C2FailsWhatCanNeverBeSigned) {
  CustomProfile no_rsa = Page2();
  no_rsa.keys = {.min_rsa_bits = 0, .ecdsa_bits = {256}, .ed25519 = false};
  CustomProfile ed25519 = no_rsa;
  ed25519.keys = {.min_rsa_bits = 0, .ecdsa_bits = {}, .ed25519 = true};
  CustomProfile named = Page2();
  named.names = Names({{"dnsNames", {R"(.*\.svc\.cluster\.local)"}},
                       {"commonName", {"system:node:my-.*"}},
                       {"organizations", {"system:nodes"}},
                       {"ipAddresses", {R"(192\.0\.2\..*)"}}});
  const auto with = [](void (*change)(testing::CsrFields&)) {
    testing::CsrFields fields = Fields();
    change(fields);
    return fields;
  };
  const struct {
    std::string name;
    testing::CsrFields fields;
    CustomProfile profile;
    std::string want;  // Empty: it is issued.
  } kTests[] = {
      {"all that the profile allows", Fields(), named, ""},
      {"a usage that the profile does not have",
       with([](auto& f) { f.usages.push_back("client auth"); }), Page2(),
       "the usage \"client auth\" is none of those that the signer allows: "
       "digital signature, key encipherment, server auth"},
      {"fewer usages than the profile has",
       with([](auto& f) { f.usages = {"server auth"}; }), Page2(), ""},
      {"the signature is another key's", with([](auto& f) {
         f.request_pem = testing::SpoilSignature(
             testing::MakeRequestPem(f.subject, f.sans));
       }),
       Page2(), "it is not signed with its own key: "},
      {"an RSA key where there may be none", with([](auto& f) {
         f.request_pem = RequestWithKey(pki::KeyAlgorithm::kRsa2048);
       }),
       no_rsa, "RSA"},
      {"an RSA key of the least size", with([](auto& f) {
         f.request_pem = RequestWithKey(pki::KeyAlgorithm::kRsa2048);
       }),
       Page2(), ""},
      {"a curve that is not allowed", with([](auto& f) {
         f.request_pem = RequestWithKey(pki::KeyAlgorithm::kEcdsaP384);
       }),
       no_rsa, "384"},
      {"an ECDSA key where only Ed25519 may be", Fields(), ed25519, "256"},
      {"a CA certificate (E-23)", with([](auto& f) {
         f.request_pem =
             RequestWithExtensions({pki::CaRequestExtension(std::nullopt)});
       }),
       Page2(), "it asks for a CA certificate, and the signer issues none"},
      {"a DNS name that only contains an allowed one", with([](auto& f) {
         f.sans.dns_names = {"a.svc.cluster.local.evil.example"};
       }),
       named,
       "the DNS name \"a.svc.cluster.local.evil.example\" is none that the "
       "signer allows"},
      {"one good DNS name does not help a bad one",
       with([](auto& f) { f.sans.dns_names.push_back("b"); }), named,
       "the DNS name \"b\" is none that the signer allows"},
      {"a name of a kind that has no patterns",
       with([](auto& f) { f.sans.uris = {"spiffe://a/b"}; }), named,
       "the signer allows no URI, and not \"spiffe://a/b\""},
      {"a part of the subject that has no patterns",
       with([](auto& f) { f.subject.country = {"KR"}; }), named,
       "the signer allows no country, and not \"KR\""},
      {"an IP address outside", with([](auto& f) {
         f.sans.ip_addresses = {*pki::IpAddress::Parse("10.0.0.1")};
       }),
       named, "the IP address \"10.0.0.1\" is none that the signer allows"},
      {"foreign bytes in a message are escaped",
       with([](auto& f) { f.subject.common_name = "a\nb"; }), named,
       "the common name \"a\\nb\" is none that the signer allows"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    const std::string failure = FailureOf(t.fields, t.profile);
    if (t.want.empty()) {
      EXPECT_EQ(failure, "");
    } else {
      EXPECT_THAT(failure, HasSubstr(t.want));
    }
  }
}

TEST(DecideCustomSigningTest, C7C9LifeFollowsRequestProfileAndCa) {
  const auto minutes = [](int n) { return absl::Minutes(n); };
  const struct {
    std::string name;
    std::optional<int32_t> expiration_seconds;
    absl::Duration expiry;
    absl::Duration backdate;
    absl::Duration want_before;  // Before now.
    absl::Duration want_after;   // After now.
  } kTests[] = {
      {"the profile's", std::nullopt, absl::Hours(1), minutes(5), minutes(5),
       absl::Hours(1)},
      {"the request's, if it is less", 1200, absl::Hours(1), minutes(5),
       minutes(5), minutes(20)},
      {"not the request's, if it is more", 7200, absl::Hours(1), minutes(5),
       minutes(5), absl::Hours(1)},
      {"from 8 h on the backdate is part of it", std::nullopt, absl::Hours(8),
       minutes(5), minutes(5), absl::Hours(8) - minutes(5)},
      {"no backdate", std::nullopt, absl::Hours(8), absl::ZeroDuration(),
       absl::ZeroDuration(), absl::Hours(8)},
      {"a long backdate", std::nullopt, absl::Hours(24), absl::Hours(1),
       absl::Hours(1), absl::Hours(23)},
      {"the CA's", std::nullopt, absl::Hours(876000), minutes(5), minutes(5),
       absl::Hours(24 * 365 * 5)},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    testing::CsrFields fields = Fields();
    fields.expiration_seconds = t.expiration_seconds;
    CustomProfile profile = Page2();
    profile.expiry = t.expiry;
    profile.backdate = t.backdate;
    const absl::StatusOr<SigningDecision> decision = Decide(fields, profile);
    ASSERT_EQ(decision.status(), absl::OkStatus());
    EXPECT_EQ(decision->tbs.validity.not_before, kNow - t.want_before);
    EXPECT_EQ(decision->tbs.validity.not_after, kNow + t.want_after);
  }
}

TEST(DecideCustomSigningTest, C10ErrorsOfTheCaAreRetried) {
  const testing::TestCa ended("ended",
                              {kNow - absl::Hours(2), kNow - absl::Hours(1)});
  EXPECT_THAT(DecideCustomSigning(testing::MakeCsr(Fields()), ended.authority(),
                                  Page2(), kNow, kSerial)
                  .status(),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("the signer has expired")));
}

TEST(DecideCustomSigningTest, NoLeafOutlivesAParentOfTheCa) {
  const testing::TestCa root("root",
                             {kNow - absl::Hours(1), kNow + absl::Hours(3)});
  const testing::TestCa ca("ca",
                           {kNow - absl::Hours(1), kNow + absl::Hours(9)});
  pki::TbsCertificate tbs;
  tbs.serial_number = "1";
  tbs.subject.common_name = "ca";
  tbs.validity = ca.validity();
  tbs.spki_der = ca.key().public_key().spki_der();
  tbs.is_ca = true;
  tbs.usages = {pki::kCertSign, {}};
  const pki::CertificateAuthority under = *pki::CertificateAuthority::Create(
      *pki::Certificate::Parse(*root.authority().Issue(tbs)),
      std::make_shared<const pki::PrivateKey>(ca.key()),
      {root.authority().certificate()});
  const absl::StatusOr<SigningDecision> decision = DecideCustomSigning(
      testing::MakeCsr(Fields()), under, Page2(), kNow, kSerial);
  ASSERT_EQ(decision.status(), absl::OkStatus());
  EXPECT_EQ(decision->tbs.validity.not_after, kNow + absl::Hours(3));
}

TEST(DecideCustomSigningTest, CopiesTheExtensionsThatTheProfileNames) {
  const std::string staple("\x30\x03\x02\x01\x05", 5);
  testing::CsrFields fields = Fields();
  fields.request_pem =
      RequestWithExtensions({{kTlsFeature, false, staple},
                             {"1.3.6.1.4.1.99999.1", true, "\x05\x00"}});
  CustomProfile profile = Page2();
  absl::StatusOr<SigningDecision> decision = Decide(fields, profile);
  ASSERT_EQ(decision.status(), absl::OkStatus());
  EXPECT_THAT(decision->tbs.more_extensions, IsEmpty());  // C-15
  profile.copied_extensions = {kTlsFeature};
  decision = Decide(fields, profile);
  ASSERT_EQ(decision.status(), absl::OkStatus());
  const pki::Certificate issued =
      *pki::Certificate::Parse(*Ca().authority().Issue(decision->tbs));
  EXPECT_EQ(issued.extensions().back(),
            std::make_pair(std::string(kTlsFeature), false));
  EXPECT_THAT(issued.der(), HasSubstr(staple));
}

TEST(DecideCustomSigningTest, IssuesCasWhereTheProfileIsOne) {
  CustomProfile profile = {.usages = {"cert sign", "crl sign"},
                           .expiry = absl::Hours(24),
                           .is_ca = true,
                           .max_path_len = 0};
  testing::CsrFields fields = Fields();
  fields.usages = {"cert sign"};
  fields.request_pem =
      RequestWithExtensions({pki::CaRequestExtension(std::nullopt)});
  const absl::StatusOr<SigningDecision> decision = Decide(fields, profile);
  ASSERT_EQ(decision.status(), absl::OkStatus());
  ASSERT_EQ(decision->action, SigningAction::kIssue);
  const pki::Certificate issued =
      *pki::Certificate::Parse(*Ca().authority().Issue(decision->tbs));
  EXPECT_TRUE(issued.is_ca());
  EXPECT_EQ(issued.max_path_len(), 0);
}

TEST(ValidateCustomSignerNameTest, C1LeavesKubernetesItsNames) {
  EXPECT_EQ(ValidateCustomSignerName("example.com/serving"), absl::OkStatus());
  EXPECT_EQ(ValidateCustomSignerName("x.kubernetes.io.example.com/a"),
            absl::OkStatus());
  for (const char* name :
       {"kubernetes.io/kubelet-serving", "kubernetes.io/mine", "serving",
        "example/serving", "example.com/", "/serving", "example.com/a/b", ""}) {
    EXPECT_THAT(ValidateCustomSignerName(name),
                StatusIs(absl::StatusCode::kInvalidArgument))
        << name;
  }
}

TEST(ValidateCustomProfileTest, RefusesWhatCannotBeMeant) {
  EXPECT_EQ(ValidateCustomProfile(Page2()), absl::OkStatus());
  const struct {
    std::string want;
    void (*change)(CustomProfile&);
  } kTests[] = {
      {"no usages", [](auto& p) { p.usages.clear(); }},
      {"unrecognized usage", [](auto& p) { p.usages = {"signature"}; }},
      {"cert sign", [](auto& p) { p.usages = {"cert sign"}; }},
      {"cert sign", [](auto& p) { p.is_ca = true; }},
      {"path length", [](auto& p) { p.max_path_len = 1; }},
      {"expiry", [](auto& p) { p.expiry = absl::ZeroDuration(); }},
      {"backdate", [](auto& p) { p.backdate = -absl::Seconds(1); }},
      {"not an OID", [](auto& p) { p.copied_extensions = {"1.3.x"}; }},
      {"not for a requester",
       [](auto& p) { p.copied_extensions = {"2.5.29.19"}; }},
      {"not for a requester",
       [](auto& p) { p.copied_extensions = {"1.3.6.1.5.5.7.1.1"}; }},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.want);
    CustomProfile profile = Page2();
    t.change(profile);
    EXPECT_THAT(
        ValidateCustomProfile(profile),
        StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(t.want)));
  }
}

}  // namespace
}  // namespace signet::policy
