#include "core/http/url.h"

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::http {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(ParseUrlTest, TakesApart) {
  const struct {
    std::string url;
    std::string scheme;
    std::string host;
    uint16_t port;
    std::string authority;
    std::string path;
  } kTests[] = {
      {"https://a", "https", "a", 443, "a", ""},
      {"http://a/", "http", "a", 80, "a", ""},
      {"HTTPS://A.Example:6443", "https", "a.example", 6443, "A.Example:6443",
       ""},
      {"https://192.0.2.1:65535/x/y//", "https", "192.0.2.1", 65535,
       "192.0.2.1:65535", "/x/y"},
      {"https://[2001:db8::1]", "https", "2001:db8::1", 443, "[2001:db8::1]",
       ""},
      {"https://[::1]:6443/k8s/clusters/c-1", "https", "::1", 6443,
       "[::1]:6443", "/k8s/clusters/c-1"},
      {"https://a:/x", "https", "a", 443, "a", "/x"},
      {"https://a_b-c.d", "https", "a_b-c.d", 443, "a_b-c.d", ""},
      {"https://a/%20", "https", "a", 443, "a", "/%20"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.url);
    const auto url = ParseUrl(t.url);
    ASSERT_THAT(url, IsOk());
    EXPECT_EQ(url->scheme, t.scheme);
    EXPECT_EQ(url->host, t.host);
    EXPECT_EQ(url->port, t.port);
    EXPECT_EQ(url->authority, t.authority);
    EXPECT_EQ(url->path, t.path);
    EXPECT_EQ(url->user_info, "");
  }
}

TEST(ParseUrlTest, DecodesUserInfo) {
  const auto url = ParseUrl("http://me%40home:p@ss@proxy:3128");
  ASSERT_THAT(url, IsOk());
  EXPECT_EQ(url->user_info, "me@home:p@ss");
  EXPECT_EQ(url->host, "proxy");
  EXPECT_EQ(url->authority, "proxy:3128");
}

TEST(ParseUrlTest, SaysWhatIsWrong) {
  const struct {
    std::string url;
    std::string want;
  } kTests[] = {
      {"", "it must begin with http:// or https://"},
      {"a:6443", "it must begin with http:// or https://"},
      {"//a", "it must begin with http:// or https://"},
      {"ftp://a", "it must begin with http:// or https://"},
      {"https://", "it has no proper host"},
      {"https:///x", "it has no proper host"},
      {"https://:6443", "it has no proper host"},
      {"https://a b", "it has no proper host"},
      {"https://a\r\nb", "it has no proper host"},
      {"https://a%20b", "it has no proper host"},
      {"https://\xc3\xbc.example", "it has no proper host"},
      {"https://::1", "it has no proper host"},
      {"https://[::1", "a ] is missing"},
      {"https://[192.0.2.1]", "there is no IPv6 address in the brackets"},
      {"https://[]", "there is no IPv6 address in the brackets"},
      {"https://[::1]x", "after the ] there must be a port or nothing"},
      {"https://a:x", "the port must be a number from 1 to 65535"},
      {"https://a:0", "the port must be a number from 1 to 65535"},
      {"https://a:65536", "the port must be a number from 1 to 65535"},
      {"https://a:-1", "the port must be a number from 1 to 65535"},
      {"https://a:+1", "the port must be a number from 1 to 65535"},
      {"https://a: 1", "the port must be a number from 1 to 65535"},
      {"https://a/x?y", "it must not have a query or a fragment"},
      {"https://a#y", "it must not have a query or a fragment"},
      {"https://a/x y", "there are spaces or other characters to be escaped"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.url);
    EXPECT_THAT(
        ParseUrl(t.url).status(),
        StatusIs(absl::StatusCode::kInvalidArgument,
                 AllOf(HasSubstr(absl::StrCat("bad URL \"", t.url, "\": ")),
                       HasSubstr(t.want))));
  }
}

TEST(ParseUrlTest, MessagesKeepPasswordsToThemselves) {
  EXPECT_THAT(
      ParseUrl("https://user:secret@a:x").status(),
      StatusIs(absl::StatusCode::kInvalidArgument,
               AllOf(HasSubstr("https://***@a:x"), Not(HasSubstr("secret")))));
}

TEST(HostPortTest, BracketsIpv6) {
  EXPECT_EQ(HostPort("a.example", 443), "a.example:443");
  EXPECT_EQ(HostPort("::1", 6443), "[::1]:6443");
}

}  // namespace
}  // namespace signet::http
