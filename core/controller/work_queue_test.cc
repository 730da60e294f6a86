#include "core/controller/work_queue.h"

#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/time/simulated_clock.h"
#include "absl/time/time.h"
#include "core/controller/fair_queue.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::controller {
namespace {

using ::testing::ElementsAre;
using ::testing::Optional;

class WorkQueueTest : public ::testing::Test {
 protected:
  // Takes a name and finishes it at once.
  std::string Take() {
    std::optional<std::string> name = queue_.Get();
    if (!name) return "(shut down)";
    queue_.Done(*name);
    return *name;
  }

  absl::SimulatedClock clock_;
  WorkQueue queue_{clock_};
};

TEST_F(WorkQueueTest, HandsOutTheOldestFirst) {
  queue_.Add("b");
  queue_.Add("a");
  queue_.Add("c");
  EXPECT_THAT((std::vector<std::string>{Take(), Take(), Take()}),
              ElementsAre("b", "a", "c"));
}

TEST_F(WorkQueueTest, HoldsANameOnce) {
  queue_.Add("a");
  queue_.Add("a");
  queue_.AddAfter("a", absl::Seconds(1));
  EXPECT_EQ(queue_.size(), 1u);
  EXPECT_EQ(Take(), "a");
  EXPECT_EQ(queue_.size(), 0u);
}

TEST_F(WorkQueueTest, ANameAddedDuringItsWorkComesAgainAfterwards) {
  queue_.Add("a");
  ASSERT_THAT(queue_.Get(), Optional(std::string("a")));
  queue_.Add("a");
  queue_.Add("a");
  queue_.Add("b");
  // Not "a": it is never worked on twice at once.
  EXPECT_EQ(Take(), "b");
  EXPECT_EQ(queue_.size(), 1u);
  queue_.Done("a");
  EXPECT_EQ(Take(), "a");
  EXPECT_EQ(queue_.size(), 0u);
}

TEST_F(WorkQueueTest, ADelayedNameWaitsForItsTime) {
  queue_.AddAfter("late", absl::Seconds(10));
  queue_.AddAfter("later", absl::Seconds(20));
  queue_.Add("now");
  EXPECT_EQ(queue_.size(), 3u);
  EXPECT_EQ(Take(), "now");
  clock_.AdvanceTime(absl::Seconds(10));
  queue_.Add("new");
  // What became due during the pause stands behind what was added before.
  EXPECT_EQ(Take(), "new");
  EXPECT_EQ(Take(), "late");
  EXPECT_EQ(queue_.size(), 1u);
  clock_.AdvanceTime(absl::Seconds(10));
  EXPECT_EQ(Take(), "later");
}

TEST_F(WorkQueueTest, TheEarlierOfTwoTimesWins) {
  queue_.AddAfter("a", absl::Seconds(10));
  queue_.AddAfter("a", absl::Seconds(30));
  queue_.AddAfter("b", absl::Seconds(30));
  queue_.AddAfter("b", absl::Seconds(5));
  queue_.AddAfter("c", absl::Seconds(30));
  queue_.Add("c");
  EXPECT_EQ(queue_.size(), 3u);
  EXPECT_EQ(Take(), "c");
  clock_.AdvanceTime(absl::Seconds(5));
  EXPECT_EQ(Take(), "b");
  clock_.AdvanceTime(absl::Seconds(5));
  EXPECT_EQ(Take(), "a");
  EXPECT_EQ(queue_.size(), 0u);
}

TEST_F(WorkQueueTest, ADelayOfNothingIsNoDelay) {
  queue_.AddAfter("a", absl::Seconds(10));
  queue_.AddAfter("a", absl::ZeroDuration());
  queue_.AddAfter("b", -absl::Seconds(1));
  EXPECT_EQ(Take(), "a");
  EXPECT_EQ(Take(), "b");
  EXPECT_EQ(queue_.size(), 0u);
}

TEST_F(WorkQueueTest, ADelayThatEndsDuringTheNamesWorkWaitsForItsEnd) {
  queue_.Add("a");
  ASSERT_THAT(queue_.Get(), Optional(std::string("a")));
  queue_.AddAfter("a", absl::Seconds(1));
  clock_.AdvanceTime(absl::Seconds(2));
  queue_.Add("b");
  EXPECT_EQ(Take(), "b");
  queue_.Done("a");
  EXPECT_EQ(Take(), "a");
}

TEST_F(WorkQueueTest, AnUpdateDuringFailingWorkOverridesTheBackoff) {
  queue_.Add("a");
  ASSERT_THAT(queue_.Get(), Optional(std::string("a")));
  queue_.Add("a");                           // The object changed,
  queue_.AddAfter("a", absl::Seconds(100));  // then the work failed.
  queue_.Done("a");
  EXPECT_EQ(Take(), "a");
  EXPECT_EQ(queue_.size(), 0u);
}

TEST_F(WorkQueueTest, ShutdownEndsEveryGetAndDropsWhatWaits) {
  queue_.AddAfter("a", absl::Seconds(1));
  queue_.Add("b");
  queue_.Shutdown();
  EXPECT_EQ(queue_.size(), 0u);
  EXPECT_EQ(queue_.Get(), std::nullopt);
  queue_.Add("c");
  queue_.AddAfter("d", absl::Seconds(1));
  EXPECT_EQ(queue_.size(), 0u);
  EXPECT_EQ(queue_.Get(), std::nullopt);
}

TEST_F(WorkQueueTest, GoesByTurnsAlsoAfterADelay) {
  const auto turn = [](const char* flow, int second) {
    return Turn{flow, absl::FromUnixSeconds(second)};
  };
  queue_.Add("a2", turn("a", 2));
  queue_.Add("a1", turn("a", 1));
  queue_.Add("a3", turn("a", 3));
  queue_.Add("b9", turn("b", 9));
  EXPECT_EQ(queue_.Get(), "a1");
  queue_.AddAfter("a1", absl::Seconds(1));  // It failed, and keeps its turn.
  queue_.Done("a1");
  EXPECT_EQ(Take(), "b9");
  clock_.AdvanceTime(absl::Seconds(1));
  EXPECT_EQ(Take(), "a1");
  EXPECT_EQ(Take(), "a2");
  EXPECT_EQ(Take(), "a3");
}

// A consumer in a thread of its own, whose takings the test can await.
class Consumer {
 public:
  explicit Consumer(WorkQueue& queue)
      : thread_([this, &queue] {
          while (std::optional<std::string> name = queue.Get()) {
            queue.Done(*name);
            absl::MutexLock lock(mutex_);
            taken_.push_back(*std::move(name));
          }
        }) {}
  ~Consumer() { thread_.join(); }

