#include "core/rotation/next_step.h"

#include <optional>
#include <string>

#include "absl/time/time.h"
#include "core/pki/validity.h"
#include "core/rotation/rotation_window.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::rotation {
namespace {

const absl::Time kIssued = absl::FromUnixSeconds(1'795'514'421);
const pki::Validity kHour = {kIssued, kIssued + absl::Seconds(3600)};
// The deadline of kHour in the middle of the window.
const absl::Time kDeadline = kIssued + absl::Seconds(2880);
const absl::Time kEnd = kHour.not_after;
constexpr absl::Duration kNanosecond = absl::Nanoseconds(1);

InUse Certificate(std::optional<std::string> mismatch = std::nullopt) {
  return {kHour, *Jitter::FromFraction(0.5), mismatch};
}

FailedAttempts Failed(int count) {
  FailedAttempts failed;
  for (int i = 0; i < count; ++i) failed.Add(kIssued);
  return failed;
}

// SPEC A-29.
TEST(DecideStartTest, A29PrefersAStoredPairThatHasNotExpired) {
  const struct {
    std::string name;
    std::optional<pki::Validity> stored;
    bool has_bootstrap_pair;
    absl::Time now;
    StartWith want;
  } kTests[] = {
      {"stored and valid", kHour, false, kIssued, StartWith::kStored},
      {"stored and valid, bootstrap pair given", kHour, true, kIssued,
       StartWith::kStored},
      {"stored and valid for a moment yet", kHour, true, kEnd - kNanosecond,
       StartWith::kStored},
      {"stored and ends now", kHour, true, kEnd, StartWith::kBootstrap},
      {"stored and expired, no bootstrap pair", kHour, false,
       kEnd + kNanosecond, StartWith::kNothing},
      {"stored and not valid yet", kHour, true, kIssued - absl::Hours(1),
       StartWith::kStored},
      {"nothing stored, bootstrap pair given",
       {},
       true,
       kIssued,
       StartWith::kBootstrap},
      {"nothing at all", {}, false, kIssued, StartWith::kNothing},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    EXPECT_EQ(DecideStart(t.stored, t.has_bootstrap_pair, t.now), t.want);
  }
}

TEST(DecideNextStepTest, DecidesInEachSituation) {
  const struct {
    std::string name;
    Situation situation;
    absl::Time now;
    Action want;
    absl::Time want_at;
    std::string want_why;
    Credentials want_credentials;
  } kTests[] = {
      {"A-1: before the deadline it waits for it",
       {.certificate = Certificate()},
       kDeadline - kNanosecond,
       Action::kWait,
       kDeadline,
       "rotation deadline not reached",
       Credentials::kCurrent},
      {"A-1: at the deadline it requests",
       {.certificate = Certificate()},
       kDeadline,
       Action::kRequest,
       kDeadline,
       "rotation deadline reached",
       Credentials::kCurrent},
      {"A-32: the last second of a certificate is still good to request with",
       {.certificate = Certificate()},
       kEnd,
       Action::kRequest,
       kEnd,
       "rotation deadline reached",
       Credentials::kCurrent},
      {"A-32: an expired one is not, so bootstrap credentials are used",
       {.certificate = Certificate()},
       kEnd + kNanosecond,
       Action::kRequest,
       kEnd + kNanosecond,
       "rotation deadline reached",
       Credentials::kBootstrap},
      {"A-3: no certificate, at once",
       {},
       kIssued,
       Action::kRequest,
       kIssued,
       "no certificate",
       Credentials::kBootstrap},
      {"A-3: no certificate and forced, at once",
       {.forced = true},
       kIssued,
       Action::kRequest,
       kIssued,
       "no certificate",
       Credentials::kBootstrap},
      {"A-3: forced, at once, with the bootstrap certificate itself",
       {.certificate = Certificate(), .forced = true},
       kIssued,
       Action::kRequest,
       kIssued,
       "started with a bootstrap certificate",
       Credentials::kCurrent},
      {"A-3: does not satisfy the template, at once",
       {.certificate = Certificate("certificate lacks DNS names a")},
       kIssued,
       Action::kRequest,
       kIssued,
       "certificate lacks DNS names a",
       Credentials::kCurrent},
      {"A-6: no template at the deadline, look again in a second",
       {.certificate = Certificate(), .has_template = false},
       kDeadline,
       Action::kWait,
       kDeadline + absl::Seconds(1),
       "nothing to ask for yet",
       Credentials::kCurrent},
      {"A-6: no template is needed before the deadline",
       {.certificate = Certificate(), .has_template = false},
       kIssued,
       Action::kWait,
       kDeadline,
       "rotation deadline not reached",
       Credentials::kCurrent},
      {"A-6: no template and no certificate",
       {.has_template = false},
       kIssued,
       Action::kWait,
       kIssued + absl::Seconds(1),
       "nothing to ask for yet",
       Credentials::kBootstrap},
      {"A-8: after a failure it waits for the ladder",
       {.certificate = Certificate(),
        .failed = Failed(2),
        .retry_at = kDeadline + absl::Seconds(4)},
       kDeadline,
       Action::kWait,
       kDeadline + absl::Seconds(4),
       "attempt 2 failed",
       Credentials::kCurrent},
      {"A-8: on the ladder the deadline does not matter",
       {.certificate = Certificate(),
        .failed = Failed(1),
        .retry_at = kIssued + absl::Seconds(2)},
       kIssued + absl::Seconds(2),
       Action::kRequest,
       kIssued + absl::Seconds(2),
       "attempt 1 failed",
       Credentials::kCurrent},
      {"A-32: a certificate that expires on the ladder",
       {.certificate = Certificate(), .failed = Failed(7), .retry_at = kEnd},
       kEnd + kNanosecond,
       Action::kRequest,
       kEnd + kNanosecond,
       "attempt 7 failed",
       Credentials::kBootstrap},
      {"F-2: a request that is under way is waited for at once",
       {.certificate = Certificate(), .under_way = true},
       kIssued,
       Action::kRequest,
       kIssued,
       "a request is under way",
       Credentials::kCurrent},
      {"F-2: but not before the ladder says so",
       {.certificate = Certificate(),
        .under_way = true,
        .failed = Failed(1),
        .retry_at = kIssued + absl::Seconds(2)},
       kIssued,
       Action::kWait,
       kIssued + absl::Seconds(2),
       "attempt 1 failed",
       Credentials::kCurrent},
      {"F-13: a certificate that was refused is not asked with again",
       {.certificate = Certificate(),
        .refused = true,
        .failed = Failed(1),
        .retry_at = kIssued + absl::Seconds(2)},
       kIssued + absl::Seconds(2),
       Action::kRequest,
       kIssued + absl::Seconds(2),
       "attempt 1 failed",
       Credentials::kFallback},
      {"F-13: once it has expired too, the start's rule counts",
       {.certificate = Certificate(),
        .refused = true,
        .failed = Failed(1),
        .retry_at = kEnd},
       kEnd + kNanosecond,
       Action::kRequest,
       kEnd + kNanosecond,
       "attempt 1 failed",
       Credentials::kBootstrap},
      {"a clock set back to before the last failure: the next attempt is due",
       {.certificate = Certificate(),
        .failed = Failed(6),
        .retry_at = kIssued + absl::Seconds(32)},
       kIssued - absl::Hours(24),
       Action::kRequest,
       kIssued - absl::Hours(24),
       "attempt 6 failed",
       Credentials::kCurrent},
      {"a certificate without a lifetime is due at once",
       {.certificate = InUse{{kEnd, kEnd}, *Jitter::FromFraction(0.5), {}}},
       kEnd,
       Action::kRequest,
       kEnd,
       "rotation deadline reached",
       Credentials::kCurrent},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    const NextStep got = DecideNextStep(t.situation, t.now);
    EXPECT_EQ(got.action, t.want);
    EXPECT_EQ(got.at, t.want_at);
    EXPECT_EQ(got.why, t.want_why);
    EXPECT_EQ(got.credentials, t.want_credentials);
  }
}

// SPEC A-7.
TEST(IsUsableTest, A7EndsStrictlyAfterNotAfter) {
  EXPECT_TRUE(IsUsable(kHour, kEnd - kNanosecond));
  EXPECT_TRUE(IsUsable(kHour, kEnd));
  EXPECT_FALSE(IsUsable(kHour, kEnd + kNanosecond));
  EXPECT_TRUE(IsUsable(kHour, kIssued - absl::Hours(1)));
}

// SPEC A-45.
TEST(ShouldExitTest, A45ExitsAfterFiveMinutesIfTheServerIsWell) {
  const absl::Time limit = kEnd + absl::Minutes(5);
  EXPECT_FALSE(ShouldExit(kEnd, true, limit));
  EXPECT_TRUE(ShouldExit(kEnd, true, limit + kNanosecond));
  EXPECT_FALSE(ShouldExit(kEnd, false, limit + absl::Hours(1)));
}

}  // namespace
}  // namespace signet::rotation
