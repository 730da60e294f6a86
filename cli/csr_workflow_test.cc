#include "cli/csr_workflow.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cli/command_test_context.h"
#include "cli/local_commands.h"
#include "cli/request_command.h"
#include "core/api/certificates.pb.h"
#include "core/api/core.pb.h"
#include "core/pki/certificate.h"
#include "core/testing/fake_resource_api.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::cli {
namespace {

using Csr = api::CertificateSigningRequest;
using ::absl_testing::IsOk;
using ::absl_testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class CsrWorkflowTest : public ::testing::Test {
 protected:
  CsrWorkflowTest() {
    CaNewFlags ca;
    ca.subject.common_name = "ca";
    ca.output = "/ca";
    EXPECT_THAT(CaNew(world_.context, ca), IsOk());
    for (const char* name : {"/x", "/y"}) {
      CsrNewFlags csr;
      csr.subject.common_name = "x";
      csr.subject.dns_names = {"x.example"};
      csr.output = name;
      EXPECT_THAT(CsrNew(world_.context, csr), IsOk());
    }
  }

  static ApplyFlags Flags(const std::string& request) {
    ApplyFlags flags;
    flags.name = "c";
    flags.request = request;
    flags.signer_name = "example.com/serving";
    return flags;
  }
  void Condition(const std::string& type) {
    Csr csr = *csrs_.Get("", "c");
    auto& condition = *csr.mutable_status()->add_conditions();
    condition.set_type(type);
    condition.set_status("True");
    condition.set_reason("Because");
    csrs_.Put(csr);
  }
  SignFlags Sign() {
    SignFlags flags;
    flags.name = "c";
    flags.ca = "/ca.pem";
    flags.ca_key = "/ca-key.pem";
    return flags;
  }

  CommandTestContext world_;
  testing::FakeResourceApi<Csr> csrs_{world_.clock};
  testing::FakeResourceApi<api::Secret> secrets_{world_.clock};
};

TEST_F(CsrWorkflowTest, ApplyTwiceIsUnchangedAndAnotherIsRefused) {
  ASSERT_THAT(CsrApply(world_.context, csrs_, Flags("/x.csr")), IsOk());
  ASSERT_THAT(CsrApply(world_.context, csrs_, Flags("/x.csr")), IsOk());
  EXPECT_EQ(world_.out.str(),
            "certificatesigningrequest.certificates.k8s.io/c created\n"
            "certificatesigningrequest.certificates.k8s.io/c unchanged\n");
  EXPECT_THAT(CsrApply(world_.context, csrs_, Flags("/y.csr")),
              StatusIs(absl::StatusCode::kAlreadyExists));
}

TEST_F(CsrWorkflowTest, OnlyAnApprovedRequestIsSignedAndOnce) {
  ApplyFlags flags = Flags("/x.csr");
  flags.expiration = "1h";
  ASSERT_THAT(CsrApply(world_.context, csrs_, flags), IsOk());
  EXPECT_THAT(CsrSign(world_.context, csrs_, Sign()),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("is Pending; approve it first")));
  Condition("Approved");
  ASSERT_THAT(CsrSign(world_.context, csrs_, Sign()), IsOk());
  const auto chain =
      pki::ParseCertificatesPem(csrs_.Get("", "c")->status().certificate());
  ASSERT_THAT(chain, IsOk());
  EXPECT_EQ((*chain)[0].validity().not_after,
            world_.clock.TimeNow() + absl::Hours(1));
  EXPECT_THAT(CsrDiff(world_.context, csrs_, "c"), IsOk());
  EXPECT_THAT(CsrSign(world_.context, csrs_, Sign()),
              StatusIs(absl::StatusCode::kAlreadyExists));
}

