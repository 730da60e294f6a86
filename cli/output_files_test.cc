#include "cli/output_files.h"

#include <string>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "core/testing/fake_file_system.h"
#include "core/testing/fake_rng.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::cli {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::IsOkAndHolds;
using ::absl_testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class OutputFilesTest : public ::testing::Test {
 protected:
  OutputFilesTest() { CheckOk(files_.MakeDirectories("/d", 0755)); }
  static void CheckOk(const absl::Status& status) {
    ASSERT_THAT(status, IsOk());
  }
  testing::FakeFileSystem files_;
  testing::SeededRng rng_{1};
};

TEST_F(OutputFilesTest, WritesAllWithTheirModes) {
  OutputFiles out(files_, rng_);
  out.Add("/d/a.pem", "A", kPublicMode);
  out.Add("/d/a-key.pem", "K", kKeyMode);
  ASSERT_THAT(out.Write(false), IsOk());
  EXPECT_THAT(files_.Read("/d/a.pem", 9), IsOkAndHolds("A"));
  EXPECT_EQ(files_.Stat("/d/a-key.pem")->mode, kKeyMode);
  EXPECT_THAT(files_.List("/d"),
              IsOkAndHolds(ElementsAre("a-key.pem", "a.pem")));
}

TEST_F(OutputFilesTest, OverwritesNothingUnlessTold) {
  ASSERT_THAT(files_.Create("/d/b", "old", 0644), IsOk());
  OutputFiles out(files_, rng_);
  out.Add("/d/a", "A", kPublicMode);
  out.Add("/d/b", "B", kKeyMode);
  EXPECT_THAT(out.Write(false),
              StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr("/d/b")));
  EXPECT_THAT(files_.List("/d"), IsOkAndHolds(ElementsAre("b")));
  ASSERT_THAT(out.Write(true), IsOk());
  EXPECT_THAT(files_.Read("/d/b", 9), IsOkAndHolds("B"));
  EXPECT_EQ(files_.Stat("/d/b")->mode, kKeyMode);  // Not the old file's.
}

TEST_F(OutputFilesTest, WritesNothingIfOneCannotBeWritten) {
  OutputFiles out(files_, rng_);
  out.Add("/d/a", "A", kPublicMode);
  out.Add("/none/b", "B", kPublicMode);
  EXPECT_THAT(out.Write(true),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("/none/b")));
  EXPECT_THAT(files_.List("/d"), IsOkAndHolds(ElementsAre()));
}

}  // namespace
}  // namespace signet::cli
