#include "core/base/base64.h"

#include <optional>
#include <string>

#include "gtest/gtest.h"

namespace signet {
namespace {

TEST(Base64Test, DecodesAsGoDoes) {
  const struct {
    std::string name;
    std::string text;
    std::optional<std::string> want;
  } kTests[] = {
      {"nothing", "", ""},
      {"no padding needed", "Zm9v", "foo"},
      {"one sign of padding", "Zm8=", "fo"},
      {"two signs of padding", "Zg==", "f"},
      {"line breaks", "Zm\r\n9v\nZm8=\n", "foofo"},
      {"both signs of the standard alphabet", "+/+/", "\xfb\xff\xbf"},
      {"padding left out", "Zg", std::nullopt},
      {"half of the padding left out", "Zg=", std::nullopt},
      {"padding in the middle", "Zg==Zg==", std::nullopt},
      {"only padding", "====", std::nullopt},
      {"a space", "Zm9 ", std::nullopt},
      {"the alphabet for URLs", "-_-_", std::nullopt},
      {"a NUL", std::string("Zm9\0", 4), std::nullopt},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    EXPECT_EQ(DecodeBase64(t.text), t.want);
  }
}

}  // namespace
}  // namespace signet