TEST_F(CsrWorkflowTest, ACertificateForAnotherKeyIsNotUploaded) {
  ASSERT_THAT(CsrApply(world_.context, csrs_, Flags("/x.csr")), IsOk());
  Condition("Approved");
  CaSignFlags sign;
  sign.ca = "/ca.pem";
  sign.ca_key = "/ca-key.pem";
  for (const char* name : {"/x", "/y"}) {
    sign.request = std::string(name) + ".csr";
    sign.output = name;
    ASSERT_THAT(CaSign(world_.context, sign), IsOk());
  }
  EXPECT_THAT(CsrUpload(world_.context, csrs_, {"c", "/y.pem"}),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("/y.pem: not a certificate for the key")));
  EXPECT_THAT(CsrUpload(world_.context, csrs_, {"c", "/x.pem"}), IsOk());
  EXPECT_EQ(csrs_.Get("", "c")->status().certificate(), world_.File("/x.pem"));
}

TEST_F(CsrWorkflowTest, DiffShowsWhatASignerLeftOut) {
  ASSERT_THAT(CsrApply(world_.context, csrs_, Flags("/x.csr")), IsOk());
  Condition("Approved");
  CaSignFlags sign;
  sign.request = "/x.csr";
  sign.ca = "/ca.pem";
  sign.ca_key = "/ca-key.pem";
  sign.output = "/x";
  sign.usages = {"client auth"};
  ASSERT_THAT(CaSign(world_.context, sign), IsOk());
  ASSERT_THAT(CsrUpload(world_.context, csrs_, {"c", "/x.pem"}), IsOk());
  EXPECT_THAT(CsrDiff(world_.context, csrs_, "c"),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       "1 thing is not as asked for"));
  EXPECT_THAT(world_.out.str(), HasSubstr("!  usages"));
}

TEST_F(CsrWorkflowTest, WaitEndsAtOnceWhenItCannotComeTrue) {
  ASSERT_THAT(CsrApply(world_.context, csrs_, Flags("/x.csr")), IsOk());
  WaitFlags flags;
  flags.name = "c";
  Condition("Denied");
  EXPECT_THAT(CsrWait(world_.context, csrs_, flags),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("is Denied (Because)")));
  flags.wanted = "decided";
  EXPECT_THAT(CsrWait(world_.context, csrs_, flags), IsOk());
  flags.name = "none";
  EXPECT_THAT(CsrWait(world_.context, csrs_, flags),
              StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(CsrWorkflowTest, ARequestThatIsDeniedLeavesNothing) {
  csrs_.OnCreate([](Csr& csr) {
    csr.mutable_status()->add_conditions()->set_type("Denied");
    return absl::OkStatus();
  });
  RequestFlags flags;
  flags.subject.dns_names = {"x.example"};
  flags.signer_name = "example.com/serving";
  flags.secret = "ns/web";
  flags.output = "/web";
  EXPECT_THAT(
      RequestCertificate(world_.context, csrs_, secrets_, "d", flags),
      StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("is Denied")));
  EXPECT_THAT(csrs_.objects(), IsEmpty());
  EXPECT_THAT(secrets_.objects(), IsEmpty());
  EXPECT_EQ(world_.File("/web.pem"), "");
  EXPECT_THAT(world_.err.str(), HasSubstr("deleted: nobody has its key"));
}

TEST_F(CsrWorkflowTest, WhatIsInTheWayIsSaidBeforeAnythingIsAskedFor) {
  api::Secret secret;
  secret.mutable_metadata()->set_name("web");
  secret.mutable_metadata()->set_namespace_("ns");
  secrets_.Put(secret);
  RequestFlags flags;
  flags.subject.dns_names = {"x.example"};
  flags.signer_name = "example.com/serving";
  flags.secret = "ns/web";
  EXPECT_THAT(RequestCertificate(world_.context, csrs_, secrets_, "d", flags),
              StatusIs(absl::StatusCode::kAlreadyExists,
                       HasSubstr("secret ns/web exists already")));
  EXPECT_THAT(csrs_.objects(), IsEmpty());
}

}  // namespace
}  // namespace signet::cli
