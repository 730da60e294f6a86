#include "core/rotation/request_key.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "core/pki/private_key.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::rotation {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::StatusIs;
using ::testing::HasSubstr;

TEST(RequestUsagesTest, A15A34FollowFromPurposeKeyAndMode) {
  const struct {
    std::string name;
    Purpose purpose;
    pki::KeyType type;
    UsageOrder order;
    std::vector<std::string> want;
  } kTests[] = {
      {"A-15: client, ECDSA",
       Purpose::kClient,
       pki::KeyType::kEcdsa,
       UsageOrder::kRotation,
       {"digital signature", "client auth"}},
      {"A-15: client, RSA",
       Purpose::kClient,
       pki::KeyType::kRsa,
       UsageOrder::kRotation,
       {"digital signature", "key encipherment", "client auth"}},
      {"A-15: serving, ECDSA",
       Purpose::kServing,
       pki::KeyType::kEcdsa,
       UsageOrder::kRotation,
       {"digital signature", "server auth"}},
      {"A-15: serving, RSA",
       Purpose::kServing,
       pki::KeyType::kRsa,
       UsageOrder::kRotation,
       {"digital signature", "key encipherment", "server auth"}},
      {"A-34: client, ECDSA, foreground",
       Purpose::kClient,
       pki::KeyType::kEcdsa,
       UsageOrder::kForeground,
       {"digital signature", "client auth"}},
      {"A-34: client, RSA, foreground",
       Purpose::kClient,
       pki::KeyType::kRsa,
       UsageOrder::kForeground,
       {"digital signature", "client auth", "key encipherment"}},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    EXPECT_EQ(RequestUsages(t.purpose, t.type, t.order), t.want);
  }
}

TEST(CheckRequestKeyTest, A9TakesRsaFrom2048AndEcdsaFromP256) {
  EXPECT_THAT(CheckRequestKey(pki::KeyType::kRsa, 2048), IsOk());
  EXPECT_THAT(CheckRequestKey(pki::KeyType::kRsa, 2047),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("RSA key size 2047 bits")));
  EXPECT_THAT(CheckRequestKey(pki::KeyType::kEcdsa, 256), IsOk());
  EXPECT_THAT(CheckRequestKey(pki::KeyType::kEcdsa, 521), IsOk());
  EXPECT_THAT(CheckRequestKey(pki::KeyType::kEcdsa, 224),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("224")));
  EXPECT_THAT(
      CheckRequestKey(pki::KeyType::kEd25519, 256),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("Ed25519")));
}

}  // namespace
}  // namespace signet::rotation
