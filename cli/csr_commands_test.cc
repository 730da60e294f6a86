#include "cli/csr_commands.h"

#include <deque>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/simulated_clock.h"
#include "absl/time/time.h"
#include "core/api/certificates.pb.h"
#include "core/api/codec.h"
#include "core/api/core.pb.h"
#include "core/api/meta.pb.h"
#include "core/k8s/http_status.h"
#include "core/k8s/resource_api.h"
#include "core/pki/name.h"
#include "core/testing/csr_builder.h"
#include "core/testing/fake_file_system.h"
#include "core/testing/fake_resource_api.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::cli {
namespace {

using Csr = api::CertificateSigningRequest;
using CsrEvent = k8s::WatchEvent<Csr>;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using testing::Verb;

// Tue, 01 Feb 2022 16:49:15 +0000
const absl::Time kCreated = absl::FromUnixSeconds(1643734155);

absl::Status ServerError(int code, absl::string_view reason,
                         absl::string_view message) {
  api::Status status;
  status.set_status("Failure");
  status.set_code(code);
  status.set_reason(reason);
  status.set_message(message);
  return k8s::StatusFromApi(status);
}

// The fake server, its watches by a script.
class ScriptedCsrs : public testing::FakeResourceApi<Csr> {
 public:
  using Script = std::vector<absl::StatusOr<CsrEvent>>;
  using FakeResourceApi::FakeResourceApi;

  // One more watch, which returns these and must end with an error.
  void AddWatch(Script script) { scripts_.push_back(std::move(script)); }
  const std::vector<k8s::WatchOptions>& watched() const { return watched_; }

  absl::StatusOr<std::unique_ptr<k8s::Watcher<Csr>>> Watch(
      const k8s::WatchOptions& options) override {
    watched_.push_back(options);
    if (scripts_.empty()) return absl::UnavailableError("no more watches");
    auto watcher =
        std::make_unique<ScriptedWatcher>(std::move(scripts_.front()));
    scripts_.pop_front();
    return watcher;
  }

 private:
  class ScriptedWatcher : public k8s::Watcher<Csr> {
   public:
    explicit ScriptedWatcher(Script script) : script_(std::move(script)) {}
    absl::StatusOr<CsrEvent> Next(absl::Duration) override {
      if (next_ == script_.size()) return absl::InternalError("script ended");
      return script_[next_++];
    }
    void Stop() override {}

   private:
    const Script script_;
    size_t next_ = 0;
  };

  std::deque<Script> scripts_;
  std::vector<k8s::WatchOptions> watched_;
};

class CsrCommandsTest : public ::testing::Test {
 protected:
  CsrCommandsTest()
      : clock_(kCreated + absl::Minutes(5)),
        csrs_(clock_),
        events_(clock_),
        commands_({csrs_,
                   events_,
                   files_,
                   clock_,
                   absl::UTCTimeZone(),
                   {"api.example.com"},
                   out_,
                   err_}) {}

  static Csr Make(absl::string_view name,
                  std::vector<std::string> conditions = {}) {
    testing::CsrFields fields;
    fields.name = std::string(name);
    fields.username = "someone";
    fields.signer_name = "example.com/s";
    fields.conditions = std::move(conditions);
    Csr csr = testing::MakeCsr(fields);
    *csr.mutable_metadata()->mutable_creation_timestamp() =
        api::FromAbslTime(kCreated);
    return csr;
  }
  Csr Put(absl::string_view name, std::vector<std::string> conditions = {}) {
    return csrs_.Put(Make(name, std::move(conditions)));
  }

