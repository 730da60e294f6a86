#include "core/policy/csr_cleaning.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "core/api/certificates.pb.h"
#include "core/api/codec.h"
#include "core/pki/validity.h"
#include "core/testing/test_ca.h"
#include "gtest/gtest.h"

namespace signet::policy {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1767225600);  // 2026-01-01.
constexpr absl::Duration kSecond = absl::Seconds(1);

// A certificate that ends at kNow + `left`.
std::string Certificate(absl::Duration left) {
  const pki::Validity validity = {kNow - absl::Hours(48), kNow + left};
  return testing::TestCa("ca", validity).certificate_pem();
}

struct Condition {
  std::string type;
  absl::Duration age;  // Of lastUpdateTime; infinite: not set.
  std::string status = "True";
};

TEST(DecideCleaningTest, C28RemovesWhatIsOldEnough) {
  const std::string valid = Certificate(absl::Hours(1));
  const std::string ended = Certificate(-kSecond);
  const absl::Duration kHour = absl::Hours(1);
  const absl::Duration kDay = absl::Hours(24);
  const absl::Duration kUnset = absl::InfiniteDuration();
  const struct {
    std::string name;
    std::vector<Condition> conditions;
    absl::Duration age;  // Since its creation.
    std::string certificate;
    Cleaning want;
  } kTests[] = {
      {"issued an hour ago",
       {{"Approved", kHour}},
       kHour,
       valid,
       Cleaning::kKeep},
      {"issued over an hour ago",
       {{"Approved", kHour + kSecond}},
       kHour,
       valid,
       Cleaning::kIssued},
      {"issued, and approved at no time",
       {{"Approved", kUnset}},
       kDay * 9,
       valid,
       Cleaning::kKeep},
      {"issued; the approval's status does not count",
       {{"Approved", kHour * 2, "False"}},
       kHour,
       valid,
       Cleaning::kIssued},
      {"issued, but it cannot be read",
       {{"Approved", kHour * 2}},
       kHour,
       "garbage",
       Cleaning::kIssued},
      {"denied an hour ago", {{"Denied", kHour}}, kHour, "", Cleaning::kKeep},
      {"denied over an hour ago",
       {{"Denied", kHour + kSecond}},
       kHour,
       "",
       Cleaning::kDenied},
      {"denied at no time",
       {{"Denied", kUnset}},
       kDay * 9,
       "",
       Cleaning::kKeep},
      {"failed an hour ago",
       {{"Approved", kHour}, {"Failed", kHour}},
       kHour,
       "",
       Cleaning::kKeep},
      {"failed over an hour ago",
       {{"Approved", kHour * 2}, {"Failed", kHour + kSecond}},
       kHour,
       "",
       Cleaning::kFailed},
      {"failed without an approval",
       {{"Failed", kHour * 2}},
       kHour,
       "",
       Cleaning::kFailed},
      {"pending for a day", {}, kDay, "", Cleaning::kKeep},
      {"pending for over a day", {}, kDay + kSecond, "", Cleaning::kPending},
      {"pending, and made at no time", {}, kUnset, "", Cleaning::kKeep},
      {"a certificate without a condition is pending",
       {},
       kDay + kSecond,
       valid,
       Cleaning::kPending},
      {"a certificate that has ended, without an approval",
       {},
       kHour,
       ended,
       Cleaning::kKeep},
      {"the certificate has ended",
       {{"Approved", kSecond}},
       kHour,
       ended,
       Cleaning::kExpired},
      {"the certificate ends now",
       {{"Approved", kSecond}},
       kHour,
       Certificate(absl::ZeroDuration()),
       Cleaning::kKeep},
      {"of two certificates the first counts",
       {{"Approved", kSecond}},
       kHour,
       valid + ended,
       Cleaning::kKeep},
      {"a certificate that cannot be read never ends",
       {{"Approved", kSecond}},
       kHour,
       "garbage",
       Cleaning::kKeep},
      {"approved for a day", {{"Approved", kDay}}, kDay, "", Cleaning::kKeep},
      {"approved for over a day",
       {{"Approved", kDay + kSecond}},
       kDay,
       "",
       Cleaning::kUnissued},
      {"approved at no time",
       {{"Approved", kUnset}},
       kDay * 9,
       "",
       Cleaning::kKeep},
      {"only conditions of unknown types",
       {{"Strange", kDay * 9}},
       kDay * 9,
       "",
       Cleaning::kKeep},
      {"only conditions of unknown types, and issued",
       {{"Strange", kDay * 9}},
       kDay * 9,
       ended,
       Cleaning::kKeep},
      {"times to come", {{"Denied", -kHour}}, -kHour, "", Cleaning::kKeep},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    api::CertificateSigningRequest csr;
    if (t.age != kUnset) {
      *csr.mutable_metadata()->mutable_creation_timestamp() =
          api::FromAbslTime(kNow - t.age);
    }
    for (const Condition& c : t.conditions) {
      auto& condition = *csr.mutable_status()->add_conditions();
      condition.set_type(c.type);
      condition.set_status(c.status);
      if (c.age == kUnset) continue;
      *condition.mutable_last_update_time() = api::FromAbslTime(kNow - c.age);
    }
    csr.mutable_status()->set_certificate(t.certificate);
    EXPECT_EQ(ToString(DecideCleaning(csr, kNow)), ToString(t.want));
  }
}

TEST(DecideCleaningTest, C29AnIssuedRequestStaysForOneToTwoHours) {
  api::CertificateSigningRequest csr;
  csr.mutable_status()->set_certificate(Certificate(absl::Hours(100)));
  auto& condition = *csr.mutable_status()->add_conditions();
  condition.set_type("Approved");
  for (int minute = 0; minute < 60; ++minute) {
    // Approved that long before a look.
    const absl::Time approved = kNow - absl::Minutes(minute);
    *condition.mutable_last_update_time() = api::FromAbslTime(approved);
    absl::Time look = kNow;
    while (DecideCleaning(csr, look) == Cleaning::kKeep) {
      look += kCleaningPeriod;
    }
    EXPECT_GT(look - approved, absl::Hours(1)) << minute;
    EXPECT_LE(look - approved, absl::Hours(2)) << minute;
  }
}

}  // namespace
}  // namespace signet::policy
