#include "core/service/leadership.h"

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/simulated_clock.h"
#include "absl/time/time.h"
#include "core/api/coordination.pb.h"
#include "core/testing/fake_resource_api.h"
#include "core/testing/fake_rng.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "prometheus/registry.h"
#include "prometheus/text_serializer.h"

namespace signet::service {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Verb;

class LeadershipTest : public ::testing::Test {
 protected:
  LeadershipTest() { flags_.resource_name = "test"; }
  ~LeadershipTest() override {
    if (thread_.joinable()) thread_.join();
  }

  void Start() {
    leadership_ = std::make_unique<Leadership>(flags_, "me", leases_, clock_,
                                               rng_, registry_);
    thread_ = std::thread([this] {
      result_ = leadership_->Run(
          {.start = [this] { Note("start"); },
           .finish = [this] { Note("finish, holder " + Holder()); },
           .cut = [this] { Note("cut"); }},
          stop_);
      done_.Notify();
    });
  }
  void Stop() {
    stop_.Notify();
    thread_.join();
  }
  std::string Holder() {
    const auto lease = leases_.Get("kube-system", "test");
    return lease.ok() ? std::string(lease->spec().holder_identity()) : "none";
  }
  void PutOther() {
    api::Lease lease;
    lease.mutable_metadata()->set_namespace_("kube-system");
    lease.mutable_metadata()->set_name("test");
    lease.mutable_spec()->set_holder_identity("other");
    lease.mutable_spec()->set_lease_duration_seconds(15);
    leases_.Put(lease);
  }
  void Note(const std::string& what) {
    absl::MutexLock lock(mutex_);
    notes_.push_back(what);
  }
  void AwaitNotes(size_t n) {
    absl::MutexLock lock(mutex_);
    const auto reached = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return notes_.size() >= n;
    };
    mutex_.Await(absl::Condition(&reached));
  }
  std::vector<std::string> notes() {
    absl::MutexLock lock(mutex_);
    return notes_;
  }
  std::string Metrics() {
    return prometheus::TextSerializer().Serialize(registry_.Collect());
  }
  // What needs no time to pass.
  void AwaitStanding(const std::string& want) {
    while (leadership_->Standing() != want) std::this_thread::yield();
  }

  LeaderFlags flags_;
  absl::SimulatedClock clock_{absl::FromUnixSeconds(1700000000)};
  testing::FakeResourceApi<api::Lease> leases_{clock_};
  testing::FixedRng rng_{0.0};
  prometheus::Registry registry_;
  std::unique_ptr<Leadership> leadership_;
  absl::Notification stop_;
  absl::Notification done_;
  absl::Status result_ = absl::UnknownError("Run did not return");
  std::thread thread_;
  absl::Mutex mutex_;
  std::vector<std::string> notes_ ABSL_GUARDED_BY(mutex_);
};

TEST_F(LeadershipTest, WorksWhileItLeadsAndGivesTheLeaseUpAfterTheWork) {
  Start();
  AwaitNotes(1);
  AwaitStanding("leads");
  EXPECT_THAT(Metrics(),
              HasSubstr("leader_election_master_status{name=\"test\"} 1"));
  EXPECT_EQ(Holder(), "me");
  Stop();
  EXPECT_THAT(result_, IsOk());
  EXPECT_THAT(notes(), ElementsAre("start", "finish, holder me"));
  EXPECT_EQ(Holder(), "");
  EXPECT_THAT(Metrics(),
              HasSubstr("leader_election_master_status{name=\"test\"} 0"));
}

TEST_F(LeadershipTest, OnStandbyItDoesNothingAndSaysWhoLeads) {
  PutOther();
  Start();
  AwaitStanding("stands by; other leads");
  EXPECT_THAT(Metrics(),
              HasSubstr("leader_election_master_status{name=\"test\"} 0"));
  Stop();
  EXPECT_THAT(result_, IsOk());
  EXPECT_THAT(notes(), IsEmpty());
  EXPECT_EQ(Holder(), "other");
}

TEST_F(LeadershipTest, WithoutTheRightToTheLeaseItIsNotReady) {
  leases_.FailNext(Verb::kGet, absl::PermissionDeniedError("no right"), 1000);
  Start();
  while (leadership_->Ready().ok()) std::this_thread::yield();
  EXPECT_THAT(leadership_->Ready(),
              StatusIs(absl::StatusCode::kUnavailable,
                       "cannot stand by: the Lease kube-system/test: no "
                       "right"));
  EXPECT_EQ(leadership_->Standing(), "stands by; nobody leads yet");
  Stop();
  EXPECT_THAT(result_, IsOk());
}

TEST_F(LeadershipTest, WhatIsLostIsCutOffAndAnError) {
  Start();
  AwaitNotes(1);
  PutOther();
  // Time may pass so fast that it does not even look who has it.
  while (!done_.HasBeenNotified()) clock_.AdvanceTime(absl::Milliseconds(100));
  EXPECT_THAT(result_,
              StatusIs(absl::StatusCode::kAborted,
                       HasSubstr("lost the Lease kube-system/test: ")));
  EXPECT_THAT(notes(), ElementsAre("start", "cut"));
  EXPECT_THAT(leadership_->Standing(), HasSubstr("stands by"));
}

TEST_F(LeadershipTest, WithoutElectionItAlwaysLeads) {
  flags_.elect = false;
  Start();
  AwaitNotes(1);
  Stop();
  EXPECT_THAT(result_, IsOk());
  EXPECT_THAT(notes(), ElementsAre("start", "finish, holder none"));
  EXPECT_EQ(leases_.writes(), 0);
}

TEST(LeaseRequestTimeoutTest, LeavesTimeToStopBeforeAnotherLeads) {
  EXPECT_EQ(LeaseRequestTimeout({}), absl::Seconds(5));
  EXPECT_EQ(LeaseRequestTimeout({.lease = absl::Milliseconds(11900),
                                 .renew_deadline = absl::Seconds(10)}),
            absl::Seconds(1));
  EXPECT_EQ(LeaseRequestTimeout({.lease = absl::Seconds(60),
                                 .renew_deadline = absl::Seconds(10)}),
            absl::Seconds(5));
}

TEST(LeaderIdentityTest, TellsTheHostAndIsUnique) {
  testing::SeededRng rng(1);
  const std::string first = LeaderIdentity("host-1", rng);
  EXPECT_THAT(first, ::testing::MatchesRegex("host-1_[0-9a-f]{32}"));
  EXPECT_NE(LeaderIdentity("host-1", rng), first);
}

}  // namespace
}  // namespace signet::service
