#include "core/service/config_reader.h"

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::service {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr absl::string_view kVersion = "signet.dev/v1alpha1";

struct Policy {
  std::string name;
  std::vector<std::string> groups;
  std::string signer_name;
};

struct Config {
  std::string text = "default";
  bool flag = true;
  int64_t number = 7;
  absl::Duration duration = absl::Hours(1);
  uint32_t mode = 0600;
  std::vector<std::string> strings = {"default"};
  std::vector<Policy> policies;
};

absl::Status Read(absl::string_view text, Config* config) {
  return ReadConfig(
      "c.yaml", text, kVersion, "TestConfiguration", [&](ConfigMapping& c) {
        c.String("text", &config->text);
        c.Bool("flag", &config->flag);
        c.Int("number", 1, 100, &config->number);
        c.Duration("duration", absl::Minutes(1), &config->duration);
        c.Mode("mode", &config->mode);
        c.Strings("strings", &config->strings);
        c.Mappings("policies", [&](ConfigMapping& p) {
          Policy& policy = config->policies.emplace_back();
          p.Required("name");
          p.String("name", &policy.name);
          if (policy.name == "bad") p.Error("name", "is taken");
          if (policy.name == "worse") p.Error("", "makes no sense");
          p.Mapping("match", [&](ConfigMapping& m) {
            m.String("signerName", &policy.signer_name);
            m.Strings("groups", &policy.groups);
          });
        });
      });
}

// The document's lines after apiVersion (1) and kind (2).
std::string WithHeader(absl::string_view rest) {
  return absl::StrCat("apiVersion: ", kVersion, "\nkind: TestConfiguration\n",
                      rest);
}

TEST(ConfigReaderTest, ReadsEveryTypeOfField) {
  Config config;
  ASSERT_THAT(Read(WithHeader(R"(
text: hello # A comment.
flag: false
number: 12
duration: 1h30m
mode: 0644
strings: [a, "5", 'true', "null", b c]
policies:
- name: one
  match:
    signerName: example.com/serving
    groups:
    - system:nodes
- {name: two}
)"),
                   &config),
              IsOk());
  EXPECT_EQ(config.text, "hello");
  EXPECT_FALSE(config.flag);
  EXPECT_EQ(config.number, 12);
  EXPECT_EQ(config.duration, absl::Minutes(90));
  EXPECT_EQ(config.mode, 0644u);
  EXPECT_THAT(config.strings, ElementsAre("a", "5", "true", "null", "b c"));
  ASSERT_EQ(config.policies.size(), 2u);
  EXPECT_EQ(config.policies[0].name, "one");
  EXPECT_EQ(config.policies[0].signer_name, "example.com/serving");
  EXPECT_THAT(config.policies[0].groups, ElementsAre("system:nodes"));
  EXPECT_EQ(config.policies[1].name, "two");
}

TEST(ConfigReaderTest, LeavesTheDefaultWhereAFieldIsAbsentOrNull) {
  for (const absl::string_view rest :
       {"",
        "text:\nflag: null\nnumber: ~\nduration:\nmode:\nstrings:\n"
        "policies:\n"}) {
    SCOPED_TRACE(rest);
    Config config;
    ASSERT_THAT(Read(WithHeader(rest), &config), IsOk());
    EXPECT_EQ(config.text, "default");
    EXPECT_TRUE(config.flag);
    EXPECT_EQ(config.number, 7);
    EXPECT_EQ(config.duration, absl::Hours(1));
    EXPECT_EQ(config.mode, 0600u);
    EXPECT_THAT(config.strings, ElementsAre("default"));
  }
}

TEST(ConfigReaderTest, ReadsJson) {
  Config config;
  ASSERT_THAT(Read(R"({"apiVersion": "signet.dev/v1alpha1",
                       "kind": "TestConfiguration", "text": "5",
                       "mode": "0755", "strings": []})",
                   &config),
              IsOk());
  EXPECT_EQ(config.text, "5");
  EXPECT_EQ(config.mode, 0755u);
  EXPECT_TRUE(config.strings.empty());
}

