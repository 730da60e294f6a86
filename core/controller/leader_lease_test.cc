#include "core/controller/leader_lease.h"

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/api/coordination.pb.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::controller {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::StatusIs;
using ::testing::HasSubstr;

const absl::Time kNow =
    absl::FromUnixSeconds(1700000000) + absl::Nanoseconds(123456789);

api::Lease Held(absl::string_view holder, int32_t seconds,
                int32_t transitions) {
  api::Lease lease;
  lease.mutable_metadata()->set_namespace_("kube-system");
  lease.mutable_metadata()->set_name("signet-approver");
  lease.mutable_metadata()->set_resource_version("42");
  (*lease.mutable_metadata()->mutable_labels())["team"] = "x";
  lease.mutable_spec()->set_holder_identity(holder);
  lease.mutable_spec()->set_lease_duration_seconds(seconds);
  lease.mutable_spec()->mutable_acquire_time()->set_seconds(1600000000);
  // Another's clock, which is not trusted.
  lease.mutable_spec()->mutable_renew_time()->set_seconds(1600000000);
  lease.mutable_spec()->set_lease_transitions(transitions);
  return lease;
}

LeaseDecision Decide(const ObservedLease& observed) {
  return DecideLease(observed, "kube-system", "signet-approver", "me", {},
                     kNow);
}

TEST(DecideLeaseTest, DoesAsClientGo) {
  // client-go tools/leaderelection/leaderelection_test.go, and its
  // tryAcquireOrRenew.
  const struct {
    std::string name;
    std::optional<api::Lease> lease;
    absl::Duration seen_for;
    LeaseAction want;
    int32_t want_transitions = 0;
    bool want_acquired_now = true;
  } kTests[] = {
      {"there is none: create", std::nullopt, {}, LeaseAction::kCreate, 0},
      {"another's, just seen: wait",
       Held("you", 15, 3),
       {},
       LeaseAction::kWait},
      {"another's, seen for nearly as long as it lasts: wait",
       Held("you", 15, 3), absl::Seconds(15) - absl::Nanoseconds(1),
       LeaseAction::kWait},
      {"another's, seen for as long as it lasts: take over", Held("you", 15, 3),
       absl::Seconds(15), LeaseAction::kUpdate, 4},
      {"the holder's duration counts, not ours", Held("you", 60, 3),
       absl::Seconds(59), LeaseAction::kWait},
      {"another's without a duration: take over",
       Held("you", 0, 3),
       {},
       LeaseAction::kUpdate,
       4},
      {"nobody's: take over at once",
       Held("", 15, 3),
       {},
       LeaseAction::kUpdate,
       4},
      {"ours: renew", Held("me", 15, 3), absl::Seconds(2), LeaseAction::kUpdate,
       3, false},
      {"ours, run out, but taken by nobody: renew", Held("me", 15, 3),
       absl::Hours(1), LeaseAction::kUpdate, 3, false},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    const LeaseDecision got = Decide({t.lease, kNow - t.seen_for});
    ASSERT_EQ(got.action, t.want);
    if (t.want == LeaseAction::kWait) {
      EXPECT_EQ(got.holder, "you");
      continue;
    }
    const api::LeaseSpec& spec = got.lease.spec();
    EXPECT_EQ(got.lease.metadata().namespace_(), "kube-system");
    EXPECT_EQ(got.lease.metadata().name(), "signet-approver");
    EXPECT_EQ(spec.holder_identity(), "me");
    EXPECT_EQ(spec.lease_duration_seconds(), 15);
    EXPECT_EQ(spec.lease_transitions(), t.want_transitions);
    EXPECT_EQ(spec.renew_time().seconds(), 1700000000);
    EXPECT_EQ(spec.renew_time().nanos(), 123456000) << "microseconds";
    EXPECT_EQ(spec.acquire_time().seconds(),
              t.want_acquired_now ? 1700000000 : 1600000000);
    if (t.want == LeaseAction::kUpdate) {
      EXPECT_EQ(got.lease.metadata().resource_version(), "42");
      EXPECT_EQ(got.lease.metadata().labels().at("team"), "x");
    } else {
      EXPECT_FALSE(got.lease.metadata().has_resource_version());
    }
  }
}

TEST(DecideLeaseTest, ReleasesItForTheNextToTakeAtOnce) {
  const api::Lease released = ReleasedLease(Held("me", 15, 3), kNow);
  EXPECT_EQ(released.spec().holder_identity(), "");
  EXPECT_TRUE(released.spec().has_holder_identity());
  EXPECT_EQ(released.spec().lease_duration_seconds(), 1);
  EXPECT_EQ(released.spec().lease_transitions(), 3);
  EXPECT_EQ(released.spec().renew_time().seconds(), 1700000000);
  EXPECT_EQ(released.metadata().resource_version(), "42");

  const LeaseDecision next = Decide({released, kNow});
  EXPECT_EQ(next.action, LeaseAction::kUpdate);
  EXPECT_EQ(next.lease.spec().lease_transitions(), 4);
}

TEST(ObserveTest, ALeaseLastsFromWhenItsSpecWasFirstSeen) {
  ObservedLease observed;
  EXPECT_EQ(ExpiryOf(observed), absl::InfinitePast());
  Observe(observed, Held("you", 15, 3), kNow);
  EXPECT_EQ(ExpiryOf(observed), kNow + absl::Seconds(15));

  api::Lease same = Held("you", 15, 3);
  same.mutable_metadata()->set_resource_version("43");
  Observe(observed, same, kNow + absl::Seconds(5));
  EXPECT_EQ(ExpiryOf(observed), kNow + absl::Seconds(15));
  EXPECT_EQ(observed.lease->metadata().resource_version(), "43");

  api::Lease renewed = same;
  renewed.mutable_spec()->mutable_renew_time()->set_nanos(1000);
  Observe(observed, renewed, kNow + absl::Seconds(6));
  EXPECT_EQ(ExpiryOf(observed), kNow + absl::Seconds(21));

  Observe(observed, std::nullopt, kNow + absl::Seconds(7));
  EXPECT_EQ(observed.changed_at, kNow + absl::Seconds(7));
  EXPECT_EQ(ExpiryOf(observed), absl::InfinitePast());
  Observe(observed, Held("", 1, 3), kNow + absl::Seconds(8));
  EXPECT_EQ(ExpiryOf(observed), absl::InfinitePast()) << "released";
}

TEST(ValidateLeaseTimingTest, WantsTimesInTheirOrder) {
  const struct {
    std::string name;
    LeaseTiming timing;
    std::string want;  // "": valid.
  } kTests[] = {
      {"the defaults", {}, ""},
      {"the renew deadline as long as the lease",
       {absl::Seconds(10), absl::Seconds(10), absl::Seconds(2)},
       "the lease duration, in whole seconds (10s), must be above the renew "
       "deadline (10s)"},
      {"above it by less than a second",
       {absl::Milliseconds(10900), absl::Milliseconds(10500), absl::Seconds(2)},
       "must be above the renew deadline (10.5s)"},
      {"a retry period that is too long",
       {absl::Seconds(15), absl::Seconds(6), absl::Seconds(5)},
       "the renew deadline (6s) must be above 1.2 times the retry period (5s)"},
      {"no retry period",
       {absl::Seconds(15), absl::Seconds(6), absl::ZeroDuration()},
       "the retry period must be above zero"},
      {"short ones",
       {absl::Seconds(2), absl::Seconds(1), absl::Milliseconds(200)},
       ""},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    const absl::Status status = ValidateLeaseTiming(t.timing);
    if (t.want.empty()) {
      EXPECT_THAT(status, IsOk());
    } else {
      EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument,
                                   HasSubstr(t.want)));
    }
  }
}

}  // namespace
}  // namespace signet::controller
