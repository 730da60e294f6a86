#include "cli/cfssl/go_json.h"

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "boost/json.hpp"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::cli::cfssl {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Optional;

TEST(GoJsonTest, TextsAreEscapedAsGoDoes) {
  const struct {
    std::string text, want;
  } kTests[] = {
      {"a\"\\b", R"("a\"\\b")"},
      {"\n\r\t\b\f\x01", R"("\n\r\t\b\f\u0001")"},
      {"<&>", R"("\u003c\u0026\u003e")"},
      {"\xff", R"("\ufffd")"},
      {"\xe2\x80\xa8", R"("\u2028")"},
      {"\xc3\xa4\xf0\x9f\x99\x82", "\"\xc3\xa4\xf0\x9f\x99\x82\""},
      {"\xed\xa0\x80", R"("\ufffd\ufffd\ufffd")"},
  };
  for (const auto& t : kTests) EXPECT_EQ(GoJsonString(t.text), t.want);
}

TEST(GoJsonTest, E18SaysWhatIsWrongAsGoDoes) {
  const struct {
    std::string text, want;
  } kTests[] = {
      {"", "unexpected end of JSON input"},
      {"  \n", "unexpected end of JSON input"},
      {"{\"a\":", "unexpected end of JSON input"},
      {"nonsense", "invalid JSON"},
      {"x", "invalid character 'x' looking for beginning of value"},
      {"\x1b[1m", "invalid character '\\x1b' looking for beginning of value"},
      {"{} x", "invalid character 'x' after top-level value"},
      {std::string(40, '['), "nested too deeply"},
  };
  for (const auto& t : kTests) {
    EXPECT_THAT(ParseGoJson(t.text),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(t.want)))
        << t.text;
  }
  EXPECT_THAT(ParseGoJson(std::string(kMaxJsonBytes + 1, ' ')),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(ObjectReaderTest, E14KeysMatchWithoutRegardToCase) {
  std::string text = "old";
  int number = 7;
  bool flag = false;
  std::optional<std::vector<std::string>> list;
  ObjectReader reader("T");
  reader.String("CN", &text)
      .Int("size", &number)
      .Bool("on", &flag)
      .Strings("hosts", &list);
  const auto json = ParseGoJson(
      R"({"cn":"a","CN":"b","Cn":null,"size":null,"ON":true,"other":[],)"
      R"("hosts":["x",null]})");
  ASSERT_THAT(json, IsOk());
  ASSERT_THAT(reader.ReadFrom(*json), IsOk());
  EXPECT_EQ(text, "b");
  EXPECT_EQ(number, 7);
  EXPECT_TRUE(flag);
  EXPECT_THAT(list, Optional(ElementsAre("x", "")));
}

TEST(ObjectReaderTest, AWrongTypeIsNamed) {
  int number = 0;
  ObjectReader reader("KeyRequest");
  reader.Int("size", &number);
  for (const char* json :
       {R"({"size":"x"})", R"({"size":1.5})", R"({"size":1e40})",
        R"({"size":4294967296})", R"({"size":[]})"}) {
    EXPECT_THAT(reader.ReadFrom(*ParseGoJson(json)),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         HasSubstr("struct field KeyRequest.size of type int")))
        << json;
  }
  EXPECT_THAT(reader.ReadFrom(*ParseGoJson("[]")),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace signet::cli::cfssl
