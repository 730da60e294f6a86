#include "core/rotation/rotation_window.h"

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/time/time.h"
#include "core/pki/validity.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::rotation {
namespace {

using ::absl_testing::StatusIs;

const absl::Time kIssued = absl::FromUnixSeconds(1'795'514'421);

// SPEC A-1.
TEST(RotationDeadlineTest, A1LiesBetween70And90PercentOfTheLifetime) {
  const struct {
    std::string name;
    absl::Duration lifetime;
    double jitter;
    absl::Duration want_age;  // Age of the certificate at its deadline.
  } kTests[] = {
      {"start of the window", absl::Hours(100), 0.0, absl::Hours(70)},
      {"middle of the window", absl::Hours(100), 0.5, absl::Hours(80)},
      {"just before its end", absl::Hours(100), 0.999, absl::Seconds(323928)},
      {"one year", absl::Hours(8760), 0, absl::Hours(6132)},
      {"one hour asked for, 65 min given (C-9): the backdate counts",
       absl::Minutes(65), 0, absl::Seconds(2730)},
      {"rounds down to a second", absl::Seconds(9), 0, absl::Seconds(6)},
      {"one second is before expiry", absl::Seconds(1), 0.9, {}},
      {"ten thousand years", absl::Hours(87'600'000), 0.5,
       absl::Hours(70'080'000)},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    const pki::Validity validity{kIssued, kIssued + t.lifetime};
    const auto got =
        RotationDeadline(validity, *Jitter::FromFraction(t.jitter));
    ASSERT_TRUE(got.ok()) << got.status();
    EXPECT_EQ(*got - kIssued, t.want_age);
    EXPECT_LT(*got, validity.not_after);
  }
}

// SPEC A-1: the upper end is exclusive, whatever the rounding.
TEST(RotationDeadlineTest, A1StaysBelow90PercentForTheGreatestJitter) {
  const Jitter last = *Jitter::FromFraction(std::nextafter(1.0, 0.0));
  for (int seconds = 1; seconds <= 100'000; seconds += 7) {
    const auto got =
        RotationDeadline({kIssued, kIssued + absl::Seconds(seconds)}, last);
    ASSERT_TRUE(got.ok()) << got.status();
    EXPECT_LE(*got - kIssued, absl::Seconds(seconds) * 9 / 10);
  }
}

TEST(RotationDeadlineTest, RefusesAValidityWithoutALifetime) {
  const struct {
    std::string name;
    pki::Validity validity;
  } kTests[] = {
      {"empty", {kIssued, kIssued}},
      {"reversed", {kIssued, kIssued - absl::Seconds(1)}},
      {"without an end", {kIssued, absl::InfiniteFuture()}},
      {"without a start", {absl::InfinitePast(), kIssued}},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    EXPECT_THAT(RotationDeadline(t.validity, *Jitter::FromFraction(0)),
                StatusIs(absl::StatusCode::kInvalidArgument));
  }
}

TEST(JitterTest, FollowsFromTheFingerprintAlone) {
  std::array<uint8_t, 32> sha256{};
  EXPECT_EQ(Jitter::FromFingerprint(sha256).fraction(), 0);
  sha256[0] = 0x80;
  EXPECT_EQ(Jitter::FromFingerprint(sha256).fraction(), 0.5);
  sha256[0] = 0xa0;
  EXPECT_EQ(Jitter::FromFingerprint(sha256).fraction(), 0.625);
  sha256.fill(0xff);
  EXPECT_LT(Jitter::FromFingerprint(sha256).fraction(), 1);
  EXPECT_EQ(Jitter::FromFingerprint(sha256).fraction(),
            std::nextafter(1.0, 0.0));
}

TEST(JitterTest, RefusesAFractionOutsideZeroToOne) {
  for (double fraction :
       {-0.001, 1.0, 2.0, std::numeric_limits<double>::infinity(),
        std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_THAT(Jitter::FromFraction(fraction),
                StatusIs(absl::StatusCode::kInvalidArgument));
  }
}

}  // namespace
}  // namespace signet::rotation
