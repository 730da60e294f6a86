#include "approver_service/approver_flags.h"

#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::approver {
namespace {

using ::testing::HasSubstr;

// Reads a command line; returns the error, "" if there is none.
std::string Parse(std::vector<std::string> arguments, ApproverFlags& flags) {
  CLI::App app("test", "signet-approver");
  AddApproverFlags(app, flags);
  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
  try {
    app.parse(reversed);
  } catch (const CLI::ParseError& error) {
    return error.what();
  }
  return "";
}

TEST(ApproverFlagsTest, HasDefaults) {
  ApproverFlags flags;
  EXPECT_EQ(Parse({}, flags), "");
  EXPECT_EQ(flags.review_cache_ttl, absl::Seconds(10));
  EXPECT_EQ(flags.config, "");
  EXPECT_FALSE(flags.dry_run);
  EXPECT_TRUE(flags.explanations.events);
  EXPECT_FALSE(flags.explanations.annotations);
}

TEST(ApproverFlagsTest, ReadsWhatIsGiven) {
  ApproverFlags flags;
  EXPECT_EQ(Parse({"--review-cache-ttl=1m30s", "--workers=7"}, flags), "");
  EXPECT_EQ(flags.review_cache_ttl, absl::Seconds(90));
  EXPECT_EQ(flags.service.workers, 7);
  EXPECT_EQ(Parse({"--review-cache-ttl=0"}, flags), "");
  EXPECT_EQ(flags.review_cache_ttl, absl::ZeroDuration());
  EXPECT_EQ(Parse({"--config=a.yaml", "--dry-run", "--audit-log-file=b",
                   "--explain=annotation"},
                  flags),
            "");
  EXPECT_EQ(flags.config, "a.yaml");
  EXPECT_TRUE(flags.dry_run);
  EXPECT_EQ(flags.audit_log_file, "b");
  EXPECT_FALSE(flags.explanations.events);
  EXPECT_TRUE(flags.explanations.annotations);
  EXPECT_EQ(Parse({"--explain=both"}, flags), "");
  EXPECT_TRUE(flags.explanations.events);
  EXPECT_EQ(Parse({"--explain=none"}, flags), "");
  EXPECT_FALSE(flags.explanations.events);
  EXPECT_FALSE(flags.explanations.annotations);
}

TEST(ApproverFlagsTest, NamesTheFlagThatIsWrong) {
  const struct {
    const char* argument;
    const char* want;
  } kTests[] = {
      {"--review-cache-ttl=soon",
       "--review-cache-ttl: time: invalid duration \"soon\""},
      {"--review-cache-ttl=-1s",
       "--review-cache-ttl: -1s is not from 0s to 5m0s"},
      {"--review-cache-ttl=6m",
       "--review-cache-ttl: 6m is not from 0s to 5m0s"},
      {"--workers=0", "--workers"},
      {"--explain=loudly", "--explain"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.argument);
    ApproverFlags flags;
    EXPECT_THAT(Parse({t.argument}, flags), HasSubstr(t.want));
  }
}

}  // namespace
}  // namespace signet::approver
