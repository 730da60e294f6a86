#include "approver_service/reconciler.h"

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
#include "approver_service/request_history.h"
#include "approver_service/review_cache.h"
#include "approver_service/settings.h"
#include "approver_service/task_pool.h"
#include "approver_service/witness_bench.h"
#include "boost/json/object.hpp"
#include "boost/json/serialize.hpp"
#include "core/api/authorization.pb.h"
#include "core/api/certificates.pb.h"
#include "core/api/core.pb.h"
#include "core/pki/certificate_request.h"
#include "core/pki/ip_address.h"
#include "core/pki/sha256.h"
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
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::IsOkAndHolds;
using ::absl_testing::StatusIs;
using ::testing::AllOf;
using testing::CsrFields;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::MakeCsr;
using ::testing::SizeIs;
using testing::Verb;

constexpr char kSelfMessage[] =
    "Auto approving self kubelet client certificate after "
    "SubjectAccessReview.";
constexpr char kNodeMessage[] =
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
                IsOk());
    absl::StatusOr<std::unique_ptr<SettingsSource>> settings =
        SettingsSource::Create(files_, "/config.yaml");
    ASSERT_THAT(settings.status(), IsOk());
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
  static CsrFields Serving(const std::string& node = "node-a") {
    CsrFields fields;
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

TEST_F(ReconcilerTest, ApprovesANodeThatMayJoin) {
  csrs_.Put(MakeCsr());
  EXPECT_EQ(Reconcile(), absl::OkStatus());
  EXPECT_THAT(Conditions(), ElementsAre(Approved(kNodeMessage)));
  EXPECT_THAT(asked_, ElementsAre("system:bootstrap:abcdef nodeclient"));
  EXPECT_EQ(csrs_.writes(), 1);
  // B-3: the server's time, since the approver gave none.
  EXPECT_EQ(csrs_.Get("", "csr-1")
                ->status()
                .conditions(0)
                .last_update_time()
                .seconds(),
            1767225600);
}

TEST_F(ReconcilerTest, ApprovesANodeThatMayRenewItsOwn) {
  csrs_.Put(MakeCsr({.username = "system:node:node-a"}));
  allowed_ = "selfnodeclient";
  EXPECT_EQ(Reconcile(), absl::OkStatus());
  EXPECT_THAT(Conditions(), ElementsAre(Approved(kSelfMessage)));
  EXPECT_THAT(asked_, ElementsAre("system:node:node-a selfnodeclient"));
}

TEST_F(ReconcilerTest, AsksFurtherWhenTheFirstIsRefused) {  // B-2
  csrs_.Put(MakeCsr({.username = "system:node:node-a"}));
  EXPECT_EQ(Reconcile(), absl::OkStatus());
  EXPECT_THAT(asked_, ElementsAre("system:node:node-a selfnodeclient",
                                  "system:node:node-a nodeclient"));
  EXPECT_THAT(Conditions(), ElementsAre(Approved(kNodeMessage)));
}

TEST_F(ReconcilerTest, LeavesARefusedRequestAndComesBack) {  // B-3
  csrs_.Put(MakeCsr({.username = "system:node:node-a"}));
  allowed_ = "";
  EXPECT_THAT(Reconcile(),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       "recognized as [selfnodeclient nodeclient] but subject "
                       "access review was not approved"));
  EXPECT_EQ(csrs_.writes(), 0);
  allowed_ = "nodeclient";  // An administrator grants it at last.
  EXPECT_EQ(Reconcile(), absl::OkStatus());
  EXPECT_THAT(Conditions(), ElementsAre(Approved(kNodeMessage)));
  EXPECT_THAT(Metrics(), HasSubstr("verdict=\"refused\"} 1"));
  EXPECT_THAT(Metrics(), HasSubstr("verdict=\"approved\"} 1"));
}

