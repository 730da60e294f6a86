#include "core/sys/posix_file_system.h"

#include <sys/stat.h>

#include <atomic>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/base/file_system.h"
#include "core/testing/file_system_contract.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::sys {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::IsOkAndHolds;
using ::absl_testing::StatusIs;
using ::testing::Eq;
using ::testing::SizeIs;

class PosixFileSystemTest : public ::testing::Test {
 protected:
  PosixFileSystemTest()
      : root_(absl::StrCat(
            ::testing::TempDir(), "/",
            ::testing::UnitTest::GetInstance()->current_test_info()->name())) {
    umask(022);
    EXPECT_THAT(files_.MakeDirectories(root_, 0755), IsOk());
  }
  std::string At(absl::string_view name) const {
    return absl::StrCat(root_, "/", name);
  }

  const std::string root_;
  PosixFileSystem files_;
};

TEST_F(PosixFileSystemTest, KeepsTheContract) {
  testing::ExpectFileSystemContract(files_, root_);
}

TEST_F(PosixFileSystemTest, ErrorsNameTheOperationThePathAndTheCause) {
  const std::string missing = At("none");
  const struct {
    std::string name;
    absl::Status got;
    absl::StatusCode want_code;
    std::string want_message;
  } kTests[] = {
      {"nothing there", files_.Read(missing, 10).status(),
       absl::StatusCode::kNotFound,
       absl::StrCat("open ", missing, ": No such file or directory")},
      {"a directory read as a file", files_.Read(root_, 10).status(),
       absl::StatusCode::kFailedPrecondition,
       absl::StrCat("read ", root_, ": Is a directory")},
      {"a file in the place of a directory", files_.List("/dev/null").status(),
       absl::StatusCode::kNotFound, "opendir /dev/null: Not a directory"},
      {"no space left", files_.Append("/dev/full", "x", 0600),
       absl::StatusCode::kResourceExhausted,
       "write /dev/full: No space left on device"},
      {"a rename names both paths", files_.Rename(missing, At("x")),
       absl::StatusCode::kNotFound,
       absl::StrCat("rename ", missing, " to ", At("x"),
                    ": No such file or directory")},
      {"a path with a NUL", files_.Remove(absl::string_view("a\0b", 3)),
       absl::StatusCode::kInvalidArgument, "a path with a NUL character"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    EXPECT_THAT(t.got, StatusIs(t.want_code, Eq(t.want_message)));
  }
}

TEST_F(PosixFileSystemTest, TheUmaskReducesTheModeOfANewFile) {
  umask(077);
  EXPECT_THAT(files_.Create(At("a"), "x", 0644), IsOk());
  EXPECT_EQ(files_.Stat(At("a"))->mode, 0600);
  umask(022);
}

TEST_F(PosixFileSystemTest, ReadHasALimitForFilesWithoutASizeToo) {
  EXPECT_THAT(files_.Read("/dev/zero", 1000),
              StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(files_.Read("/proc/self/status", 1 << 20), IsOk());
  EXPECT_THAT(files_.Read("/dev/null", 0), IsOkAndHolds(""));
}

TEST_F(PosixFileSystemTest, MovesBigFilesWhole) {
  std::string big(1 << 20, 'x');
  big += "end";
  EXPECT_THAT(files_.Write(At("big"), big, 0600), IsOk());
  EXPECT_THAT(files_.Read(At("big"), big.size()), IsOkAndHolds(Eq(big)));
  EXPECT_THAT(files_.Read(At("big"), big.size() - 1),
              StatusIs(absl::StatusCode::kResourceExhausted));
}

// Readers see the old file or the new one, never a part or nothing.
TEST_F(PosixFileSystemTest, RenameReplacesInOneStep) {
  const std::string one(5000, '1');
  const std::string two(5000, '2');
  ASSERT_THAT(files_.Write(At("f"), one, 0600), IsOk());
  std::atomic<bool> done = false;
  std::thread writer([&] {
    for (int i = 0; i < 100; ++i) {
      EXPECT_THAT(files_.Write(At("next"), i % 2 == 0 ? two : one, 0600),
                  IsOk());
      EXPECT_THAT(files_.Rename(At("next"), At("f")), IsOk());
    }
    done = true;
  });
  while (!done) {
    const auto got = files_.Read(At("f"), 10000);
    EXPECT_THAT(got, IsOkAndHolds(SizeIs(5000)));
    EXPECT_TRUE(*got == one || *got == two);
  }
  writer.join();
}

TEST_F(PosixFileSystemTest, MakeDirectoriesTakesAnyShapeOfPath) {
  EXPECT_THAT(files_.MakeDirectories(At("a//b/c/"), 0750), IsOk());
  EXPECT_EQ(files_.Stat(At("a/b"))->mode, 0750);
  EXPECT_THAT(files_.Symlink(At("a"), At("link")), IsOk());
  EXPECT_THAT(files_.MakeDirectories(At("link/d"), 0755), IsOk());
  EXPECT_EQ(files_.Stat(At("a/d"))->type, FileType::kDirectory);
  EXPECT_THAT(files_.MakeDirectories("/", 0755), IsOk());
  EXPECT_THAT(files_.Write(At("file"), "", 0600), IsOk());
  EXPECT_THAT(files_.MakeDirectories(At("file"), 0755),
              StatusIs(absl::StatusCode::kAlreadyExists));
}

}  // namespace
}  // namespace signet::sys
