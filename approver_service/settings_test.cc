#include "approver_service/settings.h"

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "core/testing/fake_file_system.h"
#include "core/testing/test_ca.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::approver {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::IsOkAndHolds;
using ::absl_testing::StatusIs;
using ::testing::HasSubstr;

constexpr char kHead[] =
    "apiVersion: signet.dev/v1alpha1\nkind: ApproverConfiguration\n";
constexpr char kServing[] =
    "kubeletServing:\n  witnesses: [inventory, servedCertificate]\n"
    "witnesses:\n  inventoryFile: /nodes.yaml\n  kubeletCAFile: /ca.crt\n";
constexpr char kInventory[] =
    "apiVersion: signet.dev/v1alpha1\nkind: NodeInventory\n"
    "nodes: [{name: node-a}]\n";

class SettingsTest : public ::testing::Test {
 protected:
  void Write(const std::string& path, const std::string& text) {
    ASSERT_THAT(files_.Write(path, text, 0600), IsOk());
  }
  void Create() {
    absl::StatusOr<std::unique_ptr<SettingsSource>> source =
        SettingsSource::Create(files_, "/config.yaml");
    ASSERT_THAT(source.status(), IsOk());
    source_ = *std::move(source);
  }

  testing::FakeFileSystem files_;
  std::unique_ptr<SettingsSource> source_;
};

TEST_F(SettingsTest, WithoutAFileApprovesAsKubernetesDoes) {
  const auto source = SettingsSource::Create(files_, "");
  ASSERT_THAT(source.status(), IsOk());
  EXPECT_TRUE((*source)->Current()->config.client.approve);
  EXPECT_FALSE((*source)->Current()->config.serving.has_value());
  EXPECT_THAT((*source)->Refresh(), IsOkAndHolds(false));
}

TEST_F(SettingsTest, ReadsTheFilesThatTheConfigurationNames) {
  Write("/config.yaml", std::string(kHead) + kServing);
  Write("/nodes.yaml", kInventory);
  Write("/ca.crt", testing::TestCa().certificate_pem());
  Create();
  const std::shared_ptr<const Settings> settings = source_->Current();
  EXPECT_EQ(settings->config_sha256.size(), 64u);
  ASSERT_TRUE(settings->inventory.has_value());
  EXPECT_TRUE(settings->inventory->Has("node-a"));
  EXPECT_TRUE(settings->kubelet_ca.has_value());
  EXPECT_THAT(source_->Refresh(), IsOkAndHolds(false));
}

TEST_F(SettingsTest, DoesNotStartWithABadFileAndNamesIt) {
  Write("/config.yaml", std::string(kHead) + "kubletClient: {}\n");
  EXPECT_THAT(SettingsSource::Create(files_, "/config.yaml").status(),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("/config.yaml:3: unknown field "
                                 "\"kubletClient\"")));
  EXPECT_THAT(SettingsSource::Create(files_, "/none.yaml").status(),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("/none.yaml")));
  Write("/config.yaml", std::string(kHead) + kServing);
  EXPECT_THAT(SettingsSource::Create(files_, "/config.yaml").status(),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("/nodes.yaml")));
  Write("/nodes.yaml", kInventory);
  Write("/ca.crt", "no certificate");
  EXPECT_THAT(
      std::string(
          SettingsSource::Create(files_, "/config.yaml").status().message()),
      HasSubstr("/ca.crt"));
}

TEST_F(SettingsTest, TakesOverAChangeOfAnyFile) {
  Write("/config.yaml", std::string(kHead) + kServing);
  Write("/nodes.yaml", kInventory);
  Write("/ca.crt", testing::TestCa().certificate_pem());
  Create();
  Write("/nodes.yaml", std::string(kInventory) + "# changed\n");
  EXPECT_THAT(source_->Refresh(), IsOkAndHolds(true));
  EXPECT_THAT(source_->Refresh(), IsOkAndHolds(false));
  Write("/config.yaml", std::string(kHead) + "kubeletClient: {approve: false}");
  EXPECT_THAT(source_->Refresh(), IsOkAndHolds(true));
  EXPECT_FALSE(source_->Current()->config.client.approve);
  EXPECT_FALSE(source_->Current()->inventory.has_value());
  // The inventory is no longer watched.
  Write("/nodes.yaml", "garbage: more\n");
  EXPECT_THAT(source_->Refresh(), IsOkAndHolds(false));
}

TEST_F(SettingsTest, ABadChangeKeepsTheOldSettings) {
  Write("/config.yaml", std::string(kHead) + kServing);
  Write("/nodes.yaml", kInventory);
  Write("/ca.crt", testing::TestCa().certificate_pem());
  Create();
  const std::shared_ptr<const Settings> before = source_->Current();
  Write("/config.yaml", std::string(kHead) + "kubeletServing: {quorum: none}");
  EXPECT_THAT(source_->Refresh().status(),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(source_->Refresh().status(),  // Again, until it is good.
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(source_->Current(), before);
  ASSERT_THAT(files_.Remove("/config.yaml"), IsOk());
  EXPECT_THAT(source_->Refresh().status(),
              StatusIs(absl::StatusCode::kNotFound));
  EXPECT_EQ(source_->Current(), before);
  Write("/config.yaml", std::string(kHead) + "kubeletClient: {strict: true}");
  EXPECT_THAT(source_->Refresh(), IsOkAndHolds(true));
  EXPECT_TRUE(source_->Current()->config.client.strict);
}

}  // namespace
}  // namespace signet::approver