  absl::SimulatedClock clock_;
  ScriptedCsrs csrs_;
  testing::FakeResourceApi<api::Event> events_;
  testing::FakeFileSystem files_;
  std::ostringstream out_;
  std::ostringstream err_;
  CsrCommands commands_;
};

// ---- get

TEST_F(CsrCommandsTest, GetShowsATable) {
  // SPEC E-4, E-5.
  Put("a");
  Put("b", {"Approved"});
  EXPECT_TRUE(commands_.Get({}));
  EXPECT_EQ(out_.str(),
            "NAME   AGE   SIGNERNAME      REQUESTOR   REQUESTEDDURATION   "
            "CONDITION\n"
            "a      5m    example.com/s   someone     <none>              "
            "Pending\n"
            "b      5m    example.com/s   someone     <none>              "
            "Approved\n");
  EXPECT_EQ(err_.str(), "");
}

TEST_F(CsrCommandsTest, GetOfNothingSaysSoAndIsNoError) {
  EXPECT_TRUE(commands_.Get({}));
  EXPECT_EQ(out_.str(), "");
  EXPECT_EQ(err_.str(), "No resources found\n");
}

TEST_F(CsrCommandsTest, GetByNamesShowsThoseThatAreThere) {
  Put("a");
  Put("c");
  EXPECT_FALSE(commands_.Get({.names = {"a", "b", "c"}, .headers = false}));
  EXPECT_EQ(out_.str(),
            "a     5m    example.com/s   someone   <none>   Pending\n"
            "c     5m    example.com/s   someone   <none>   Pending\n");
  EXPECT_EQ(err_.str(),
            "Error from server (NotFound): "
            "certificatesigningrequests.certificates.k8s.io \"b\" not found\n");
}

TEST_F(CsrCommandsTest, GetPassesSelectorsOn) {
  Csr csr = Make("a");
  (*csr.mutable_metadata()->mutable_labels())["team"] = "blue";
  csrs_.Put(csr);
  Put("b");
  EXPECT_TRUE(commands_.Get({.label_selector = "team=blue", .output = "name"}));
  EXPECT_EQ(out_.str(), "certificatesigningrequest.certificates.k8s.io/a\n");
  out_.str("");
  EXPECT_TRUE(
      commands_.Get({.field_selector = "metadata.name=b", .output = "name"}));
  EXPECT_EQ(out_.str(), "certificatesigningrequest.certificates.k8s.io/b\n");
}

TEST_F(CsrCommandsTest, GetOneAsYamlLeavesManagedFieldsOut) {
  Csr csr = Make("a");
  csr.mutable_spec()->set_request("x");
  csr.mutable_metadata()->add_managed_fields()->set_manager("kubectl");
  csrs_.Put(csr);
  EXPECT_TRUE(commands_.Get({.names = {"a"}, .output = "yaml"}));
  EXPECT_EQ(out_.str(), R"(apiVersion: certificates.k8s.io/v1
kind: CertificateSigningRequest
metadata:
  creationTimestamp: "2022-02-01T16:49:15Z"
  name: a
  resourceVersion: "2"
  uid: uid-of-a
spec:
  groups:
  - system:bootstrappers
  - system:authenticated
  request: eA==
  signerName: example.com/s
  usages:
  - digital signature
  - client auth
  username: someone
status: {}
)");
}

TEST_F(CsrCommandsTest, GetSeveralAsJsonIsAList) {
  Put("a");
  Put("b");
  EXPECT_TRUE(commands_.Get({.output = "json"}));
  EXPECT_THAT(out_.str(), StartsWith("{\n"
                                     "    \"apiVersion\": \"v1\",\n"
                                     "    \"items\": [\n"
                                     "        {\n"));
  EXPECT_THAT(out_.str(), EndsWith("    ],\n"
                                   "    \"kind\": \"List\",\n"
                                   "    \"metadata\": {\n"
                                   "        \"resourceVersion\": \"\"\n"
                                   "    }\n"
                                   "}\n"));
}

TEST_F(CsrCommandsTest, GetOneThatIsNotThereShowsNothing) {
  EXPECT_FALSE(commands_.Get({.names = {"a"}, .output = "json"}));
  EXPECT_EQ(out_.str(), "");
  EXPECT_THAT(err_.str(), EndsWith("\"a\" not found\n"));
}

TEST_F(CsrCommandsTest, GetSaysWhatTheServerForbids) {
  csrs_.FailNext(Verb::kList, ServerError(403, "Forbidden", "not you"));
  EXPECT_FALSE(commands_.Get({}));
  EXPECT_EQ(err_.str(), "Error from server (Forbidden): not you\n");
}

// ---- get --watch

TEST_F(CsrCommandsTest, WatchGoesOnWhenTheServerEndsIt) {
  Put("a");
  Csr approved = Make("a", {"Approved"});
  approved.mutable_metadata()->set_resource_version("7");
  Csr bookmark;
  bookmark.mutable_metadata()->set_resource_version("9");
  csrs_.AddWatch({CsrEvent{k8s::WatchEventType::kModified, approved},
                  CsrEvent{k8s::WatchEventType::kBookmark, bookmark},
                  absl::OutOfRangeError("the watch ended")});
  csrs_.AddWatch({CsrEvent{k8s::WatchEventType::kDeleted, approved},
                  ServerError(410, "Expired", "too old resource version")});
  EXPECT_FALSE(commands_.Get({.watch = true}));
  EXPECT_EQ(out_.str(),
            "NAME   AGE   SIGNERNAME      REQUESTOR   REQUESTEDDURATION   "
            "CONDITION\n"
            "a      5m    example.com/s   someone     <none>              "
            "Pending\n"
            "a      5m    example.com/s   someone     <none>              "
            "Approved\n"
            "a      5m    example.com/s   someone     <none>              "
            "Approved\n");
  EXPECT_EQ(err_.str(),
            "Error from server (Expired): too old resource version\n");
  ASSERT_EQ(csrs_.watched().size(), 2u);
  EXPECT_EQ(csrs_.watched()[0].resource_version, "2");
  EXPECT_EQ(csrs_.watched()[1].resource_version, "9");
}

TEST_F(CsrCommandsTest, WatchOfOneNameIsASelector) {
  Csr created = Make("b");
  created.mutable_metadata()->set_resource_version("3");
  csrs_.AddWatch({CsrEvent{k8s::WatchEventType::kAdded, created},
                  absl::UnavailableError("connection reset")});
  EXPECT_FALSE(
      commands_.Get({.names = {"b"}, .output = "name", .watch = true}));
  EXPECT_EQ(out_.str(), "certificatesigningrequest.certificates.k8s.io/b\n");
  EXPECT_EQ(err_.str(), "error: connection reset\n");
  ASSERT_EQ(csrs_.watched().size(), 1u);
  EXPECT_EQ(csrs_.watched()[0].field_selector, "metadata.name=b");
}

TEST_F(CsrCommandsTest, WatchRefusesWhatItCannotShow) {
  EXPECT_FALSE(commands_.Get({.output = "yaml", .watch = true}));
  EXPECT_FALSE(commands_.Get({.names = {"a", "b"}, .watch = true}));
  EXPECT_EQ(err_.str(),
            "error: --watch cannot be combined with -o yaml\n"
            "error: --watch takes one name, or a selector\n");
  EXPECT_EQ(csrs_.calls(Verb::kList), 0);
}

// ---- describe

class DescribeCommandTest : public CsrCommandsTest {
 protected:
  void PutEvent(absl::string_view about) {
    api::Event event;
    event.mutable_metadata()->set_name("e");
    event.mutable_metadata()->set_namespace_("default");
    event.set_type("Normal");
    event.set_reason("Seen");
    event.set_message("here");
    event.mutable_source()->set_component("tester");
    api::ObjectReference& object = *event.mutable_involved_object();
    object.set_kind("CertificateSigningRequest");
    object.set_name(about);
    object.set_uid(absl::StrCat("uid-of-", about));
    *event.mutable_first_timestamp() = api::FromAbslTime(kCreated);
    *event.mutable_last_timestamp() = api::FromAbslTime(kCreated);
    event.set_count(1);
    events_.Put(event);
  }
};

TEST_F(DescribeCommandTest, OneIsShownWithItsEvents) {
  // SPEC G-7.
  Put("a");
  PutEvent("a");
  EXPECT_TRUE(commands_.Describe({.names = {"a"}}));
  EXPECT_THAT(out_.str(),
              AllOf(StartsWith("Name:"),
                    EndsWith("Events:\n"
                             "  Type    Reason  Age   From    Message\n"
                             "  ----    ------  ----  ----    -------\n"
                             "  Normal  Seen    5m    tester  here\n")));
}

TEST_F(DescribeCommandTest, SeveralAreShownWithoutEvents) {
  Put("a");
  Put("b");
  PutEvent("a");
  EXPECT_TRUE(commands_.Describe({}));
  EXPECT_THAT(out_.str(), AllOf(StartsWith("Name:               a\n"),
                                HasSubstr("\n\n\nName:               b\n"),
                                Not(HasSubstr("Events"))));
  EXPECT_EQ(events_.calls(Verb::kList), 0);
}

TEST_F(DescribeCommandTest, EventsThatMayNotBeReadAreNone) {
  Put("a");
  events_.FailNext(Verb::kList, ServerError(403, "Forbidden", "not you"));
  EXPECT_TRUE(commands_.Describe({.names = {"a"}}));
  EXPECT_THAT(out_.str(), EndsWith("Events:  <none>\n"));
  EXPECT_EQ(err_.str(), "");
}

TEST_F(DescribeCommandTest, ANameThatIsNotThereIsAPrefix) {
  Put("csr-a");
  Put("csr-b");
  Put("other");
  EXPECT_TRUE(commands_.Describe({.names = {"csr"}}));
  EXPECT_THAT(out_.str(), AllOf(StartsWith("Name:               csr-a\n"),
                                HasSubstr("\nName:               csr-b\n"),
                                EndsWith("\n\n"), Not(HasSubstr("other"))));
  EXPECT_EQ(err_.str(), "");
}

TEST_F(DescribeCommandTest, APrefixOfNothingWasNotFound) {
  Put("other");
  EXPECT_FALSE(commands_.Describe({.names = {"csr"}}));
  EXPECT_EQ(out_.str(), "");
  EXPECT_EQ(err_.str(),
            "Error from server (NotFound): certificatesigningrequests."
            "certificates.k8s.io \"csr\" not found\n");
}

TEST_F(DescribeCommandTest, OneOfSeveralIsMissing) {
  Put("a");
  EXPECT_FALSE(commands_.Describe({.names = {"a", "b"}}));
  EXPECT_THAT(out_.str(), AllOf(StartsWith("Name:"), Not(HasSubstr("Events"))));
  EXPECT_THAT(err_.str(), EndsWith("\"b\" not found\n"));
}

// ---- approve, deny

TEST_F(CsrCommandsTest, ApproveAddsTheCondition) {
  // SPEC E-1.
  Put("a");
  EXPECT_TRUE(commands_.Decide(Decision::kApprove, {.names = {"a"}}));
  EXPECT_EQ(out_.str(),
            "certificatesigningrequest.certificates.k8s.io/a approved\n");
  const Csr stored = csrs_.objects()[0];
  const auto& conditions = stored.status().conditions();
  ASSERT_EQ(conditions.size(), 1);
  EXPECT_EQ(conditions[0].type(), "Approved");
  EXPECT_EQ(conditions[0].status(), "True");
  EXPECT_EQ(conditions[0].reason(), "SignetApprove");
  EXPECT_EQ(conditions[0].message(),
            "This CSR was approved by signet csr approve.");
  EXPECT_EQ(api::ToAbslTime(conditions[0].last_update_time()),
            clock_.TimeNow());
}

TEST_F(CsrCommandsTest, DenyWithOnesOwnReasonAndMessage) {
  Put("a");
  EXPECT_TRUE(commands_.Decide(
      Decision::kDeny, {.names = {"a"}, .reason = "Odd", .message = "No."}));
  EXPECT_EQ(out_.str(),
            "certificatesigningrequest.certificates.k8s.io/a denied\n");
  const Csr stored = csrs_.objects()[0];
  const auto& conditions = stored.status().conditions();
  ASSERT_EQ(conditions.size(), 1);
  EXPECT_EQ(conditions[0].type(), "Denied");
  EXPECT_EQ(conditions[0].reason(), "Odd");
  EXPECT_EQ(conditions[0].message(), "No.");
}

TEST_F(CsrCommandsTest, WhatIsDecidedAlreadyIsNotWritten) {
  Put("a", {"Approved"});
  EXPECT_TRUE(commands_.Decide(Decision::kApprove, {.names = {"a"}}));
  EXPECT_EQ(out_.str(),
            "certificatesigningrequest.certificates.k8s.io/a approved\n");
  EXPECT_EQ(csrs_.calls(Verb::kUpdateSubresource), 0);

  EXPECT_TRUE(
      commands_.Decide(Decision::kApprove, {.names = {"a"}, .force = true}));
  EXPECT_EQ(csrs_.calls(Verb::kUpdateSubresource), 1);
  EXPECT_EQ(csrs_.objects()[0].status().conditions_size(), 1);
}

TEST_F(CsrCommandsTest, ADecisionIsFinal) {
  // SPEC E-1, D-10.
  Put("a", {"Denied"});
  Put("b");
  EXPECT_FALSE(commands_.Decide(Decision::kApprove,
                                {.names = {"a", "b"}, .force = true}));
  EXPECT_EQ(err_.str(),
            "error: certificate signing request \"a\" is already Denied\n");
  EXPECT_EQ(out_.str(),
            "certificatesigningrequest.certificates.k8s.io/b approved\n");
  EXPECT_EQ(csrs_.writes(), 1);
}

// SPEC E-10: what would give away too much takes one more word.
TEST_F(CsrCommandsTest, ApproveRefusesWhatWouldGiveAwayTooMuch) {
  Csr csr = Make("a");
  pki::DistinguishedName subject;
  subject.organization = {"system:masters"};
  csr.mutable_spec()->set_request(testing::MakeRequestPem(subject, {}));
  csrs_.Put(csr);
  EXPECT_FALSE(commands_.Decide(Decision::kApprove, {.names = {"a"}}));
  EXPECT_THAT(err_.str(),
              AllOf(HasSubstr("system:masters"),
                    HasSubstr("--allow-privileged approves it all the same")));
  EXPECT_EQ(csrs_.writes(), 0);
  EXPECT_TRUE(commands_.Decide(Decision::kApprove,
                               {.names = {"a"}, .allow_privileged = true}));
  EXPECT_EQ(csrs_.writes(), 1);
}

// SPEC E-10.
TEST_F(CsrCommandsTest, ManyAreShownFirstAndDecidedWithYes) {
  Put("a");
  Put("b");
  Put("c", {"Denied"});
  EXPECT_TRUE(commands_.Decide(Decision::kApprove, {.all_pending = true}));
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("a: someone asks example.com/s for"),
                                HasSubstr("b: someone asks")));
  EXPECT_EQ(err_.str(), "2 to approve; nothing is done without --yes\n");
  EXPECT_EQ(csrs_.writes(), 0);
  out_.str("");
  EXPECT_TRUE(
      commands_.Decide(Decision::kDeny, {.all_pending = true, .yes = true}));
  EXPECT_EQ(out_.str(),
            "certificatesigningrequest.certificates.k8s.io/a denied\n"
            "certificatesigningrequest.certificates.k8s.io/b denied\n");
}

