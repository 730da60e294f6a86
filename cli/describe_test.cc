#include "cli/describe.h"

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/api/certificates.pb.h"
#include "core/api/codec.h"
#include "core/api/core.pb.h"
#include "core/pki/ip_address.h"
#include "core/testing/csr_builder.h"
#include "gtest/gtest.h"

namespace signet::cli {
namespace {

using Csr = api::CertificateSigningRequest;
using Events = std::vector<api::Event>;

// Tue, 01 Feb 2022 11:49:15 -0500
const absl::Time kCreated = absl::FromUnixSeconds(1643734155);
const absl::TimeZone kZone = absl::FixedTimeZone(-5 * 3600);

Csr Request(const testing::CsrFields& fields) {
  Csr csr = testing::MakeCsr(fields);
  *csr.mutable_metadata()->mutable_creation_timestamp() =
      api::FromAbslTime(kCreated);
  return csr;
}

testing::CsrFields Fields() {
  testing::CsrFields fields;
  fields.name = "my-svc.my-namespace";
  fields.signer_name = "example.com/serving";
  fields.username = "yourname@example.com";
  fields.subject = {};
  fields.subject.common_name = "my-pod.my-namespace.pod.cluster.local";
  fields.sans.dns_names = {"my-svc.my-namespace.svc.cluster.local",
                           "my-pod.my-namespace.pod.cluster.local"};
  for (const char* ip : {"192.0.2.24", "10.0.34.2"}) {
    fields.sans.ip_addresses.push_back(*pki::IpAddress::Parse(ip));
  }
  return fields;
}

std::string Describe(const Csr& csr, const std::optional<Events>& events,
                     absl::Time now = kCreated) {
  const absl::StatusOr<std::string> text = DescribeCsr(csr, events, now, kZone);
  return text.ok() ? *text : std::string(text.status().message());
}

TEST(DescribeTest, TheRequestOfTheDocumentation) {
  // SPEC G-7, the first screen; the space at the end of a line is kubectl's.
  EXPECT_EQ(Describe(Request(Fields()), Events()),
            R"(Name:               my-svc.my-namespace
Labels:             <none>
Annotations:        <none>
CreationTimestamp:  Tue, 01 Feb 2022 11:49:15 -0500
Requesting User:    yourname@example.com
Signer:             example.com/serving
Status:             Pending
Subject:
  Common Name:    my-pod.my-namespace.pod.cluster.local
  Serial Number:  
Subject Alternative Names:
         DNS Names:     my-svc.my-namespace.svc.cluster.local
                        my-pod.my-namespace.pod.cluster.local
         IP Addresses:  192.0.2.24
                        10.0.34.2
Events:  <none>
)");
}

TEST(DescribeTest, EverythingThatThereCanBe) {
  // SPEC G-7, the second screen.
  testing::CsrFields fields = Fields();
  fields.subject.organization = {"system:nodes", "b"};
  fields.subject.country = {"KR"};
  fields.sans.email_addresses = {"a@b.c"};
  fields.sans.uris = {"spiffe://x/y"};
  fields.expiration_seconds = 3600;
  fields.conditions = {"Approved"};
  Csr csr = Request(fields);
  csr.mutable_status()->set_certificate("x");
  (*csr.mutable_metadata()->mutable_labels())["c"] = "d";
  (*csr.mutable_metadata()->mutable_labels())["a"] = "b";
  EXPECT_EQ(Describe(csr, Events()),
            R"(Name:                my-svc.my-namespace
Labels:              a=b,c=d
Annotations:         <none>
CreationTimestamp:   Tue, 01 Feb 2022 11:49:15 -0500
Requesting User:     yourname@example.com
Signer:              example.com/serving
Requested Duration:  60m
Status:              Approved,Issued
Subject:
  Common Name:    my-pod.my-namespace.pod.cluster.local
  Serial Number:  
  Organization:   b
                  system:nodes
  Country:        KR
Subject Alternative Names:
         DNS Names:        my-svc.my-namespace.svc.cluster.local
                           my-pod.my-namespace.pod.cluster.local
         Email Addresses:  a@b.c
         URIs:             spiffe://x/y
         IP Addresses:     192.0.2.24
                           10.0.34.2
Events:  <none>
)");
}

TEST(DescribeTest, WithoutEventsTheNamesMoveLeft) {
  // E-7: columns are made of the lines that stand together.
  testing::CsrFields fields = Fields();
  fields.sans = {};
  fields.sans.dns_names = {"a"};
  EXPECT_TRUE(Describe(Request(fields), std::nullopt)
                  .ends_with("Subject Alternative Names:\n"
                             "  DNS Names:  a\n"));
}

TEST(DescribeTest, NoNamesNoSection) {
  testing::CsrFields fields = Fields();
  fields.sans = {};
  EXPECT_TRUE(Describe(Request(fields), Events())
                  .ends_with("  Serial Number:  \nEvents:  <none>\n"));
}

TEST(DescribeTest, AnnotationsAreShownWhole) {
  // E-6: what kubectl apply leaves behind ends in a newline.
  Csr csr = Request(Fields());
  (*csr.mutable_metadata()->mutable_annotations())["x"] = "{}\n";
  EXPECT_TRUE(Describe(csr, Events())
                  .starts_with("Name:         my-svc.my-namespace\n"
                               "Labels:       <none>\n"
                               "Annotations:  x={}\n"
                               "\n"
                               "CreationTimestamp:  Tue"));
}

TEST(DescribeTest, EventsByTheirTimes) {
  api::Event once;
  once.set_type("Normal");
  once.set_reason("Seen");
  once.set_message("  here \n");
  once.mutable_source()->set_component("someone");
  *once.mutable_first_timestamp() =
      api::FromAbslTime(kCreated + absl::Minutes(4));
  *once.mutable_last_timestamp() =
      api::FromAbslTime(kCreated + absl::Minutes(4));
  api::Event often = once;
  often.set_type("Warning");
  often.set_reporting_component("other");
  often.clear_source();
  often.set_count(3);
  often.mutable_involved_object()->set_field_path("spec");
  *often.mutable_first_timestamp() = api::FromAbslTime(kCreated);
  *often.mutable_last_timestamp() =
      api::FromAbslTime(kCreated + absl::Minutes(1));
  EXPECT_TRUE(
      Describe(Request(Fields()), Events{once, often},
               kCreated + absl::Minutes(5))
          .ends_with("Events:\n"
                     "  Type     Reason  Age              From     Message\n"
                     "  ----     ------  ----             ----     -------\n"
                     "  Warning  Seen    4m (x3 over 5m)  other    spec: "
                     "here\n"
                     "  Normal   Seen    60s              someone  here\n"))
      << Describe(Request(Fields()), Events{once, often},
                  kCreated + absl::Minutes(5));
}

TEST(DescribeTest, ARequestThatDoesNotParse) {
  Csr csr = Request(Fields());
  csr.mutable_spec()->set_request("x");
  EXPECT_EQ(Describe(csr, Events()),
            "Error parsing CSR: PEM block type must be CERTIFICATE REQUEST");
}

}  // namespace
}  // namespace signet::cli
