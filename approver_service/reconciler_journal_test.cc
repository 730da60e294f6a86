// How the reconciler explains itself, and does nothing in a dry run.

#include <string>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "approver_service/decision_journal.h"
#include "approver_service/reconciler_fixture.h"
#include "boost/json/object.hpp"
#include "boost/json/serialize.hpp"
#include "core/api/certificates.pb.h"
#include "core/api/core.pb.h"
#include "core/pki/certificate_request.h"
#include "core/pki/sha256.h"
#include "core/testing/csr_builder.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::approver {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::IsOkAndHolds;
using ::absl_testing::StatusIs;
using testing::CsrFields;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::MakeCsr;
using ::testing::SizeIs;
using testing::Verb;

constexpr char kByNode[] = "kubeletServing: {witnesses: [nodeStatus]}\n";

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