TEST_F(CsrCommandsTest, GetWritesJsonPaths) {
  Put("a");
  Put("b");
  EXPECT_TRUE(commands_.Get({.output = "jsonpath={.items[*].metadata.name}"}));
  EXPECT_TRUE(
      commands_.Get({.names = {"a"}, .output = "jsonpath={.spec.signerName}"}));
  EXPECT_EQ(out_.str(), "a bexample.com/s");
}

TEST_F(CsrCommandsTest, AConflictIsReadAgain) {
  // SPEC E-2.
  Put("a");
  const absl::Status conflict = ServerError(409, "Conflict", "modified");
  csrs_.FailNext(Verb::kUpdateSubresource, conflict, 10);
  EXPECT_TRUE(commands_.Decide(Decision::kApprove, {.names = {"a"}}));
  EXPECT_EQ(csrs_.calls(Verb::kGet), 11);
  EXPECT_EQ(csrs_.objects()[0].status().conditions_size(), 1);
}

TEST_F(CsrCommandsTest, TheEleventhConflictIsAnError) {
  // SPEC E-2.
  Put("a");
  const absl::Status conflict = ServerError(409, "Conflict", "modified");
  csrs_.FailNext(Verb::kUpdateSubresource, conflict, 11);
  EXPECT_FALSE(commands_.Decide(Decision::kApprove, {.names = {"a"}}));
  EXPECT_EQ(err_.str(), "Error from server (Conflict): modified\n");
  EXPECT_EQ(csrs_.writes(), 0);
}

