#include "core/service/leader_elector.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/api/coordination.pb.h"
#include "core/k8s/resource_api.h"
#include "core/testing/fake_resource_api.h"
#include "core/testing/fake_rng.h"
#include "core/testing/self_advancing_clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::service {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::StatusIs;
using ::testing::HasSubstr;
using testing::Verb;

const absl::Time kStart = absl::FromUnixSeconds(1700000000);

// The server, and what happens meanwhile: `before` runs before each request.
class Leases : public k8s::ResourceApi<api::Lease> {
 public:
  explicit Leases(absl::Clock& clock) : fake(clock) {}

  absl::StatusOr<api::Lease> Get(absl::string_view namespace_name,
                                 absl::string_view name) override {
    before();
    return fake.Get(namespace_name, name);
  }
  absl::StatusOr<k8s::ListResult<api::Lease>> List(
      const k8s::ListOptions&) override {
    return absl::UnimplementedError("nobody lists Leases");
  }
  absl::StatusOr<api::Lease> Create(const api::Lease& lease) override {
    before();
    return fake.Create(lease);
  }
  absl::StatusOr<api::Lease> Update(const api::Lease& lease) override {
    before();
    return fake.Update(lease);
  }
  absl::StatusOr<api::Lease> UpdateSubresource(absl::string_view,
                                               const api::Lease&) override {
    return absl::UnimplementedError("a Lease has none");
  }
  absl::StatusOr<api::Lease> Patch(absl::string_view, absl::string_view,
                                   absl::string_view,
                                   absl::string_view) override {
    return absl::UnimplementedError("nobody patches Leases");
  }
  absl::Status Delete(absl::string_view, absl::string_view) override {
    return absl::UnimplementedError("nobody deletes Leases");
  }
  absl::StatusOr<std::unique_ptr<k8s::Watcher<api::Lease>>> Watch(
      const k8s::WatchOptions&) override {
    return absl::UnimplementedError("nobody watches Leases");
  }

  testing::FakeResourceApi<api::Lease> fake;
  std::function<void()> before = [] {};
};

// One thread: whoever waits moves the clock on.
class LeaderElectorTest : public ::testing::Test {
 protected:
  LeaderElectorTest() {
    leases_.before = [this] { BeforeRequest(); };
  }
  api::Lease Stored() { return *leases_.fake.Get("kube-system", "test"); }
  absl::Duration Elapsed() { return clock_.TimeNow() - kStart; }
  // Another replica's Lease appears, or is renewed.
  void PutOther(absl::string_view holder = "other") {
    api::Lease lease;
    lease.mutable_metadata()->set_namespace_("kube-system");
    lease.mutable_metadata()->set_name("test");
    lease.mutable_spec()->set_holder_identity(holder);
    lease.mutable_spec()->set_lease_duration_seconds(15);
    lease.mutable_spec()->set_lease_transitions(7);
    lease.mutable_spec()->mutable_renew_time()->set_seconds(
        absl::ToUnixSeconds(clock_.TimeNow()));
    leases_.fake.Put(lease);
  }
  // Runs `action` before the first request at or after `when`,
  void At(absl::Duration when, std::function<void()> action) {
    plan_.push_back({[this, when] { return Elapsed() >= when; }, action});
  }
  // or before the request number `n` from the start.
  void AtRequest(int n, std::function<void()> action) {
    plan_.push_back({[this, n] { return requests_ >= n; }, action});
  }
  void BeforeRequest() {
    ++requests_;
    for (size_t i = 0; i < plan_.size();) {
      if (!plan_[i].is_due()) {
        ++i;
        continue;
      }
      const std::function<void()> action = plan_[i].action;
      plan_.erase(plan_.begin() + static_cast<ptrdiff_t>(i));
      action();
    }
  }
  void PutLabel() {
    api::Lease lease = Stored();
    (*lease.mutable_metadata()->mutable_labels())["a"] = "b";
    leases_.fake.Put(lease);
  }
  absl::Status Hold() {
    return elector_.Hold([this] {
      lost_at_ = Elapsed();
      EXPECT_FALSE(elector_.IsLeader());
    });
  }

  testing::SelfAdvancingClock clock_{kStart};
  Leases leases_{clock_};
  testing::FixedRng rng_{0.0};  // Waits for the whole retry period.
  LeaderElector elector_{{.namespace_name = "kube-system",
                          .name = "test",
                          .identity = "me",
                          .timing = {}},
                         leases_,
                         clock_,
                         rng_};
  struct Planned {
    std::function<bool()> is_due;
    std::function<void()> action;
  };
  std::vector<Planned> plan_;
  int requests_ = 0;
  absl::Duration lost_at_ = absl::InfiniteDuration();
};

