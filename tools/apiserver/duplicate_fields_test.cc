#include "tools/apiserver/duplicate_fields.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace signet::apiserver {
namespace {

TEST(FindDuplicateFieldsTest, NamesEachOnce) {
  const struct {
    const char* sentence;
    const char* json;
    std::vector<std::string> paths;
  } kCases[] = {
      {"none", R"({"a":1,"b":{"a":1}})", {}},
      {"at the top", R"({"kind":"x","kind":"y","kind":"z"})", {"kind"}},
      {"below", R"({"a":{"b":1,"b":2}})", {"a.b"}},
      {"in an element", R"({"a":[{"b":1},{"b":1,"b":[]}]})", {"a[1].b"}},
      {"behind other values",
       R"({"a":[1,"x",null,true,1.5,{}],"b":1,"b":2})",
       {"b"}},
      {"with an escape", R"({"\u0061":1,"a":2})", {"a"}},
      {"no JSON", R"({"a":1,"a":)", {}},
  };
  for (const auto& test : kCases) {
    SCOPED_TRACE(test.sentence);
    EXPECT_EQ(FindDuplicateFields(test.json), test.paths);
  }
}

}  // namespace
}  // namespace signet::apiserver
