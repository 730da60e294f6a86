#include "tools/apiserver/field_set.h"

#include <string>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::apiserver {
namespace {

using ::absl_testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

FieldSet Parse(const std::string& json) {
  absl::StatusOr<FieldSet> set = FieldSet::FromJson(json);
  EXPECT_TRUE(set.ok()) << set.status();
  return set.value_or(FieldSet());
}

TEST(FieldSetTest, ReadsWhatItWrites) {
  for (const char* json :
       {"{}", R"({"f:type":{}})",
        R"({"f:metadata":{"f:labels":{".":{},"f:a":{},"f:x.io/c":{}}}})",
        R"({"f:status":{"f:conditions":{".":{},"k:{\"type\":\"A\"}":)"
        R"({".":{},"f:type":{}}}}})",
        R"({"f:spec":{"f:podCIDRs":{"v:\"10.0.0.0/24\"":{}}}})"}) {
    EXPECT_EQ(Parse(json).ToJson(), json);
  }
}

TEST(FieldSetTest, RefusesWhatIsNone) {
  for (const char* json : {"", "[]", R"({"f:a":1})", R"({"a":{}})",
                           R"({"x:a":{}})", R"({"f:a":[]})"}) {
    EXPECT_THAT(FieldSet::FromJson(json),
                StatusIs(absl::StatusCode::kInvalidArgument))
        << json;
  }
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += R"({"f:a":)";
  EXPECT_THAT(FieldSet::FromJson(deep + "{}" + std::string(100, '}')),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(FieldSetTest, NamesPathsAsKubernetesDoes) {
  EXPECT_THAT(
      Parse(R"({"f:metadata":{"f:labels":{".":{},"f:b":{}}},)"
            R"("f:status":{"f:conditions":{"k:{\"type\":\"A\"}":)"
            R"({"f:reason":{}}}},"f:spec":{"f:podCIDRs":{"v:\"x\"":{}}}})")
          .Paths(),
      ElementsAre(".metadata.labels", ".metadata.labels.b",
                  R"(.spec.podCIDRs[="x"])",
                  R"(.status.conditions[type="A"].reason)"));
}

TEST(FieldSetTest, AddsRemovesAndIntersects) {
  const FieldSet a = Parse(R"({"f:m":{"f:x":{},"f:y":{".":{},"f:z":{}}}})");
  const FieldSet b = Parse(R"({"f:m":{"f:y":{}},"f:n":{}})");
  FieldSet sum = a;
  sum.Add(b);
  EXPECT_EQ(sum.ToJson(),
            R"({"f:m":{"f:x":{},"f:y":{".":{},"f:z":{}}},"f:n":{}})");
  FieldSet rest = a;
  rest.Remove(b);  // What lies below a member that goes stays.
  EXPECT_EQ(rest.ToJson(), R"({"f:m":{"f:x":{},"f:y":{"f:z":{}}}})");
  EXPECT_EQ(a.Intersection(b).ToJson(), R"({"f:m":{"f:y":{}}})");
  FieldSet pruned = a;
  pruned.Prune({"f:m", "f:y"});
  pruned.Prune({"f:none", "f:y"});
  EXPECT_EQ(pruned.ToJson(), R"({"f:m":{"f:x":{}}})");
  rest.Remove(a);
  EXPECT_TRUE(rest.Empty());
  EXPECT_THAT(rest.Paths(), IsEmpty());
}

}  // namespace
}  // namespace signet::apiserver
