#include "cli/csr_table.h"

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "core/api/certificates.pb.h"
#include "core/api/codec.h"
#include "core/testing/csr_builder.h"
#include "gtest/gtest.h"

namespace signet::cli {
namespace {

using Csr = api::CertificateSigningRequest;

const absl::Time kNow = absl::FromUnixSeconds(1700000000);

Csr Row(const std::string& name, absl::Duration age, const std::string& signer,
        const std::string& user) {
  Csr csr;
  csr.mutable_metadata()->set_name(name);
  *csr.mutable_metadata()->mutable_creation_timestamp() =
      api::FromAbslTime(kNow - age);
  if (!signer.empty()) csr.mutable_spec()->set_signer_name(signer);
  csr.mutable_spec()->set_username(user);
  return csr;
}

TEST(CsrTableTest, LooksAsKubectlsDoes) {
  // SPEC G-7.
  Csr issued = Row("my-svc.my-namespace", absl::Minutes(10),
                   "example.com/serving", "yourname@example.com");
  issued.mutable_status()->add_conditions()->set_type("Approved");
  issued.mutable_status()->set_certificate("x");
  Csr pending = Row("csr-4x2lq", absl::Seconds(90),
                    "kubernetes.io/kubelet-serving", "system:node:n1");
  pending.mutable_spec()->set_expiration_seconds(3600);
  EXPECT_EQ(
      CsrTable(true).Format({issued, pending}, kNow),
      "NAME                  AGE   SIGNERNAME                      REQUESTOR   "
      "           REQUESTEDDURATION   CONDITION\n"
      "my-svc.my-namespace   10m   example.com/serving             "
      "yourname@example.com   <none>              Approved,Issued\n"
      "csr-4x2lq             90s   kubernetes.io/kubelet-serving   "
      "system:node:n1         60m                 Pending\n");
}

TEST(CsrTableTest, SaysSoWhereThereIsNothing) {
  // SPEC E-4.
  Csr csr = Row("c", absl::ZeroDuration(), "", "u");
  csr.mutable_metadata()->clear_creation_timestamp();
  EXPECT_EQ(CsrTable(false).Format({csr}, kNow),
            "c     <unknown>   <none>   u     <none>   Pending\n");
  EXPECT_EQ(CsrTable(true).Format({}, kNow), "");
}

TEST(CsrTableTest, LaterRowsStandUnderTheFirst) {
  CsrTable table(true);
  const Csr first = Row("a-long-name", absl::Seconds(1), "a.b/c", "user");
  const Csr second = Row("b", absl::Seconds(1), "a.b/c", "u");
  EXPECT_EQ(table.Format({first}, kNow),
            "NAME          AGE   SIGNERNAME   REQUESTOR   REQUESTEDDURATION   "
            "CONDITION\n"
            "a-long-name   1s    a.b/c        user        <none>              "
            "Pending\n");
  EXPECT_EQ(table.Format({second}, kNow),
            "b             1s    a.b/c        u           <none>              "
            "Pending\n");
}

TEST(CsrTableTest, TheTerminalIsSafe) {
  const Csr csr = Row("c", absl::Seconds(1), "a.b/c", "\x1b[2Jx\ny");
  EXPECT_EQ(CsrTable(false).Format({csr}, kNow),
            "c     1s    a.b/c   ^[[2Jx...   <none>   Pending\n");
}

// SPEC E-10.
TEST(CsrTableTest, ShowsForWhomTheCertificateIsToBe) {
  testing::CsrFields fields;
  fields.subject = {.common_name = "x"};
  fields.sans.dns_names = {"x.example"};
  fields.signer_name = "a.b/c";
  fields.username = "u";
  CsrTable table(/*headers=*/true, /*names=*/true);
  EXPECT_EQ(table.Format({testing::MakeCsr(fields)}, absl::UnixEpoch()),
            "NAME    AGE         SIGNERNAME   REQUESTOR   REQUESTEDDURATION   "
            "CONDITION   NAMES\n"
            "csr-1   <unknown>   a.b/c        u           <none>              "
            "Pending     CN=x, DNS x.example\n");
}

}  // namespace
}  // namespace signet::cli
