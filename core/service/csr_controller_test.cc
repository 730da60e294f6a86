#include "core/service/csr_controller.h"

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/simulated_clock.h"
#include "absl/time/time.h"
#include "core/api/certificates.pb.h"
#include "core/controller/loop.h"
#include "core/policy/approval.h"
#include "core/service/csr_log.h"
#include "core/service/csr_metrics.h"
#include "core/testing/csr_builder.h"
#include "core/testing/fake_resource_api.h"
#include "core/testing/fake_rng.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "prometheus/registry.h"

namespace signet::service {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::StatusIs;
using ::testing::AllOf;
using testing::CsrFields;
using ::testing::HasSubstr;
using testing::MakeCsr;
using testing::Verb;

// Notes the names it was called with; fails as often as told.
class RecordingReconciler : public controller::Reconciler {
 public:
  absl::Status Reconcile(absl::string_view name) override {
    absl::MutexLock lock(mutex_);
    calls_.emplace(name);
    if (failures_ > 0) {
      --failures_;
      return absl::UnavailableError("down");
    }
    return absl::OkStatus();
  }
  void FailNext(int times) {
    absl::MutexLock lock(mutex_);
    failures_ = times;
  }
  // Waits until `name` was reconciled `times` times.
  void Await(const std::string& name, size_t times = 1) {
    absl::MutexLock lock(mutex_);
    const auto reached = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return calls_.count(name) >= times;
    };
    mutex_.Await(absl::Condition(&reached));
  }
  size_t Count(const std::string& name) {
    absl::MutexLock lock(mutex_);
    return calls_.count(name);
  }

 private:
  absl::Mutex mutex_;
  std::multiset<std::string> calls_ ABSL_GUARDED_BY(mutex_);
  int failures_ ABSL_GUARDED_BY(mutex_) = 0;
};

// Notes what the watch shows.
class RecordingObserver : public CsrObserver {
 public:
  void Replaced(
      const std::vector<api::CertificateSigningRequest>& all) override {
    absl::MutexLock lock(mutex_);
    for (const auto& csr : all) told_.insert("all " + csr.metadata().name());
  }
  void Seen(const api::CertificateSigningRequest& csr) override {
    absl::MutexLock lock(mutex_);
    told_.insert("seen " + csr.metadata().name());
  }
  void Gone(const api::CertificateSigningRequest& csr) override {
    absl::MutexLock lock(mutex_);
    told_.insert("gone " + csr.metadata().name());
  }
  void Await(const std::string& what) {
    absl::MutexLock lock(mutex_);
    const auto reached = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return told_.contains(what);
    };
    mutex_.Await(absl::Condition(&reached));
  }

 private:
  absl::Mutex mutex_;
  std::set<std::string> told_ ABSL_GUARDED_BY(mutex_);
};

class CsrControllerTest : public ::testing::Test {
 protected:
  void Start() {
    Watch();
    controller_->Work();
  }
  void Watch() {
    controller_ = std::make_unique<CsrController>(
        csrs_, reconciler_, clock_, rng_, metrics_, log_,
        CsrControllerOptions{.workers = 2,
                             .observer = &observer_,
                             .wants = policy::AwaitsApproval});
    controller_->Watch();
  }
  // Moves the clock in small steps until `done`. The threads of the controller
  // wait on the clock, so that time passes no faster than they need it.
  template <class Done>
  void AdvanceUntil(const Done& done) {
    while (!done()) clock_.AdvanceTime(absl::Milliseconds(100));
  }
  bool IsReady() { return controller_->Ready().ok(); }

  absl::SimulatedClock clock_{absl::FromUnixSeconds(1767225600)};
  testing::FakeResourceApi<api::CertificateSigningRequest> csrs_{clock_};
  testing::FixedRng rng_{0};
  RecordingReconciler reconciler_;
  prometheus::Registry registry_;
  CsrMetrics metrics_{registry_};
  CsrLog log_{metrics_};
  RecordingObserver observer_;
  std::unique_ptr<CsrController> controller_;
};

TEST_F(CsrControllerTest, ReconcilesWhatIsThereAndWhatComes) {
  csrs_.Put(MakeCsr({.name = "old"}));
  csrs_.Put(MakeCsr({.name = "done", .conditions = {"Approved"}}));
  Start();
  reconciler_.Await("old");
  csrs_.Put(MakeCsr({.name = "approved", .conditions = {"Approved"}}));
  csrs_.Put(MakeCsr({.name = "new"}));
  reconciler_.Await("new");
  // The watch told of these before "new": they were not wanted.
  EXPECT_EQ(reconciler_.Count("done"), 0u);
  EXPECT_EQ(reconciler_.Count("approved"), 0u);
  EXPECT_THAT(controller_->Ready(), IsOk());
}

