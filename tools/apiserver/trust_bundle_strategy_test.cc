#include "tools/apiserver/trust_bundle_strategy.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "core/api/certificates.pb.h"
#include "core/testing/test_ca.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tools/apiserver/field_error.h"

namespace signet::apiserver {
namespace {

using ::testing::HasSubstr;
using Bundle = api::ClusterTrustBundle;

const testing::TestCa& Ca() {
  static const auto* const ca = new testing::TestCa("a");
  return *ca;
}

Bundle Make(absl::string_view name, absl::string_view signer,
            absl::string_view pem) {
  Bundle bundle;
  bundle.mutable_metadata()->set_name(name);
  bundle.mutable_metadata()->set_uid("u");
  bundle.mutable_metadata()->set_resource_version("1");
  if (!signer.empty()) bundle.mutable_spec()->set_signer_name(signer);
  bundle.mutable_spec()->set_trust_bundle(pem);
  return bundle;
}

std::string Text(const FieldErrors& errors) {
  std::vector<std::string> texts;
  for (const FieldError& error : errors) texts.push_back(error.ToString());
  return absl::StrJoin(texts, " | ");
}

TEST(TrustBundleCreateTest, AcceptsAnchors) {
  // SPEC D-20.
  const std::string ca = Ca().certificate_pem();
  EXPECT_EQ(Text(ValidateTrustBundleCreate(Make("roots", "", ca))), "");
  EXPECT_EQ(Text(ValidateTrustBundleCreate(
                Make("example.com:signer:v1", "example.com/signer", ca))),
            "");
  EXPECT_EQ(Text(ValidateTrustBundleCreate(
                Make("two", "",
                     absl::StrCat("text\n", ca, "between\n",
                                  testing::TestCa("b").certificate_pem())))),
            "");
}

TEST(TrustBundleCreateTest, RefusesTheRest) {
  // SPEC D-20.
  const std::string ca = Ca().certificate_pem();
  const struct {
    const char* name;
    Bundle bundle;
    const char* error;
  } kCases[] = {
      {"a colon without a signer", Make("a:b", "", ca),
       "metadata.name: Invalid value: \"a:b\": ClusterTrustBundle without "
       "signer name must not have \":\" in its name"},
      {"another signer's prefix",
       Make("example.org:signer:v1", "example.com/signer", ca),
       "ClusterTrustBundle for signerName example.com/signer must be named "
       "with prefix example.com:signer:"},
      {"a name behind the prefix that is none",
       Make("example.com:signer:A", "example.com/signer", ca),
       "a lowercase RFC 1123 subdomain"},
      {"a signer name that is none", Make("nodots:x:v", "nodots/x", ca),
       "spec.signerName: Invalid value: \"nodots\": should be a domain with at "
       "least two segments separated by dots"},
      {"no anchor", Make("a", "", "just text"),
       "spec.trustBundle: Invalid value: \"<value omitted>\": at least one "
       "trust anchor must be provided"},
      {"another block", Make("a", "", Ca().key_pem()),
       "entry 0 has bad block type: PRIVATE KEY"},
      {"a header",
       Make("a", "",
            "-----BEGIN CERTIFICATE-----\nk: v\n\nAAAA\n"
            "-----END CERTIFICATE-----\n"),
       "entry 0 has PEM block headers"},
      {"no certificate in it",
       Make("a", "",
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
       "entry 0 does not parse as X.509"},
      {"no CA",
       Make("a", "", absl::StrCat(ca, Ca().Client("leaf").certificate_pem)),
       "entry 1 does not have the CA bit set"},
      {"the same twice", Make("a", "", absl::StrCat(ca, ca)),
       "duplicate trust anchor (indices [0 1])"},
      {"more than a mebibyte", Make("a", "", std::string((1 << 20) + 1, 'x')),
       "spec.trustBundle: Too long: may not be more than 1048576 bytes"},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.name);
    EXPECT_THAT(Text(ValidateTrustBundleCreate(c.bundle)), HasSubstr(c.error));
  }
}

TEST(TrustBundleUpdateTest, JudgesContentsOnlyWhenTheyChange) {
  // SPEC D-20.
  const Bundle bad = Make("a", "", "text");
  Bundle labelled = bad;
  (*labelled.mutable_metadata()->mutable_labels())["k"] = "v";
  EXPECT_EQ(Text(ValidateTrustBundleUpdate(bad, labelled)), "");
  EXPECT_THAT(Text(ValidateTrustBundleUpdate(bad, Make("a", "", "more"))),
              HasSubstr("at least one trust anchor must be provided"));
}

TEST(TrustBundleUpdateTest, TheSignerStays) {
  // SPEC D-20.
  const std::string ca = Ca().certificate_pem();
  const Bundle stored = Make("example.com:signer:v1", "example.com/signer", ca);
  Bundle updated = stored;
  updated.mutable_spec()->set_signer_name("example.com/other");
  EXPECT_THAT(Text(ValidateTrustBundleUpdate(stored, updated)),
              HasSubstr("spec.signerName: Invalid value: "
                        "\"example.com/other\": field is immutable"));
}

}  // namespace
}  // namespace signet::apiserver
