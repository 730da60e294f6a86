#ifndef SIGNET_APPROVER_SERVICE_RECONCILER_FIXTURE_H_
#define SIGNET_APPROVER_SERVICE_RECONCILER_FIXTURE_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/simulated_clock.h"
#include "absl/time/time.h"
#include "approver_service/decision_journal.h"
#include "approver_service/fake_witnesses.h"
#include "approver_service/judge.h"
#include "approver_service/reconciler.h"
#include "approver_service/request_history.h"
#include "approver_service/review_cache.h"
#include "approver_service/settings.h"
#include "approver_service/task_pool.h"
#include "approver_service/witness_bench.h"
#include "boost/json/object.hpp"
#include "core/api/authorization.pb.h"
#include "core/api/certificates.pb.h"
#include "core/api/core.pb.h"
#include "core/pki/ip_address.h"
#include "core/service/audit_log.h"
#include "core/service/csr_log.h"
#include "core/service/csr_metrics.h"
#include "core/service/event_recorder.h"
#include "core/testing/csr_builder.h"
#include "core/testing/fake_file_system.h"
#include "core/testing/fake_resource_api.h"
#include "core/testing/fake_rng.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "prometheus/registry.h"
#include "prometheus/text_serializer.h"

namespace signet::approver {

// What a kubelet's approved client request says (SPEC B-3).
inline constexpr char kNodeMessage[] =
    "Auto approving kubelet client certificate after SubjectAccessReview.";

// Keeps the records; fails if told.
class FakeAuditLog : public service::AuditLog {
 public:
  absl::Status Record(const boost::json::object& record) override {
    if (!error.ok()) return error;
    records.push_back(record);
    return absl::OkStatus();
  }
  absl::Status error;
  std::vector<boost::json::object> records;
};

class ReconcilerTest : public ::testing::Test {
 protected:
  ReconcilerTest() {
    reviews_.OnCreate([this](api::SubjectAccessReview& review) {
      const std::string subresource =
          review.spec().resource_attributes().subresource();
      asked_.push_back(review.spec().user() + " " + subresource);
      if (while_asked_) while_asked_();
      review.mutable_status()->set_allowed(allowed_ == subresource);
      return absl::OkStatus();
    });
    history_.Replaced({});
    Configure("");
  }

  // Puts the configuration in force, without its head.
  void Configure(const std::string& yaml, Explanations explanations = {},
                 bool dry_run = false) {
    ASSERT_THAT(files_.Write("/config.yaml",
                             "apiVersion: signet.dev/v1alpha1\n"
                             "kind: ApproverConfiguration\n" +
                                 yaml,
                             0600),
                ::absl_testing::IsOk());
    absl::StatusOr<std::unique_ptr<SettingsSource>> settings =
        SettingsSource::Create(files_, "/config.yaml");
    ASSERT_THAT(settings.status(), ::absl_testing::IsOk());
    reconciler_.reset();
    settings_ = *std::move(settings);
    journal_ = std::make_unique<DecisionJournal>(
        log_, &audit_, event_recorder_, csrs_, clock_, explanations, dry_run);
    reconciler_ = std::make_unique<Reconciler>(csrs_, *settings_, judge_,
                                               history_, *journal_, dry_run);
  }

  absl::Status Reconcile(absl::string_view name = "csr-1") {
    return reconciler_->Reconcile(name);
  }

  // "Type Reason Message" of each condition.
  std::vector<std::string> Conditions(absl::string_view name = "csr-1") {
    std::vector<std::string> result;
    const api::CertificateSigningRequest csr = *csrs_.Get("", name);
    for (const auto& condition : csr.status().conditions()) {
      result.push_back(condition.type() + " " + condition.reason() + " " +
                       condition.message());
    }
    return result;
  }
  static std::string Approved(const std::string& message) {
    return "Approved AutoApproved " + message;
  }
  std::string Metrics() {
    return prometheus::TextSerializer().Serialize(registry_.Collect());
  }
  // "Type Reason Message" of each Event.
  std::vector<std::string> Events() {
    std::vector<std::string> result;
    for (const api::Event& event : events_.objects()) {
      result.push_back(event.type() + " " + event.reason() + " " +
                       event.message());
    }
    return result;
  }
  static std::string Field(const boost::json::object& record,
                           const char* name) {
    return std::string(record.at(name).as_string());
  }

  // A kubelet's request for a serving certificate of `node`.
  static testing::CsrFields Serving(const std::string& node = "node-a") {
    testing::CsrFields fields;
    fields.subject.common_name = "system:node:" + node;
    fields.sans.dns_names = {node};
    fields.sans.ip_addresses = {*pki::IpAddress::Parse("192.0.2.7")};
    fields.usages = {"digital signature", "server auth"};
    fields.signer_name = "kubernetes.io/kubelet-serving";
    fields.username = fields.subject.common_name;
    fields.groups = {"system:nodes", "system:authenticated"};
    return fields;
  }
  void PutNode(const std::string& name, const std::string& address) {
    api::Node node;
    node.mutable_metadata()->set_name(name);
    auto& host = *node.mutable_status()->add_addresses();
    host.set_type("Hostname");
    host.set_address(name);
    auto& ip = *node.mutable_status()->add_addresses();
    ip.set_type("InternalIP");
    ip.set_address(address);
    nodes_.Put(node);
  }

  absl::SimulatedClock clock_{absl::FromUnixSeconds(1767225600)};
  testing::FakeFileSystem files_;
  testing::FakeResourceApi<api::CertificateSigningRequest> csrs_{clock_};
  testing::FakeResourceApi<api::SubjectAccessReview> reviews_{clock_};
  testing::FakeResourceApi<api::Node> nodes_{clock_};
  testing::FakeResourceApi<api::Event> events_{clock_};
  testing::SeededRng rng_{1};
  prometheus::Registry registry_;
  service::CsrMetrics metrics_{registry_};
  service::CsrLog log_{metrics_};
  ReviewCache cache_{reviews_, clock_, absl::ZeroDuration()};
  FakeResolver resolver_;
  FakeKubelets kubelets_;
  TaskPool pool_{4};
  WitnessBench bench_{nodes_, resolver_, kubelets_, clock_, pool_};
  RequestHistory history_{clock_};
  Judge judge_{cache_, bench_, history_};
  FakeAuditLog audit_;
  service::EventRecorder event_recorder_{events_, clock_, rng_,
                                         "signet-approver", ""};
  std::unique_ptr<SettingsSource> settings_;
  std::unique_ptr<DecisionJournal> journal_;
  std::unique_ptr<Reconciler> reconciler_;

  std::string allowed_ = "nodeclient";  // The one subresource that may be.
  std::vector<std::string> asked_;
  std::function<void()> while_asked_;
};

}  // namespace signet::approver

#endif  // SIGNET_APPROVER_SERVICE_RECONCILER_FIXTURE_H_