TEST_F(ReconcilerTest, DoubtIsNoApproval) {
  csrs_.Put(MakeCsr());
  reviews_.OnCreate([](api::SubjectAccessReview& review) {
    review.mutable_status()->set_allowed(true);
    review.mutable_status()->set_denied(true);
    return absl::OkStatus();
  });
  EXPECT_THAT(Reconcile(), StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_EQ(csrs_.writes(), 0);
}

TEST_F(ReconcilerTest, LeavesWhatItDoesNotRecogniseWithoutAsking) {
  csrs_.Put(MakeCsr({.usages = {"client auth"}}));
  EXPECT_EQ(Reconcile(), absl::OkStatus());
  EXPECT_THAT(asked_, IsEmpty());
  EXPECT_THAT(Conditions(), IsEmpty());
  EXPECT_EQ(csrs_.writes(), 0);
  EXPECT_THAT(Metrics(), HasSubstr("verdict=\"unrecognised\"} 1"));
}

TEST_F(ReconcilerTest, ApprovesOnceHoweverOftenItRuns) {
  csrs_.Put(MakeCsr());
  EXPECT_EQ(Reconcile(), absl::OkStatus());
  EXPECT_EQ(Reconcile(), absl::OkStatus());
  EXPECT_EQ(csrs_.writes(), 1);
  EXPECT_EQ(reviews_.calls(Verb::kCreate), 1);
}

TEST_F(ReconcilerTest, DoesNotApproveForAKeyThatTheRequesterDoesNotHold) {
  const CsrFields fields;
  csrs_.Put(MakeCsr({.request_pem = testing::SpoilSignature(
                         testing::MakeRequestPem(fields.subject))}));
  EXPECT_THAT(Reconcile(), StatusIs(absl::StatusCode::kInvalidArgument,
                                    HasSubstr("verification failure")));
  EXPECT_THAT(asked_, IsEmpty());
  EXPECT_EQ(csrs_.writes(), 0);
}

TEST_F(ReconcilerTest, ApprovesOnlyTheObjectItJudged) {  // B-24
  csrs_.Put(MakeCsr());
  // Somebody denies it between the reading and the writing.
  while_asked_ = [this] { csrs_.Put(MakeCsr({.conditions = {"Denied"}})); };
  EXPECT_THAT(Reconcile(), StatusIs(absl::StatusCode::kAborted));
  EXPECT_EQ(csrs_.writes(), 0);
  while_asked_ = nullptr;
  EXPECT_EQ(Reconcile(), absl::OkStatus());
  EXPECT_THAT(Conditions(), ElementsAre("Denied  "));
}

TEST_F(ReconcilerTest, KeepsTheConditionsOfOthers) {
  csrs_.Put(MakeCsr({.conditions = {"Witnessed"}}));
  EXPECT_EQ(Reconcile(), absl::OkStatus());
  EXPECT_THAT(Conditions(), ElementsAre("Witnessed  ", Approved(kNodeMessage)));
}

TEST_F(ReconcilerTest, AFailedCallIsAnErrorAndLeavesTheRequestWaiting) {
  csrs_.Put(MakeCsr());
  csrs_.FailNext(Verb::kGet, absl::UnavailableError("down"));
  EXPECT_THAT(Reconcile(), StatusIs(absl::StatusCode::kUnavailable));
  reviews_.FailNext(Verb::kCreate, absl::UnavailableError("down"));
  EXPECT_THAT(Reconcile(), StatusIs(absl::StatusCode::kUnavailable));
  csrs_.FailNext(Verb::kUpdateSubresource, absl::PermissionDeniedError("no"));
  EXPECT_THAT(Reconcile(), StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_THAT(Conditions(), IsEmpty());
  EXPECT_EQ(Reconcile(), absl::OkStatus());
  EXPECT_THAT(Conditions(), ElementsAre(Approved(kNodeMessage)));
}

TEST_F(ReconcilerTest, ALostAnswerDoesNotApproveTwice) {
  csrs_.Put(MakeCsr());
  csrs_.LoseAnswer(Verb::kUpdateSubresource, absl::UnavailableError("reset"));
  EXPECT_THAT(Reconcile(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(Reconcile(), absl::OkStatus());
  EXPECT_EQ(csrs_.writes(), 1);
  EXPECT_THAT(Conditions(), ElementsAre(Approved(kNodeMessage)));
}

TEST_F(ReconcilerTest, ADeletedRequestIsDone) {
  EXPECT_THAT(Reconcile(), IsOk());
}

// ---- Kubelets' serving certificates.

constexpr char kByNode[] = "kubeletServing: {witnesses: [nodeStatus]}\n";

TEST_F(ReconcilerTest, B13LeavesServingRequestsAloneUnlessConfigured) {
  csrs_.Put(MakeCsr(Serving()));
  PutNode("node-a", "192.0.2.7");
  EXPECT_EQ(Reconcile(), absl::OkStatus());
  EXPECT_THAT(Conditions(), IsEmpty());
  EXPECT_THAT(Events(), IsEmpty());  // It is none of ours.
}

TEST_F(ReconcilerTest, B13ApprovesWhatWitnessesBack) {
  Configure(kByNode);
  csrs_.Put(MakeCsr(Serving()));
  PutNode("node-a", "192.0.2.7");
  EXPECT_EQ(Reconcile(), absl::OkStatus());
  EXPECT_THAT(Conditions(),
              ElementsAre(Approved(
                  "Auto approving kubelet serving certificate: each of its 1 "
                  "DNS names and 1 IP addresses is backed by at least 1 "
                  "witness.")));
  EXPECT_EQ(csrs_.writes(), 1);
  EXPECT_EQ(Reconcile(), absl::OkStatus());
  EXPECT_EQ(csrs_.writes(), 1);
}

TEST_F(ReconcilerTest, B13WithholdsAnAddressThatIsAnothers) {
  Configure(kByNode);
  csrs_.Put(MakeCsr(Serving()));
  PutNode("node-a", "192.0.2.8");
  EXPECT_THAT(Reconcile(), StatusIs(absl::StatusCode::kFailedPrecondition,
                                    HasSubstr("192.0.2.7")));
  EXPECT_THAT(Conditions(), IsEmpty());
  EXPECT_THAT(Events(),
              ElementsAre(AllOf(HasSubstr("Warning ApprovalWithheld witnesses"),
                                HasSubstr("IP address 192.0.2.7"))));
  EXPECT_THAT(Metrics(),
              HasSubstr("signet_csr_decisions_total{rule=\"witnesses\",signer="
                        "\"kubernetes.io/kubelet-serving\",verdict=\"left\"}"
                        " 1"));
  // The node tells its address at last.
  PutNode("node-a", "192.0.2.7");
  EXPECT_EQ(Reconcile(), absl::OkStatus());
  EXPECT_THAT(Conditions(), SizeIs(1));
}

TEST_F(ReconcilerTest, B14AWitnessThatCannotBeAskedMeansWaitingNotDenial) {
  Configure("kubeletServing: {witnesses: [nodeStatus], deny: [witnesses]}\n");
  csrs_.Put(MakeCsr(Serving()));
  PutNode("node-a", "192.0.2.7");
  nodes_.FailNext(Verb::kGet, absl::UnavailableError("connection refused"));
  EXPECT_THAT(Reconcile(), StatusIs(absl::StatusCode::kUnavailable,
                                    HasSubstr("connection refused")));
  EXPECT_THAT(Conditions(), IsEmpty());
  EXPECT_THAT(Events(), ElementsAre(HasSubstr("Normal ApprovalWaits")));
  EXPECT_THAT(Metrics(), HasSubstr("verdict=\"waiting\"} 1"));
  EXPECT_EQ(Reconcile(), absl::OkStatus());
  EXPECT_THAT(Conditions(), SizeIs(1));
}

TEST_F(ReconcilerTest, B23DoesNotAskWitnessesForAnotherNodesName) {
  Configure(kByNode);
  CsrFields fields = Serving("node-b");
  fields.username = "system:node:node-a";
  csrs_.Put(MakeCsr(fields));
  PutNode("node-b", "192.0.2.7");
  EXPECT_EQ(Reconcile(), absl::OkStatus());  // Nothing can change it.
  EXPECT_THAT(Conditions(), IsEmpty());
  EXPECT_EQ(nodes_.calls(Verb::kGet), 0);
  EXPECT_THAT(Events(), ElementsAre(HasSubstr("requester")));
}

TEST_F(ReconcilerTest, DeniesOnlyWhatTheConfigurationSays) {
  Configure("kubeletServing: {witnesses: [nodeStatus], deny: [requester]}\n");
  CsrFields fields = Serving("node-b");
  fields.username = "system:node:node-a";
  csrs_.Put(MakeCsr(fields));
  EXPECT_EQ(Reconcile(), absl::OkStatus());
  EXPECT_THAT(Conditions(),
              ElementsAre(HasSubstr("Denied AutoDenied subject common name")));
  EXPECT_THAT(Metrics(), HasSubstr("rule=\"requester\""));
  EXPECT_THAT(Metrics(), HasSubstr("verdict=\"denied\"} 1"));
}

TEST_F(ReconcilerTest, B26HoldsAKeyThatAnotherNodeHas) {
  Configure(kByNode);
  CsrFields other = Serving("node-b");
  other.name = "csr-b";
  history_.Seen(MakeCsr(other));
  csrs_.Put(MakeCsr(Serving()));
  PutNode("node-a", "192.0.2.7");
  EXPECT_EQ(Reconcile(), absl::OkStatus());
  EXPECT_THAT(Conditions(), IsEmpty());
  EXPECT_THAT(Events(), ElementsAre(HasSubstr("keyReuse")));
}

TEST_F(ReconcilerTest, B27CountsItsOwnApprovals) {
  Configure(
      "kubeletServing: {witnesses: [nodeStatus], maxApprovalsPerHour: 2}\n");
  PutNode("node-a", "192.0.2.7");
  for (const char* name : {"1", "2", "3"}) {
    CsrFields fields = Serving();
    fields.name = name;
    csrs_.Put(MakeCsr(fields));
  }
  EXPECT_EQ(Reconcile("1"), absl::OkStatus());
  EXPECT_EQ(Reconcile("2"), absl::OkStatus());
  // Although no watch has told of them.
  EXPECT_THAT(Reconcile("3"), StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(Conditions("3"), IsEmpty());
  clock_.AdvanceTime(absl::Minutes(61));
  EXPECT_EQ(Reconcile("3"), absl::OkStatus());
  EXPECT_THAT(Conditions("3"), SizeIs(1));
}

// ---- Guards on clients.

TEST_F(ReconcilerTest, B19AGuardHoldsBackAJoinForALivingNode) {
  Configure("kubeletClient: {joins: {refuseReadyNode: true}}\n");
  csrs_.Put(MakeCsr());
  api::Node node;
  node.mutable_metadata()->set_name("node-a");
  auto& ready = *node.mutable_status()->add_conditions();
  ready.set_type("Ready");
  ready.set_status("True");
  nodes_.Put(node);
  EXPECT_THAT(Reconcile(), StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(Conditions(), IsEmpty());
  EXPECT_THAT(Events(), ElementsAre(HasSubstr("readyNode")));
  nodes_.Remove("node-a");
  EXPECT_EQ(Reconcile(), absl::OkStatus());
  EXPECT_THAT(Conditions(), ElementsAre(Approved(kNodeMessage)));
}

TEST_F(ReconcilerTest, B27StopsJoinsWhileTooManyArePending) {
  Configure("kubeletClient: {joins: {maxPending: 1}}\n");
  CsrFields second;
  second.name = "csr-2";
  history_.Seen(csrs_.Put(MakeCsr()));
  history_.Seen(csrs_.Put(MakeCsr(second)));
  EXPECT_THAT(Reconcile(), StatusIs(absl::StatusCode::kFailedPrecondition,
                                    HasSubstr("2 requests to join")));
  history_.Gone(MakeCsr(second));
  EXPECT_EQ(Reconcile(), absl::OkStatus());
}

// ---- Other signers.

constexpr char kPolicy[] =
    "policies:\n"
    "- name: web\n"
    "  match: {signerName: example.com/web}\n"
    "  require:\n"
    "    usages: [digital signature, server auth]\n"
    "    subject: {commonName: 'web-[0-9]+'}\n"
    "  decide: approve\n"
    "  otherwise: deny\n";

CsrFields Web(const std::string& common_name) {
  CsrFields fields;
  fields.signer_name = "example.com/web";
  fields.subject = {};
  fields.subject.common_name = common_name;
  fields.usages = {"digital signature", "server auth"};
  return fields;
}

TEST_F(ReconcilerTest, DecidesByThePolicyOfAnotherSigner) {
  Configure(kPolicy);
  csrs_.Put(MakeCsr(Web("web-1")));
  EXPECT_EQ(Reconcile(), absl::OkStatus());
  EXPECT_THAT(Conditions(), ElementsAre(HasSubstr("Approved AutoApproved")));
  CsrFields evil = Web("web-1.evil");
  evil.name = "evil";
  csrs_.Put(MakeCsr(evil));
  EXPECT_EQ(Reconcile("evil"), absl::OkStatus());
  EXPECT_THAT(Conditions("evil"), ElementsAre(HasSubstr("Denied AutoDenied")));
  EXPECT_THAT(Metrics(), HasSubstr("rule=\"web/subject\""));
  ASSERT_THAT(audit_.records, SizeIs(2));
  EXPECT_EQ(Field(audit_.records[0], "policy"), "web");
}

TEST_F(ReconcilerTest, ASignerThatNoPolicyNamesIsNoneOfOurs) {
  Configure(kPolicy);
  CsrFields fields = Web("web-1");
  fields.signer_name = "example.com/other";
  csrs_.Put(MakeCsr(fields));
  EXPECT_EQ(Reconcile(), absl::OkStatus());
  EXPECT_THAT(Conditions(), IsEmpty());
  EXPECT_THAT(Events(), IsEmpty());
}

// ---- How it explains itself.

TEST_F(ReconcilerTest, ADryRunWritesNothingAndCounts) {
  Configure(kByNode, {.events = true, .annotations = true}, /*dry_run=*/true);
  csrs_.Put(MakeCsr(Serving()));
  PutNode("node-a", "192.0.2.7");
  CsrFields evil = Serving("node-b");
  evil.name = "evil";
  csrs_.Put(MakeCsr(evil));
  EXPECT_EQ(Reconcile(), absl::OkStatus());
  EXPECT_EQ(Reconcile(), absl::OkStatus());
  EXPECT_FALSE(Reconcile("evil").ok());
  EXPECT_EQ(csrs_.writes(), 0);
  EXPECT_THAT(Events(), IsEmpty());
  EXPECT_THAT(Metrics(), HasSubstr("verdict=\"would approve\"} 1"));
  ASSERT_THAT(audit_.records, SizeIs(2));
  EXPECT_EQ(Field(audit_.records[0], "event"), "dry run");
  EXPECT_EQ(Field(audit_.records[0], "verdict"), "approve");
  EXPECT_EQ(Field(audit_.records[1], "verdict"), "leave");
}

TEST_F(ReconcilerTest, RecordsEachDecisionBeforeItIsWritten) {
  Configure(kByNode);
  const api::CertificateSigningRequest csr = csrs_.Put(MakeCsr(Serving()));
  PutNode("node-a", "192.0.2.7");
  audit_.error = absl::UnavailableError("disk full");
  EXPECT_THAT(Reconcile(),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("disk full")));
  EXPECT_THAT(Conditions(), IsEmpty());
  audit_.error = absl::OkStatus();
  EXPECT_EQ(Reconcile(), absl::OkStatus());
  ASSERT_THAT(audit_.records, SizeIs(1));
  const boost::json::object& record = audit_.records[0];
  EXPECT_EQ(Field(record, "ts"), "2026-01-01T00:00:00.000000Z");
  EXPECT_EQ(Field(record, "event"), "decision");
  EXPECT_EQ(Field(record, "verdict"), "approve");
  EXPECT_EQ(Field(record, "duty"), "serving");
  EXPECT_EQ(Field(record, "configSha256").size(), 64u);
  const boost::json::object& request = record.at("request").as_object();
  EXPECT_EQ(Field(request, "name"), "csr-1");
  EXPECT_EQ(Field(request, "resourceVersion"),
            csr.metadata().resource_version());
  EXPECT_EQ(
      Field(request, "sha256"),
      pki::Sha256Hex(
          pki::CertificateRequest::ParsePem(csr.spec().request())->der()));
  EXPECT_EQ(Field(record.at("requester").as_object(), "username"),
            "system:node:node-a");
  EXPECT_THAT(boost::json::serialize(record.at("rules")),
              HasSubstr("{\"rule\":\"witnesses\",\"outcome\":\"passed\","
                        "\"evidence\":\"DNS name"));
}

TEST_F(ReconcilerTest, ADecisionThatCouldNotBeWrittenIsTakenBack) {
  csrs_.Put(MakeCsr());
  csrs_.FailNext(Verb::kUpdateSubresource, absl::AbortedError("conflict"));
  EXPECT_THAT(Reconcile(), StatusIs(absl::StatusCode::kAborted));
  EXPECT_EQ(Reconcile(), absl::OkStatus());
  ASSERT_THAT(audit_.records, SizeIs(3));
  EXPECT_EQ(Field(audit_.records[1], "event"), "not written");
  EXPECT_THAT(Field(audit_.records[1], "error"), HasSubstr("conflict"));
  EXPECT_EQ(Field(audit_.records[2], "event"), "decision");
}

TEST_F(ReconcilerTest, ARecordIsTextWhateverTheRequestHolds) {
  CsrFields fields;
  fields.username = "evil\xff\n";
  csrs_.Put(MakeCsr(fields));
  EXPECT_EQ(Reconcile(), absl::OkStatus());
  EXPECT_EQ(Field(audit_.records[0].at("requester").as_object(), "username"),
            "evil\\xff\\n");
}

TEST_F(ReconcilerTest, AnEventSaysOnceWhyARequestIsLeftAlone) {
  CsrFields fields;
  fields.sans.dns_names = {"node-a"};
  csrs_.Put(MakeCsr(fields));
  EXPECT_EQ(Reconcile(), absl::OkStatus());
  EXPECT_EQ(Reconcile(), absl::OkStatus());
  EXPECT_THAT(Events(), ElementsAre("Warning ApprovalWithheld shape: DNS "
                                    "subjectAltNames are not allowed"));
  const api::Event event = events_.objects().front();
  EXPECT_EQ(event.involved_object().kind(), "CertificateSigningRequest");
  EXPECT_EQ(event.involved_object().name(), "csr-1");
  EXPECT_EQ(event.involved_object().uid(), "uid-of-csr-1");
  EXPECT_EQ(event.metadata().namespace_(), "default");
}

TEST_F(ReconcilerTest, AnAnnotationSaysItToo) {
  Configure("", {.events = false, .annotations = true});
  CsrFields fields;
  fields.sans.dns_names = {"node-a"};
  csrs_.Put(MakeCsr(fields));
  EXPECT_EQ(Reconcile(), absl::OkStatus());
  EXPECT_EQ(Reconcile(), absl::OkStatus());
  EXPECT_EQ(csrs_.Get("", "csr-1")
                ->metadata()
                .annotations()
                .at(std::string(kAnnotation)),
            "shape: DNS subjectAltNames are not allowed");
  EXPECT_EQ(csrs_.writes(), 1);
  EXPECT_THAT(Events(), IsEmpty());
}

TEST_F(ReconcilerTest, AChangedConfigurationCountsAtOnce) {
  csrs_.Put(MakeCsr(Serving()));
  PutNode("node-a", "192.0.2.7");
  EXPECT_EQ(Reconcile(), absl::OkStatus());
  EXPECT_THAT(Conditions(), IsEmpty());
  ASSERT_THAT(files_.Write("/config.yaml",
                           "apiVersion: signet.dev/v1alpha1\n"
                           "kind: ApproverConfiguration\n" +
                               std::string(kByNode),
                           0600),
              IsOk());
  ASSERT_THAT(settings_->Refresh(), IsOkAndHolds(true));
  EXPECT_EQ(Reconcile(), absl::OkStatus());
  EXPECT_THAT(Conditions(), SizeIs(1));
}

}  // namespace
}  // namespace signet::approver
