#include "core/sys/resolver.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/pki/ip_address.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::sys {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::IsOkAndHolds;
using ::absl_testing::StatusIs;
using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::ElementsAre;

constexpr absl::Duration kLong = absl::Seconds(20);

// What every host's own files say; no name server is asked.
TEST(SystemResolverTest, LooksUpThisHost) {
  SystemResolver resolver;
  const absl::StatusOr<std::vector<pki::IpAddress>> addresses =
      resolver.Addresses("localhost", kLong);
  ASSERT_THAT(addresses.status(), IsOk());
  EXPECT_THAT(*addresses, Contains(*pki::IpAddress::Parse("127.0.0.1")));
  EXPECT_THAT(resolver.Names(*pki::IpAddress::Parse("127.0.0.1"), kLong),
              IsOkAndHolds(ElementsAre("localhost")));
}

TEST(SystemResolverTest, AnAddressIsItself) {
  SystemResolver resolver;
  EXPECT_THAT(resolver.Addresses("::1", kLong),
              IsOkAndHolds(ElementsAre(*pki::IpAddress::Parse("::1"))));
}

TEST(SystemResolverTest, SaysThatItDoesNotKnow) {
  SystemResolver resolver;
  // RFC 6761: there is no such name. Without a name server nobody can tell.
  EXPECT_THAT(resolver.Addresses("signet.invalid", kLong).status().code(),
              AnyOf(absl::StatusCode::kNotFound, absl::StatusCode::kUnavailable,
                    absl::StatusCode::kDeadlineExceeded));
  EXPECT_THAT(
      resolver.Addresses("not a host name!", kLong).status().code(),
      AnyOf(absl::StatusCode::kNotFound, absl::StatusCode::kUnavailable));
}

TEST(SystemResolverTest, DoesNotWaitLongerThanTold) {
  SystemResolver resolver;
  // Not even a look-up in a file is done in no time.
  EXPECT_THAT(resolver.Addresses("localhost", absl::ZeroDuration()).status(),
              AnyOf(IsOk(), StatusIs(absl::StatusCode::kDeadlineExceeded)));
}

TEST(SystemResolverTest, NameErrorsNameWhatWasLookedUp) {
  SystemResolver resolver;
  const absl::Status status =
      resolver.Addresses("not a host name!", kLong).status();
  EXPECT_THAT(std::string(status.message()),
              ::testing::HasSubstr("looking up not a host name!"));
}

}  // namespace
}  // namespace signet::sys
