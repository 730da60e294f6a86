#include "core/sys/environment.h"

#include <cstdlib>
#include <fstream>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::sys {
namespace {

using ::absl_testing::IsOkAndHolds;
using ::absl_testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kProxy[] = "http://proxy:3128";

absl::StatusOr<std::string> Proxy(
    absl::string_view server,
    const std::map<std::string, std::string, std::less<>>& variables) {
  return ProxyFor(server, [&](absl::string_view name) -> std::string {
    const auto found = variables.find(name);
    return found == variables.end() ? "" : found->second;
  });
}

TEST(HostNameTest, IsTheKernels) {
  std::ifstream file("/proc/sys/kernel/hostname");
  std::string want;
  file >> want;
  EXPECT_EQ(HostName(), want);
}

TEST(ProxyForTest, TakesTheVariableOfTheScheme) {
  using Variables = std::map<std::string, std::string, std::less<>>;
  const struct {
    std::string name;
    std::string server;
    Variables variables;
    std::string want;
  } kTests[] = {
      {"none is set", "https://a", {}, ""},
      {"https", "https://a", {{"HTTPS_PROXY", kProxy}}, kProxy},
      {"https in small letters",
       "https://a",
       {{"https_proxy", kProxy}},
       kProxy},
      {"capital letters win",
       "https://a",
       {{"HTTPS_PROXY", kProxy}, {"https_proxy", "http://other"}},
       kProxy},
      {"https does not use HTTP_PROXY",
       "https://a",
       {{"HTTP_PROXY", kProxy}},
       ""},
      {"http", "http://a", {{"HTTP_PROXY", kProxy}}, kProxy},
      {"http does not use HTTPS_PROXY",
       "http://a",
       {{"HTTPS_PROXY", kProxy}},
       ""},
      {"http under CGI uses none",
       "http://a",
       {{"HTTP_PROXY", kProxy}, {"REQUEST_METHOD", "GET"}},
       ""},
      {"a proxy without a scheme",
       "https://a",
       {{"HTTPS_PROXY", "proxy:3128"}},
       kProxy},
      {"NO_PROXY in small letters",
       "https://a",
       {{"HTTPS_PROXY", kProxy}, {"no_proxy", "a"}},
       ""},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    EXPECT_THAT(Proxy(t.server, t.variables), IsOkAndHolds(t.want));
  }
}

TEST(ProxyForTest, NoProxyIsGos) {
  const struct {
    std::string name;
    std::string server;
    std::string no_proxy;
    bool want_proxy;
  } kTests[] = {
      {"nothing listed", "https://example.com", "", true},
      {"localhost never", "https://localhost:6443", "", false},
      {"an IPv4 loopback address never", "https://127.1.2.3:6443", "", false},
      {"the IPv6 loopback address never", "https://[::1]:6443", "", false},
      {"a star is everything", "https://example.com", "x, *", false},
      {"the name itself", "https://example.com", "example.com", false},
      {"in other letters, with spaces", "https://EXAMPLE.com",
       " a , Example.COM ", false},
      {"a subdomain", "https://api.example.com", "example.com", false},
      {"a name that only ends alike", "https://badexample.com", "example.com",
       true},
      {"a dot before: not the name itself", "https://example.com",
       ".example.com", true},
      {"a dot before: a subdomain", "https://a.b.example.com", ".example.com",
       false},
      {"a star and a dot before: a subdomain", "https://a.example.com",
       "*.example.com", false},
      {"a star and a dot before: not the name", "https://example.com",
       "*.example.com", true},
      {"a port that is the server's", "https://example.com:6443",
       "example.com:6443", false},
      {"a port that is not", "https://example.com", "example.com:6443", true},
      {"the scheme's port", "https://example.com", "example.com:443", false},
      {"an address", "https://192.0.2.7:6443", "192.0.2.7", false},
      {"another address", "https://192.0.2.7:6443", "192.0.2.8", true},
      {"an address with its port", "https://192.0.2.7:6443", "192.0.2.7:6443",
       false},
      {"an address with another port", "https://192.0.2.7:6443",
       "192.0.2.7:443", true},
      {"a range", "https://192.0.2.7", "10.0.0.0/8,192.0.2.0/24", false},
      {"outside of the range", "https://192.0.3.7", "192.0.2.0/24", true},
      {"a range of odd length", "https://10.96.0.1", "10.96.0.0/12", false},
      {"outside of a range of odd length", "https://10.112.0.1", "10.96.0.0/12",
       true},
      {"a range with host bits", "https://10.1.2.3", "10.9.9.9/8", false},
      {"a range of everything", "https://10.1.2.3", "0.0.0.0/0", false},
      {"a range is not for names", "https://example.com", "0.0.0.0/0", true},
      {"an IPv6 range", "https://[2001:db8::1]:6443", "2001:db8::/32", false},
      {"an IPv4 range for an IPv6 address", "https://[2001:db8::1]",
       "0.0.0.0/0", true},
      {"an IPv6 address, bare", "https://[2001:db8::1]:6443", "2001:db8::1",
       false},
      {"an IPv6 address with its port", "https://[2001:db8::1]:6443",
       "[2001:db8::1]:6443", false},
      {"an IPv6 address with another port", "https://[2001:db8::1]:6443",
       "[2001:db8::1]:443", true},
      {"a bad range matches nothing", "https://10.1.2.3", "10.0.0.0/99", true},
      {"names do not match parts of addresses", "https://10.1.2.3", "2.3",
       true},
      {"empty entries match nothing", "https://example.com", ",,:443", true},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    EXPECT_THAT(
        Proxy(t.server, {{"HTTPS_PROXY", kProxy}, {"NO_PROXY", t.no_proxy}}),
        IsOkAndHolds(t.want_proxy ? kProxy : ""));
  }
}

TEST(ProxyForTest, SaysWhatIsNoUrl) {
  EXPECT_THAT(Proxy("ftp://a", {}),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(
      Proxy("https://a", {{"HTTPS_PROXY", "http://user:secret@ho st"}}),
      StatusIs(absl::StatusCode::kInvalidArgument,
               AllOf(HasSubstr("HTTPS_PROXY"), Not(HasSubstr("secret")))));
}

TEST(EnvironmentTest, GetEnvReadsTheProcesss) {
  setenv("SIGNET_TEST_VARIABLE", "x", 1);
  EXPECT_EQ(GetEnv("SIGNET_TEST_VARIABLE"), "x");
  unsetenv("SIGNET_TEST_VARIABLE");
  EXPECT_EQ(GetEnv("SIGNET_TEST_VARIABLE"), "");
}

TEST(EnvironmentTest, ProxyFromEnvironmentReadsTheProcesss) {
  setenv("HTTPS_PROXY", kProxy, 1);
  setenv("NO_PROXY", "b", 1);
  EXPECT_THAT(ProxyFromEnvironment("https://a"), IsOkAndHolds(kProxy));
  EXPECT_THAT(ProxyFromEnvironment("https://b"), IsOkAndHolds(""));
}

}  // namespace
}  // namespace signet::sys