TEST_F(CsrControllerTest, ReconcilesARequestAgainWhenItChanges) {
  csrs_.Put(MakeCsr());
  Start();
  reconciler_.Await("csr-1");
  csrs_.Put(MakeCsr({.conditions = {"Witnessed"}}));
  reconciler_.Await("csr-1", 2);
}

TEST_F(CsrControllerTest, TellsItsObserverOfAllRequests) {
  csrs_.Put(MakeCsr({.name = "done", .conditions = {"Approved"}}));
  Start();
  observer_.Await("all done");
  csrs_.Put(MakeCsr({.name = "new", .conditions = {"Denied"}}));
  observer_.Await("seen new");
  csrs_.Remove("new");
  observer_.Await("gone new");
}

TEST_F(CsrControllerTest, ReconcilesWhatItIsTold) {
  csrs_.Put(MakeCsr());
  Start();
  reconciler_.Await("csr-1");
  controller_->Reconcile("csr-1");
  reconciler_.Await("csr-1", 2);
}

TEST_F(CsrControllerTest, StandsByWithTheWatchWarm) {
  csrs_.Put(MakeCsr({.name = "old"}));
  csrs_.Put(MakeCsr({.name = "decided"}));
  csrs_.Put(MakeCsr({.name = "deleted"}));
  Watch();
  observer_.Await("all old");
  // Another replica leads: what it does is seen, and not done again.
  csrs_.Put(MakeCsr({.name = "decided", .conditions = {"Approved"}}));
  csrs_.Remove("deleted");
  csrs_.Put(MakeCsr({.name = "new"}));
  observer_.Await("seen new");
  EXPECT_THAT(controller_->Ready(), IsOk());
  EXPECT_EQ(reconciler_.Count("old"), 0u);

  controller_->Work();
  reconciler_.Await("old");
  reconciler_.Await("new");
  csrs_.Put(MakeCsr({.name = "last"}));
  reconciler_.Await("last");
  EXPECT_EQ(reconciler_.Count("decided"), 0u);
  EXPECT_EQ(reconciler_.Count("deleted"), 0u);
}

TEST_F(CsrControllerTest, TriesAgainWhatFails) {
  reconciler_.FailNext(3);
  csrs_.Put(MakeCsr());
  Start();
  reconciler_.Await("csr-1", 1);
  AdvanceUntil([this] { return reconciler_.Count("csr-1") >= 4; });
}

TEST_F(CsrControllerTest, IsNotReadyBeforeTheFirstList) {
  csrs_.FailNext(Verb::kList, absl::UnavailableError("connection refused"),
                 1000000);
  Start();
  AdvanceUntil([this] { return csrs_.calls(Verb::kList) > 1; });
  EXPECT_THAT(controller_->Ready(),
              StatusIs(absl::StatusCode::kUnavailable,
                       AllOf(HasSubstr("were not listed yet"),
                             HasSubstr("connection refused"))));
}

TEST_F(CsrControllerTest, BecomesUnreadyWhileTheWatchFailsForAMinute) {
  Start();
  AdvanceUntil([this] { return IsReady(); });
  csrs_.FailNext(Verb::kWatch, absl::UnavailableError("connection refused"),
                 1000000);
  csrs_.FailNext(Verb::kList, absl::UnavailableError("connection refused"),
                 1000000);
  const absl::Time broken = clock_.TimeNow();
  csrs_.EndWatches();
  AdvanceUntil([this] { return !IsReady(); });
  EXPECT_GE(clock_.TimeNow() - broken, absl::Minutes(1));
  EXPECT_THAT(controller_->Ready(),
              StatusIs(absl::StatusCode::kUnavailable,
                       HasSubstr("cannot be watched: connection refused")));
}

TEST_F(CsrControllerTest, StopsWhileTheServerIsAway) {
  csrs_.FailNext(Verb::kList, absl::UnavailableError("connection refused"),
                 1000000);
  Start();
  controller_->Stop();
  controller_->Stop();  // Twice is fine.
}

}  // namespace
}  // namespace signet::service
