#include "core/rotation/pending_request.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/api/certificates.pb.h"
#include "core/pki/private_key.h"
#include "core/rotation/template_match.h"
#include "core/testing/csr_builder.h"
#include "core/testing/fake_key_generator.h"
#include "core/testing/test_ca.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::rotation {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::StatusIs;
using ::testing::StartsWith;
using Csr = api::CertificateSigningRequest;

constexpr char kSigner[] = "kubernetes.io/kube-apiserver-client-kubelet";
const absl::Time kNow = absl::FromUnixSeconds(1'795'514'421);

// The need of CsrFields' node, and the request that answers it.
RequestNeed Need() {
  return {kSigner,
          {"digital signature", "client auth"},
          std::nullopt,
          {"system:node:node-a", {"system:nodes"}, {}, {}}};
}
Csr Object(const testing::CsrFields& fields = {}) {
  Csr csr = testing::MakeCsr(fields);
  csr.mutable_metadata()->set_uid("u1");
  return csr;
}
PendingRequest Pending(const Csr& csr, bool known = true) {
  return {testing::TestKey(), csr.spec().request(),
          known ? csr.metadata().name() : "", known ? "u1" : ""};
}
std::string Certificate(absl::Duration ends) {
  static const auto& ca = *new testing::TestCa;
  return ca
      .Client({.common_name = "system:node:node-a",
               .organizations = {"system:nodes"},
               .dns_names = {},
               .ip_addresses = {},
               .validity = {kNow - absl::Hours(1), kNow + ends}})
      .certificate_pem;
}

TEST(DecideResumeTest, F2WaitsForWhatIsUnderWayAndForNothingElse) {
  testing::CsrFields with_name;
  with_name.sans.dns_names = {"a"};
  const struct {
    std::string name;
    std::function<void(Csr&)> change;
    std::function<void(RequestNeed&)> want_else;
    Resume want;
    std::string why;
  } kTests[] = {
      {"pending", {}, {}, Resume::kAwait, "csr \"csr-1\" is under way"},
      {"approved",
       [](Csr& c) {
         c.mutable_status()->add_conditions()->set_type("Approved");
       },
       {},
       Resume::kAwait,
       "csr \"csr-1\" is under way"},
      {"issued while nobody looked",
       [](Csr& c) {
         c.mutable_status()->add_conditions()->set_type("Approved");
         c.mutable_status()->set_certificate(Certificate(absl::Hours(1)));
       },
       {},
       Resume::kAwait,
       "csr \"csr-1\" is under way"},
      {"issued, and expired since",
       [](Csr& c) {
         c.mutable_status()->set_certificate(Certificate(-absl::Minutes(1)));
       },
       {},
       Resume::kFileNew,
       "csr \"csr-1\" is not compatible: one of the certificates for the CSR "
       "has expired: 2026-11-24 09:59:21 +0000 UTC"},
      {"denied",
       [](Csr& c) { c.mutable_status()->add_conditions()->set_type("Denied"); },
       {},
       Resume::kFileNew,
       "csr \"csr-1\" was denied"},
      {"failed",
       [](Csr& c) { c.mutable_status()->add_conditions()->set_type("Failed"); },
       {},
       Resume::kFileNew,
       "csr \"csr-1\" failed"},
      {"another of that name",
       [](Csr& c) { c.mutable_metadata()->set_uid("u2"); },
       {},
       Resume::kFileNew,
       "csr \"csr-1\" changed UIDs"},
      {"another name is wanted now",
       {},
       [](RequestNeed& n) { n.wanted.common_name = "system:node:b"; },
       Resume::kSupersede,
       "csr \"csr-1\" differs from what is wanted now: its subject"},
      {"a DNS name is wanted now",
       {},
       [](RequestNeed& n) { n.wanted.dns_names = {"a"}; },
       Resume::kSupersede,
       "csr \"csr-1\" differs from what is wanted now: its DNS names"},
      {"a URI is wanted now",
       {},
       [](RequestNeed& n) { n.wanted.uris = {"spiffe://x/y"}; },
       Resume::kSupersede,
       "csr \"csr-1\" differs from what is wanted now: its other names"},
      {"another signer is wanted now",
       {},
       [](RequestNeed& n) { n.signer_name = "example.com/x"; },
       Resume::kSupersede,
       "csr \"csr-1\" differs from what is wanted now: its signer"},
      {"other usages are wanted now",
       {},
       [](RequestNeed& n) { n.usages = {"client auth"}; },
       Resume::kSupersede,
       "csr \"csr-1\" differs from what is wanted now: its usages"},
      {"the same usages in another order",
       {},
       [](RequestNeed& n) { n.usages = {"client auth", "digital signature"}; },
       Resume::kAwait,
       "csr \"csr-1\" is under way"},
      {"a lifetime is wanted now",
       {},
       [](RequestNeed& n) { n.expiration_seconds = 600; },
       Resume::kSupersede,
       "csr \"csr-1\" differs from what is wanted now: its lifetime"},
      {"approved, and something else is wanted now: not ours to delete",
       [](Csr& c) {
         c.mutable_status()->add_conditions()->set_type("Approved");
       },
       [](RequestNeed& n) { n.expiration_seconds = 600; }, Resume::kFileNew,
       "csr \"csr-1\" differs from what is wanted now: its lifetime"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    Csr csr = Object();
    const PendingRequest pending = Pending(csr);
    if (t.change) t.change(csr);
    RequestNeed need = Need();
    if (t.want_else) t.want_else(need);
    const ResumeDecision got = DecideResume(pending, &csr, need, kNow);
    EXPECT_EQ(got.action, t.want);
    EXPECT_EQ(got.why, t.why);
  }
}

TEST(DecideResumeTest, F2FilesWithTheSameKeyIfNothingWasFiled) {
  const Csr csr = Object();
  const ResumeDecision got =
      DecideResume(Pending(csr, /*known=*/false), nullptr, Need(), kNow);
  EXPECT_EQ(got.action, Resume::kFileAgain);
  // The answer that told its name was lost, but it was found.
  EXPECT_EQ(
      DecideResume(Pending(csr, /*known=*/false), &csr, Need(), kNow).action,
      Resume::kAwait);
}

TEST(DecideResumeTest, F2FilesAnewIfNothingIsLeft) {
  const Csr csr = Object();
  ResumeDecision got = DecideResume(Pending(csr), nullptr, Need(), kNow);
  EXPECT_EQ(got.action, Resume::kFileNew);
  EXPECT_EQ(got.why, "csr \"csr-1\" was deleted");

  RequestNeed need = Need();
  need.wanted.common_name = "system:node:b";
  got = DecideResume(Pending(csr, /*known=*/false), nullptr, need, kNow);
  EXPECT_EQ(got.action, Resume::kFileNew);

  PendingRequest broken = Pending(csr);
  broken.request_pem = "?";
  EXPECT_EQ(DecideResume(broken, &csr, Need(), kNow).action, Resume::kFileNew);
}

TEST(CheckRetrievedTest, A18TakesAnObjectThatWasMadeWithOurKeyOnly) {
  const Csr csr = Object();
  const CertificateTemplate wanted = Need().wanted;
  const pki::PublicKey& key = testing::TestKey().public_key();
  EXPECT_THAT(CheckRetrieved(csr, wanted, kSigner, key, kNow), IsOk());

  const auto other =
      testing::FakeKeyGenerator::Key(pki::KeyAlgorithm::kEcdsaP256, 7);
  EXPECT_THAT(
      CheckRetrieved(csr, wanted, kSigner, other->public_key(), kNow),
      StatusIs(absl::StatusCode::kFailedPrecondition,
               StartsWith("error validating signature new CSR against old "
                          "key: ")));
  Csr spoiled = csr;
  spoiled.mutable_spec()->set_request(
      testing::SpoilSignature(csr.spec().request()));
  EXPECT_THAT(
      CheckRetrieved(spoiled, wanted, kSigner, key, kNow),
      StatusIs(absl::StatusCode::kFailedPrecondition,
               StartsWith("error validating signature new CSR against old "
                          "key: ")));
}

TEST(CheckRetrievedTest, A18WantsSubjectSignerAndAnUnexpiredCertificate) {
  const pki::PublicKey& key = testing::TestKey().public_key();
  const CertificateTemplate wanted = Need().wanted;
  CertificateTemplate other = wanted;
  other.common_name = "system:node:b";
  Csr csr = Object();
  EXPECT_THAT(
      CheckRetrieved(csr, other, kSigner, key, kNow),
      StatusIs(absl::StatusCode::kFailedPrecondition,
               "csr subjects differ: new: CN=system:node:node-a,"
               "O=system:nodes, orig: CN=system:node:b,O=system:nodes"));
  EXPECT_THAT(CheckRetrieved(csr, wanted, "example.com/x", key, kNow),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       absl::StrCat("csr signerNames differ: new \"", kSigner,
                                    "\", orig: \"example.com/x\"")));
  // Compared only if both are set.
  EXPECT_THAT(CheckRetrieved(csr, wanted, "", key, kNow), IsOk());

  csr.mutable_status()->set_certificate(Certificate(absl::ZeroDuration()));
  EXPECT_THAT(CheckRetrieved(csr, wanted, kSigner, key, kNow), IsOk());
  EXPECT_THAT(
      CheckRetrieved(csr, wanted, kSigner, key, kNow + absl::Seconds(1)),
      StatusIs(absl::StatusCode::kFailedPrecondition,
               StartsWith("one of the certificates for the CSR has expired")));
  csr.mutable_status()->set_certificate("?");
  EXPECT_THAT(CheckRetrieved(csr, wanted, kSigner, key, kNow),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       StartsWith("error parsing signed certificate for CSR")));
  csr.mutable_spec()->set_request("?");
  EXPECT_THAT(CheckRetrieved(csr, wanted, kSigner, key, kNow),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       StartsWith("unable to parse new csr: ")));
}

