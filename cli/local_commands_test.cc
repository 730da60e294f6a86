#include "cli/local_commands.h"

#include <string>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cli/command_test_context.h"
#include "cli/inspect.h"
#include "cli/issue.h"
#include "core/pki/certificate.h"
#include "core/pki/key_usage.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::cli {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::IsOkAndHolds;
using ::absl_testing::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class LocalCommandsTest : public ::testing::Test {
 protected:
  LocalCommandsTest() {
    CaNewFlags ca;
    ca.subject.common_name = "My CA";
    ca.lifetime = "10d";
    ca.output = "/ca";
    EXPECT_THAT(CaNew(world_.context, ca), IsOk());
    CsrNewFlags csr;
    csr.subject.common_name = "x";
    csr.subject.dns_names = {"x.example"};
    csr.subject.ip_addresses = {"10.0.0.1"};
    csr.output = "/x";
    EXPECT_THAT(CsrNew(world_.context, csr), IsOk());
  }

  static CaSignFlags SignFlags() {
    CaSignFlags flags;
    flags.request = "/x.csr";
    flags.ca = "/ca.pem";
    flags.ca_key = "/ca-key.pem";
    flags.output = "/x";
    return flags;
  }

  CommandTestContext world_;
};

TEST_F(LocalCommandsTest, KeysAreForTheirOwnerAlone) {
  EXPECT_EQ(world_.files.Stat("/ca-key.pem")->mode, 0600);
  EXPECT_EQ(world_.files.Stat("/x-key.pem")->mode, 0600);
  EXPECT_EQ(world_.files.Stat("/ca.pem")->mode, 0644);
  EXPECT_THAT(
      world_.files.List("/"),
      IsOkAndHolds(ElementsAre("ca-key.pem", "ca.pem", "x-key.pem", "x.csr")));
}

TEST_F(LocalCommandsTest, NothingIsOverwrittenUnlessTold) {
  const std::string key = world_.File("/x-key.pem");
  CsrNewFlags flags;
  flags.subject.common_name = "y";
  flags.output = "/x";
  EXPECT_THAT(CsrNew(world_.context, flags),
              StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr("/x")));
  EXPECT_EQ(world_.File("/x-key.pem"), key);
  flags.force = true;
  EXPECT_THAT(CsrNew(world_.context, flags), IsOk());
  EXPECT_NE(world_.File("/x-key.pem"), key);
}

TEST_F(LocalCommandsTest, ACertificateEndsWithItsCa) {
  ASSERT_THAT(CaSign(world_.context, SignFlags()), IsOk());
  const auto chain = pki::ParseCertificatesPem(world_.File("/x.pem"));
  const auto ca = pki::ParseCertificatesPem(world_.File("/ca.pem"));
  ASSERT_THAT(chain, IsOk());
  ASSERT_THAT(ca, IsOk());
  EXPECT_EQ((*chain)[0].validity().not_after, (*ca)[0].validity().not_after);
  EXPECT_THAT(world_.err.str(), HasSubstr("ends with its CA"));
  EXPECT_THAT((*chain)[0].CheckSignatureFrom((*ca)[0]), IsOk());
  EXPECT_FALSE((*chain)[0].is_ca());
  EXPECT_THAT((*chain)[0].subject_alt_names().dns_names,
              ElementsAre("x.example"));
}

TEST_F(LocalCommandsTest, AnExpiredCaOrAnotherKeyIsRefused) {
  CaSignFlags flags = SignFlags();
  flags.ca_key = "/x-key.pem";
  EXPECT_THAT(CaSign(world_.context, flags),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("/x-key.pem: not the key")));
  world_.clock.AdvanceTime(absl::Hours(24 * 11));
  EXPECT_THAT(CaSign(world_.context, SignFlags()),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("/ca.pem: the CA has expired")));
}

TEST_F(LocalCommandsTest, VerifySaysWhichCheckFails) {
  ASSERT_THAT(CaSign(world_.context, SignFlags()), IsOk());
  EXPECT_THAT(Verify(world_.context, {"/x.pem", "/ca.pem", "/x-key.pem",
                                      "x.example", "server"}),
              IsOk());
  EXPECT_THAT(world_.out.str(), Not(HasSubstr("FAILED")));
  EXPECT_THAT(Verify(world_.context,
                     {"/x.pem", "/ca.pem", "/ca-key.pem", "y", "client"}),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("3 of the checks failed")));
  EXPECT_THAT(world_.out.str(),
              AllOf(HasSubstr("FAILED  purpose client"),
                    HasSubstr("FAILED  name y"), HasSubstr("FAILED  key")));
}

TEST_F(LocalCommandsTest, ExpiryIsSortedAndFailsInTime) {
  ASSERT_THAT(CaSign(world_.context, SignFlags()), IsOk());
  ExpiryFlags flags;
  flags.paths = {"/"};
  EXPECT_THAT(Expiry(world_.context, flags), IsOk());
  EXPECT_THAT(world_.out.str(), AllOf(HasSubstr("CN=My CA"), HasSubstr("10d"),
                                      HasSubstr(" /x.pem")));
  flags.fail_within = "9d";
  EXPECT_THAT(Expiry(world_.context, flags), IsOk());
  flags.fail_within = "11d";
  EXPECT_THAT(Expiry(world_.context, flags),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       "2 certificates have less than 11d left"));
}

TEST_F(LocalCommandsTest, InspectTellsWhetherKeysMatch) {
  ASSERT_THAT(CaSign(world_.context, SignFlags()), IsOk());
  ASSERT_THAT(Inspect(world_.context,
                      {{"/x.pem", "/x.csr", "/x-key.pem", "/ca-key.pem"}}),
              IsOk());
  EXPECT_THAT(
      world_.out.str(),
      AllOf(HasSubstr("The key of /x-key.pem belongs to the certificate"),
            HasSubstr("The key of /ca-key.pem DOES NOT belong to the "
                      "certificate of /x.pem"),
            HasSubstr("DNS x.example, IP 10.0.0.1"), HasSubstr("Rotates:")));
}

TEST(ParseLifetimeTest, DaysAndYearsBesideGosUnits) {
  const struct {
    std::string text;
    absl::Duration want;
  } kTests[] = {{"1y", absl::Hours(8760)},
                {"90d", absl::Hours(2160)},
                {"24h", absl::Hours(24)},
                {"1h30m", absl::Minutes(90)},
                {"100y", absl::Hours(876000)}};
  for (const auto& t : kTests) {
    EXPECT_THAT(ParseLifetime(t.text), IsOkAndHolds(t.want)) << t.text;
  }
  for (const char* text : {"", "d", "-1d", "1.5d", "0", "1", "101y", "1w",
                           "876001h", "99999999999999999999d"}) {
    EXPECT_THAT(ParseLifetime(text),
                StatusIs(absl::StatusCode::kInvalidArgument))
        << text;
  }
}

}  // namespace
}  // namespace signet::cli
