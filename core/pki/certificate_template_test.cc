#include "core/pki/certificate_template.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/pki/certificate.h"
#include "core/pki/certificate_authority.h"
#include "core/pki/certificate_request.h"
#include "core/pki/key_usage.h"
#include "core/pki/private_key.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::pki {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

PrivateKey Key() { return *PrivateKey::Generate(KeyAlgorithm::kEcdsaP256); }

CertificateTemplate Template(const PrivateKey& key) {
  CertificateTemplate tbs;
  tbs.serial_number = "\x01\x02";
  tbs.subject.common_name = "x";
  tbs.validity = {absl::FromUnixSeconds(1000000000),
                  absl::FromUnixSeconds(1000003600)};
  tbs.spki_der = key.public_key().spki_der();
  tbs.key_usage = kDigitalSignature;
  tbs.extended = {ExtendedKeyUsage::kClientAuth, ExtendedKeyUsage::kServerAuth};
  tbs.subject_key_id = "id";
  return tbs;
}

TEST(CertificateTemplateTest, E20WritesTheExtensionsInGosOrder) {
  const PrivateKey key = Key();
  CertificateTemplate tbs = Template(key);
  tbs.ocsp_servers = {"http://o"};
  tbs.crl_distribution_points = {"http://c"};
  tbs.subject_alt_names.dns_names = {"x"};
  tbs.extensions = {{"1.2.3.4", true, "\x05\x01z"}};
  const auto der = SignTemplate(tbs, {"", "ca"}, key);
  ASSERT_THAT(der, IsOk());
  const auto certificate = Certificate::Parse(*der);
  ASSERT_THAT(certificate, IsOk());
  EXPECT_THAT(
      certificate->extensions(),
      ElementsAre(Pair("2.5.29.15", true), Pair("2.5.29.37", false),
                  Pair("2.5.29.19", true), Pair("2.5.29.14", false),
                  Pair("1.3.6.1.5.5.7.1.1", false), Pair("2.5.29.17", false),
                  Pair("2.5.29.31", false), Pair("1.2.3.4", true)));
  EXPECT_THAT(certificate->CheckSignatureFrom(*certificate), IsOk());
  EXPECT_EQ(certificate->validity(), tbs.validity);
}

TEST(CertificateTemplateTest, E20WritesAnAkiWhereTheNamesDiffer) {
  const PrivateKey key = Key();
  DistinguishedName issuer;
  issuer.common_name = "ca";
  const auto der =
      SignTemplate(Template(key), {*issuer.Encode(), "ca id"}, key);
  ASSERT_THAT(der, IsOk());
  const auto certificate = Certificate::Parse(*der);
  ASSERT_THAT(certificate, IsOk());
  EXPECT_EQ(certificate->authority_key_id(), "ca id");
  EXPECT_EQ(certificate->issuer().common_name, "ca");
}

TEST(CertificateTemplateTest, AnExtensionTakesThePlaceOfTheUsualOne) {
  const PrivateKey key = Key();
  CertificateTemplate tbs = Template(key);
  tbs.extensions = {{"2.5.29.15", true, EncodeKeyUsage(kKeyEncipherment)}};
  const auto certificate = Certificate::Parse(*SignTemplate(tbs, {}, key));
  ASSERT_THAT(certificate, IsOk());
  EXPECT_EQ(certificate->usages().key_usage, kKeyEncipherment);
}

TEST(CertificateTemplateTest, E19ACaRequestIsReadAsItWasWritten) {
  for (const std::optional<int> length :
       {std::optional<int>(), std::optional<int>(0), std::optional<int>(200)}) {
    const auto read = ParseCaRequest({CaRequestExtension(length)});
    ASSERT_THAT(read, IsOk());
    ASSERT_TRUE(read->has_value());
    EXPECT_TRUE((*read)->is_ca);
    EXPECT_EQ((*read)->max_path_len, length.value_or(-1));
  }
  EXPECT_EQ(*ParseCaRequest({{"1.2.3", false, ""}}), std::nullopt);
  EXPECT_THAT(ParseCaRequest({{"2.5.29.19", true, "junk"}}),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(CertificateTemplateTest, E14ARequestHasMoreAttributesAndExtensions) {
  const PrivateKey key = Key();
  RequestTemplate tbs;
  tbs.subject.common_name = "x";
  tbs.subject_more = {{"1.2.840.113549.1.9.1", "a@b.c"}, {"1.2.3", "v"}};
  tbs.subject_alt_names.dns_names = {"x"};
  tbs.extensions = {{"1.2.3.4", false, "v"}};
  const auto der = SignRequestTemplate(tbs, key);
  ASSERT_THAT(der, IsOk());
  const auto request = CertificateRequest::Parse(*der);
  ASSERT_THAT(request, IsOk());
  EXPECT_THAT(request->VerifySignature(), IsOk());
  EXPECT_THAT(
      request->subject().names,
      ElementsAre(Pair("2.5.4.3", "x"), Pair("1.2.840.113549.1.9.1", "a@b.c"),
                  Pair("1.2.3", "v")));
  EXPECT_EQ(request->extensions().size(), 2);
}

TEST(CertificateTemplateTest, WithoutExtensionsARequestIsBuildsOwn) {
  const PrivateKey key = *PrivateKey::Generate(KeyAlgorithm::kEd25519);
  RequestTemplate tbs;  // Ed25519 signs the same bytes in the same way.
  tbs.subject.common_name = "x";
  tbs.subject_alt_names.dns_names = {"x.example"};
  EXPECT_EQ(
      *SignRequestTemplate(tbs, key),
      *CertificateRequest::Build(tbs.subject, tbs.subject_alt_names, key));
}

TEST(CertificateTemplateTest, PoliciesAreWhatGosParserTakes) {
  const PrivateKey key = Key();
  CertificateTemplate tbs = Template(key);
  const auto policies =
      PoliciesExtension({{"1.2.3.4",
                          {{PolicyQualifier::Kind::kCps, "http://cps"},
                           {PolicyQualifier::Kind::kUserNotice, "note"}}},
                         {"2.5.29.32.0", {}}});
  ASSERT_THAT(policies, IsOk());
  tbs.extensions = {*policies};
  EXPECT_THAT(Certificate::Parse(*SignTemplate(tbs, {}, key)), IsOk());
}

TEST(CertificateTemplateTest, WhatCannotBeEncodedIsRefused) {
  const PrivateKey key = Key();
  for (const char* oid : {"", "1", "3.1", "1.40", "1.x", "1.-2", "1..2"}) {
    EXPECT_THAT(EncodeName({}, {{oid, "v"}}),
                StatusIs(absl::StatusCode::kInvalidArgument))
        << oid;
  }
  EXPECT_THAT(EncodeName({}, {{"1.2", "\xff"}}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("UTF-8")));
  CertificateTemplate tbs = Template(key);
  tbs.serial_number = std::string(21, '\x01');
  EXPECT_THAT(SignTemplate(tbs, {}, key),
              StatusIs(absl::StatusCode::kInvalidArgument));
  tbs = Template(key);
  tbs.ocsp_servers = {"http://\xc3\xa4"};
  EXPECT_THAT(
      SignTemplate(tbs, {}, key),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("IA5String")));
}

}  // namespace
}  // namespace signet::pki