TEST(ConfigReaderTest, SaysOnWhichLineAValueIsWrong) {
  const struct {
    std::string name;
    std::string rest;  // From line 3 on.
    std::string want;
  } kTests[] = {
      {"an unknown field", "other: 1\n", "c.yaml:3: unknown field \"other\""},
      {"an unknown field that is nearly a known one",
       "policies:\n- name: a\n  match: {signerNames: x}\n",
       "c.yaml:5: unknown field \"signerNames\" in policies[0].match (did you "
       "mean \"signerName\"?)"},
      {"a field in another case", "Text: a\n",
       "c.yaml:3: unknown field \"Text\" (did you mean \"text\"?)"},
      {"a field twice", "text: a\ntext: b\n",
       "c.yaml:4: field \"text\" occurs twice"},
      {"a field twice, within", "policies:\n- name: a\n  name: a\n",
       "c.yaml:5: field \"name\" occurs twice in policies[0]"},
      {"a missing field", "policies:\n- name: a\n- match: {}\n",
       "c.yaml:5: field \"name\" is missing in policies[1]"},
      {"a required field that is null", "policies: [{name: }]\n",
       "c.yaml:3: field \"name\" is missing in policies[0]"},
      {"a number for a string", "text: 5\n",
       "c.yaml:3: text: expected a string, not the number 5; put it in quotes"},
      {"a version number for a string", "text: 1.20\n",
       "c.yaml:3: text: expected a string, not the number 1.20; put it in "
       "quotes"},
      {"a boolean for a string", "text: true\n",
       "c.yaml:3: text: expected a string, not the boolean true; put it in "
       "quotes"},
      {"a list for a string", "text: [a]\n",
       "c.yaml:3: text: expected a string, not a list"},
      {"YAML 1.1's boolean", "flag: yes\n",
       "c.yaml:3: flag: expected true or false, not \"yes\""},
      {"a quoted boolean", "flag: \"true\"\n",
       "c.yaml:3: flag: expected true or false, not \"true\""},
      {"a number that is too small", "number: 0\n",
       "c.yaml:3: number: expected a whole number from 1 to 100, not the "
       "number 0"},
      {"a number beyond 64 bits", "number: 99999999999999999999\n",
       "c.yaml:3: number: expected a whole number from 1 to 100, not the "
       "number 99999999999999999999"},
      {"a fraction", "number: 1.5\n",
       "c.yaml:3: number: expected a whole number from 1 to 100, not the "
       "number 1.5"},
      {"a number that some read as octal", "number: 010\n",
       "c.yaml:3: number: expected a whole number from 1 to 100, not the "
       "number 010"},
      {"a quoted number", "number: '5'\n",
       "c.yaml:3: number: expected a whole number from 1 to 100, not \"5\""},
      {"a duration without unit", "duration: 90\n",
       "c.yaml:3: duration: expected a duration such as 1h30m, not the number "
       "90"},
      {"a duration that is too short", "duration: 59s\n",
       "c.yaml:3: duration: must be at least 1m0s"},
      {"a mode without its zero", "mode: 644\n",
       "c.yaml:3: mode: expected an octal mode such as \"0644\", not the "
       "number 644"},
      {"a mode that is not octal", "mode: 0680\n",
       "c.yaml:3: mode: expected an octal mode such as \"0644\", not the "
       "number 0680"},
      {"a string for a list", "strings: a\n",
       "c.yaml:3: strings: expected a list of strings, not \"a\""},
      {"an item of the wrong type", "strings:\n- a\n- 5\n",
       "c.yaml:5: strings[1]: expected a string, not the number 5; put it in "
       "quotes"},
      {"an item that is null", "strings:\n- a\n-\n- b\n",
       "strings[1]: expected a string, not null"},
      {"a mapping for a list", "policies: {name: a}\n",
       "c.yaml:3: policies: expected a list of mappings, not a mapping"},
      {"a list for a mapping", "policies:\n- [a]\n",
       "c.yaml:4: policies[0]: expected a mapping, not a list"},
      {"a list as the name of a field", "[a]: b\n",
       "c.yaml:3: expected the name of a field, not a list"},
      {"what the reader finds wrong with a field",
       "policies:\n- match: {}\n  name: bad\n",
       "c.yaml:5: policies[0].name: is taken"},
      {"what the reader finds wrong with a mapping",
       "policies:\n- match: {}\n  name: worse\n",
       "c.yaml:4: policies[0]: makes no sense"},
      {"control characters are not echoed", "\"a\\u001bb\": 1\n",
       R"(c.yaml:3: unknown field "a\x1b)"},
      {"no YAML", "text: [a\n", "c.yaml:4: "},
      {"an odd byte in what is no YAML", "text: \"\\\001\"\n",
       "c.yaml:3: unknown escape character: \\x01"},
      {"a tab", "policies:\n\t- a\n", "c.yaml:4: "},
      {"another document", "---\ntext: a\n",
       "c.yaml:4: a second document; one is taken"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    Config config;
    EXPECT_THAT(
        Read(WithHeader(t.rest), &config),
        StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(t.want)));
  }
}

