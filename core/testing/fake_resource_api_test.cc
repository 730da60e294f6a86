#include "core/testing/fake_resource_api.h"

#include <memory>
#include <thread>
#include <utility>

#include "absl/status/status_matchers.h"
#include "absl/time/simulated_clock.h"
#include "core/k8s/http_status.h"
#include "core/testing/resource_api_contract.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::testing {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::StatusIs;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Csr = api::CertificateSigningRequest;

Csr NamedCsr(absl::string_view name) {
  Csr csr;
  csr.mutable_metadata()->set_name(name);
  return csr;
}

class FakeResourceApiTest : public ::testing::Test {
 protected:
  std::unique_ptr<k8s::Watcher<Csr>> Watch(
      const k8s::WatchOptions& options = {}) {
    auto watcher = csrs_.Watch(options);
    EXPECT_THAT(watcher, IsOk());
    return *std::move(watcher);
  }

  absl::SimulatedClock clock_{absl::FromUnixSeconds(1800000000)};
  FakeResourceApi<Csr> csrs_{clock_};
};

TEST_F(FakeResourceApiTest, KeepsTheContract) {
  FakeResourceApi<api::Lease> leases(clock_);
  ExpectResourceApiContract(csrs_, leases, "contract-", "kube-system");
  EXPECT_THAT(csrs_.objects(), IsEmpty());
}

TEST_F(FakeResourceApiTest, FailsAsOftenAsTold) {
  csrs_.FailNext(Verb::kCreate, absl::UnavailableError("one"), 2);
  csrs_.FailNext(Verb::kCreate, absl::UnavailableError("two"));
  for (const char* want : {"one", "one", "two"}) {
    EXPECT_THAT(csrs_.Create(NamedCsr("a")),
                StatusIs(absl::StatusCode::kUnavailable, want));
  }
  EXPECT_THAT(csrs_.objects(), IsEmpty());
  EXPECT_THAT(csrs_.Create(NamedCsr("a")), IsOk());
  EXPECT_EQ(csrs_.calls(Verb::kCreate), 4);
  EXPECT_EQ(csrs_.writes(), 1);
}

TEST_F(FakeResourceApiTest, MayLoseAnAnswer) {
  csrs_.LoseAnswer(Verb::kCreate, absl::UnavailableError("reset"));
  EXPECT_THAT(csrs_.Create(NamedCsr("a")),
              StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(csrs_.objects(), SizeIs(1));
  csrs_.LoseAnswer(Verb::kDelete, absl::UnavailableError("reset"));
  EXPECT_THAT(csrs_.Delete("", "a"), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(csrs_.objects(), IsEmpty());
  EXPECT_EQ(csrs_.writes(), 2);
}

TEST_F(FakeResourceApiTest, AnswersAccessReviews) {
  FakeResourceApi<api::SubjectAccessReview> reviews(clock_);
  reviews.OnCreate([](api::SubjectAccessReview& review) {
    review.mutable_status()->set_allowed(review.spec().user() == "alice");
    return absl::OkStatus();
  });
  api::SubjectAccessReview review;
  review.mutable_spec()->set_user("alice");
  const auto answer = reviews.Create(review);
  ASSERT_THAT(answer, IsOk());
  EXPECT_TRUE(answer->status().allowed());
  EXPECT_THAT(reviews.objects(), IsEmpty());
}

TEST_F(FakeResourceApiTest, OthersWritesAreNotCounted) {
  const Csr put = csrs_.Put(NamedCsr("a"));
  EXPECT_EQ(put.metadata().creation_timestamp().seconds(), 1800000000);
  csrs_.Remove("a");
  EXPECT_EQ(csrs_.writes(), 0);
}

TEST_F(FakeResourceApiTest, AWatchThatIsBehindTheHistoryIsGone) {
  csrs_.Put(NamedCsr("a"));
  csrs_.Put(NamedCsr("b"));
  k8s::WatchOptions options;
  options.resource_version = "2";
  const auto before = Watch(options);
  csrs_.Compact();
  EXPECT_THAT(before->Next(absl::ZeroDuration()), IsOk())
      << "what was sent before counts";
  const auto after = Watch(options);
  const auto gone = after->Next(absl::ZeroDuration());
  EXPECT_THAT(gone, StatusIs(absl::StatusCode::kOutOfRange));
  EXPECT_EQ(k8s::HttpCode(gone.status()), 410);
  options.resource_version = "3";
  EXPECT_THAT(Watch(options)->Next(absl::ZeroDuration()),
              StatusIs(absl::StatusCode::kDeadlineExceeded));
}

TEST_F(FakeResourceApiTest, AWatchEndsAfterItsTime) {
  k8s::WatchOptions options;
  options.timeout = absl::Minutes(5);
  const auto watcher = Watch(options);
  clock_.AdvanceTime(absl::Minutes(5));
  const auto end = watcher->Next(absl::Minutes(1));
  EXPECT_THAT(end, StatusIs(absl::StatusCode::kOutOfRange));
  EXPECT_EQ(k8s::HttpCode(end.status()), 0);
}

TEST_F(FakeResourceApiTest, WatchesBreakAndCarryBookmarks) {
  const auto watcher = Watch();
  EXPECT_EQ(csrs_.watches(), 1);
  csrs_.Put(NamedCsr("a"));
  csrs_.SendBookmarks();
  EXPECT_EQ(watcher->Next(absl::ZeroDuration())->type,
            k8s::WatchEventType::kAdded);
  const auto mark = watcher->Next(absl::ZeroDuration());
  ASSERT_THAT(mark, IsOk());
  EXPECT_EQ(mark->type, k8s::WatchEventType::kBookmark);
  EXPECT_EQ(mark->object.metadata().resource_version(), "2");
  csrs_.EndWatches();
  EXPECT_THAT(watcher->Next(absl::InfiniteDuration()),
              StatusIs(absl::StatusCode::kUnavailable, "connection reset"));
}

TEST_F(FakeResourceApiTest, ASelectionMayBeLeft) {
  k8s::WatchOptions options;
  options.label_selector = "a=b";
  const auto watcher = Watch(options);
  Csr csr = NamedCsr("x");
  csrs_.Put(csr);
  (*csr.mutable_metadata()->mutable_labels())["a"] = "b";
  csrs_.Put(csr);
  csr.mutable_metadata()->clear_labels();
  csrs_.Put(csr);
  EXPECT_EQ(watcher->Next(absl::ZeroDuration())->type,
            k8s::WatchEventType::kAdded);
  EXPECT_EQ(watcher->Next(absl::ZeroDuration())->type,
            k8s::WatchEventType::kDeleted);
  EXPECT_THAT(watcher->Next(absl::ZeroDuration()),
              StatusIs(absl::StatusCode::kDeadlineExceeded));
}

TEST_F(FakeResourceApiTest, NextWaitsForAnEvent) {
  const auto watcher = Watch();
  std::thread writer([this] { csrs_.Put(NamedCsr("a")); });
  EXPECT_THAT(watcher->Next(absl::Minutes(1)), IsOk());
  writer.join();
  std::thread stopper([&watcher] { watcher->Stop(); });
  EXPECT_THAT(watcher->Next(absl::Minutes(1)),
              StatusIs(absl::StatusCode::kCancelled));
  stopper.join();
}

}  // namespace
}  // namespace signet::testing
