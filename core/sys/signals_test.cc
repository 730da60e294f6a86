#include "core/sys/signals.h"

#include <unistd.h>

#include <csignal>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::sys {
namespace {

using ::testing::ElementsAre;

TEST(SignalWatcherTest, TellsOfEachSignal) {
  absl::Mutex mutex;
  std::vector<int> got;
  SignalWatcher watcher([&](int signal) {
    absl::MutexLock lock(mutex);
    got.push_back(signal);
  });
  const auto wait_for = [&](size_t count) {
    absl::MutexLock lock(mutex);
    const auto enough = [&] { return got.size() >= count; };
    mutex.Await(absl::Condition(&enough));
  };
  ASSERT_EQ(kill(getpid(), SIGTERM), 0);
  wait_for(1);
  ASSERT_EQ(kill(getpid(), SIGINT), 0);
  wait_for(2);
  absl::MutexLock lock(mutex);
  EXPECT_THAT(got, ElementsAre(SIGTERM, SIGINT));
}

TEST(SignalWatcherTest, EndsWithoutASignal) {
  bool called = false;
  {
    SignalWatcher watcher([&](int) { called = true; });
  }
  EXPECT_FALSE(called);
}

}  // namespace
}  // namespace signet::sys
