#include "node_agent/file_pair.h"

#include <memory>
#include <string>

#include "absl/base/log_severity.h"
#include "absl/log/globals.h"
#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/simulated_clock.h"
#include "absl/time/time.h"
#include "core/http/tls_identity.h"
#include "core/testing/fake_file_system.h"
#include "core/testing/test_ca.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::node_agent {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;

class FilePairTest : public ::testing::Test {
 protected:
  FilePairTest() { absl::SetMinLogLevel(absl::LogSeverityAtLeast::kInfinity); }
  void Write(absl::string_view path, absl::string_view text) {
    ASSERT_THAT(files_.Write(path, text, 0600), IsOk());
  }
  absl::StatusOr<std::shared_ptr<FilePair>> Load() {
    return FilePair::Load("/tls.crt", "/tls.key", files_, clock_);
  }
  static bool Is(const std::shared_ptr<const http::TlsIdentity>& pair,
                 const testing::TestIdentity& identity) {
    return pair != nullptr &&
           pair->chain.front().der() == identity.certificate().der();
  }

  testing::TestCa ca_;
  absl::SimulatedClock clock_{absl::FromUnixSeconds(1'795'514'421)};
  testing::FakeFileSystem files_;
};

TEST_F(FilePairTest, A42ServesWithTheFilesItIsGiven) {
  const testing::TestIdentity identity = ca_.Server();
  Write("/tls.crt", identity.certificate_pem);
  Write("/tls.key", identity.key_pem);
  const auto pair = Load();
  ASSERT_THAT(pair.status(), IsOk());
  EXPECT_TRUE(Is((*pair)->Current(), identity));
}

TEST_F(FilePairTest, A42NamesFilesThatAreNoPair) {
  EXPECT_THAT(Load(),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("/tls.crt")));
  Write("/tls.crt", ca_.Server().certificate_pem);
  EXPECT_THAT(Load(),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("/tls.key")));
  Write("/tls.key", ca_.Server().key_pem);
  EXPECT_THAT(Load(), StatusIs(absl::StatusCode::kInvalidArgument,
                               AllOf(HasSubstr("\"/tls.crt\""),
                                     HasSubstr("\"/tls.key\""))));
}

TEST_F(FilePairTest, A43TakesANewPairAndKeepsTheOldOneUntilItIsWhole) {
  const testing::TestIdentity first = ca_.Server(), second = ca_.Server();
  Write("/tls.crt", first.certificate_pem);
  Write("/tls.key", first.key_pem);
  const auto pair = Load();
  ASSERT_THAT(pair.status(), IsOk());

  Write("/tls.crt", second.certificate_pem);
  EXPECT_TRUE(Is((*pair)->Current(), first));  // Not looked at yet.
  clock_.AdvanceTime(absl::Seconds(1));
  EXPECT_TRUE(Is((*pair)->Current(), first));  // A certificate of another key.
  ASSERT_THAT(files_.Remove("/tls.key"), IsOk());
  clock_.AdvanceTime(absl::Seconds(1));
  EXPECT_TRUE(Is((*pair)->Current(), first));  // No key at all.
  Write("/tls.key", second.key_pem);
  clock_.AdvanceTime(absl::Seconds(1));
  EXPECT_TRUE(Is((*pair)->Current(), second));
  Write("/tls.key", "nonsense");
  clock_.AdvanceTime(absl::Seconds(1));
  EXPECT_TRUE(Is((*pair)->Current(), second));
}

TEST_F(FilePairTest, A43ReadsNothingTwice) {
  const testing::TestIdentity identity = ca_.Server();
  Write("/tls.crt", identity.certificate_pem);
  Write("/tls.key", identity.key_pem);
  const auto pair = Load();
  ASSERT_THAT(pair.status(), IsOk());
  const auto first = (*pair)->Current();
  clock_.AdvanceTime(absl::Hours(1));
  EXPECT_EQ((*pair)->Current(), first);
}

}  // namespace
}  // namespace signet::node_agent