TEST(ConfigReaderTest, WantsItsApiVersionAndKind) {
  const struct {
    std::string name;
    std::string text;
    std::string want;
  } kTests[] = {
      {"empty", "", "c.yaml: is empty"},
      {"comments only", "# nothing\n", "c.yaml: is empty"},
      {"a list", "- a\n", "c.yaml:1: expected a mapping, not a list"},
      {"a scalar", "hello\n", "c.yaml:1: expected a mapping, not \"hello\""},
      {"neither", "text: a\n",
       "c.yaml:1: field \"apiVersion\" is missing; expected "
       "\"signet.dev/v1alpha1\"\n"
       "c.yaml:1: field \"kind\" is missing; expected \"TestConfiguration\""},
      {"another version",
       "apiVersion: signet.dev/v2\nkind: TestConfiguration\nother: 1\n",
       "c.yaml:1: apiVersion: expected \"signet.dev/v1alpha1\", not "
       "\"signet.dev/v2\""},
      {"another kind", "apiVersion: signet.dev/v1alpha1\nkind: A\nother: 1\n",
       "c.yaml:2: kind: expected \"TestConfiguration\", not \"A\""},
      {"a kind that is no string", "apiVersion: signet.dev/v1alpha1\nkind: 5\n",
       "c.yaml:2: kind: expected a string, not the number 5; put it in "
       "quotes"},
      {"too long", std::string(kMaxConfigBytes + 1, '#'),
       "c.yaml: has 1048577 bytes; at most 1048576 are taken"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    Config config;
    EXPECT_THAT(Read(t.text, &config),
                StatusIs(absl::StatusCode::kInvalidArgument, t.want));
  }
}

TEST(ConfigReaderTest, TellsAllErrorsInTheOrderOfTheirLines) {
  Config config;
  EXPECT_THAT(Read(WithHeader("other: 1\nflag: 5\ntext: 6\n"), &config),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "c.yaml:3: unknown field \"other\"\n"
                       "c.yaml:4: flag: expected true or false, not the "
                       "number 5\n"
                       "c.yaml:5: text: expected a string, not the number 6; "
                       "put it in quotes"));
}

TEST(ConfigReaderTest, TellsTenErrorsAtMost) {
  std::string rest;
  for (int i = 0; i < 12; ++i) absl::StrAppend(&rest, "unknown", i, ": 1\n");
  Config config;
  const absl::Status status = Read(WithHeader(rest), &config);
  EXPECT_THAT(status.message(), HasSubstr("c.yaml:12: unknown field"));
  EXPECT_THAT(status.message(), ::testing::Not(HasSubstr("c.yaml:13:")));
  EXPECT_THAT(status.message(), ::testing::EndsWith("c.yaml: 2 more errors"));
}

TEST(ConfigReaderTest, AliasesStandForValuesButNotForMillions) {
  Config config;
  ASSERT_THAT(
      Read(WithHeader("strings: &s [a]\npolicies:\n- name: x\n  match:\n"
                      "    groups: *s\n"),
           &config),
      IsOk());
  EXPECT_THAT(config.policies[0].groups, ElementsAre("a"));

  std::string many = "strings: &s [a";
  for (int i = 0; i < 1000; ++i) absl::StrAppend(&many, ", a");
  absl::StrAppend(&many, "]\npolicies:\n- &p {name: x, match: {groups: *s}}\n");
  for (int i = 0; i < 1000; ++i) absl::StrAppend(&many, "- *p\n");
  EXPECT_THAT(Read(WithHeader(many), &config),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("more than 200000 values")));
}

TEST(ConfigReaderTest, DeepNestingIsAnErrorNotACrash) {
  Config config;
  EXPECT_THAT(
      Read(WithHeader(absl::StrCat("text: ", std::string(100000, '['))),
           &config),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("c.yaml:3: ")));
}

}  // namespace
}  // namespace signet::service
