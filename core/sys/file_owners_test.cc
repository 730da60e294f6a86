#include "core/sys/file_owners.h"

#include <unistd.h>

#include <fstream>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::sys {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::IsOkAndHolds;
using ::absl_testing::StatusIs;
using ::testing::HasSubstr;

TEST(FileOwnersTest, FindsUsersAndGroupsByNameAndNumber) {
  PosixFileOwners owners;
  EXPECT_THAT(owners.Find("", ""), IsOkAndHolds(FileOwner{}));
  EXPECT_THAT(owners.Find("root", "root"), IsOkAndHolds(FileOwner{0, 0}));
  EXPECT_THAT(owners.Find("1234", ""),
              IsOkAndHolds(FileOwner{1234, std::nullopt}));
  EXPECT_THAT(owners.Find("", "4321"),
              IsOkAndHolds(FileOwner{std::nullopt, 4321}));
  EXPECT_THAT(owners.Find("no such user", ""),
              StatusIs(absl::StatusCode::kNotFound,
                       "there is no user \"no such user\""));
  EXPECT_THAT(owners.Find("root", "no such group"),
              StatusIs(absl::StatusCode::kNotFound,
                       "there is no group \"no such group\""));
}

TEST(FileOwnersTest, TellsAndChangesTheOwnerOfAFile) {
  PosixFileOwners owners;
  const std::string path = ::testing::TempDir() + "/owned";
  std::ofstream(path) << "x";
  EXPECT_THAT(owners.Of(path), IsOkAndHolds(FileOwner{getuid(), getgid()}));
  EXPECT_THAT(owners.Change(path, {}), IsOk());
  EXPECT_THAT(owners.Change(path, {getuid(), getgid()}), IsOk());
  // To another user: an end-to-end test; a sandbox has none.
  EXPECT_THAT(owners.Change(path + "2", {getuid(), getgid()}),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("owned2")));
  EXPECT_THAT(owners.Of(path + "/x"),
              StatusIs(testing::AnyOf(absl::StatusCode::kNotFound,
                                      absl::StatusCode::kFailedPrecondition),
                       HasSubstr("owned/x")));
}

}  // namespace
}  // namespace signet::sys
