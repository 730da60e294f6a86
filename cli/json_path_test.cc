#include "cli/json_path.h"

#include <string>

#include "absl/status/status_matchers.h"
#include "gtest/gtest.h"

namespace signet::cli {
namespace {

using ::absl_testing::IsOkAndHolds;

constexpr char kJson[] = R"({
  "kind": "List",
  "items": [
    {"metadata": {"name": "a", "labels": {"x.y/z": "1"}},
     "status": {"conditions": [{"type": "Approved", "n": 1}]}},
    {"metadata": {"name": "b"},
     "status": {"conditions": [{"type": "Denied", "n": 2.5},
                               {"type": "Failed", "n": true}]}}
  ]})";

TEST(JsonPathTest, WritesWhatKubectlWrites) {
  const struct {
    std::string path, want;
  } kTests[] = {
      {"{.kind}", "List"},
      {".kind", "List"},
      {"kind", "List"},
      {"{$.kind}", "List"},
      {"{.items[0].metadata.name}", "a"},
      {"{.items[-1].metadata.name}", "b"},
      {"{.items[*].metadata.name}", "a b"},
      {"{.items[*]['metadata'].name}", "a b"},
      {R"({.items[0].metadata.labels.x\.y/z})", "1"},
      {R"({.items[0].metadata.labels['x.y/z']})", "1"},
      {"{.none}", ""},
      {"{.items[0].none.none}", ""},
      {"<{.kind}>{'\\n'}", "<List>\n"},
      {R"({range .items[*]}{.metadata.name}{"\t"}{end}.)", "a\tb\t."},
      {R"({range .none[*]}{.x}{end}.)", "."},
      {R"({range .items[*]}{range .status.conditions[*]}{.type} {end}|{end})",
       "Approved |Denied Failed |"},
      {R"({.items[*].status.conditions[?(@.type=="Denied")].n})", "2.5"},
      {R"({.items[*].status.conditions[?(@.type!="Denied")].type})",
       "Approved Failed"},
      {R"({.items[0].status.conditions[?(@.none)].type})", ""},
      {"{.items[0].status.conditions[0]}", R"({"type":"Approved","n":1})"},
      {"text only {\"}\"}", "text only }"},
  };
  for (const auto& t : kTests) {
    EXPECT_THAT(EvaluateJsonPath(t.path, kJson), IsOkAndHolds(t.want))
        << t.path;
  }
}

TEST(JsonPathTest, WrongTemplatesAreRefused) {
  for (const char* path :
       {"{", "{}", "{.a", "{'a}", "{range .items[*]}", "{end}", "{.items[9]}",
        "{.items[0:1]}", "{..name}", "{.items[?(x)]}", "{.items[?(@.a<1)]}",
        "{.items[", "{.items[?(@.a==\"x]}"}) {
    EXPECT_FALSE(EvaluateJsonPath(path, kJson).ok()) << path;
  }
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "{range .items[*]}";
  EXPECT_FALSE(EvaluateJsonPath(deep, kJson).ok());
  EXPECT_FALSE(EvaluateJsonPath("{.a}", "no json").ok());
}

}  // namespace
}  // namespace signet::cli
