#include "approver_service/review_cache.h"

#include <atomic>
#include <functional>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/simulated_clock.h"
#include "absl/time/time.h"
#include "core/api/authorization.pb.h"
#include "core/testing/fake_resource_api.h"
#include "gtest/gtest.h"

namespace signet::approver {
namespace {

using ::absl_testing::IsOkAndHolds;
using ::absl_testing::StatusIs;
using testing::Verb;

constexpr absl::Duration kTtl = absl::Seconds(10);

api::SubjectAccessReview Review(const std::string& user) {
  api::SubjectAccessReview review;
  api::SubjectAccessReviewSpec& spec = *review.mutable_spec();
  spec.set_user(user);
  spec.set_uid("uid");
  spec.add_groups("system:bootstrappers");
  (*spec.mutable_extra())["a"].add_items("1");
  (*spec.mutable_extra())["b"].add_items("2");
  spec.mutable_resource_attributes()->set_subresource("nodeclient");
  return review;
}

class ReviewCacheTest : public ::testing::Test {
 protected:
  ReviewCacheTest() {
    reviews_.OnCreate([this](api::SubjectAccessReview& review) {
      if (while_asked_) while_asked_();
      review.mutable_status()->set_allowed(allowed_);
      review.mutable_status()->set_denied(denied_);
      return absl::OkStatus();
    });
  }
  int asked() const { return reviews_.calls(Verb::kCreate); }

  absl::SimulatedClock clock_{absl::FromUnixSeconds(1767225600)};
  testing::FakeResourceApi<api::SubjectAccessReview> reviews_{clock_};
  ReviewCache cache_{reviews_, clock_, kTtl};
  std::atomic<bool> allowed_ = true;
  std::atomic<bool> denied_ = false;
  std::function<void()> while_asked_;
};

TEST_F(ReviewCacheTest, AThousandNodesOfOneTokenAreOneQuestion) {
  for (int i = 0; i < 1000; ++i) {
    EXPECT_THAT(cache_.Allows(Review("system:bootstrap:abcdef")),
                IsOkAndHolds(true));
  }
  std::cout << "1000 nodes on one bootstrap token: " << asked() << " review\n";
  EXPECT_EQ(asked(), 1);
}

TEST_F(ReviewCacheTest, AYesCountsUntilItsTimeIsOver) {
  EXPECT_THAT(cache_.Allows(Review("a")), IsOkAndHolds(true));
  allowed_ = false;
  clock_.AdvanceTime(kTtl - absl::Nanoseconds(1));
  EXPECT_THAT(cache_.Allows(Review("a")), IsOkAndHolds(true));
  clock_.AdvanceTime(absl::Nanoseconds(1));
  EXPECT_THAT(cache_.Allows(Review("a")), IsOkAndHolds(false));
  EXPECT_EQ(asked(), 2);
}

TEST_F(ReviewCacheTest, TheTimeOfAYesBeginsBeforeTheQuestion) {
  while_asked_ = [this] { clock_.AdvanceTime(kTtl); };
  EXPECT_THAT(cache_.Allows(Review("a")), IsOkAndHolds(true));
  EXPECT_THAT(cache_.Allows(Review("a")), IsOkAndHolds(true));
  EXPECT_EQ(asked(), 2);
}

TEST_F(ReviewCacheTest, ANoIsNotRemembered) {
  allowed_ = false;
  EXPECT_THAT(cache_.Allows(Review("a")), IsOkAndHolds(false));
  allowed_ = true;
  EXPECT_THAT(cache_.Allows(Review("a")), IsOkAndHolds(true));
  EXPECT_EQ(asked(), 2);
}

TEST_F(ReviewCacheTest, DoubtIsANo) {
  denied_ = true;
  EXPECT_THAT(cache_.Allows(Review("a")), IsOkAndHolds(false));
}

TEST_F(ReviewCacheTest, AnErrorIsNotRemembered) {
  reviews_.FailNext(Verb::kCreate, absl::UnavailableError("down"));
  EXPECT_THAT(cache_.Allows(Review("a")),
              StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(cache_.Allows(Review("a")), IsOkAndHolds(true));
}

TEST_F(ReviewCacheTest, EveryFieldOfTheSpecMakesAnotherQuestion) {
  std::vector<api::SubjectAccessReview> reviews(7, Review("a"));
  reviews[1].mutable_spec()->set_user("b");
  reviews[2].mutable_spec()->set_uid("other");
  reviews[3].mutable_spec()->add_groups("more");
  (*reviews[4].mutable_spec()->mutable_extra())["c"].add_items("3");
  (*reviews[5].mutable_spec()->mutable_extra())["a"].add_items("3");
  reviews[6].mutable_spec()->mutable_resource_attributes()->set_subresource(
      "selfnodeclient");
  for (const auto& review : reviews) {
    EXPECT_THAT(cache_.Allows(review), IsOkAndHolds(true));
  }
  EXPECT_EQ(asked(), 7);
  // The order of a map is none.
  api::SubjectAccessReview same = Review("a");
  same.mutable_spec()->clear_extra();
  (*same.mutable_spec()->mutable_extra())["b"].add_items("2");
  (*same.mutable_spec()->mutable_extra())["a"].add_items("1");
  EXPECT_THAT(cache_.Allows(same), IsOkAndHolds(true));
  EXPECT_EQ(asked(), 7);
}

TEST_F(ReviewCacheTest, ATimeOfZeroSwitchesItOff) {
  ReviewCache off(reviews_, clock_, absl::ZeroDuration());
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(off.Allows(Review("a")), IsOkAndHolds(true));
  }
  EXPECT_EQ(asked(), 3);
}

TEST_F(ReviewCacheTest, ABurstOfWorkersIsOneQuestion) {
  // A yes: whoever is late finds it remembered, so it is always one.
  absl::Notification answer;
  while_asked_ = [&] { answer.WaitForNotification(); };
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 125; ++n) {
        EXPECT_THAT(cache_.Allows(Review("system:bootstrap:abcdef")),
                    IsOkAndHolds(true));
      }
    });
  }
  answer.Notify();
  for (std::thread& thread : threads) thread.join();
  std::cout << "1000 nodes at once, 8 workers: " << asked() << " review\n";
  EXPECT_EQ(asked(), 1);
}

TEST_F(ReviewCacheTest, ItsSizeIsBounded) {
  const size_t users = ReviewCache::kMaxEntries + 100;
  for (size_t i = 0; i < users; ++i) {
    ASSERT_THAT(cache_.Allows(Review(absl::StrCat("user-", i))),
                IsOkAndHolds(true));
  }
  // The last are still known, the first were dropped.
  EXPECT_THAT(cache_.Allows(Review(absl::StrCat("user-", users - 1))),
              IsOkAndHolds(true));
  EXPECT_EQ(static_cast<size_t>(asked()), users);
  EXPECT_THAT(cache_.Allows(Review("user-0")), IsOkAndHolds(true));
  EXPECT_EQ(static_cast<size_t>(asked()), users + 1);
}

}  // namespace
}  // namespace signet::approver
