#include "core/controller/loop.h"

#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/simulated_clock.h"
#include "absl/time/time.h"
#include "core/controller/work_queue.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::controller {
namespace {

using ::absl_testing::StatusIs;
using ::testing::ElementsAre;

// Answers with what it was told to, and notes when it was asked.
class ScriptedReconciler : public Reconciler {
 public:
  explicit ScriptedReconciler(absl::Clock& clock) : clock_(clock) {}

  void Script(std::vector<absl::Status> results) {
    absl::MutexLock lock(mutex_);
    results_.assign(results.begin(), results.end());
  }

  absl::Status Reconcile(absl::string_view) override {
    absl::MutexLock lock(mutex_);
    times_.push_back(clock_.TimeNow() - absl::UnixEpoch());
    if (results_.empty()) return absl::OkStatus();
    absl::Status result = std::move(results_.front());
    results_.pop_front();
    return result;
  }

  std::vector<absl::Duration> Times() {
    absl::MutexLock lock(mutex_);
    return times_;
  }

 private:
  absl::Clock& clock_;
  absl::Mutex mutex_;
  std::deque<absl::Status> results_ ABSL_GUARDED_BY(mutex_);
  std::vector<absl::Duration> times_ ABSL_GUARDED_BY(mutex_);
};

class LoopTest : public ::testing::Test {
 protected:
  LoopOptions Options() {
    LoopOptions options;
    options.workers = 1;
    options.on_result = [this](absl::string_view, const absl::Status& result,
                               absl::Duration) {
      absl::MutexLock lock(mutex_);
      results_.push_back(result);
    };
    return options;
  }

  // Waits until `count` reconciliations have ended, their retries queued.
  absl::Status AwaitResult(size_t count) {
    absl::MutexLock lock(mutex_);
    const auto enough = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return results_.size() >= count;
    };
    mutex_.Await(absl::Condition(&enough));
    return results_[count - 1];
  }

  absl::SimulatedClock clock_;
  ScriptedReconciler reconciler_{clock_};
  WorkQueue queue_{clock_};
  absl::Mutex mutex_;
  std::vector<absl::Status> results_ ABSL_GUARDED_BY(mutex_);
};

TEST_F(LoopTest, RetriesAnErrorWithExponentialBackoff) {  // C-22
  reconciler_.Script({absl::AbortedError("conflict"),
                      absl::UnavailableError("down"),
                      absl::UnavailableError("down")});
  Loop loop(reconciler_, queue_, clock_, Options());
  loop.Start();
  queue_.Add("a");
  EXPECT_THAT(AwaitResult(1), StatusIs(absl::StatusCode::kAborted));
  clock_.AdvanceTime(absl::Milliseconds(200));
  EXPECT_THAT(AwaitResult(2), StatusIs(absl::StatusCode::kUnavailable));
  clock_.AdvanceTime(absl::Milliseconds(400));
  AwaitResult(3).IgnoreError();
  clock_.AdvanceTime(absl::Milliseconds(800));
  EXPECT_EQ(AwaitResult(4), absl::OkStatus());
  EXPECT_EQ(queue_.size(), 0u);
  EXPECT_THAT(reconciler_.Times(),
              ElementsAre(absl::ZeroDuration(), absl::Milliseconds(200),
                          absl::Milliseconds(600), absl::Milliseconds(1400)));
}

TEST_F(LoopTest, AsksNothingDuringAnOutageButOnceInAWhile) {
  const absl::Status down = absl::UnavailableError("down");
  reconciler_.Script({down, down, down, down, down, down, down});
  LoopOptions options = Options();
  options.workers = 3;
  options.is_outage = absl::IsUnavailable;
  Loop loop(reconciler_, queue_, clock_, options);
  for (int i = 0; i < 100; ++i) queue_.Add(absl::StrCat("n", i));
  loop.Start();
  // Three may be under way when the first finds it; then one at a time.
  AwaitResult(1).IgnoreError();
  for (size_t tries = 2; tries <= 7; ++tries) {
    clock_.AdvanceTime(absl::Seconds(5));
    AwaitResult(tries).IgnoreError();
  }
  // The eighth gets its answer, and all others follow at once.
  clock_.AdvanceTime(absl::Seconds(5));
  AwaitResult(107).IgnoreError();
  EXPECT_EQ(queue_.size(), 0u);
}

TEST_F(LoopTest, SuccessForgetsTheFailures) {  // C-22
  reconciler_.Script({absl::UnavailableError("1"), absl::UnavailableError("2"),
                      absl::OkStatus(), absl::UnavailableError("3")});
  Loop loop(reconciler_, queue_, clock_, Options());
  loop.Start();
  queue_.Add("a");
  AwaitResult(1).IgnoreError();
  clock_.AdvanceTime(absl::Milliseconds(200));
  AwaitResult(2).IgnoreError();
  clock_.AdvanceTime(absl::Milliseconds(400));
  EXPECT_EQ(AwaitResult(3), absl::OkStatus());
  queue_.Add("a");
  AwaitResult(4).IgnoreError();
  clock_.AdvanceTime(absl::Milliseconds(200));
  EXPECT_EQ(AwaitResult(5), absl::OkStatus());
}

