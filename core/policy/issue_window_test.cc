#include "core/policy/issue_window.h"

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status_matchers.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace signet::policy {
namespace {

using ::absl_testing::IsOkAndHolds;
using ::absl_testing::StatusIs;

const absl::Time kNow = absl::FromUnixSeconds(1767225600);  // 2026-01-01.
const absl::Time kFar = kNow + absl::Hours(24 * 3650);

TEST(IssueTtlTest, HonoursARequestWithinTheSignersDuration) {
  constexpr absl::Duration kYear = kDefaultSigningDuration;
  const struct {
    std::string name;
    std::optional<int32_t> requested;
    absl::Duration configured;
    absl::Duration want;
  } kTests[] = {
      {"C-7: none requested gives the configured", std::nullopt, kYear, kYear},
      {"C-7: a shorter request is honoured", 3600, kYear, absl::Hours(1)},
      {"C-7: the configured itself", 31536000, kYear, kYear},
      {"C-7: a longer one is cut to the configured", 31536001, kYear, kYear},
      {"C-7: less than 10 min becomes 10 min", 599, kYear, absl::Minutes(10)},
      {"C-7: zero and less too", -1, kYear, absl::Minutes(10)},
      {"C-7: 600 s are enough", 600, kYear, absl::Minutes(10)},
      {"G-4b: 600 s from a signer that gives 5 min", 600, absl::Minutes(5),
       absl::Minutes(5)},
      {"C-7: the minimum may exceed a short configured duration", 60,
       absl::Minutes(5), absl::Minutes(10)},
      {"C-7: the largest request", INT32_MAX, kYear, kYear},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    EXPECT_EQ(IssueTtl(t.requested, t.configured), t.want);
  }
}

TEST(IssueWindowTest, IsBackdatedByFiveMinutesAndEndsByTtl) {
  const struct {
    std::string name;
    absl::Duration ttl;
    absl::Duration want_end;  // After now.
    absl::Duration want_lifetime;
  } kTests[] = {
      {"C-9: 600 s live 15 min", absl::Seconds(600), absl::Minutes(10),
       absl::Minutes(15)},
      {"C-9: 3600 s live 65 min", absl::Seconds(3600), absl::Hours(1),
       absl::Minutes(65)},
      {"C-9: 7h59m59s live 8h4m59s", absl::Seconds(28799), absl::Seconds(28799),
       absl::Seconds(29099)},
      {"C-9: 8 h live 8 h", absl::Hours(8), absl::Seconds(28500),
       absl::Hours(8)},
      {"C-9: a year lives 365 d", absl::Hours(8760),
       absl::Hours(8760) - absl::Minutes(5), absl::Hours(8760)},
      {"G-4b: there is no lower bound", absl::Minutes(3), absl::Minutes(3),
       absl::Minutes(8)},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    const auto got = IssueWindow(t.ttl, kFar, kNow);
    ASSERT_TRUE(got.ok()) << got.status();
    EXPECT_EQ(got->not_before, kNow - absl::Minutes(5));  // C-8
    EXPECT_EQ(got->not_after, kNow + t.want_end);
    EXPECT_EQ(got->lifetime(), t.want_lifetime);
  }
}

// SPEC G-2, as it stands there: from what was requested to what is issued.
TEST(IssueWindowTest, VectorsOfG2) {
  constexpr absl::Duration kYear = absl::Hours(8760);
  const struct {
    std::string name;
    std::optional<int32_t> requested;
    absl::Duration ca_end;  // After now.
    absl::Duration want_not_before;
    absl::Duration want_not_after;
  } kTests[] = {
      {"nil", std::nullopt, 2 * kYear, -absl::Minutes(5),
       kYear - absl::Minutes(5)},
      {"600", 600, 2 * kYear, -absl::Minutes(5), absl::Minutes(10)},
      {"28799", 28799, 2 * kYear, -absl::Minutes(5), absl::Seconds(28799)},
      {"28800", 28800, 2 * kYear, -absl::Minutes(5), absl::Seconds(28500)},
      {"40000000 is as nil", 40000000, 2 * kYear, -absl::Minutes(5),
       kYear - absl::Minutes(5)},
      {"the CA ends in 1 h", std::nullopt, absl::Hours(1), -absl::Minutes(5),
       absl::Hours(1)},
      {"the CA ends within the TTL by a second", 3600, absl::Seconds(3599),
       -absl::Minutes(5), absl::Seconds(3599)},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    EXPECT_THAT(
        IssueWindow(IssueTtl(t.requested, kYear), kNow + t.ca_end, kNow),
        IsOkAndHolds(
            pki::Validity{kNow + t.want_not_before, kNow + t.want_not_after}));
  }
}

TEST(IssueWindowTest, RefusesOnceTheCaHasEnded) {  // C-10, G-2
  constexpr char kExpired[] =
      "the signer has expired: NotAfter=2026-01-01 00:00:00 +0000 UTC";
  constexpr char kPast[] =
      "refusing to sign a certificate that expired in the past: "
      "NotAfter=2026-01-01 00:00:00 +0000 UTC";
  const struct {
    std::string name;
    absl::Duration since;  // How long ago the CA ended.
    std::string want;
  } kTests[] = {
      {"6 min ago", absl::Minutes(6), kExpired},
      {"exactly 5 min ago", absl::Minutes(5), kExpired},
      {"not quite 5 min ago", absl::Minutes(5) - absl::Nanoseconds(1), kPast},
      {"2 min ago", absl::Minutes(2), kPast},
      {"now", absl::ZeroDuration(), kPast},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    EXPECT_THAT(IssueWindow(absl::Hours(1), kNow, kNow + t.since),
                StatusIs(absl::StatusCode::kFailedPrecondition, t.want));
  }
  EXPECT_THAT(IssueWindow(absl::Hours(1), kNow, kNow - absl::Seconds(1)),
              IsOkAndHolds(pki::Validity{kNow - absl::Seconds(301), kNow}));
}

TEST(IssueWindowTest, TakesAnotherBackdate) {  // C-18
  EXPECT_THAT(IssueWindow(absl::Minutes(1), kFar, kNow, absl::ZeroDuration()),
              IsOkAndHolds(pki::Validity{kNow, kNow + absl::Minutes(1)}));
  EXPECT_THAT(
      IssueWindow(absl::Hours(8), kFar, kNow, absl::Minutes(1)),
      IsOkAndHolds(pki::Validity{kNow - absl::Minutes(1),
                                 kNow + absl::Hours(8) - absl::Minutes(1)}));
}

TEST(IssueWindowTest, RoundsDownToWholeSeconds) {  // C-17
  EXPECT_THAT(IssueWindow(absl::Hours(1), kFar, kNow + absl::Milliseconds(999)),
              IsOkAndHolds(pki::Validity{kNow - absl::Minutes(5),
                                         kNow + absl::Hours(1)}));
}

}  // namespace
}  // namespace signet::policy
