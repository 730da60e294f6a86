#include "core/controller/gate.h"

#include <cstdint>
#include <optional>
#include <thread>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/time/simulated_clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::controller {
namespace {

constexpr absl::Duration kFirst = absl::Milliseconds(200);

class GateTest : public ::testing::Test {
 protected:
  // Enters, on this thread: it must be possible at once.
  uint64_t Enter() {
    const std::optional<uint64_t> pass = gate_.Enter();
    EXPECT_TRUE(pass.has_value());
    return pass.value_or(0);
  }

  absl::SimulatedClock clock_;
  Gate gate_{clock_,
             {.initial = kFirst, .factor = 2, .maximum = absl::Seconds(5)}};
};

// Workers that each enter once, in threads of their own.
class Workers {
 public:
  Workers(Gate& gate, int count) {
    for (int i = 0; i < count; ++i) {
      threads_.emplace_back([this, &gate] {
        const std::optional<uint64_t> pass = gate.Enter();
        absl::MutexLock lock(mutex_);
        passes_.push_back(pass);
      });
    }
  }
  ~Workers() {
    for (std::thread& thread : threads_) thread.join();
  }
  // The first `count` results, when they are there.
  std::vector<std::optional<uint64_t>> Await(size_t count) {
    absl::MutexLock lock(mutex_);
    const auto enough = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return passes_.size() >= count;
    };
    mutex_.Await(absl::Condition(&enough));
    return passes_;
  }

 private:
  absl::Mutex mutex_;
  std::vector<std::optional<uint64_t>> passes_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_;  // Last: they use the others.
};

TEST_F(GateTest, IsOpenUntilAnOutageIsFound) {
  for (int i = 0; i < 3; ++i) gate_.Leave(Enter(), false);
  const uint64_t first = Enter();
  const uint64_t second = Enter();
  gate_.Leave(first, false);
  EXPECT_TRUE(gate_.IsOpen());
  gate_.Leave(second, true);
  EXPECT_FALSE(gate_.IsOpen());
}

TEST_F(GateTest, LetsOneTryAndThenAll) {
  gate_.Leave(Enter(), true);
  Workers workers(gate_, 4);
  clock_.AdvanceTime(kFirst);
  const uint64_t pass = *workers.Await(1).front();
  EXPECT_FALSE(gate_.IsOpen());
  gate_.Leave(pass, false);
  EXPECT_TRUE(gate_.IsOpen());
  workers.Await(4);
}

TEST_F(GateTest, TriesLessAndLessOften) {
  gate_.Leave(Enter(), true);
  for (const int milliseconds : {200, 400, 800, 1600, 3200, 5000, 5000}) {
    SCOPED_TRACE(milliseconds);
    Workers worker(gate_, 1);
    clock_.AdvanceTime(absl::Milliseconds(milliseconds));
    gate_.Leave(*worker.Await(1).front(), true);
  }
  // An answer makes it forget.
  {
    Workers worker(gate_, 1);
    clock_.AdvanceTime(absl::Seconds(5));
    gate_.Leave(*worker.Await(1).front(), false);
  }
  gate_.Leave(Enter(), true);
  Workers worker(gate_, 1);
  clock_.AdvanceTime(kFirst);
  worker.Await(1);
}

TEST_F(GateTest, FailuresOfOneMomentCountOnce) {
  const uint64_t a = Enter(), b = Enter(), c = Enter();
  gate_.Leave(a, true);
  gate_.Leave(b, true);
  gate_.Leave(c, false);  // An answer to what was asked before says nothing.
  EXPECT_FALSE(gate_.IsOpen());
  clock_.AdvanceTime(kFirst);  // Not 400 ms.
  gate_.Leave(Enter(), false);
  EXPECT_TRUE(gate_.IsOpen());
}

TEST_F(GateTest, RespectsWhatTheServerAskedFor) {
  gate_.Leave(Enter(), true, absl::Seconds(30));
  Workers worker(gate_, 1);
  clock_.AdvanceTime(absl::Seconds(30));
  worker.Await(1);
  EXPECT_EQ(clock_.TimeNow() - absl::UnixEpoch(), absl::Seconds(30));
}

TEST_F(GateTest, ShutdownLetsNobodyIn) {
  gate_.Leave(Enter(), true);
  Workers workers(gate_, 2);
  gate_.Shutdown();
  for (const auto& pass : workers.Await(2)) EXPECT_EQ(pass, std::nullopt);
  EXPECT_EQ(gate_.Enter(), std::nullopt);
}

}  // namespace
}  // namespace signet::controller
