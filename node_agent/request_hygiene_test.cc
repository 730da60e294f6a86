// No node leaves a heap of requests behind (SPEC F-2).

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/api/certificates.pb.h"
#include "core/base/file_system.h"
#include "core/pki/certificate_request.h"
#include "core/pki/private_key.h"
#include "core/rotation/template_match.h"
#include "core/testing/csr_builder.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "node_agent/agent.h"
#include "node_agent/agent_harness.h"
#include "node_agent/scripted_csr_server.h"

namespace signet::node_agent {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::IsOkAndHolds;
using ::absl_testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using Csr = api::CertificateSigningRequest;

constexpr absl::string_view kPending =
    "/var/lib/kubelet/pki/kubelet-client-pending.pem";

class RequestHygieneTest : public ::testing::Test, protected AgentHarness {
 protected:
  std::string KeyOf(const Csr& csr) {
    const auto request =
        pki::CertificateRequest::ParsePem(csr.spec().request());
    EXPECT_THAT(request, IsOk());
    return request->public_key().spki_der();
  }
  std::string KeyInUse() {
    return current->Latest()->chain.front().public_key().spki_der();
  }
};

TEST_F(RequestHygieneTest, F2GoesOnWithARequestThatTimedOut) {
  server.fates = {{.approve = absl::Minutes(40), .issue = absl::Minutes(41)}};
  ASSERT_THAT(StartProcess(), IsOk());
  ASSERT_TRUE(RunUntilIssued(1));
  EXPECT_THAT(server.created, SizeIs(1));
  EXPECT_EQ(server.attempts.size(), 3);
  EXPECT_THAT(server.gets, ElementsAre("csr-0", "csr-0"));
  EXPECT_EQ(State().renew_errors, 2);
  EXPECT_EQ(KeyInUse(), KeyOf(server.created[0]));
  // Nothing remains of it.
  EXPECT_THAT(files.Stat(kPending), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(RequestHygieneTest, F2KeepsTheKeyForItsOwnerAlone) {
  server.fates = {{.approve = {}, .issue = {}}};
  ASSERT_THAT(StartProcess(), IsOk());
  RunOnce();
  const auto info = files.LinkStat(kPending);
  ASSERT_THAT(info, IsOk());
  EXPECT_EQ(info->mode, 0600);
  EXPECT_THAT(files.Read(kPending, 1 << 20),
              IsOkAndHolds(HasSubstr("csr: csr-0 uid-0\n")));
}

TEST_F(RequestHygieneTest, F2GoesOnAfterARestart) {
  server.fates = {{.approve = absl::Minutes(20), .issue = absl::Minutes(21)}};
  ASSERT_THAT(StartProcess(), IsOk());
  RunOnce();  // It waits in vain.
  ASSERT_THAT(StartProcess(), IsOk());
  ASSERT_TRUE(RunUntilIssued(1));
  EXPECT_THAT(server.created, SizeIs(1));
  EXPECT_EQ(KeyInUse(), KeyOf(server.created[0]));
}

// Its certificate is fetched at once, although the one in use is good for long.
TEST_F(RequestHygieneTest, F2GoesOnAfterARestartBeforeTheDeadline) {
  Keep(MakePair(-absl::Minutes(5), absl::Hours(1)));
  server.fates = {{.approve = absl::Hours(1), .issue = absl::Hours(1)}};
  ASSERT_THAT(StartProcess(), IsOk());
  ASSERT_TRUE(RunUntilDone([&] { return server.created.size() == 1; }));
  clock.SetTime(StartTime());  // Set back.
  ASSERT_THAT(StartProcess(), IsOk());
  agent->Pass();
  EXPECT_THAT(server.created, SizeIs(1));
  EXPECT_THAT(server.gets, Not(IsEmpty()));
}

TEST_F(RequestHygieneTest, F2FindsTheRequestWhoseNameItNeverLearned) {
  server.after = [&](absl::string_view call) {
    return call == "create" ? absl::UnavailableError("connection reset")
                            : absl::OkStatus();
  };
  ASSERT_THAT(StartProcess(), IsOk());
  RunOnce();
  server.after = nullptr;
  ASSERT_TRUE(RunUntilIssued(1));
  EXPECT_THAT(server.created, SizeIs(1));
  ASSERT_THAT(server.lists, Not(IsEmpty()));
  EXPECT_EQ(server.lists[0].field_selector,
            "spec.signerName=kubernetes.io/kube-apiserver-client-kubelet");
  EXPECT_EQ(KeyInUse(), KeyOf(server.created[0]));
}

TEST_F(RequestHygieneTest, F2FilesTheSameRequestIfItNeverArrived) {
  server.usual.create = absl::UnavailableError("connection refused");
  ASSERT_THAT(StartProcess(), IsOk());
  for (int i = 0; i < 4; ++i) RunOnce();
  const int keys_made = keys.count();
  server.usual.create = absl::OkStatus();
  ASSERT_TRUE(RunUntilIssued(1));
  EXPECT_EQ(keys_made, 1);
  EXPECT_THAT(server.created, SizeIs(1));
}

TEST_F(RequestHygieneTest, F2FilesAnewAfterADenialAFailureAndADeletion) {
  server.fates = {{.deny = absl::ZeroDuration()},
                  {.issue = {}, .fail = absl::Seconds(1)},
                  {.issue = {}, .remove = absl::Seconds(1)},
                  {.issue = {}, .replace = absl::Seconds(1)},
                  {.for_another_key = true}};
  ASSERT_THAT(StartProcess(), IsOk());
  ASSERT_TRUE(RunUntilIssued(1));
  EXPECT_THAT(server.created, SizeIs(6));
  EXPECT_EQ(keys.count(), 6);
  EXPECT_EQ(KeyInUse(), KeyOf(server.created[5]));
}

TEST_F(RequestHygieneTest, F2FilesAnewIfItWasDeletedBetweenTheAttempts) {
  server.fates = {{.approve = {}, .issue = {}, .remove = absl::Seconds(901)}};
  ASSERT_THAT(StartProcess(), IsOk());
  ASSERT_TRUE(RunUntilIssued(1));
  EXPECT_THAT(server.created, SizeIs(2));
}

// A certificate that cannot be stored is stored once that is possible.
TEST_F(RequestHygieneTest, F2LosesNoCertificateForWantOfSpace) {
  ASSERT_THAT(files.MakeDirectories("/var/lib/kubelet/pki", 0755), IsOk());
  files.FailPath("/var/lib/kubelet/pki/kubelet-client-2026-11-24-10-00-21.pem",
                 absl::ResourceExhaustedError("no space left"));
  ASSERT_THAT(StartProcess(), IsOk());
  RunOnce();
  EXPECT_THAT(State().last_error,
              HasSubstr("cannot store the certificate of csr \"csr-0\""));
  ASSERT_TRUE(RunUntilIssued(1));
  EXPECT_THAT(server.created, SizeIs(1));
  EXPECT_EQ(KeyInUse(), KeyOf(server.created[0]));
}

TEST_F(RequestHygieneTest, F2FilesNothingIfItsKeyCannotBeKept) {
  ASSERT_THAT(files.MakeDirectories("/var/lib/kubelet/pki", 0755), IsOk());
  files.FailPath(absl::StrCat(kPending, ".new"),
                 absl::ResourceExhaustedError("no space left"));
  ASSERT_THAT(StartProcess(), IsOk());
  RunOnce();
  EXPECT_THAT(server.created, IsEmpty());
  EXPECT_EQ(State().last_error,
            absl::StrCat("cannot keep the request's key: \"", kPending,
                         ".new\": no space left"));
}

TEST_F(RequestHygieneTest, F2ToleratesWhatIsNoPendingRequest) {
  ASSERT_THAT(files.MakeDirectories("/var/lib/kubelet/pki", 0755), IsOk());
  ASSERT_THAT(files.Write(kPending, "csr: x\nhello", 0600), IsOk());
  ASSERT_THAT(StartProcess(), IsOk());
  ASSERT_TRUE(RunUntilIssued(1));
  EXPECT_THAT(server.created, SizeIs(1));
}

TEST_F(RequestHygieneTest, F2ForgetsARequestWhoseCertificateIsStored) {
  server.fates = {{.approve = absl::Minutes(16), .issue = absl::Minutes(16)}};
  ASSERT_THAT(StartProcess(), IsOk());
  RunOnce();
  const auto pending = store->Pending();
  ASSERT_THAT(pending, IsOk());
  ASSERT_TRUE(pending->has_value());
  // As if it had been killed after the update, before it forgot.
  clock.AdvanceTime(absl::Minutes(2));
  ASSERT_THAT(store->Update(server.objects().at("csr-0").status().certificate(),
                            (*pending)->key),
              IsOk());
  ASSERT_THAT(StartProcess(), IsOk());
  const auto left = store->Pending();
  ASSERT_THAT(left, IsOk());
  EXPECT_FALSE(left->has_value());
  EXPECT_GT(agent->Pass(), clock.TimeNow() + absl::Minutes(10));
  EXPECT_THAT(server.created, SizeIs(1));
}

// ---- A cap.

TEST_F(RequestHygieneTest, F2FilesNoMoreThanTheMostThatMayBePending) {
  for (int i = 0; i < rotation::kMaxPending; ++i) {
    testing::CsrFields fields;
    fields.name = absl::StrCat("old-", i);
    fields.subject.common_name = "system:node:n1";
    server.Add(testing::MakeCsr(fields));
  }
  server.fates = {{.create = HttpError(403, "Forbidden")}};
  ASSERT_THAT(StartProcess(), IsOk());
  RunOnce();  // The first attempt does not look: it has no reason to.
  RunOnce();
  EXPECT_EQ(State().last_error,
            "files no further request: 5 of system:node:n1 are pending "
            "already, the most is 5");
  EXPECT_THAT(server.created, IsEmpty());
  RunUntil(StartTime() + absl::Hours(1));
  EXPECT_THAT(server.created, IsEmpty());
  EXPECT_LE(MostCallsPerMinute(), 10);
  // One goes away, and it goes on.
  ASSERT_THAT(server.Delete("", "old-0"), IsOk());
  ASSERT_TRUE(RunUntilIssued(1));
  EXPECT_THAT(server.created, SizeIs(1));
}

TEST_F(RequestHygieneTest, F2GoesOnIfItMayNotCount) {
  server.before = [&](absl::string_view call) {
    return call == "list" && server.lists.empty() && server.created.empty()
               ? HttpError(403, "Forbidden")
               : absl::OkStatus();
  };
  server.fates = {{.create = HttpError(403, "Forbidden")}};
  ASSERT_THAT(StartProcess(), IsOk());
  ASSERT_TRUE(RunUntilIssued(1));
}

// ---- SPEC A-5: something else is wanted while a request is pending.

class TemplateTest : public RequestHygieneTest {
 protected:
  TemplateTest() {
    options = NodeClientOptions("n1");
    options.signer_name = "kubernetes.io/kubelet-serving";
    options.purpose = rotation::Purpose::kServing;
    options.dynamic = true;
    wanted = {"system:node:n1", {"system:nodes"}, {"n1"}, {}};
    options.wanted = [this] {
      if (change_at.has_value() && clock.TimeNow() >= *change_at) {
        wanted->dns_names = later;
        change_at.reset();
      }
      return wanted;
    };
  }
  std::optional<rotation::CertificateTemplate> wanted;
  std::optional<absl::Time> change_at;
  std::vector<std::string> later;
};

TEST_F(TemplateTest, A5GivesUpARequestForWhatIsNotWantedAnyMore) {
  server.fates = {{.approve = {}, .issue = {}}};
  change_at = StartTime() + absl::Seconds(100);
  later = {"n1", "n1.example"};
  ASSERT_THAT(StartProcess(), IsOk());
  ASSERT_TRUE(RunUntilIssued(1));
  // Seen within a second, and requested after a pause of one.
  EXPECT_THAT(CreateTimes(), SizeIs(2));
  EXPECT_LE(CreateTimes()[1], 102);
  EXPECT_THAT(server.deletes, ElementsAre("csr-0"));
  EXPECT_FALSE(server.objects().contains("csr-0"));
  EXPECT_EQ(State().renew_errors, 0);
  EXPECT_EQ(State().failed_attempts, 0);
}

TEST_F(TemplateTest, A5ToleratesThatNodesMayNotDelete) {
  server.delete_error = HttpError(403, "Forbidden");
  server.fates = {{.approve = {}, .issue = {}}};
  change_at = StartTime() + absl::Seconds(100);
  later = {"other"};
  ASSERT_THAT(StartProcess(), IsOk());
  ASSERT_TRUE(RunUntilIssued(1));
  EXPECT_THAT(server.created, SizeIs(2));
  EXPECT_EQ(State().last_error, "");
}

TEST_F(TemplateTest, A5WaitsOnIfTheCertificateInUseSaysWhatIsWanted) {
  ASSERT_THAT(StartProcess(), IsOk());
  ASSERT_TRUE(RunUntilIssued(1));
  // An address comes, and goes again while its request is pending.
  wanted->dns_names = {"n1", "extra"};
  server.fates = {{.approve = absl::Minutes(5), .issue = absl::Minutes(5)}};
  change_at = clock.TimeNow() + absl::Minutes(1);
  later = {"n1"};
  ASSERT_TRUE(RunUntilIssued(2));
  EXPECT_THAT(server.created, SizeIs(2));
  EXPECT_THAT(server.deletes, IsEmpty());
}

TEST_F(TemplateTest, A5SeesAChangeWithinASecond) {
  ASSERT_THAT(StartProcess(), IsOk());
  ASSERT_TRUE(RunUntilIssued(1));
  RunUntil(StartTime() + absl::Minutes(10));
  change_at = clock.TimeNow() + absl::Milliseconds(500);
  later = {"n1", "n2"};
  const absl::Time changed = *change_at;
  ASSERT_TRUE(RunUntilDone([&] { return server.created.size() == 2; }));
  EXPECT_LE(server.attempts.back().at, changed + absl::Seconds(1));
}

TEST_F(TemplateTest, F2CountsAfterItSupersededWhatItMayNotDelete) {
  server.delete_error = HttpError(403, "Forbidden");
  server.usual = {.approve = {}, .issue = {}};
  ASSERT_THAT(StartProcess(), IsOk());
  // Another name each minute, for half an hour.
  for (int i = 0; i < 30; ++i) {
    change_at = clock.TimeNow() + absl::Minutes(1);
    later = {absl::StrCat("n", i)};
    RunUntil(*change_at + absl::Seconds(5));
  }
  EXPECT_LE(server.created.size(), rotation::kMaxPending);
  EXPECT_LE(MostCallsPerMinute(), 150);
}

TEST_F(TemplateTest, F2SupersedesWhatAnEarlierProcessAskedFor) {
  server.fates = {{.approve = {}, .issue = {}}};
  ASSERT_THAT(StartProcess(), IsOk());
  RunOnce();
  wanted->dns_names = {"n1", "new"};
  ASSERT_THAT(StartProcess(), IsOk());
  ASSERT_TRUE(RunUntilIssued(1));
  EXPECT_THAT(server.deletes, ElementsAre("csr-0"));
  EXPECT_THAT(server.created, SizeIs(2));
}

// SPEC A-14.
TEST_F(TemplateTest, A14TellsTheAgeOfWhatWasReplaced) {
  std::vector<absl::Duration> ages;
  options.on_replaced = [&](absl::Duration age) { ages.push_back(age); };
  ASSERT_THAT(StartProcess(), IsOk());
  ASSERT_TRUE(RunUntilIssued(1));
  EXPECT_THAT(ages, IsEmpty());
  const absl::Time not_before =
      State().pair->chain.front().validity().not_before;
  ASSERT_TRUE(RunUntilIssued(2));
  ASSERT_THAT(ages, SizeIs(1));
  EXPECT_LE(ages[0], clock.TimeNow() - not_before);
  EXPECT_GE(ages[0], absl::Minutes(65) * 0.7);
}

TEST_F(RequestHygieneTest, A45LeavesTheExitRuleOutIfTold) {
  options.exit_rule = false;
  server.usual.create = HttpError(401, "Unauthorized");
  ASSERT_THAT(StartProcess(), IsOk());
  RunUntil(StartTime() + absl::Minutes(10));
  EXPECT_TRUE(State().server_healthy);
  EXPECT_FALSE(agent->ShouldExit());
}

}  // namespace
}  // namespace signet::node_agent
