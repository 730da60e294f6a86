#include "core/testing/fake_file_system.h"

#include <cstddef>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "core/testing/file_system_contract.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::testing {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::IsOkAndHolds;
using ::absl_testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Effect = FakeFileSystem::Effect;

constexpr size_t kMax = 1000;

class FakeFileSystemTest : public ::testing::Test {
 protected:
  FakeFileSystemTest() {
    EXPECT_THAT(files_.MakeDirectories("/d", 0755), IsOk());
    EXPECT_THAT(files_.SyncDirectory("/"), IsOk());
  }
  FakeFileSystem files_;
};

TEST_F(FakeFileSystemTest, KeepsTheContract) {
  ExpectFileSystemContract(files_, "/d");
}

TEST_F(FakeFileSystemTest, LosesANameThatWasNotSyncedThoughItsDataWas) {
  ASSERT_THAT(files_.Write("/d/a", "1", 0600), IsOk());
  EXPECT_EQ(files_.unsynced_changes(), 1);
  files_.Crash();
  EXPECT_THAT(files_.List("/d"), IsOkAndHolds(IsEmpty()));

  ASSERT_THAT(files_.Write("/d/a", "1", 0600), IsOk());
  ASSERT_THAT(files_.SyncDirectory("/d"), IsOk());
  files_.Crash();
  EXPECT_THAT(files_.Read("/d/a", kMax), IsOkAndHolds("1"));
}

TEST_F(FakeFileSystemTest, LosesOrKeepsEachUnsyncedChangeByItself) {
  ASSERT_THAT(files_.Write("/d/a", "1", 0600), IsOk());
  ASSERT_THAT(files_.SyncDirectory("/d"), IsOk());
  ASSERT_THAT(files_.Write("/d/b", "2", 0600), IsOk());
  ASSERT_THAT(files_.Rename("/d/a", "/d/c"), IsOk());
  ASSERT_THAT(files_.Remove("/d/b"), IsOk());
  EXPECT_EQ(files_.unsynced_changes(), 3);
  files_.Crash(0b011);
  EXPECT_THAT(files_.List("/d"), IsOkAndHolds(ElementsAre("b", "c")));
  EXPECT_EQ(files_.unsynced_changes(), 0);
  files_.Crash();
  EXPECT_THAT(files_.List("/d"), IsOkAndHolds(ElementsAre("b", "c")));
}

TEST_F(FakeFileSystemTest, FailsOneOperationAsItIsTold) {
  files_.FailAt(2, absl::ResourceExhaustedError("no space left"),
                Effect::kHalf);
  EXPECT_THAT(files_.Write("/d/a", "1234", 0600), IsOk());
  EXPECT_THAT(files_.Write("/d/b", "1234", 0600),
              StatusIs(absl::StatusCode::kResourceExhausted,
                       HasSubstr("\"/d/b\": no space left")));
  EXPECT_THAT(files_.Read("/d/b", kMax), IsOkAndHolds("12"));
  ASSERT_THAT(files_.SyncDirectory("/d"), IsOk());
  files_.Crash();
  EXPECT_THAT(files_.Read("/d/a", kMax), IsOkAndHolds("1234"));
  EXPECT_THAT(files_.Read("/d/b", kMax), IsOkAndHolds(""));
}

TEST_F(FakeFileSystemTest, FailsEveryOperationAfterAKill) {
  files_.KillAt(1, Effect::kEverything);
  EXPECT_THAT(files_.Write("/d/a", "1", 0600),
              StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_TRUE(files_.killed());
  EXPECT_THAT(files_.Write("/d/b", "1", 0600),
              StatusIs(absl::StatusCode::kUnavailable));
  files_.Restart();
  EXPECT_THAT(files_.List("/d"), IsOkAndHolds(ElementsAre("a")));
}

TEST_F(FakeFileSystemTest, FailsOperationsOnAPath) {
  files_.FailPath("/d/a", absl::PermissionDeniedError("permission denied"));
  EXPECT_THAT(files_.Stat("/d/a"),
              StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_THAT(files_.Stat("/d"), IsOk());
  files_.FailPath("/d/a", absl::OkStatus());
  EXPECT_THAT(files_.Stat("/d/a"), StatusIs(absl::StatusCode::kNotFound));
}

}  // namespace
}  // namespace signet::testing
