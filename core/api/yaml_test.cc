#include "core/api/yaml.h"

#include <string>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::api {
namespace {

using ::absl_testing::IsOkAndHolds;
using ::absl_testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(YamlToJsonTest, ReadsScalarsAsKubernetesDoes) {
  const struct {
    const char* sentence;
    const char* yaml;
    const char* json;
  } kCases[] = {
      {"words are strings", "a: b c", R"({"a":"b c"})"},
      {"what looks like a number is one", "a: 12", R"({"a":12})"},
      {"quoted it is none", "a: '12'", R"({"a":"12"})"},
      {"a negative number", "a: -3", R"({"a":-3})"},
      {"octal as in YAML 1.1", "a: 0644", R"({"a":420})"},
      {"octal as in YAML 1.2", "a: 0o644", R"({"a":420})"},
      {"hexadecimal", "a: 0xff", R"({"a":255})"},
      {"underscores count for nothing", "a: 1_000", R"({"a":1000})"},
      {"the largest unsigned number", "a: 18446744073709551615",
       R"({"a":18446744073709551615})"},
      {"a fraction", "a: 1.5", R"({"a":1.5E0})"},
      {"a version is none", "a: 1.2.3", R"({"a":"1.2.3"})"},
      {"a time stays text", "a: 2026-01-01T00:00:00Z",
       R"({"a":"2026-01-01T00:00:00Z"})"},
      {"true", "a: true", R"({"a":true})"},
      {"yes is true", "a: Yes", R"({"a":true})"},
      {"off is false", "a: off", R"({"a":false})"},
      {"oN is a word", "a: oN", R"({"a":"oN"})"},
      {"a tilde is null", "a: ~", R"({"a":null})"},
      {"nothing is null", "a:", R"({"a":null})"},
      {"keys become strings", "1: x", R"({"1":"x"})"},
      {"a block of text", "a: |\n  x\n  y\n", R"({"a":"x\ny\n"})"},
      {"lists and flows", "a: [1, {b: c}]", R"({"a":[1,{"b":"c"}]})"},
      {"an alias is expanded", "a: &x [1]\nb: *x", R"({"a":[1],"b":[1]})"},
      {"JSON is YAML", R"({"a": ["b"]})", R"({"a":["b"]})"},
  };
  for (const auto& test : kCases) {
    SCOPED_TRACE(test.sentence);
    EXPECT_THAT(YamlToJson(test.yaml), IsOkAndHolds(ElementsAre(test.json)));
  }
}

TEST(YamlToJsonTest, ReadsEachDocument) {
  EXPECT_THAT(YamlToJson("a: 1\n---\n---\nb: 2\n"),
              IsOkAndHolds(ElementsAre(R"({"a":1})", R"({"b":2})")));
  EXPECT_THAT(YamlToJson(""), IsOkAndHolds(IsEmpty()));
}

TEST(YamlToJsonTest, RefusesWhatIsNoYaml) {
  std::string deep(100, '[');
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 8; ++i) {
    absl::StrAppend(&bomb, "a", i, ": &a", i, " [*a", i - 1, ", *a", i - 1,
                    ", *a", i - 1, ", *a", i - 1, ", *a", i - 1, ", *a", i - 1,
                    ", *a", i - 1, ", *a", i - 1, "]\n");
  }
  const struct {
    const char* sentence;
    std::string yaml;
    const char* error;
  } kCases[] = {
      {"an open list", "a: [", "line"},
      {"a key twice", "a: 1\nb: 2\na: 3", "line 3: key \"a\" already set"},
      {"a list as a key", "? [a]\n: b", "no scalar"},
      {"an alias of nothing", "a: *b", "line 1"},
      {"too deep", deep + std::string(100, ']'), "nested too deeply"},
      {"a bomb of aliases", bomb, "too many values"},
      {"binary", "a: !!binary YQ==", "!!binary"},
  };
  for (const auto& test : kCases) {
    SCOPED_TRACE(test.sentence);
    EXPECT_THAT(
        YamlToJson(test.yaml),
        StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(test.error)));
  }
}

}  // namespace
}  // namespace signet::api
