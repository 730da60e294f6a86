#include "cli/cfssl/request_file.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "core/pki/ip_address.h"
#include "core/pki/subject_alt_name.h"
#include "core/testing/fake_key_generator.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::cli::cfssl {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(RequestFileTest, E15KeyFieldsMergeOneByOne) {
  const auto request = ParseRequestFile(R"({"CN":"x","key":{"algo":"rsa"}})");
  ASSERT_THAT(request, IsOk());
  EXPECT_EQ(request->key.size, 256);
  testing::FakeKeyGenerator keys;
  EXPECT_THAT(NewKey(request->key, keys),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       R"({"code":2400,"message":"RSA key is too weak"})"));
}

TEST(RequestFileTest, E16HostsAreTriedAsAddressEmailUriAndName) {
  const struct {
    std::string host;
    std::string kind;
  } kTests[] = {
      {"10.0.0.1", "ip"},
      {"::1", "ip"},
      {"::ffff:1.2.3.4", "ip"},
      {"a@b.c", "email"},
      {"Bob <a@b.c>", "email"},
      {"spiffe://x/y", "uri"},
      {"urn:x", "uri"},
      {"host:443", "uri"},
      {"/path", "uri"},
      {"a.example", "dns"},
      {"*.a.example", "dns"},
      {"a b", "dns"},
      {"a@", "dns"},
      {"<a@b.c", "dns"},
      {"10.0.0.0/8", "dns"},
      {"", "dns"},
  };
  for (const auto& t : kTests) {
    const pki::SubjectAltNames sans = SortHosts({t.host});
    EXPECT_EQ(sans.ip_addresses.size(), t.kind == "ip") << t.host;
    EXPECT_EQ(sans.email_addresses.size(), t.kind == "email") << t.host;
    EXPECT_EQ(sans.uris.size(), t.kind == "uri") << t.host;
    EXPECT_EQ(sans.dns_names.size(), t.kind == "dns") << t.host;
  }
  EXPECT_THAT(SortHosts({"Bob <a@b.c>"}).email_addresses, ElementsAre("a@b.c"));
}

TEST(RequestFileTest, E18NobodyIsNoSubject) {
  const struct {
    std::string json;
    bool want;
  } kTests[] = {
      {"{}", true},
      {R"({"CN":"x"})", false},
      {R"({"names":[{"O":"o"}]})", false},
      {R"({"names":[{"O":" "}]})", true},
      {R"({"names":[{"O":"o"},{"E":"a@b.c"}]})", true},
  };
  for (const auto& t : kTests) {
    EXPECT_EQ(HasNoSubject(*ParseRequestFile(t.json)), t.want) << t.json;
  }
}

TEST(RequestFileTest, AWrongFileIsRefused) {
  for (const char* json :
       {"", "[]", R"({"CN":1})", R"({"hosts":"x"})", R"({"names":{}})",
        R"({"key":[]})", R"({"ca":1})", R"({"extensions":[{"Id":"x"}]})",
        R"({"extensions":[{"Id":[1,2],"Value":"!"}]})"}) {
    EXPECT_THAT(ParseRequestFile(json),
                StatusIs(absl::StatusCode::kInvalidArgument))
        << json;
  }
  const auto request =
      ParseRequestFile(R"({"names":[{"OID":{"no oid":"v"}}]})");
  ASSERT_THAT(request, IsOk());
  EXPECT_THAT(SubjectOf(*request), StatusIs(absl::StatusCode::kInvalidArgument,
                                            HasSubstr("invalid OID no oid")));
}

}  // namespace
}  // namespace signet::cli::cfssl
