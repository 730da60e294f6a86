#include "signer_service/signer_set.h"

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/api/certificates.pb.h"
#include "core/pki/certificate_authority.h"
#include "core/policy/signing.h"
#include "core/testing/csr_builder.h"
#include "core/testing/test_ca.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "signer_service/ca_source.h"

namespace signet::signer {
namespace {

using ::absl_testing::StatusIs;
using ::testing::HasSubstr;

class FixedCa : public CaSource {
 public:
  explicit FixedCa(pki::CertificateAuthority ca) : ca_(std::move(ca)) {}
  absl::StatusOr<pki::CertificateAuthority> Current() override { return ca_; }

 private:
  const pki::CertificateAuthority ca_;
};

constexpr char kClient[] = "kubernetes.io/kube-apiserver-client";
constexpr char kKubelet[] = "kubernetes.io/kube-apiserver-client-kubelet";

class SignerSetTest : public ::testing::Test {
 protected:
  Signer Serving(const std::string& name) {
    return Signer(name, ca_, {.duration = absl::Hours(1)});
  }

  const testing::TestCa test_ca_;
  const std::shared_ptr<FixedCa> ca_ =
      std::make_shared<FixedCa>(test_ca_.authority());
};

TEST_F(SignerSetTest, FindsTheSignerOfAName) {
  const absl::StatusOr<SignerSet> set =
      SignerSet::Create({Serving(kKubelet), Serving(kClient)});
  ASSERT_EQ(set.status(), absl::OkStatus());
  ASSERT_NE(set->Find(kClient), nullptr);
  EXPECT_EQ(set->Find(kClient)->name(), kClient);
  EXPECT_EQ(set->Find(kKubelet)->name(), kKubelet);
  EXPECT_EQ(set->Find("kubernetes.io/kubelet-serving"), nullptr);
  EXPECT_EQ(set->Find(""), nullptr);
  EXPECT_EQ(set->signers().size(), 2u);
}

TEST_F(SignerSetTest, RefusesANameServedTwiceAndNoneAtAll) {
  EXPECT_THAT(
      SignerSet::Create({Serving(kClient), Serving(kKubelet), Serving(kClient)})
          .status(),
      StatusIs(absl::StatusCode::kInvalidArgument,
               HasSubstr("signer name \"kubernetes.io/"
                         "kube-apiserver-client\" would be served "
                         "twice")));
  EXPECT_THAT(SignerSet::Create({}).status(),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(SignerSetTest, C1WantsApprovedRequestsToItsSigners) {
  const struct {
    std::string name;
    testing::CsrFields fields;
    bool want;
  } kTests[] = {
      {"approved", {.conditions = {"Approved"}}, true},
      {"undecided", {}, false},
      {"denied", {.conditions = {"Denied"}}, false},
      {"failed", {.conditions = {"Approved", "Failed"}}, false},
      {"another signer's",
       {.signer_name = "example.com/serving", .conditions = {"Approved"}},
       false},
  };
  const absl::StatusOr<SignerSet> set = SignerSet::Create({Serving(kKubelet)});
  ASSERT_EQ(set.status(), absl::OkStatus());
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    EXPECT_EQ(set->Wants(testing::MakeCsr(t.fields)), t.want);
  }
}

TEST_F(SignerSetTest, DecidesByTheRulesOfTheSigner) {
  const absl::StatusOr<SignerSet> set = SignerSet::Create({Serving(kKubelet)});
  ASSERT_EQ(set.status(), absl::OkStatus());
  const absl::Time now = test_ca_.validity().not_before + absl::Hours(1);
  const absl::StatusOr<policy::SigningDecision> decision =
      set->Find(kKubelet)->Decide(
          testing::MakeCsr({.conditions = {"Approved"}}), test_ca_.authority(),
          now, "0123456789abcdef");
  ASSERT_EQ(decision.status(), absl::OkStatus());
  EXPECT_EQ(decision->action, policy::SigningAction::kIssue);
  EXPECT_EQ(decision->tbs.validity.not_after, now + absl::Hours(1));
}

}  // namespace
}  // namespace signet::signer
