#include "core/controller/fair_queue.h"

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::controller {
namespace {

using ::testing::ElementsAre;

class FairQueueTest : public ::testing::Test {
 protected:
  void Push(const std::string& name, const std::string& flow, int second) {
    queue_.Push(name, {flow, absl::FromUnixSeconds(second)});
  }
  std::vector<std::string> Take(int count) {
    std::vector<std::string> names;
    for (int i = 0; i < count; ++i) {
      const std::optional<FairQueue::Entry> entry = queue_.Pop();
      names.push_back(entry ? entry->name : "(empty)");
    }
    return names;
  }

  FairQueue queue_;
};

TEST_F(FairQueueTest, WithoutFlowsAndTimesIsFirstInFirstOut) {
  queue_.Push("b", {});
  queue_.Push("a", {});
  queue_.Push("b", {});
  EXPECT_EQ(queue_.size(), 3u);
  EXPECT_THAT(Take(4), ElementsAre("b", "a", "b", "(empty)"));
  EXPECT_TRUE(queue_.empty());
}

TEST_F(FairQueueTest, HandsOutTheOldestOfAFlowFirstHoweverItCame) {
  Push("young", "a", 30);
  Push("old", "a", 10);
  Push("middle", "a", 20);
  EXPECT_THAT(Take(3), ElementsAre("old", "middle", "young"));
}

TEST_F(FairQueueTest, HandsOutTheOldestOfManyFlowsFirst) {
  // After a restart all are listed at once, by name.
  for (int i = 0; i < 5; ++i) {
    Push(absl::StrCat("n", i), absl::StrCat("flow", i), 100 - i);
  }
  EXPECT_THAT(Take(5), ElementsAre("n4", "n3", "n2", "n1", "n0"));
}

TEST_F(FairQueueTest, ABurstOfOneDoesNotKeepOthersWaiting) {
  for (int i = 0; i < 1000; ++i) Push(absl::StrCat("burst", i), "many", i);
  EXPECT_THAT(Take(2), ElementsAre("burst0", "burst1"));
  Push("b1", "few", 2000);
  Push("b2", "few", 2001);
  Push("c1", "another", 3000);
  EXPECT_THAT(Take(7), ElementsAre("b1", "c1", "burst2", "b2", "burst3",
                                   "burst4", "burst5"));
  EXPECT_EQ(queue_.size(), 994u);
}

TEST_F(FairQueueTest, AFlowThatComesOneByOneHasNoMoreTurns) {
  for (int i = 0; i < 3; ++i) Push(absl::StrCat("a", i), "a", i);
  for (int i = 0; i < 3; ++i) Push(absl::StrCat("b", i), "b", i);
  std::vector<std::string> names = {"drip"};
  for (int i = 0; i < 9; ++i) {
    // There is always one of "drip", older than all others.
    if (names.back() == "drip") Push("drip", "drip", -1);
    names.push_back(Take(1)[0]);
  }
  EXPECT_THAT(names, ElementsAre("drip", "drip", "a0", "b0", "drip", "a1", "b1",
                                 "drip", "a2", "b2"));
}

TEST_F(FairQueueTest, SaysWhoseTurnItWas) {
  Push("name", "flow", 7);
  const std::optional<FairQueue::Entry> entry = queue_.Pop();
  ASSERT_TRUE(entry.has_value());
  EXPECT_EQ(entry->turn.flow, "flow");
  EXPECT_EQ(entry->turn.since, absl::FromUnixSeconds(7));
}

TEST_F(FairQueueTest, ForgetsAllWhenCleared) {
  Push("a", "x", 1);
  queue_.Clear();
  EXPECT_TRUE(queue_.empty());
  EXPECT_EQ(queue_.size(), 0u);
  EXPECT_THAT(Take(1), ElementsAre("(empty)"));
}

}  // namespace
}  // namespace signet::controller