  std::vector<std::string> Await(size_t count) {
    absl::MutexLock lock(mutex_);
    const auto enough = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return taken_.size() >= count;
    };
    mutex_.Await(absl::Condition(&enough));
    return taken_;
  }

 private:
  absl::Mutex mutex_;
  std::vector<std::string> taken_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;  // Last: it uses the others.
};

// These wait for what the consumer does, never for time: whichever way the
// threads are scheduled, they end.
TEST_F(WorkQueueTest, WakesAWaitingConsumer) {
  Consumer consumer(queue_);
  queue_.Add("a");
  EXPECT_THAT(consumer.Await(1), ElementsAre("a"));
  queue_.AddAfter("later", absl::Seconds(100));
  queue_.AddAfter("sooner", absl::Seconds(10));
  clock_.AdvanceTime(absl::Seconds(10));
  EXPECT_THAT(consumer.Await(2), ElementsAre("a", "sooner"));
  clock_.AdvanceTime(absl::Seconds(90));
  EXPECT_THAT(consumer.Await(3), ElementsAre("a", "sooner", "later"));
  queue_.Shutdown();
}

TEST_F(WorkQueueTest, ShutdownWakesAWaitingConsumer) {
  Consumer consumer(queue_);
  queue_.AddAfter("a", absl::Seconds(100));
  queue_.Shutdown();
}

}  // namespace
}  // namespace signet::controller
