#include "core/http/message.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::http {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

TEST(HeadersTest, NamesCompareWithoutCase) {
  Headers headers;
  headers.Add("Content-Type", "text/plain");
  EXPECT_EQ(headers.Get("content-type"), "text/plain");
  EXPECT_TRUE(headers.Has("CONTENT-TYPE"));
  EXPECT_FALSE(headers.Has("Content"));
  EXPECT_EQ(headers.Get("Content"), "");
}

TEST(HeadersTest, AddKeepsTheOrderAndGetGivesTheFirst) {
  Headers headers;
  headers.Add("A", "1");
  headers.Add("B", "2");
  headers.Add("a", "3");
  EXPECT_EQ(headers.Get("A"), "1");
  EXPECT_THAT(headers.fields(),
              ElementsAre(Pair("A", "1"), Pair("B", "2"), Pair("a", "3")));
}

TEST(HeadersTest, SetReplacesEveryFieldOfTheName) {
  Headers headers;
  headers.Add("A", "1");
  headers.Add("B", "2");
  headers.Add("a", "3");
  headers.Set("A", "4");
  EXPECT_THAT(headers.fields(), ElementsAre(Pair("A", "4"), Pair("B", "2")));
  headers.Set("C", "5");
  EXPECT_THAT(headers.fields(),
              ElementsAre(Pair("A", "4"), Pair("B", "2"), Pair("C", "5")));
}

using Query = std::vector<std::pair<std::string, std::string>>;

TEST(ParseTargetTest, SplitsAndDecodes) {
  const struct {
    std::string name;
    std::string target;
    std::string want_path;
    Query want_query;
  } kTests[] = {
      {"a plain path", "/api/v1/nodes", "/api/v1/nodes", {}},
      {"an empty target", "", "", {}},
      {"an empty query", "/a?", "/a", {}},
      {"pairs in order",
       "/a?b=1&a=2&b=3",
       "/a",
       {{"b", "1"}, {"a", "2"}, {"b", "3"}}},
      {"a key without a value", "/a?watch", "/a", {{"watch", ""}}},
      {"a value without a key", "/a?=x", "/a", {{"", "x"}}},
      {"a value with =",
       "/a?fieldSelector=a%3Db=c",
       "/a",
       {{"fieldSelector", "a=b=c"}}},
      {"empty pairs are skipped", "/a?&&x=1&", "/a", {{"x", "1"}}},
      {"the first ? splits", "/a?x=?", "/a", {{"x", "?"}}},
      {"plus is a space in the query only",
       "/a+b?c+d=e+f",
       "/a+b",
       {{"c d", "e f"}}},
      {"escapes in both", "/a%20b?c%26=%3D", "/a b", {{"c&", "="}}},
      {"either case of hex digits", "/%c3%BC", "/\xc3\xbc", {}},
      {"an escape is decoded once", "/%2525", "/%25", {}},
      {"an escaped slash and question mark", "/a%2Fb%3Fc", "/a/b?c", {}},
      {"an escaped NUL", "/a%00b", std::string("/a\0b", 4), {}},
      {"a fragment is dropped", "/a?b=1#c?d=2", "/a", {{"b", "1"}}},
      {"a lone percent sign", "/100%", "/100%", {}},
      {"one digit at the end", "/a%4", "/a%4", {}},
      {"no hex digits", "/a%zz?b=%-1", "/a%zz", {{"b", "%-1"}}},
      {"half an escape before a whole one", "/%%41", "/%A", {}},
      {"dots are not resolved", "/a/../b/%2e%2e", "/a/../b/..", {}},
      {"bytes over 127 pass", "/\xff", "/\xff", {}},
      {"semicolons do not split", "/a?b=1;c=2", "/a", {{"b", "1;c=2"}}},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    const ParsedTarget got = ParseTarget(t.target);
    EXPECT_EQ(got.path, t.want_path);
    EXPECT_EQ(got.query, t.want_query);
  }
}

TEST(ParseTargetTest, QueryGivesTheFirstValue) {
  const ParsedTarget target = ParseTarget("/?a=1&a=2&b");
  EXPECT_EQ(target.Query("a"), "1");
  EXPECT_EQ(target.Query("b"), "");
  EXPECT_TRUE(target.HasQuery("b"));
  EXPECT_EQ(target.Query("c"), "");
  EXPECT_FALSE(target.HasQuery("c"));
  EXPECT_THAT(ParseTarget("/").query, IsEmpty());
}

TEST(EscapeTest, LeavesWhatRfc3986Allows) {
  const struct {
    std::string name;
    std::string text;
    std::string want_path;
    std::string want_query;
  } kTests[] = {
      {"unreserved characters", "aZ09-._~", "aZ09-._~", "aZ09-._~"},
      {"a colon, as in system:node:a", "system:node:a", "system:node:a",
       "system%3Anode%3Aa"},
      {"a slash", "a/b", "a%2Fb", "a%2Fb"},
      {"characters with a meaning", "?#%&=+ ", "%3F%23%25&=+%20",
       "%3F%23%25%26%3D%2B%20"},
      {"controls and NUL", std::string("\0\r\n", 3), "%00%0D%0A", "%00%0D%0A"},
      {"UTF-8", "\xc3\xbc", "%C3%BC", "%C3%BC"},
      {"nothing", "", "", ""},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    EXPECT_EQ(PathEscape(t.text), t.want_path);
    EXPECT_EQ(QueryEscape(t.text), t.want_query);
  }
}

TEST(EscapeTest, ParseTargetUndoesIt) {
  std::string all;
  for (int c = 0; c < 256; ++c) all.push_back(static_cast<char>(c));
  const ParsedTarget got = ParseTarget(absl::StrCat(
      "/", PathEscape(all), "?", QueryEscape(all), "=", QueryEscape(all)));
  EXPECT_EQ(got.path, absl::StrCat("/", all));
  EXPECT_THAT(got.query, ElementsAre(Pair(all, all)));
}

}  // namespace
}  // namespace signet::http