TEST_F(LeaderElectorTest, LeadsAtOnceWhereThereIsNoLease) {
  EXPECT_FALSE(elector_.IsLeader());
  ASSERT_THAT(elector_.Acquire(), IsOk());
  EXPECT_TRUE(elector_.IsLeader());
  EXPECT_EQ(elector_.Holder(), "me");
  EXPECT_EQ(Elapsed(), absl::ZeroDuration());
  EXPECT_EQ(Stored().spec().holder_identity(), "me");
  EXPECT_EQ(Stored().spec().lease_transitions(), 0);
}

TEST_F(LeaderElectorTest, TakesOverTheMomentASilentLeadersLeaseRunsOut) {
  PutOther();
  ASSERT_THAT(elector_.Acquire(), IsOk());
  EXPECT_EQ(Elapsed(), absl::Seconds(15));
  EXPECT_EQ(Stored().spec().lease_transitions(), 8);
  EXPECT_EQ(leases_.fake.calls(Verb::kUpdate), 1);
}

TEST_F(LeaderElectorTest, WaitsForAsLongAsTheOtherRenews) {
  PutOther();
  for (int i = 1; i <= 10; ++i) {
    At(absl::Seconds(10 * i), [this] { PutOther(); });
  }
  ASSERT_THAT(elector_.Acquire(), IsOk());
  EXPECT_EQ(Elapsed(), absl::Seconds(100 + 15));
}

TEST_F(LeaderElectorTest, TakesAReleasedLeaseWithinARetryPeriod) {
  PutOther();
  At(absl::Seconds(7), [this] { PutOther(""); });
  ASSERT_THAT(elector_.Acquire(), IsOk());
  EXPECT_LE(Elapsed(), absl::Seconds(9));
}

TEST_F(LeaderElectorTest, AnotherThatWasQuickerIsWaitedFor) {
  AtRequest(2, [this] { PutOther(); });  // Between the look and the write.
  ASSERT_THAT(elector_.Acquire(), IsOk());
  EXPECT_EQ(leases_.fake.calls(Verb::kCreate), 1);
  EXPECT_EQ(Elapsed(), absl::Seconds(2 + 15)) << "seen at the second look";
}

TEST_F(LeaderElectorTest, AServerThatIsAwayIsAskedAgain) {
  leases_.fake.FailNext(Verb::kGet, absl::UnavailableError("refused"), 5);
  At(absl::Seconds(8), [this] {
    EXPECT_THAT(elector_.Trouble(),
                StatusIs(absl::StatusCode::kUnavailable, "refused"));
  });
  ASSERT_THAT(elector_.Acquire(), IsOk());
  EXPECT_EQ(Elapsed(), absl::Seconds(10));
  EXPECT_THAT(elector_.Trouble(), IsOk());
}

TEST_F(LeaderElectorTest, ReplicasDoNotMarchInStep) {
  testing::FixedRng other(0.75);
  LeaderElector elector({.namespace_name = "kube-system",
                         .name = "test",
                         .identity = "me",
                         .timing = {}},
                        leases_, clock_, other);
  leases_.fake.FailNext(Verb::kGet, absl::UnavailableError("refused"));
  ASSERT_THAT(elector.Acquire(), IsOk());
  EXPECT_EQ(Elapsed(), absl::Milliseconds(1700));
}

TEST_F(LeaderElectorTest, StoppedBeforeItLedItLeavesTheLease) {
  PutOther();
  At(absl::Seconds(4), [this] {
    EXPECT_THAT(elector_.Trouble(), IsOk()) << "another leads";
    elector_.Stop();
  });
  EXPECT_THAT(elector_.Acquire(), StatusIs(absl::StatusCode::kCancelled));
  EXPECT_EQ(Stored().spec().holder_identity(), "other");
  EXPECT_EQ(leases_.fake.writes(), 0);
  EXPECT_EQ(elector_.Holder(), "other");
}

TEST_F(LeaderElectorTest, RenewsWithOneRequestEachRetryPeriodAndReleasesIt) {
  ASSERT_THAT(elector_.Acquire(), IsOk());
  At(absl::Seconds(20), [this] { elector_.Stop(); });
  ASSERT_THAT(Hold(), IsOk());
  EXPECT_EQ(lost_at_, absl::InfiniteDuration());
  EXPECT_EQ(leases_.fake.calls(Verb::kGet), 1);
  EXPECT_EQ(leases_.fake.calls(Verb::kUpdate), 10 + 1);
  EXPECT_FALSE(elector_.IsLeader());
  EXPECT_EQ(Stored().spec().holder_identity(), "");
  EXPECT_EQ(Stored().spec().lease_transitions(), 0);
}

TEST_F(LeaderElectorTest, GivesUpWhenItCouldNotRenewInTime) {
  ASSERT_THAT(elector_.Acquire(), IsOk());
  At(absl::Seconds(5), [this] {
    leases_.fake.FailNext(Verb::kUpdate, absl::UnavailableError("refused"),
                          1000);
  });
  EXPECT_THAT(Hold(), StatusIs(absl::StatusCode::kAborted,
                               "lost the Lease kube-system/test: not renewed "
                               "within 10s: refused"));
  EXPECT_EQ(lost_at_, absl::Seconds(4 + 10)) << "after the last success";
}

