// What attackers may ask for, through every policy: none of it is approved.

#include "core/policy/attack_table.h"

#include <iostream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/policy/approver_config.h"
#include "core/policy/approver_decision.h"
#include "core/policy/decision.h"
#include "core/policy/request_rules.h"
#include "core/policy/signer_names.h"
#include "core/testing/csr_builder.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::policy {
namespace {

using ::testing::Ge;
using testing::MakeCsr;

std::vector<AttackRow> AllAttacks() {
  std::vector<AttackRow> all = KubeletClientAttacks();
  for (const auto& more : {KubeletServingAttacks(), OtherSignersAttacks()}) {
    all.insert(all.end(), more.begin(), more.end());
  }
  return all;
}

// The honest requests that the attacks were made from would all be approved:
// else the table would prove nothing.
TEST(AttackTableTest, B13ApprovesTheHonest) {
  for (Attack (*from)() : {Join, Renew, Serve, Person, Backend}) {
    const Attack honest = from();
    const PolicyDecision got = DecideWithEvidence(
        MakeCsr(honest.csr), AttackedConfig(), honest.evidence);
    EXPECT_EQ(got.decision.verdict, Verdict::kApprove)
        << honest.csr.signer_name << ": " << got.decision.rule << ": "
        << got.decision.message;
  }
}

TEST(AttackTableTest, B19ToB27ApproveNoneAndSayWhy) {
  const ApproverConfig config = AttackedConfig();
  const std::vector<AttackRow> attacks = AllAttacks();
  int approved = 0;
  for (const AttackRow& row : attacks) {
    SCOPED_TRACE(row.name);
    Attack attack = row.from();
    row.change(attack);
    const PolicyDecision got =
        DecideWithEvidence(MakeCsr(attack.csr), config, attack.evidence);
    approved += got.decision.verdict == Verdict::kApprove ? 1 : 0;
    EXPECT_NE(got.decision.verdict, Verdict::kDeny);  // Nothing says so.
    EXPECT_EQ(got.decision.rule, row.want_rule);
    EXPECT_EQ(got.decision.message, row.want_message);
  }
  EXPECT_THAT(attacks.size(), Ge(25u));
  EXPECT_EQ(approved, 0);
  std::cout << "hostile requests: " << attacks.size()
            << ", approved: " << approved << "\n";
}

// The same bytes under another signer's name fare no better. (What is an attack
// on one signer may be an honest request to another: a person may ask for the
// name that a token may not.)
TEST(AttackTableTest, B19ToB27ApproveNoneAtKubeletsSignersEither) {
  const ApproverConfig config = AttackedConfig();
  int tried = 0;
  int approved = 0;
  for (const AttackRow& row : AllAttacks()) {
    for (const absl::string_view signer :
         {kKubeApiserverClientKubelet, kKubeletServing, kKubeApiserverClient}) {
      SCOPED_TRACE(absl::StrCat(row.name, ", sent to ", signer));
      Attack attack = row.from();
      row.change(attack);
      if (attack.csr.signer_name == signer) continue;
      attack.csr.signer_name = std::string(signer);
      const PolicyDecision got =
          DecideWithEvidence(MakeCsr(attack.csr), config, attack.evidence);
      EXPECT_NE(got.decision.verdict, Verdict::kApprove);
      approved += got.decision.verdict == Verdict::kApprove ? 1 : 0;
      ++tried;
    }
  }
  std::cout << "hostile requests to another signer: " << tried
            << ", approved: " << approved << "\n";
}

}  // namespace
}  // namespace signet::policy
