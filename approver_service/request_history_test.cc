#include "approver_service/request_history.h"

#include <string>
#include <vector>

#include "absl/time/simulated_clock.h"
#include "absl/time/time.h"
#include "core/api/certificates.pb.h"
#include "core/pki/private_key.h"
#include "core/testing/csr_builder.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::approver {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::MakeCsr;
using ::testing::UnorderedElementsAre;

constexpr char kServing[] = "kubernetes.io/kubelet-serving";
constexpr char kClient[] = "kubernetes.io/kube-apiserver-client-kubelet";
constexpr absl::Time kNow = absl::FromUnixSeconds(1767225600);

// A request of `node`, all with the same key.
api::CertificateSigningRequest Request(const std::string& name,
                                       const std::string& node,
                                       const std::string& signer_name,
                                       std::vector<std::string> conditions = {},
                                       const std::string& username = "") {
  testing::CsrFields fields;
  fields.name = name;
  fields.subject.common_name = "system:node:" + node;
  fields.signer_name = signer_name;
  fields.conditions = std::move(conditions);
  fields.username = username.empty() ? fields.subject.common_name : username;
  return MakeCsr(fields);
}

api::CertificateSigningRequest ApprovedAt(api::CertificateSigningRequest csr,
                                          absl::Time time) {
  csr.mutable_status()
      ->mutable_conditions(0)
      ->mutable_last_update_time()
      ->set_seconds(absl::ToUnixSeconds(time));
  return csr;
}

class RequestHistoryTest : public ::testing::Test {
 protected:
  const std::string& spki() const {
    return testing::TestKey().public_key().spki_der();
  }
  absl::SimulatedClock clock_{kNow};
  RequestHistory history_{clock_};
};

TEST_F(RequestHistoryTest, KnowsNothingBeforeTheFirstList) {
  EXPECT_FALSE(history_.listed());
  history_.Replaced({});
  EXPECT_TRUE(history_.listed());
}

TEST_F(RequestHistoryTest, B26FindsOtherHoldersOfAKey) {
  history_.Replaced({Request("a-1", "a", kServing),
                     Request("b-1", "b", kClient),
                     Request("b-2", "b", kServing)});
  EXPECT_THAT(history_.OtherHoldersOfKey(spki(), "uid-of-a-1"),
              ElementsAre("system:node:b"));
  EXPECT_THAT(history_.OtherHoldersOfKey(spki(), "uid-of-new"),
              ElementsAre("system:node:a", "system:node:b"));
  EXPECT_THAT(history_.OtherHoldersOfKey("another key", "uid-of-a-1"),
              IsEmpty());
}

TEST_F(RequestHistoryTest, B26RemembersAHolderForAnHourAfterItsRequestIsGone) {
  history_.Seen(Request("a-1", "a", kServing));
  history_.Gone(Request("a-1", "a", kServing));
  clock_.AdvanceTime(absl::Minutes(59));
  history_.Seen(Request("b-1", "b", kServing));
  EXPECT_THAT(history_.OtherHoldersOfKey(spki(), "uid-of-b-1"),
              ElementsAre("system:node:a"));
  clock_.AdvanceTime(absl::Minutes(2));
  history_.Seen(Request("b-1", "b", kServing));
  EXPECT_THAT(history_.OtherHoldersOfKey(spki(), "uid-of-b-1"), IsEmpty());
}

TEST_F(RequestHistoryTest, B27CountsTheLastHoursApprovals) {
  const auto approved = [](const std::string& name, const std::string& node,
                           const std::string& signer, absl::Duration ago) {
    return ApprovedAt(Request(name, node, signer, {"Approved"}), kNow - ago);
  };
  history_.Replaced({approved("1", "a", kServing, absl::Minutes(59)),
                     approved("2", "a", kServing, absl::Minutes(60)),
                     approved("3", "a", kClient, absl::Minutes(1)),
                     approved("4", "b", kServing, absl::Minutes(1)),
                     Request("5", "a", kServing),
                     Request("6", "a", kServing, {"Denied"})});
  EXPECT_EQ(history_.ApprovalsInLastHour(kServing, "system:node:a"), 1);
  EXPECT_EQ(history_.ApprovalsInLastHour(kClient, "system:node:a"), 1);
  EXPECT_EQ(history_.ApprovalsInLastHour(kServing, "system:node:c"), 0);
  // One that the server has not dated counts from when it was seen, once.
  history_.Seen(Request("7", "a", kServing, {"Approved"}));
  history_.Seen(approved("7", "a", kServing, absl::ZeroDuration()));
  EXPECT_EQ(history_.ApprovalsInLastHour(kServing, "system:node:a"), 2);
  // It counts although it was deleted, and although a list came since.
  history_.Gone(approved("7", "a", kServing, absl::ZeroDuration()));
  history_.Replaced({});
  EXPECT_EQ(history_.ApprovalsInLastHour(kServing, "system:node:a"), 2);
  clock_.AdvanceTime(absl::Minutes(61));
  EXPECT_EQ(history_.ApprovalsInLastHour(kServing, "system:node:a"), 0);
}

TEST_F(RequestHistoryTest, B27CountsNodesThatWaitToJoin) {
  const std::string token = "system:bootstrap:abcdef";
  history_.Replaced({Request("1", "a", kClient, {}, token),
                     Request("2", "b", kClient, {}, token),
                     Request("3", "c", kClient, {"Approved"}, token),
                     Request("4", "d", kClient),  // Renews its own.
                     Request("5", "e", kServing)});
  EXPECT_EQ(history_.PendingJoins(), 2);
  history_.Seen(Request("1", "a", kClient, {"Approved"}, token));
  EXPECT_EQ(history_.PendingJoins(), 1);
  history_.Gone(Request("2", "b", kClient, {}, token));
  EXPECT_EQ(history_.PendingJoins(), 0);
}

TEST_F(RequestHistoryTest, NamesWhatIsUndecided) {
  history_.Replaced({Request("1", "a", kClient),
                     Request("2", "b", kServing, {"Denied"}),
                     Request("3", "c", "example.com/x")});
  EXPECT_THAT(history_.Undecided(), UnorderedElementsAre("1", "3"));
  history_.Replaced({Request("3", "c", "example.com/x")});
  EXPECT_THAT(history_.Undecided(), UnorderedElementsAre("3"));
}

TEST_F(RequestHistoryTest, ARequestThatDoesNotParseHoldsNoKey) {
  api::CertificateSigningRequest csr = Request("1", "a", kServing);
  csr.mutable_spec()->set_request("garbage");
  history_.Replaced({csr});
  EXPECT_THAT(history_.Undecided(), ElementsAre("1"));
  EXPECT_THAT(history_.OtherHoldersOfKey(spki(), ""), IsEmpty());
  EXPECT_EQ(history_.PendingJoins(), 0);
}

}  // namespace
}  // namespace signet::approver
