#include "approver_service/replay_command.h"

#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/api/certificates.pb.h"
#include "core/api/codec.h"
#include "core/policy/approver_config.h"
#include "core/policy/decision.h"
#include "core/testing/csr_builder.h"
#include "core/testing/fake_file_system.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::approver {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::StatusIs;
using testing::CsrFields;
using ::testing::HasSubstr;

// Made `minutes` after the first.
api::CertificateSigningRequest Csr(CsrFields fields, int minutes) {
  api::CertificateSigningRequest csr = testing::MakeCsr(fields);
  const api::Time at = api::FromAbslTime(absl::FromUnixSeconds(1700000000) +
                                         absl::Minutes(minutes));
  *csr.mutable_metadata()->mutable_creation_timestamp() = at;
  for (auto& condition : *csr.mutable_status()->mutable_conditions()) {
    *condition.mutable_last_update_time() = at;
  }
  return csr;
}

CsrFields Node(const std::string& name, std::vector<std::string> conditions) {
  CsrFields fields;
  fields.name = name;
  fields.username = "system:node:node-a";
  fields.groups = {"system:nodes", "system:authenticated"};
  fields.conditions = std::move(conditions);
  return fields;
}

std::vector<std::string> Comparisons(
    const std::vector<api::CertificateSigningRequest>& csrs,
    const policy::ApproverConfig& config) {
  testing::FakeFileSystem files;
  const absl::StatusOr<OfflineEvidence> evidence =
      OfflineEvidence::Read({}, config, files);
  EXPECT_THAT(evidence, IsOk());
  std::vector<std::string> result;
  for (const Replayed& r : Replay(csrs, config, *evidence)) {
    result.push_back(absl::StrCat(r.name, " ", r.was, ", ",
                                  policy::VerdictName(r.now.decision.verdict),
                                  ": ", r.comparison));
  }
  return result;
}

TEST(ReplayTest, B11ComparesWithWhatWasDecided) {
  CsrFields joins;
  joins.name = "joins";
  joins.conditions = {"Approved"};
  CsrFields person = Node("person", {"Denied"});
  person.username = "eve";
  person.groups = {"system:authenticated"};
  CsrFields serving = Node("serving", {"Approved"});
  serving.signer_name = "kubernetes.io/kubelet-serving";
  EXPECT_THAT(Comparisons({Csr(serving, 3),
                           Csr(Node("renews", {"Approved"}), 1), Csr(joins, 0),
                           Csr(person, 2), Csr(Node("undecided", {}), 4)},
                          {}),
              ::testing::ElementsAre("joins approved, approve: agrees",
                                     "renews approved, approve: agrees",
                                     "person denied, leave: differs",
                                     "serving approved, leave: differs",
                                     "undecided undecided, approve: differs"));
}

TEST(ReplayTest, B26B27KnowsEarlierKeysAndApprovals) {
  policy::ApproverConfig config;
  config.client.max_approvals_per_hour = 1;
  config.client.refuse_key_reuse = true;
  CsrFields other = Node("other", {"Approved"});
  other.username = "system:node:node-b";
  other.subject.common_name = "system:node:node-b";
  EXPECT_THAT(
      Comparisons({Csr(Node("first", {"Approved"}), 0),
                   Csr(Node("within the hour", {}), 59),
                   Csr(Node("after it", {"Approved"}), 60), Csr(other, 61)},
                  config),
      ::testing::ElementsAre("first approved, approve: agrees",
                             "within the hour undecided, leave: agrees",
                             "after it approved, approve: agrees",
                             "other approved, leave: differs"));
}

TEST(ReplayTest, B14CannotTellWhatHangsOnAWitness) {
  policy::ApproverConfig config;
  config.serving.emplace();
  CsrFields serving = Node("serving", {"Approved"});
  serving.signer_name = "kubernetes.io/kubelet-serving";
  serving.usages = {"digital signature", "server auth"};
  serving.sans.dns_names = {"node-a"};
  EXPECT_THAT(Comparisons({Csr(serving, 0)}, config),
              ::testing::ElementsAre("serving approved, wait: unknown"));
}

class RunReplayTest : public ::testing::Test {
 protected:
  void Put(absl::string_view path, const CsrFields& fields) {
    const std::string json = api::EncodeJson(
        Csr(fields, 0),
        {"certificates.k8s.io/v1", "CertificateSigningRequest"});
    ASSERT_THAT(files_.MakeDirectories("/history", 0700), IsOk());
    ASSERT_THAT(files_.Write(path, json, 0600), IsOk());
  }
  absl::Status Run(const ReplayFlags& flags) {
    std::ostringstream output;
    const absl::Status status = RunReplay(flags, files_, output);
    out_ = output.str();
    return status;
  }

  testing::FakeFileSystem files_;
  std::string out_;
};

TEST_F(RunReplayTest, PrintsATableAndTotals) {
  Put("/history/a.json", Node("renews", {"Approved"}));
  CsrFields bad = Node("odd", {"Approved"});
  bad.usages = {"client auth"};
  Put("/history/b.yaml", bad);
  ASSERT_THAT(files_.Write("/history/notes.txt", "no request", 0600), IsOk());
  ASSERT_THAT(Run({.history = "/history"}), IsOk());
  EXPECT_EQ(
      out_,
      "NAME    SIGNERNAME                                   REQUESTOR          "
      " "
      "WAS       NOW      COMPARISON  WHY\n"
      "odd     kubernetes.io/kube-apiserver-client-kubelet  system:node:node-a "
      " "
      "approved  leave    differs     shape: usages did not match [client auth "
      "digital signature key encipherment]\n"
      "renews  kubernetes.io/kube-apiserver-client-kubelet  system:node:node-a "
      " "
      "approved  approve  agrees\n"
      "\n"
      "2 requests: 1 agree, 1 differ, 0 cannot be told without more "
      "evidence\n");
  ASSERT_THAT(Run({.history = "/history", .differences_only = true}), IsOk());
  EXPECT_THAT(out_, ::testing::Not(HasSubstr("renews")));
  EXPECT_THAT(out_, HasSubstr("2 requests: 1 agree, 1 differ"));
}

TEST_F(RunReplayTest, NamesTheFileThatIsNoGood) {
  EXPECT_THAT(Run({.history = "/none"}), StatusIs(absl::StatusCode::kNotFound));
  ASSERT_THAT(files_.MakeDirectories("/history", 0700), IsOk());
  EXPECT_THAT(Run({.history = "/history"}),
              StatusIs(absl::StatusCode::kNotFound,
                       "/history: no request in a file *.json, *.yaml or "
                       "*.yml"));
  ASSERT_THAT(files_.Write("/history/a.json", "{", 0600), IsOk());
  EXPECT_THAT(Run({.history = "/history"}),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "/history/a.json: is no JSON: incomplete JSON"));
}

}  // namespace
}  // namespace signet::approver
