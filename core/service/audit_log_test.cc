#include "core/service/audit_log.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "boost/json/object.hpp"
#include "core/base/file_system.h"
#include "core/testing/fake_file_system.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::service {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::IsOkAndHolds;
using ::absl_testing::StatusIs;
using testing::FakeFileSystem;
using ::testing::HasSubstr;

constexpr size_t kMax = 1 << 20;

boost::json::object Numbered(int n) { return {{"n", n}}; }

class AuditLogTest : public ::testing::Test {
 protected:
  AuditLogTest() {
    EXPECT_THAT(files_.MakeDirectories("/log", 0700), IsOk());
    EXPECT_THAT(files_.SyncDirectory("/"), IsOk());
  }
  std::unique_ptr<AuditLog> Open() {
    auto log = AuditLog::Open(files_, "/log/audit");
    EXPECT_THAT(log, IsOk());
    return *std::move(log);
  }

  FakeFileSystem files_;
};

TEST_F(AuditLogTest, ARecordIsALineThatOutlivesThePowerOnceRecordReturned) {
  const auto log = Open();
  ASSERT_THAT(log->Record({{"csr", "a\nb"}, {"serial", 7}}), IsOk());
  ASSERT_THAT(log->Record(Numbered(2)), IsOk());
  files_.Crash();
  EXPECT_THAT(files_.Read("/log/audit", kMax),
              IsOkAndHolds("{\"csr\":\"a\\nb\",\"serial\":7}\n{\"n\":2}\n"));
  EXPECT_EQ(files_.Stat("/log/audit")->mode, 0600u);
}

TEST_F(AuditLogTest, OpenedAgainItGoesOn) {
  ASSERT_THAT(Open()->Record(Numbered(1)), IsOk());
  ASSERT_THAT(Open()->Record(Numbered(2)), IsOk());
  EXPECT_THAT(files_.Read("/log/audit", kMax),
              IsOkAndHolds("{\"n\":1}\n{\"n\":2}\n"));
}

TEST_F(AuditLogTest, ALineCutShortSpoilsNoOther) {
  ASSERT_THAT(files_.Write("/log/audit", "{\"n\":1}\n{\"n\":", 0600), IsOk());
  const auto log = Open();
  ASSERT_THAT(log->Record(Numbered(3)), IsOk());
  ASSERT_THAT(log->Record(Numbered(4)), IsOk());
  EXPECT_THAT(files_.Read("/log/audit", kMax),
              IsOkAndHolds("{\"n\":1}\n{\"n\":\n{\"n\":3}\n{\"n\":4}\n"));
}

TEST_F(AuditLogTest, AfterAFullDiskTheNextRecordBeginsALine) {
  const auto log = Open();
  ASSERT_THAT(log->Record(Numbered(1)), IsOk());
  // The first is Stat.
  files_.FailAt(2, absl::ResourceExhaustedError("append /log/audit: full"),
                FakeFileSystem::Effect::kHalf);
  EXPECT_THAT(
      log->Record(Numbered(2)),
      StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("/log/audit")));
  EXPECT_THAT(log->Record(Numbered(3)), IsOk());
  EXPECT_THAT(files_.Read("/log/audit", kMax),
              IsOkAndHolds("{\"n\":1}\n{\"n\"\n{\"n\":3}\n"));
}

TEST_F(AuditLogTest, AFailureThatWroteNothingLeavesNoEmptyLine) {
  const auto log = Open();
  ASSERT_THAT(log->Record(Numbered(1)), IsOk());
  files_.FailPath("/log/audit", absl::UnavailableError("/log/audit: I/O"));
  EXPECT_THAT(log->Record(Numbered(2)), StatusIs(absl::StatusCode::kUnavailable,
                                                 HasSubstr("/log/audit")));
  files_.FailPath("/log/audit", absl::OkStatus());
  EXPECT_THAT(log->Record(Numbered(3)), IsOk());
  EXPECT_THAT(files_.Read("/log/audit", kMax),
              IsOkAndHolds("{\"n\":1}\n{\"n\":3}\n"));
}

TEST_F(AuditLogTest, ARenamedFileIsFollowedByANewOne) {
  const auto log = Open();
  ASSERT_THAT(log->Record(Numbered(1)), IsOk());
  ASSERT_THAT(files_.Rename("/log/audit", "/log/audit.1"), IsOk());
  ASSERT_THAT(log->Record(Numbered(2)), IsOk());
  files_.Crash(~uint64_t{0});
  EXPECT_THAT(files_.Read("/log/audit.1", kMax), IsOkAndHolds("{\"n\":1}\n"));
  EXPECT_THAT(files_.Read("/log/audit", kMax), IsOkAndHolds("{\"n\":2}\n"));
}

TEST_F(AuditLogTest, WhatCannotBeWrittenIsAnErrorAtOnce) {
  EXPECT_THAT(AuditLog::Open(files_, "/none/audit"),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("/none/audit")));
  EXPECT_THAT(
      AuditLog::Open(files_, "/log"),
      StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("/log")));
  files_.FailPath("/log/audit",
                  absl::PermissionDeniedError("open /log/audit: denied"));
  EXPECT_THAT(
      AuditLog::Open(files_, "/log/audit"),
      StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("/log/audit")));
}

// Lets other threads run while it appends, and counts.
class SlowFileSystem : public FakeFileSystem {
 public:
  absl::Status Append(absl::string_view path, absl::string_view data,
                      uint32_t mode) override {
    ++appends;
    for (int i = 0; i < 100; ++i) std::this_thread::yield();
    return FakeFileSystem::Append(path, data, mode);
  }
  std::atomic<int> appends = 0;
};

TEST(AuditLogThreadsTest, ThreadsShareWritesAndEachRecordIsThereOnce) {
  constexpr int kThreads = 8;
  constexpr int kRecords = 200;
  SlowFileSystem files;
  const auto log = AuditLog::Open(files, "/audit");
  ASSERT_THAT(log, IsOk());
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int r = 0; r < kRecords; ++r) {
        ASSERT_THAT((*log)->Record(Numbered(t * kRecords + r)), IsOk());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();

  files.Crash(~uint64_t{0});
  const std::string text = *files.Read("/audit", kMax);
  const std::vector<std::string> lines =
      absl::StrSplit(text, '\n', absl::SkipEmpty());
  EXPECT_EQ(lines.size(), size_t{kThreads * kRecords});
  const absl::flat_hash_set<std::string> set(lines.begin(), lines.end());
  for (int i = 0; i < kThreads * kRecords; ++i) {
    EXPECT_TRUE(set.contains(absl::StrCat("{\"n\":", i, "}"))) << i;
  }
  EXPECT_LT(files.appends.load(), kThreads * kRecords);
}

}  // namespace
}  // namespace signet::service
