#include "core/policy/pattern.h"

#include <string>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::policy {
namespace {

using ::absl_testing::StatusIs;
using ::testing::HasSubstr;

TEST(PatternTest, B14MatchesTheWholeText) {
  const struct {
    std::string name;
    std::string pattern;
    std::string text;
    std::string node;
    bool want;
  } kTests[] = {
      {"the whole", "node-[0-9]+", "node-1", "", true},
      {"not a beginning", "node-[0-9]+", "node-1.evil", "", false},
      {"not an end", "node-[0-9]+", "xnode-1", "", false},
      {"an alternative is bound at both ends, too", "a|b", "ab", "", false},
      {"not a line of several", "node", "node\nevil", "", false},
      {"a dot is no line feed", "a.b", "a\nb", "", false},
      {"case counts", "node", "NODE", "", false},
      {"bytes that are no UTF-8", "a.b",
       "a\xff"
       "b",
       "", true},
      {"the node's name, literally", R"({node}\.x)", "n.1.x", "n.1", true},
      {"its dots match dots only", R"({node}\.x)", "nx1.x", "n.1", false},
      {"without a node, nothing", "{node}", "", "", false},
      {"a repetition is none of the node's name", "a{2}", "aa", "node", true},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    const absl::StatusOr<Pattern> pattern = Pattern::Parse(t.pattern);
    ASSERT_TRUE(pattern.ok()) << pattern.status();
    EXPECT_EQ(pattern->Matches(t.text, t.node), t.want);
    EXPECT_EQ(pattern->text(), t.pattern);
  }
}

TEST(PatternTest, RefusesWhatIsNoExpression) {
  EXPECT_THAT(Pattern::Parse("("), StatusIs(absl::StatusCode::kInvalidArgument,
                                            "no RE2 expression: missing ): ("));
  EXPECT_THAT(Pattern::Parse(R"((a)\1)"),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("no RE2 expression: invalid escape")));
  EXPECT_THAT(Pattern::Parse(std::string(1025, 'a')),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "a pattern of over 1024 bytes"));
  EXPECT_THAT(Pattern::Parse("((a{100}){100}){100}"),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("no RE2 expression: ")));
}

}  // namespace
}  // namespace signet::policy