TEST(MayHaveBeenCreatedTest, F2DoubtsWhatTheServerDidNotRefuse) {
  for (int code : {0, 408, 500, 502, 503, 504}) {
    EXPECT_TRUE(MayHaveBeenCreated(code)) << code;
  }
  for (int code : {400, 401, 403, 404, 409, 415, 422, 429}) {
    EXPECT_FALSE(MayHaveBeenCreated(code)) << code;
  }
}

TEST(IsFinalTest, F2KeepsARequestThatTimedOut) {
  EXPECT_TRUE(IsFinal(absl::PermissionDeniedError("denied")));
  EXPECT_TRUE(IsFinal(absl::FailedPreconditionError("failed")));
  EXPECT_TRUE(IsFinal(absl::AbortedError("changed UIDs")));
  EXPECT_TRUE(IsFinal(absl::NotFoundError("deleted")));
  EXPECT_FALSE(IsFinal(absl::DeadlineExceededError("late")));
  EXPECT_FALSE(IsFinal(absl::CancelledError("stopped")));
  EXPECT_FALSE(IsFinal(absl::UnauthenticatedError("401")));
}

TEST(CountPendingTest, F2CountsThisNodesUndecidedRequestsOnly) {
  std::vector<Csr> objects = {Object(), Object()};
  objects.push_back(Object({.conditions = {"Approved"}}));
  objects.push_back(Object({.conditions = {"Denied"}}));
  objects.push_back(Object({.conditions = {"Failed"}}));
  objects.push_back(Object({.signer_name = "example.com/x"}));
  objects.push_back(Object({.subject = {.organization = {"system:nodes"},
                                        .common_name = "system:node:b"}}));
  objects.push_back(Object({.request_pem = "?"}));
  objects.push_back(Object());
  objects.back().mutable_status()->set_certificate("anything");
  EXPECT_EQ(CountPending(objects, kSigner, "system:node:node-a"), 2);
  EXPECT_EQ(CountPending(objects, kSigner, "system:node:b"), 1);
  EXPECT_EQ(CountPending({}, kSigner, "system:node:b"), 0);
}

}  // namespace
}  // namespace signet::rotation