TEST_F(LeaderElectorTest, AServerThatComesBackInTimeIsForgiven) {
  ASSERT_THAT(elector_.Acquire(), IsOk());
  At(absl::Seconds(2), [this] {
    leases_.fake.FailNext(Verb::kUpdate, absl::UnavailableError("refused"), 3);
  });
  At(absl::Seconds(30), [this] { elector_.Stop(); });
  EXPECT_THAT(Hold(), IsOk());
}

TEST_F(LeaderElectorTest, ARenewalWhoseAnswerWasLostIsSeenAndGoneOnFrom) {
  ASSERT_THAT(elector_.Acquire(), IsOk());
  At(absl::Seconds(2), [this] {
    leases_.fake.LoseAnswer(Verb::kUpdate, absl::UnavailableError("reset"));
  });
  At(absl::Seconds(30), [this] { elector_.Stop(); });
  EXPECT_THAT(Hold(), IsOk());
  EXPECT_EQ(Stored().spec().lease_transitions(), 0);
}

TEST_F(LeaderElectorTest, SomeonesLabelIsAConflictNotALoss) {
  ASSERT_THAT(elector_.Acquire(), IsOk());
  At(absl::Seconds(3), [this] { PutLabel(); });
  At(absl::Seconds(30), [this] { elector_.Stop(); });
  EXPECT_THAT(Hold(), IsOk());
  EXPECT_EQ(Stored().metadata().labels().at("a"), "b");
}

TEST_F(LeaderElectorTest, ADeletedLeaseIsMadeAgain) {
  ASSERT_THAT(elector_.Acquire(), IsOk());
  At(absl::Seconds(3), [this] { leases_.fake.Remove("kube-system", "test"); });
  At(absl::Seconds(30), [this] { elector_.Stop(); });
  EXPECT_THAT(Hold(), IsOk());
  EXPECT_EQ(leases_.fake.calls(Verb::kCreate), 2);
}

TEST_F(LeaderElectorTest, GivesUpAtOnceWhenTheLeaseIsAnothers) {
  ASSERT_THAT(elector_.Acquire(), IsOk());
  At(absl::Seconds(3), [this] { PutOther(); });
  EXPECT_THAT(Hold(),
              StatusIs(absl::StatusCode::kAborted,
                       "lost the Lease kube-system/test: other holds it"));
  EXPECT_EQ(lost_at_, absl::Seconds(4));
  EXPECT_EQ(Stored().spec().holder_identity(), "other");
  EXPECT_EQ(elector_.Holder(), "other");
}

TEST_F(LeaderElectorTest, ASlowServerDoesNotMakeItLeadForLonger) {
  ASSERT_THAT(elector_.Acquire(), IsOk());
  // The update at 2 s meets with a conflict, but so late that there is no time
  // to look and to try again.
  At(absl::Seconds(2), [this] {
    PutLabel();
    clock_.AdvanceTime(absl::Seconds(9));
  });
  EXPECT_THAT(Hold(), StatusIs(absl::StatusCode::kAborted,
                               HasSubstr("not renewed within 10s")));
  EXPECT_EQ(lost_at_, absl::Seconds(11));
  EXPECT_EQ(requests_, 2 + 1) << "acquired with two, renewed with one";
}

TEST_F(LeaderElectorTest, AProcessThatWasAsleepIsNoLeaderAnyMore) {
  ASSERT_THAT(elector_.Acquire(), IsOk());
  clock_.AdvanceTime(absl::Minutes(1));
  EXPECT_THAT(Hold(), StatusIs(absl::StatusCode::kAborted,
                               HasSubstr("not renewed within 10s")));
}

TEST_F(LeaderElectorTest, AReleaseThatMeetsAConflictIsTriedAgain) {
  ASSERT_THAT(elector_.Acquire(), IsOk());
  At(absl::Seconds(2), [this] { elector_.Stop(); });
  // Acquired with two requests, renewed with one, released with the fourth.
  AtRequest(4, [this] { PutLabel(); });
  EXPECT_THAT(Hold(), IsOk());
  EXPECT_EQ(Stored().spec().holder_identity(), "");
}

TEST_F(LeaderElectorTest, AReleaseThatFailsIsNoError) {
  ASSERT_THAT(elector_.Acquire(), IsOk());
  At(absl::Seconds(2), [this] {
    elector_.Stop();
    leases_.fake.FailNext(Verb::kUpdate, absl::UnavailableError("refused"), 9);
  });
  EXPECT_THAT(Hold(), IsOk());
  EXPECT_FALSE(elector_.IsLeader());
}

}  // namespace
}  // namespace signet::service
