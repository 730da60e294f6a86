#include "core/service/watched_files.h"

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "core/testing/fake_file_system.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::service {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::IsOkAndHolds;
using ::absl_testing::StatusIs;
using ::testing::HasSubstr;

class WatchedFilesTest : public ::testing::Test {
 protected:
  WatchedFilesTest() {
    EXPECT_THAT(files_.Write("/a", "one", 0600), IsOk());
    EXPECT_THAT(files_.Write("/b", "two", 0600), IsOk());
  }
  void AcceptAll() {
    ASSERT_THAT(watched_.Changed(), IsOkAndHolds(true));
    watched_.Accept();
    ASSERT_THAT(watched_.Changed(), IsOkAndHolds(false));
  }

  testing::FakeFileSystem files_;
  WatchedFiles watched_{files_, {"/a", "/b"}};
};

TEST_F(WatchedFilesTest, HaveChangedUntilTheyAreAccepted) {
  EXPECT_THAT(watched_.Changed(), IsOkAndHolds(true));
  EXPECT_THAT(watched_.Changed(), IsOkAndHolds(true));
  watched_.Accept();
  EXPECT_THAT(watched_.Changed(), IsOkAndHolds(false));
}

TEST_F(WatchedFilesTest, AChangeInPlaceCounts) {
  AcceptAll();
  ASSERT_THAT(files_.Write("/b", "TWO", 0600), IsOk());
  EXPECT_THAT(watched_.Changed(), IsOkAndHolds(true));
}

TEST_F(WatchedFilesTest, AFileRenamedOverAnotherCounts) {
  ASSERT_THAT(files_.Write("/new", "two", 0600), IsOk());
  AcceptAll();
  ASSERT_THAT(files_.Rename("/new", "/b"), IsOk());
  EXPECT_THAT(watched_.Changed(), IsOkAndHolds(true));
}

TEST_F(WatchedFilesTest, TheSwitchOfAMountedConfigMapCounts) {
  ASSERT_THAT(files_.MakeDirectories("/m/..1", 0755), IsOk());
  ASSERT_THAT(files_.MakeDirectories("/m/..2", 0755), IsOk());
  ASSERT_THAT(files_.Write("/m/..1/c", "x", 0600), IsOk());
  ASSERT_THAT(files_.Write("/m/..2/c", "x", 0600), IsOk());
  ASSERT_THAT(files_.Symlink("..1", "/m/..data"), IsOk());
  ASSERT_THAT(files_.Symlink("..data/c", "/m/c"), IsOk());
  WatchedFiles watched(files_, {"/m/c"});
  ASSERT_THAT(watched.Changed(), IsOkAndHolds(true));
  watched.Accept();
  ASSERT_THAT(files_.Symlink("..2", "/m/..data_tmp"), IsOk());
  ASSERT_THAT(files_.Rename("/m/..data_tmp", "/m/..data"), IsOk());
  EXPECT_THAT(watched.Changed(), IsOkAndHolds(true));
}

TEST_F(WatchedFilesTest, WhatChangesBetweenChangedAndAcceptIsFoundNextTime) {
  AcceptAll();
  ASSERT_THAT(files_.Write("/a", "second", 0600), IsOk());
  ASSERT_THAT(watched_.Changed(), IsOkAndHolds(true));
  ASSERT_THAT(files_.Write("/a", "third", 0600), IsOk());
  watched_.Accept();
  EXPECT_THAT(watched_.Changed(), IsOkAndHolds(true));
}

TEST_F(WatchedFilesTest, AFileThatIsGoneIsAnErrorAndNotAccepted) {
  AcceptAll();
  ASSERT_THAT(files_.Rename("/b", "/c"), IsOk());
  EXPECT_THAT(watched_.Changed(),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("/b")));
  watched_.Accept();
  ASSERT_THAT(files_.Rename("/c", "/b"), IsOk());
  EXPECT_THAT(watched_.Changed(), IsOkAndHolds(false)) << "the same file again";
}

}  // namespace
}  // namespace signet::service