// ---- download

TEST_F(CsrCommandsTest, DownloadWritesTheCertificateAsItIs) {
  Csr csr = Make("a", {"Approved"});
  csr.mutable_status()->set_certificate("PEM\n");
  csrs_.Put(csr);
  EXPECT_TRUE(commands_.Download({.name = "a"}));
  EXPECT_EQ(out_.str(), "PEM\n");

  EXPECT_TRUE(commands_.Download({.name = "a", .file = "/tls.crt"}));
  EXPECT_EQ(*files_.Read("/tls.crt", 100), "PEM\n");
  EXPECT_EQ(files_.Stat("/tls.crt")->mode, 0644u);
  EXPECT_EQ(out_.str(), "PEM\n");
}

TEST_F(CsrCommandsTest, DownloadOverwritesOnlyByForce) {
  Csr csr = Make("a", {"Approved"});
  csr.mutable_status()->set_certificate("PEM\n");
  csrs_.Put(csr);
  ASSERT_TRUE(files_.Write("/tls.crt", "precious", 0600).ok());
  EXPECT_FALSE(commands_.Download({.name = "a", .file = "/tls.crt"}));
  EXPECT_EQ(err_.str(),
            "error: /tls.crt exists already; --force overwrites it\n");
  EXPECT_EQ(*files_.Read("/tls.crt", 100), "precious");

  EXPECT_TRUE(
      commands_.Download({.name = "a", .file = "/tls.crt", .force = true}));
  EXPECT_EQ(*files_.Read("/tls.crt", 100), "PEM\n");
}

TEST_F(CsrCommandsTest, DownloadOfWhatIsNotThere) {
  Put("a", {"Approved"});
  EXPECT_FALSE(commands_.Download({.name = "a", .file = "/tls.crt"}));
  EXPECT_FALSE(commands_.Download({.name = "b"}));
  EXPECT_EQ(err_.str(),
            "error: certificate signing request \"a\" has no certificate yet: "
            "it is Approved\n"
            "Error from server (NotFound): certificatesigningrequests."
            "certificates.k8s.io \"b\" not found\n");
  EXPECT_FALSE(files_.Stat("/tls.crt").ok());

  files_.FailPath("/full", absl::ResourceExhaustedError("no space"));
  Csr csr = Make("c", {"Approved"});
  csr.mutable_status()->set_certificate("PEM\n");
  csrs_.Put(csr);
  err_.str("");
  EXPECT_FALSE(commands_.Download({.name = "c", .file = "/full"}));
  EXPECT_EQ(err_.str(), "error: \"/full\": no space\n");
}

}  // namespace
}  // namespace signet::cli
