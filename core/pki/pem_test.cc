#include "core/pki/pem.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/pki/test_data.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::pki {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

constexpr absl::string_view kBlock =
    "-----BEGIN X-----\nAQID\n-----END X-----\n";

// "X=010203 Y=" says: a block X with these bytes, then an empty block Y.
std::string Summary(const std::vector<PemBlock>& blocks) {
  std::string out;
  for (const PemBlock& block : blocks) {
    absl::StrAppend(&out, out.empty() ? "" : " ", block.type, "=",
                    ToHex(block.der));
  }
  return out;
}

// SPEC D-4: text around blocks, headers and further blocks are accepted.
TEST(ParsePemTest, AcceptsAndSkipsWhatGoDoes) {
  const struct {
    std::string name;
    std::string text;
    std::string want;
  } kTests[] = {
      {"one block", std::string(kBlock), "X=010203"},
      {"no newline at the end", "-----BEGIN X-----\nAQID\n-----END X-----",
       "X=010203"},
      {"text before, between and after",
       absl::StrCat("a\n", kBlock, "b\n", kBlock, "c"), "X=010203 X=010203"},
      {"carriage returns", "-----BEGIN X-----\r\nAQID\r\n-----END X-----\r\n",
       "X=010203"},
      {"blanks after each line and within the data",
       "-----BEGIN X----- \t\nA Q\tI D \n-----END X----- \n", "X=010203"},
      {"base64 in lines of any length",
       "-----BEGIN X-----\nA\nQ\n\nID\n-----END X-----\n", "X=010203"},
      {"one byte, two bytes",
       "-----BEGIN X-----\nAQ==\n-----END X-----\n"
       "-----BEGIN X-----\nAQI=\n-----END X-----\n",
       "X=01 X=0102"},
      {"a newline within the padding",
       "-----BEGIN X-----\nAQ=\n=\n-----END X-----\n", "X=01"},
      {"bits beyond the last byte are ignored",
       "-----BEGIN X-----\nAR==\n-----END X-----\n", "X=01"},
      {"an empty block", "-----BEGIN X-----\n-----END X-----\n", "X="},
      {"an empty type", "-----BEGIN -----\nAQID\n-----END -----\n", "=010203"},
      {"no text at all", "", ""},
      {"BEGIN without END", "-----BEGIN X-----\nAQID\n", ""},
      {"END without BEGIN, then a block",
       absl::StrCat("\n-----END X-----\n", kBlock), "X=010203"},
      {"BEGIN twice: the last one counts",
       absl::StrCat("-----BEGIN Y-----\nAQID\n", kBlock), "X=010203"},
      {"BEGIN in the middle of a line", absl::StrCat("a ", kBlock), ""},
      {"END of another type, then a block",
       absl::StrCat("-----BEGIN X-----\nAQID\n-----END Y-----\n", kBlock),
       "X=010203"},
      {"text after END on its line, then a block",
       absl::StrCat("-----BEGIN X-----\nAQID\n-----END X-----a\n", kBlock),
       "X=010203"},
      {"four dashes at the end of BEGIN",
       absl::StrCat("-----BEGIN X----\nAQID\n-----END X-----\n", kBlock),
       "X=010203"},
      {"padding missing, then a block",
       absl::StrCat("-----BEGIN X-----\nAQ\n-----END X-----\n", kBlock),
       "X=010203"},
      {"one '=' too few, then a block",
       absl::StrCat("-----BEGIN X-----\nAQ=\n-----END X-----\n", kBlock),
       "X=010203"},
      {"data after the padding, then a block",
       absl::StrCat("-----BEGIN X-----\nAQ==AQID\n-----END X-----\n", kBlock),
       "X=010203"},
      {"a digit that is none, then a block",
       absl::StrCat("-----BEGIN X-----\nAQ!D\n-----END X-----\n", kBlock),
       "X=010203"},
      {"a NUL in the data, then a block",
       absl::StrCat(
           absl::string_view("-----BEGIN X-----\nAQ\0D\n-----END X-----\n", 39),
           kBlock),
       "X=010203"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    const absl::StatusOr<std::vector<PemBlock>> got = ParsePem(t.text);
    ASSERT_THAT(got, IsOk());
    EXPECT_EQ(Summary(*got), t.want);
  }
}

TEST(ParsePemTest, ReadsHeaders) {
  const auto got = ParsePem(
      "-----BEGIN X-----\nProc-Type: 4,ENCRYPTED\n b :c:d \nb: e\n\nAQID\n"
      "-----END X-----\n");
  ASSERT_THAT(got, IsOk());
  ASSERT_THAT(*got, SizeIs(1));
  EXPECT_THAT(got->front().headers,
              ElementsAre(Pair("Proc-Type", "4,ENCRYPTED"), Pair("b", "e")));
  EXPECT_EQ(ToHex(got->front().der), "010203");
}

TEST(ParsePemTest, WantsNewlineBetweenHeadersAndEnd) {
  const auto got = ParsePem("-----BEGIN X-----\na: b\n-----END X-----\n");
  ASSERT_THAT(got, IsOk());
  EXPECT_THAT(*got, IsEmpty());
}

TEST(ParsePemTest, RefusesMoreThanItsLimits) {
  EXPECT_THAT(ParsePem(kBlock, {.max_bytes = kBlock.size()}), IsOk());
  EXPECT_THAT(ParsePem(kBlock, {.max_bytes = kBlock.size() - 1}),
              StatusIs(absl::StatusCode::kResourceExhausted,
                       "PEM text of 39 bytes is longer than 38"));
  const std::string two = absl::StrCat(kBlock, kBlock);
  EXPECT_THAT(ParsePem(two, {.max_blocks = 2}), IsOk());
  EXPECT_THAT(ParsePem(two, {.max_blocks = 1}),
              StatusIs(absl::StatusCode::kResourceExhausted,
                       "PEM text has more than 1 blocks"));
}

// GHSA-r4pg-vg54-wxx4 and the like: each of these took Go's older parser time
// that grew with the square of the size.
TEST(ParsePemTest, TakesLinearTime) {
  for (const absl::string_view piece :
       {"-----BEGIN X-----\n", "\n-----END X-----", "-----BEGIN X-----\nA: b\n",
        "-----BEGIN X-----\nAQID\n-----END Y-----\n",
        "-----BEGIN X-----\nA: b\n-----END X-----\n", "a: b\n", "\n", "A"}) {
    std::string text;
    while (text.size() + piece.size() < (512 << 10))
      absl::StrAppend(&text, piece);
    EXPECT_THAT(ParsePem(text), IsOk());
    EXPECT_THAT(ParsePem(absl::StrCat("-----BEGIN X-----\n", text)), IsOk());
  }
}

TEST(ParsePemTest, AgreesWithGo) {
  for (const auto& vector : ReadVectors("differential_pem.txt")) {
    const std::string text = FromHex(vector[0]);
    SCOPED_TRACE(text);
    const auto got = ParsePem(text);
    ASSERT_THAT(got, IsOk());
    std::string described;
    for (const PemBlock& block : *got) {
      absl::StrAppend(&described, described.empty() ? "" : " ",
                      ToHex(block.type), "/", block.headers.size(), "/",
                      ToHex(block.der));
    }
    EXPECT_EQ(described, vector.size() > 1 ? vector[1] : "");
  }
}

TEST(ParseFirstPemTest, ReturnsTheFirstBlockOnly) {
  const auto got = ParseFirstPem(absl::StrCat(
      "text\n", kBlock, "-----BEGIN Y-----\nAQID\n-----END Y-----"));
  ASSERT_THAT(got, IsOk());
  EXPECT_EQ(got->type, "X");
  EXPECT_THAT(ParseFirstPem("text"),
              StatusIs(absl::StatusCode::kNotFound, "no PEM block found"));
  EXPECT_THAT(ParseFirstPem(kBlock, {.max_bytes = 10}),
              StatusIs(absl::StatusCode::kResourceExhausted));
}

TEST(EncodePemTest, WritesLinesOf64Characters) {
  EXPECT_EQ(EncodePem("X", ""), "-----BEGIN X-----\n-----END X-----\n");
  EXPECT_EQ(EncodePem("X", "\x01"),
            "-----BEGIN X-----\nAQ==\n-----END X-----\n");
  const std::string line(64, 'A');
  EXPECT_EQ(EncodePem("X", std::string(48, '\0')),
            absl::StrCat("-----BEGIN X-----\n", line, "\n-----END X-----\n"));
  EXPECT_EQ(
      EncodePem("X", std::string(49, '\0')),
      absl::StrCat("-----BEGIN X-----\n", line, "\nAA==\n-----END X-----\n"));
}

TEST(EncodePemTest, IsReadBackForEverySize) {
  std::string der;
  for (int size = 0; size < 200; ++size) {
    const auto got = ParseFirstPem(EncodePem("A B", der));
    ASSERT_THAT(got, IsOk());
    EXPECT_EQ(got->type, "A B");
    EXPECT_EQ(got->der, der);
    der.push_back(static_cast<char>(size * 7));
  }
}

}  // namespace
}  // namespace signet::pki
