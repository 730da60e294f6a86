#include "core/testing/file_system_contract.h"

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/base/file_system.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::testing {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::IsOkAndHolds;
using ::absl_testing::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;

constexpr size_t kMax = 1000;

}  // namespace

void ExpectFileSystemContract(FileSystem& files, absl::string_view root) {
  const auto at = [&](absl::string_view name) {
    return absl::StrCat(root, "/", name);
  };
  const auto is = [](FileType type, uint32_t mode) {
    return IsOkAndHolds(AllOf(Field("type", &FileInfo::type, type),
                              Field("mode", &FileInfo::mode, mode)));
  };
  {
    SCOPED_TRACE("nothing there: the error names the path");
    const auto missing =
        StatusIs(absl::StatusCode::kNotFound, HasSubstr(at("none")));
    EXPECT_THAT(files.Read(at("none"), kMax), missing);
    EXPECT_THAT(files.ReadEnd(at("none"), kMax), missing);
    EXPECT_THAT(files.Stat(at("none")), missing);
    EXPECT_THAT(files.LinkStat(at("none")), missing);
    EXPECT_THAT(files.ReadLink(at("none")), missing);
    EXPECT_THAT(files.Remove(at("none")), missing);
    EXPECT_THAT(files.Rename(at("none"), at("other")), missing);
    EXPECT_THAT(files.List(at("none")), missing);
    EXPECT_THAT(files.SyncDirectory(at("none")), missing);
    EXPECT_THAT(files.ChangeMode(at("none"), 0600), missing);
    EXPECT_THAT(files.Write(at("none/x"), "", 0600),
                StatusIs(absl::StatusCode::kNotFound));
  }
  {
    SCOPED_TRACE("Write makes, then truncates; the mode is a new file's");
    EXPECT_THAT(files.Write(at("a"), "hello", 0600), IsOk());
    EXPECT_THAT(files.Read(at("a"), kMax), IsOkAndHolds("hello"));
    EXPECT_THAT(files.Stat(at("a")), is(FileType::kRegular, 0600));
    EXPECT_THAT(files.Write(at("a"), "bye", 0644), IsOk());
    EXPECT_THAT(files.Read(at("a"), 3), IsOkAndHolds("bye"));
    EXPECT_THAT(files.Stat(at("a")), is(FileType::kRegular, 0600));
    EXPECT_EQ(files.Stat(at("a"))->size, 3);
  }
  {
    SCOPED_TRACE("Read has a limit");
    EXPECT_THAT(
        files.Read(at("a"), 2),
        StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr(at("a"))));
  }
  {
    SCOPED_TRACE("Create only makes");
    EXPECT_THAT(files.Create(at("a"), "x", 0600),
                StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr(at("a"))));
    EXPECT_THAT(files.Read(at("a"), kMax), IsOkAndHolds("bye"));
    EXPECT_THAT(files.Create(at("b"), "new", 0640), IsOk());
    EXPECT_THAT(files.Read(at("b"), kMax), IsOkAndHolds("new"));
    EXPECT_THAT(files.Stat(at("b")), is(FileType::kRegular, 0640));
  }
  {
    SCOPED_TRACE("ReadEnd has the last bytes, of a shorter file all");
    EXPECT_THAT(files.ReadEnd(at("a"), 2), IsOkAndHolds("ye"));
    EXPECT_THAT(files.ReadEnd(at("a"), 3), IsOkAndHolds("bye"));
    EXPECT_THAT(files.ReadEnd(at("a"), kMax), IsOkAndHolds("bye"));
    EXPECT_THAT(files.ReadEnd(at("a"), 0), IsOkAndHolds(""));
  }
  {
    SCOPED_TRACE("Append makes and adds");
    EXPECT_THAT(files.Append(at("log"), "1", 0600), IsOk());
    EXPECT_THAT(files.Append(at("log"), "2", 0600), IsOk());
    EXPECT_THAT(files.Read(at("log"), kMax), IsOkAndHolds("12"));
  }
  {
    SCOPED_TRACE("symbolic links are followed, except by LinkStat and Create");
    EXPECT_THAT(files.Symlink(at("a"), at("link")), IsOk());
    EXPECT_THAT(files.ReadLink(at("link")), IsOkAndHolds(at("a")));
    EXPECT_THAT(files.Read(at("link"), kMax), IsOkAndHolds("bye"));
    EXPECT_THAT(files.Stat(at("link")), is(FileType::kRegular, 0600));
    EXPECT_THAT(files.LinkStat(at("link")), is(FileType::kSymlink, 0777));
    EXPECT_THAT(files.Symlink(at("b"), at("link")),
                StatusIs(absl::StatusCode::kAlreadyExists));
    EXPECT_THAT(files.ReadLink(at("a")),
                StatusIs(absl::StatusCode::kUnavailable));
    EXPECT_THAT(files.Symlink("a", at("relative")), IsOk());
    EXPECT_THAT(files.Read(at("relative"), kMax), IsOkAndHolds("bye"));
    EXPECT_THAT(files.Symlink(at("gone"), at("dangling")), IsOk());
    EXPECT_THAT(files.Stat(at("dangling")),
                StatusIs(absl::StatusCode::kNotFound));
    EXPECT_THAT(files.LinkStat(at("dangling")), is(FileType::kSymlink, 0777));
    EXPECT_THAT(files.Create(at("dangling"), "x", 0600),
                StatusIs(absl::StatusCode::kAlreadyExists));
    EXPECT_THAT(files.Symlink(at("loop"), at("loop")), IsOk());
    EXPECT_THAT(files.Stat(at("loop")),
                StatusIs(absl::StatusCode::kFailedPrecondition));
    EXPECT_THAT(files.Remove(at("loop")), IsOk());
  }
  {
    SCOPED_TRACE("Rename replaces a file or a link itself");
    EXPECT_THAT(files.Symlink(at("b"), at("next")), IsOk());
    EXPECT_THAT(files.Rename(at("next"), at("link")), IsOk());
    EXPECT_THAT(files.Read(at("link"), kMax), IsOkAndHolds("new"));
    EXPECT_THAT(files.Read(at("a"), kMax), IsOkAndHolds("bye"));
    EXPECT_THAT(files.LinkStat(at("next")),
                StatusIs(absl::StatusCode::kNotFound));
  }
  {
    SCOPED_TRACE("directories");
    EXPECT_THAT(files.MakeDirectories(at("d/e"), 0755), IsOk());
    EXPECT_THAT(files.MakeDirectories(at("d/e"), 0700), IsOk());
    EXPECT_THAT(files.Stat(at("d/e")), is(FileType::kDirectory, 0755));
    EXPECT_THAT(files.Write(at("d/e/f"), "f", 0600), IsOk());
    EXPECT_THAT(files.List(at("d/e")), IsOkAndHolds(ElementsAre("f")));
    EXPECT_THAT(files.SyncDirectory(at("d/e")), IsOk());
    EXPECT_THAT(files.MakeDirectories(at("a/x"), 0755),
                StatusIs(absl::StatusCode::kNotFound));
    EXPECT_THAT(files.Write(at("d"), "x", 0600),
                StatusIs(absl::StatusCode::kFailedPrecondition));
    EXPECT_THAT(files.Rename(at("a"), at("d")),
                StatusIs(absl::StatusCode::kFailedPrecondition));
    EXPECT_THAT(files.Remove(at("d/e")),
                StatusIs(absl::StatusCode::kFailedPrecondition));
    EXPECT_THAT(files.Stat(at("a/x")), StatusIs(absl::StatusCode::kNotFound));
  }
  {
    SCOPED_TRACE("List is sorted; Remove removes a link, not its target");
    EXPECT_THAT(files.Remove(at("link")), IsOk());
    EXPECT_THAT(files.List(root),
                IsOkAndHolds(
                    ElementsAre("a", "b", "d", "dangling", "log", "relative")));
  }
  {
    SCOPED_TRACE("ChangeMode and inodes");
    const uint64_t inode = files.Stat(at("a"))->inode;
    EXPECT_THAT(files.ChangeMode(at("a"), 0400), IsOk());
    EXPECT_THAT(files.Stat(at("a")), is(FileType::kRegular, 0400));
    EXPECT_THAT(files.Rename(at("a"), at("a2")), IsOk());
    EXPECT_EQ(files.Stat(at("a2"))->inode, inode);
  }
}

}  // namespace signet::testing
