#include "approver_service/housekeeper.h"

#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/log_severity.h"
#include "absl/log/scoped_mock_log.h"
#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/simulated_clock.h"
#include "absl/time/time.h"
#include "approver_service/request_history.h"
#include "approver_service/rights.h"
#include "approver_service/settings.h"
#include "core/api/authorization.pb.h"
#include "core/testing/csr_builder.h"
#include "core/testing/fake_file_system.h"
#include "core/testing/fake_resource_api.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "prometheus/registry.h"
#include "prometheus/text_serializer.h"

namespace signet::approver {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::StatusIs;
using ::testing::_;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class HousekeeperTest : public ::testing::Test {
 protected:
  HousekeeperTest() : mock_log_(absl::MockLogDefault::kIgnoreUnexpected) {
    reviews_.OnCreate([this](api::SelfSubjectAccessReview& review) {
      const api::ResourceAttributes& access =
          review.spec().resource_attributes();
      review.mutable_status()->set_allowed(!lacking_.contains(
          absl::StrCat(access.verb(), " ", access.resource(), " ",
                       access.subresource(), access.name())));
      return absl::OkStatus();
    });
    Write("");
    settings_ = *SettingsSource::Create(files_, "/config.yaml");
    housekeeper_ = std::make_unique<Housekeeper>(
        *settings_, history_, reviews_, clock_, registry_,
        RightsOptions{.leader = {.elect = false}},
        [this](absl::string_view name) { reconciled_.emplace_back(name); });
    mock_log_.StartCapturingLogs();
  }

  void Write(const std::string& yaml) {
    ASSERT_THAT(files_.Write("/config.yaml",
                             "apiVersion: signet.dev/v1alpha1\n"
                             "kind: ApproverConfiguration\n" +
                                 yaml,
                             0600),
                IsOk());
  }
  void Expect(absl::LogSeverity severity, const std::string& text, int times) {
    EXPECT_CALL(mock_log_, Log(severity, _, HasSubstr(text))).Times(times);
  }
  std::string Metrics() {
    return prometheus::TextSerializer().Serialize(registry_.Collect());
  }

  absl::ScopedMockLog mock_log_;
  absl::SimulatedClock clock_{absl::FromUnixSeconds(1767225600)};
  testing::FakeFileSystem files_;
  testing::FakeResourceApi<api::SelfSubjectAccessReview> reviews_{clock_};
  prometheus::Registry registry_;
  RequestHistory history_{clock_};
  std::unique_ptr<SettingsSource> settings_;
  std::unique_ptr<Housekeeper> housekeeper_;
  std::set<std::string> lacking_;
  std::vector<std::string> reconciled_;
};

TEST_F(HousekeeperTest, HasWaitingRequestsJudgedByAChangedConfiguration) {
  history_.Replaced({testing::MakeCsr()});
  housekeeper_->ReloadIfChanged();
  EXPECT_THAT(reconciled_, IsEmpty());
  Expect(absl::LogSeverity::kInfo, "took over the changed configuration", 1);
  Write("kubeletClient: {strict: true}");
  housekeeper_->ReloadIfChanged();
  EXPECT_THAT(reconciled_, ElementsAre("csr-1"));
  EXPECT_THAT(Metrics(),
              HasSubstr("signet_config_reloads_total{result=\"ok\"} 1"));
  EXPECT_THAT(Metrics(), HasSubstr("signet_config_is_current 1"));
}

TEST_F(HousekeeperTest, KeepsTheOldConfigurationAndSaysSoOnce) {
  Expect(absl::LogSeverity::kError,
         "the changed configuration is bad, the old one stays in force: "
         "/config.yaml:3: unknown field \"kubletClient\"",
         1);
  Write("kubletClient: {}");
  housekeeper_->ReloadIfChanged();
  housekeeper_->ReloadIfChanged();
  EXPECT_THAT(reconciled_, IsEmpty());
  EXPECT_THAT(Metrics(),
              HasSubstr("signet_config_reloads_total{result=\"error\"} 1"));
  EXPECT_THAT(Metrics(), HasSubstr("signet_config_is_current 0"));
  Write("kubeletClient: {}");
  housekeeper_->ReloadIfChanged();
  EXPECT_THAT(Metrics(), HasSubstr("signet_config_is_current 1"));
}

TEST_F(HousekeeperTest, NamesTheRightsItLacksOnce) {
  lacking_ = {"update certificatesigningrequests approval",
              "approve signers kubernetes.io/kube-apiserver-client-kubelet"};
  Expect(absl::LogSeverity::kError,
         "lacks the permission to update certificatesigningrequests."
         "certificates.k8s.io/approval (to write decisions)",
         1);
  Expect(absl::LogSeverity::kError,
         "lacks the permission to approve signers.certificates.k8s.io "
         "\"kubernetes.io/kube-apiserver-client-kubelet\"",
         1);
  EXPECT_THAT(housekeeper_->CheckRights(), IsOk());
  EXPECT_THAT(housekeeper_->CheckRights(), IsOk());
  EXPECT_THAT(Metrics(), HasSubstr("signet_missing_rights 2"));
  lacking_.clear();
  Expect(absl::LogSeverity::kInfo, "has all permissions it needs", 1);
  EXPECT_THAT(housekeeper_->CheckRights(), IsOk());
  EXPECT_THAT(Metrics(), HasSubstr("signet_missing_rights 0"));
}

TEST_F(HousekeeperTest, NeedsNoRightsForWhatItDoesNotDo) {
  lacking_ = {"approve signers kubernetes.io/kubelet-serving", "get nodes "};
  EXPECT_THAT(housekeeper_->CheckRights(), IsOk());
  EXPECT_THAT(Metrics(), HasSubstr("signet_missing_rights 0"));
  Write("kubeletServing: {}");
  housekeeper_->ReloadIfChanged();  // Asks for its rights again.
  EXPECT_THAT(Metrics(), HasSubstr("signet_missing_rights 2"));
}

TEST_F(HousekeeperTest, AsksAgainIfTheServerDoesNotAnswer) {
  reviews_.FailNext(testing::Verb::kCreate, absl::UnavailableError("down"));
  EXPECT_THAT(housekeeper_->CheckRights(),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("down")));
  EXPECT_THAT(housekeeper_->CheckRights(), IsOk());
}

TEST_F(HousekeeperTest, RunsUntilItIsStopped) {
  std::thread thread([this] { housekeeper_->Run(); });
  Write("kubeletClient: {strict: true}");
  while (!settings_->Current()->config.client.strict) {
    clock_.AdvanceTime(absl::Milliseconds(100));
  }
  housekeeper_->Stop();
  thread.join();
  EXPECT_GT(reviews_.calls(testing::Verb::kCreate), 0);
}

}  // namespace
}  // namespace signet::approver