TEST_F(LoopTest, ForgetDropsTheFailuresOfANameThatIsGone) {
  reconciler_.Script({absl::UnavailableError("1"), absl::UnavailableError("2"),
                      absl::UnavailableError("3")});
  Loop loop(reconciler_, queue_, clock_, Options());
  loop.Start();
  queue_.Add("a");
  AwaitResult(1).IgnoreError();
  loop.Forget("a");
  clock_.AdvanceTime(absl::Milliseconds(200));
  AwaitResult(2).IgnoreError();
  clock_.AdvanceTime(absl::Milliseconds(200));  // Not 400: it is the first.
  EXPECT_THAT(AwaitResult(3), StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(LoopTest, DoesNotComeBackBeforeTheServersRetryAfter) {
  reconciler_.Script({absl::UnavailableError("429"),
                      absl::UnavailableError("429"),
                      absl::UnavailableError("refused")});
  LoopOptions options = Options();
  options.backoff.initial = absl::Seconds(5);
  options.retry_after =
      [](const absl::Status& s) -> std::optional<absl::Duration> {
    if (s.message() == "429") return absl::Seconds(7);
    return std::nullopt;
  };
  Loop loop(reconciler_, queue_, clock_, options);
  loop.Start();
  queue_.Add("a");
  for (int i = 1; i <= 3; ++i) {
    AwaitResult(i).IgnoreError();
    clock_.AdvanceTime(i == 1   ? absl::Seconds(7)   // More than 5 s.
                       : i == 2 ? absl::Seconds(10)  // The backoff's.
                                : absl::Seconds(20));
  }
  EXPECT_EQ(AwaitResult(4), absl::OkStatus());
  EXPECT_THAT(reconciler_.Times(),
              ElementsAre(absl::ZeroDuration(), absl::Seconds(7),
                          absl::Seconds(17), absl::Seconds(37)));
}

TEST_F(LoopTest, WorksOnDifferentNamesInParallel) {
  // Each of two reconciliations waits for the other to have begun.
  class Rendezvous : public Reconciler {
   public:
    absl::Status Reconcile(absl::string_view) override {
      absl::MutexLock lock(mutex_);
      ++present_;
      const auto both = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
        return present_ >= 2;
      };
      mutex_.Await(absl::Condition(&both));
      return absl::OkStatus();
    }

   private:
    absl::Mutex mutex_;
    int present_ ABSL_GUARDED_BY(mutex_) = 0;
  } rendezvous;
  LoopOptions options = Options();
  options.workers = 2;
  Loop loop(rendezvous, queue_, clock_, options);
  loop.Start();
  queue_.Add("a");
  queue_.Add("b");
  EXPECT_EQ(AwaitResult(2), absl::OkStatus());
}

TEST_F(LoopTest, StopEndsIdleWorkersAndDropsWhatWaits) {
  reconciler_.Script({absl::UnavailableError("down")});
  Loop loop(reconciler_, queue_, clock_, Options());
  loop.Start();
  queue_.Add("a");
  AwaitResult(1).IgnoreError();
  loop.Stop();
  loop.Stop();  // Twice is fine.
  EXPECT_EQ(queue_.size(), 0u);
  EXPECT_EQ(reconciler_.Times().size(), 1u);
}

TEST_F(LoopTest, ReportsHowLongAReconciliationTook) {
  class Slow : public Reconciler {
   public:
    explicit Slow(absl::SimulatedClock& clock) : clock_(clock) {}
    absl::Status Reconcile(absl::string_view) override {
      clock_.AdvanceTime(absl::Seconds(3));
      return absl::OkStatus();
    }

   private:
    absl::SimulatedClock& clock_;
  } slow(clock_);
  absl::Mutex mutex;
  std::optional<absl::Duration> reported;
  LoopOptions options;
  options.workers = 1;
  options.on_result = [&](absl::string_view name, const absl::Status&,
                          absl::Duration took) {
    EXPECT_EQ(name, "a");
    absl::MutexLock lock(mutex);
    reported = took;
  };
  Loop loop(slow, queue_, clock_, options);
  loop.Start();
  queue_.Add("a");
  absl::MutexLock lock(mutex);
  const auto done = [&] { return reported.has_value(); };
  mutex.Await(absl::Condition(&done));
  EXPECT_EQ(reported, absl::Seconds(3));
}

}  // namespace
}  // namespace signet::controller
