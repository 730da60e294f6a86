#include "core/service/background.h"

#include <atomic>
#include <memory>

#include "absl/synchronization/notification.h"
#include "absl/time/simulated_clock.h"
#include "absl/time/time.h"
#include "core/testing/self_advancing_clock.h"
#include "gtest/gtest.h"

namespace signet::service {
namespace {

// Runs until it is stopped, and tells.
class Waiting : public Background {
 public:
  explicit Waiting(std::atomic<int>& running) : running_(running) {}
  void Run() override {
    ++running_;
    started_.Notify();
    stop_.WaitForNotification();
    --running_;
  }
  void Stop() override {
    if (!stop_.HasBeenNotified()) stop_.Notify();
  }
  void AwaitStart() { started_.WaitForNotification(); }

 private:
  std::atomic<int>& running_;
  absl::Notification started_;
  absl::Notification stop_;
};

TEST(PeriodicTest, CallsAtOnceAndThenEachPeriod) {
  testing::SelfAdvancingClock clock(absl::FromUnixSeconds(1000));
  int rounds = 0;
  Periodic* self = nullptr;
  Periodic periodic(clock, absl::Minutes(1), [&] {
    EXPECT_EQ(clock.TimeNow(),
              absl::FromUnixSeconds(1000) + rounds * absl::Minutes(1));
    if (++rounds == 5) self->Stop();
  });
  self = &periodic;
  periodic.Run();
  EXPECT_EQ(rounds, 5);
}

TEST(PeriodicTest, StoppedBeforeItRunsItDoesNothing) {
  absl::SimulatedClock clock;
  int rounds = 0;
  Periodic periodic(clock, absl::Minutes(1), [&] { ++rounds; });
  periodic.Stop();
  periodic.Run();
  EXPECT_EQ(rounds, 0);
}

TEST(BackgroundsTest, WhatIsForTheLeaderWaitsUntilItLeads) {
  std::atomic<int> running = 0;
  auto always = std::make_unique<Waiting>(running);
  auto leading = std::make_unique<Waiting>(running);
  Waiting& first = *always;
  Waiting& second = *leading;
  Backgrounds all;
  all.Add(When::kLeading, std::move(leading));
  all.Add(When::kAlways, std::move(always));
  all.Start(When::kAlways);
  first.AwaitStart();
  EXPECT_EQ(running, 1);
  all.Start(When::kLeading);
  second.AwaitStart();
  EXPECT_EQ(running, 2);
  all.Stop();
  EXPECT_EQ(running, 0);
  all.Stop();
}

TEST(BackgroundsTest, StopsWhatNeverStarted) {
  std::atomic<int> running = 0;
  Backgrounds all;
  all.Add(When::kLeading, std::make_unique<Waiting>(running));
  all.Stop();
  all.Start(When::kLeading);
  EXPECT_EQ(running, 0);
}

}  // namespace
}  // namespace signet::service
