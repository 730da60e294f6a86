#include "node_agent/event.h"

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::node_agent {
namespace {

TEST(EventTest, IsALineOfKeysAndValues) {
  EXPECT_EQ(Event("issued")
                .With("csr", "csr-4x2lq")
                .With("rotations", 2)
                .With("not_after", absl::FromUnixSeconds(1'795'514'421))
                .line(),
            "event=issued csr=csr-4x2lq rotations=2 "
            "not_after=2026-11-24T10:00:21Z");
}

TEST(EventTest, QuotesWhatIsMoreThanAWord) {
  EXPECT_EQ(Event("failed")
                .With("a", "")
                .With("b", "two words")
                .With("c", "x=y")
                .With("d", "say \"hi\"\nevent=forged")
                .With("e", "C:\\")
                .line(),
            "event=failed a=\"\" b=\"two words\" c=\"x=y\" "
            "d=\"say \\\"hi\\\"\\nevent=forged\" e=\"C:\\\\\"");
}

TEST(EventTest, HasAWordForTimesThatNeverCome) {
  EXPECT_EQ(FormatTimestamp(absl::InfiniteFuture()), "never");
  EXPECT_EQ(FormatTimestamp(absl::InfinitePast()), "never");
}

}  // namespace
}  // namespace signet::node_agent
