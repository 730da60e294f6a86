#include "signer_service/shard.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace signet::signer {
namespace {

TEST(ShardOfTest, OneShardHasAll) {
  EXPECT_EQ(ShardOf("", 1), 0);
  EXPECT_EQ(ShardOf("csr-x7k2p", 1), 0);
}

// Replicas of two versions must agree.
TEST(ShardOfTest, NeverChanges) {
  EXPECT_EQ(ShardOf("csr-x7k2p", 3), 1);
  EXPECT_EQ(ShardOf("node-csr-ZAK5k7jaDenZEG-dy61F8D3gFX4vUqfMLVTvaJKpRuw", 3),
            2);
  EXPECT_EQ(ShardOf("my-svc.my-namespace", 1000), 305);
}

TEST(ShardOfTest, IsEven) {
  for (const int shards : {2, 3, 4, 7, 16}) {
    SCOPED_TRACE(shards);
    std::vector<int> count(static_cast<size_t>(shards));
    const int names = shards * 1000;
    for (int i = 0; i < names; ++i) {
      const int shard = ShardOf(absl::StrCat("csr-", i), shards);
      ASSERT_GE(shard, 0);
      ASSERT_LT(shard, shards);
      ++count[static_cast<size_t>(shard)];
    }
    for (const int n : count) EXPECT_NEAR(n, 1000, 150);
  }
}

}  // namespace
}  // namespace signet::signer
