#include "tools/apiserver/sqlite_journal.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/api/core.pb.h"
#include "gmock/gmock.h"
#include "google/protobuf/message.h"
#include "gtest/gtest.h"
#include "tools/apiserver/journal.h"
#include "tools/apiserver/store.h"

namespace signet::apiserver {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::StatusIs;
using ::testing::HasSubstr;

std::unique_ptr<google::protobuf::Message> MakeSecret(absl::string_view) {
  return std::make_unique<api::Secret>();
}

ObjectKey Key(int i) { return {"secrets", "default", absl::StrCat("s", i)}; }

std::unique_ptr<api::Secret> Secret(int i) {
  auto secret = std::make_unique<api::Secret>();
  secret->mutable_metadata()->set_name(absl::StrCat("s", i));
  (*secret->mutable_data())["k"] = std::string("a\0b", 3) + std::string(i, 'x');
  return secret;
}

class SqliteJournalTest : public testing::Test {
 protected:
  std::string Path() {
    return absl::StrCat(
        testing::TempDir(), "/",
        testing::UnitTest::GetInstance()->current_test_info()->name(), ".db");
  }
};

TEST_F(SqliteJournalTest, KeepsWhatWasWritten) {
  {
    auto journal = OpenSqliteJournal(Path());
    ASSERT_THAT(journal, IsOk());
    Store store(journal->get());
    ASSERT_THAT(store.Load(MakeSecret), IsOk());
    EXPECT_EQ(store.revision(), 0);
    for (int i = 0; i < 3; ++i) {
      ASSERT_THAT(store.Create(Key(i), Secret(i)), IsOk());
    }
    const ObjectPtr first = store.Get(Key(0));
    ASSERT_THAT(store.Delete(Key(0), first), IsOk());
    ASSERT_THAT(store.Update(Key(1), store.Get(Key(1)), Secret(7)), IsOk());
  }
  auto journal = OpenSqliteJournal(Path());
  ASSERT_THAT(journal, IsOk());
  Store store(journal->get());
  ASSERT_THAT(store.Load(MakeSecret), IsOk());
  EXPECT_EQ(store.revision(), 5);
  EXPECT_EQ(store.Get(Key(0)), nullptr);
  ASSERT_NE(store.Get(Key(1)), nullptr);
  EXPECT_EQ(static_cast<const api::Secret&>(*store.Get(Key(1))).data().at("k"),
            Secret(7)->data().at("k"));
  EXPECT_EQ(MetadataOf(*store.Get(Key(1))).resource_version(), "5");
}

TEST_F(SqliteJournalTest, LosesNothingAcknowledgedWhenKilled) {
  constexpr int kAcknowledged = 20;
  int pipe_ends[2];
  ASSERT_EQ(pipe(pipe_ends), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    auto journal = OpenSqliteJournal(Path());
    if (!journal.ok()) _exit(1);
    Store store(journal->get());
    if (!store.Load(MakeSecret).ok()) _exit(1);
    for (int i = 0;; ++i) {
      if (!store.Create(Key(i), Secret(i % 100)).ok()) _exit(1);
      const char acknowledged = 1;
      if (write(pipe_ends[1], &acknowledged, 1) != 1) _exit(1);
    }
  }
  close(pipe_ends[1]);
  for (int i = 0; i < kAcknowledged; ++i) {
    char acknowledged = 0;
    ASSERT_EQ(read(pipe_ends[0], &acknowledged, 1), 1);
  }
  ASSERT_EQ(kill(child, SIGKILL), 0);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  close(pipe_ends[0]);

  auto journal = OpenSqliteJournal(Path());
  ASSERT_THAT(journal, IsOk());
  Store store(journal->get());
  ASSERT_THAT(store.Load(MakeSecret), IsOk());
  // What was written is a whole prefix: every write up to the last revision.
  const int64_t written = store.revision();
  EXPECT_GE(written, kAcknowledged);
  EXPECT_EQ(store.List("secrets", "").objects.size(),
            static_cast<size_t>(written));
  for (int i = 0; i < written; ++i) {
    ASSERT_NE(store.Get(Key(i)), nullptr) << i;
  }
}

TEST_F(SqliteJournalTest, RefusesAFileInUse) {
  auto first = OpenSqliteJournal(Path());
  ASSERT_THAT(first, IsOk());
  const auto second = OpenSqliteJournal(Path());
  EXPECT_THAT(second, StatusIs(absl::StatusCode::kFailedPrecondition,
                               HasSubstr("does another process use it?")));
}

TEST_F(SqliteJournalTest, RefusesAFileThatIsNoDatabase) {
  FILE* file = fopen(Path().c_str(), "w");
  ASSERT_NE(file, nullptr);
  fputs(std::string(4096, 'x').c_str(), file);
  fclose(file);
  EXPECT_THAT(OpenSqliteJournal(Path()), StatusIs(absl::StatusCode::kDataLoss));
}

TEST_F(SqliteJournalTest, RefusesAFolderThatIsNotThere) {
  EXPECT_THAT(OpenSqliteJournal(Path() + "/no/such/folder.db"),
              StatusIs(absl::StatusCode::kInternal, HasSubstr("folder.db")));
}

}  // namespace
}  // namespace signet::apiserver
