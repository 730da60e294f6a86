#include "cli/cfssl/go_flags.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::cli::cfssl {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::StatusIs;
using ::testing::ElementsAre;

constexpr GoFlag kFlags[] = {
    {"ca", GoFlag::Kind::kText, "", ""},
    {"initca", GoFlag::Kind::kBool, "false", ""},
    {"loglevel", GoFlag::Kind::kInt, "1", ""},
};

absl::StatusOr<GoFlagSet> Parse(const std::vector<std::string>& words) {
  return GoFlagSet::Parse(kFlags, words);
}

TEST(GoFlagSetTest, OneDashAndTwoAreTheSame) {
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{
           {"-ca", "x", "-initca", "f", "-ca"},
           {"--ca=x", "--initca=true", "f", "-ca"},
           {"-initca=1", "-ca=x", "--", "f", "-ca"}}) {
    const auto flags = Parse(words);
    ASSERT_THAT(flags, IsOk());
    EXPECT_EQ(flags->Text("ca"), "x");
    EXPECT_TRUE(flags->Bool("initca"));
    EXPECT_EQ(flags->Int("loglevel"), 1);
    EXPECT_THAT(flags->arguments(), ElementsAre("f", "-ca"));
  }
}

TEST(GoFlagSetTest, ADashByItselfIsAnArgument) {
  const auto flags = Parse({"-ca", "-", "-", "-initca"});
  ASSERT_THAT(flags, IsOk());
  EXPECT_EQ(flags->Text("ca"), "-");
  EXPECT_FALSE(flags->Bool("initca"));
  EXPECT_THAT(flags->arguments(), ElementsAre("-", "-initca"));
}

TEST(GoFlagSetTest, SaysWhatIsWrongAsGoDoes) {
  const struct {
    std::vector<std::string> words;
    std::string want;
  } kTests[] = {
      {{"-x"}, "flag provided but not defined: -x"},
      {{"-ca"}, "flag needs an argument: -ca"},
      {{"---ca"}, "bad flag syntax: ---ca"},
      {{"-=x"}, "bad flag syntax: -=x"},
      {{"-initca=maybe"},
       "invalid boolean value \"maybe\" for -initca: parse error"},
      {{"-loglevel", "x"},
       "invalid value \"x\" for flag -loglevel: parse error"},
  };
  for (const auto& t : kTests) {
    EXPECT_THAT(Parse(t.words),
                StatusIs(absl::StatusCode::kInvalidArgument, t.want));
  }
  EXPECT_THAT(Parse({"-help"}), StatusIs(absl::StatusCode::kCancelled));
}

}  // namespace
}  // namespace signet::cli::cfssl
