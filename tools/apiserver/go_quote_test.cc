#include "tools/apiserver/go_quote.h"

#include <string>

#include "gtest/gtest.h"

namespace signet::apiserver {
namespace {

TEST(GoQuoteTest, QuotesAsGoDoes) {
  const struct {
    std::string name;
    std::string text;
    std::string want_go;
    std::string want_json;
  } kTests[] = {
      {"nothing", "", R"("")", R"("")"},
      {"plain text", "a b", R"("a b")", R"("a b")"},
      {"quotes and backslashes", R"(a"b\c)", R"("a\"b\\c")", R"("a\"b\\c")"},
      {"white space", "\a\b\f\n\r\t\v", R"("\a\b\f\n\r\t\v")",
       R"("\u0007\b\f\n\r\t\u000b")"},
      {"control characters", std::string("\0\x1b\x7f", 3), R"("\x00\x1b\x7f")",
       "\"\\u0000\\u001b\x7f\""},
      {"what HTML cares for", "<&>", R"("<&>")", R"("\u003c\u0026\u003e")"},
      {"letters beyond ASCII", "é世😀", "\"é世😀\"", "\"é世😀\""},
      {"invisible characters", "\u00ad\u200b\u2028", R"("\u00ad\u200b\u2028")",
       "\"\u00ad\u200b\\u2028\""},
      {"a byte that is not UTF-8", "a\xff", R"("a\xff")", R"("a\ufffd")"},
      {"a character cut short", "\xe4\xb8", R"("\xe4\xb8")",
       R"("\ufffd\ufffd")"},
      {"an overlong form", "\xc0\x80", R"("\xc0\x80")", R"("\ufffd\ufffd")"},
      {"a surrogate", "\xed\xa0\x80", R"("\xed\xa0\x80")",
       R"("\ufffd\ufffd\ufffd")"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    EXPECT_EQ(GoQuote(t.text), t.want_go);
    EXPECT_EQ(JsonQuote(t.text), t.want_json);
  }
}

}  // namespace
}  // namespace signet::apiserver
