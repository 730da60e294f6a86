#include "core/policy/kubelet_request.h"

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "core/pki/certificate_request.h"
#include "core/pki/name.h"
#include "core/pki/subject_alt_name.h"
#include "core/testing/csr_builder.h"
#include "gtest/gtest.h"

namespace signet::policy {
namespace {

using ::absl_testing::StatusIs;

// What the rows below vary: at first a request of the right shape.
struct Asked {
  pki::DistinguishedName subject = {.organization = {"system:nodes"},
                                    .common_name = "system:node:node-a"};
  pki::SubjectAltNames sans;
  std::vector<std::string> usages;
};

struct Case {
  std::string name;
  std::function<void(Asked&)> change;
  std::string want;  // The text; empty for OK.
};

pki::IpAddress Ip(const char* text) { return *pki::IpAddress::Parse(text); }

void Check(const Case& t, Asked asked,
           absl::Status (*check)(const pki::CertificateRequest&,
                                 absl::Span<const std::string>)) {
  SCOPED_TRACE(t.name);
  t.change(asked);
  const absl::StatusOr<pki::CertificateRequest> request =
      pki::CertificateRequest::ParsePem(
          testing::MakeRequestPem(asked.subject, asked.sans));
  ASSERT_TRUE(request.ok()) << request.status();
  const absl::Status got = check(*request, asked.usages);
  if (t.want.empty()) {
    EXPECT_EQ(got, absl::OkStatus());
  } else {
    EXPECT_THAT(got, StatusIs(absl::StatusCode::kInvalidArgument, t.want));
  }
}

constexpr char kOrganization[] = "subject organization is not system:nodes";
constexpr char kCommonName[] =
    "subject common name does not begin with system:node:";

TEST(CheckKubeletClientRequestTest, NamesTheFirstCheckThatFails) {
  constexpr char kUsages[] =
      "usages did not match [client auth digital signature key encipherment]";
  const Case kTests[] = {
      {"B-4: the shape of an ECDSA key's request", [](Asked&) {}, ""},
      {"B-4: key encipherment may be asked for too",
       [](Asked& a) { a.usages.push_back("key encipherment"); }, ""},
      {"B-7: usages are a set: order and repetition do not matter",
       [](Asked& a) {
         a.usages = {"client auth", "digital signature", "client auth"};
       },
       ""},
      {"B-4: the bare prefix is a common name",
       [](Asked& a) { a.subject.common_name = "system:node:"; }, ""},
      {"B-4: other parts of the subject do not matter",
       [](Asked& a) { a.subject.organizational_unit = {"anything"}; }, ""},
      {"B-4: no organization", [](Asked& a) { a.subject.organization.clear(); },
       kOrganization},
      {"B-4: another organization",
       [](Asked& a) { a.subject.organization = {"system:masters"}; },
       kOrganization},
      {"B-4: a second organization",
       [](Asked& a) { a.subject.organization.push_back("system:masters"); },
       kOrganization},
      {"B-4: the same organization twice",
       [](Asked& a) { a.subject.organization.push_back("system:nodes"); },
       kOrganization},
      {"B-4: case matters",
       [](Asked& a) { a.subject.organization = {"System:nodes"}; },
       kOrganization},
      {"B-6: a DNS name", [](Asked& a) { a.sans.dns_names = {"a.example"}; },
       "DNS subjectAltNames are not allowed"},
      {"B-6: an email address",
       [](Asked& a) { a.sans.email_addresses = {"a@example.com"}; },
       "Email subjectAltNames are not allowed"},
      {"B-6: an IP address",
       [](Asked& a) { a.sans.ip_addresses = {Ip("192.0.2.1")}; },
       "IP subjectAltNames are not allowed"},
      {"B-6: a URI", [](Asked& a) { a.sans.uris = {"spiffe://x/y"}; },
       "URI subjectAltNames are not allowed"},
      {"B-6: a common name without the prefix",
       [](Asked& a) { a.subject.common_name = "system:nodes:node-a"; },
       kCommonName},
      {"B-6: no common name", [](Asked& a) { a.subject.common_name.clear(); },
       kCommonName},
      {"B-6: digital signature missing",
       [](Asked& a) { a.usages = {"client auth"}; }, kUsages},
      {"B-6: client auth missing",
       [](Asked& a) { a.usages = {"digital signature", "key encipherment"}; },
       kUsages},
      {"B-6: server auth besides",
       [](Asked& a) { a.usages.push_back("server auth"); }, kUsages},
      {"B-6: no usages", [](Asked& a) { a.usages.clear(); }, kUsages},
      {"B-7: signing is no synonym of digital signature",
       [](Asked& a) { a.usages = {"signing", "client auth"}; }, kUsages},
      {"B-4: the organization is looked at before the DNS names",
       [](Asked& a) {
         a.subject.organization.clear();
         a.sans.dns_names = {"a.example"};
       },
       kOrganization},
      {"B-4: DNS before email before IP before URI",
       [](Asked& a) {
         a.sans = {.dns_names = {"a.example"},
                   .email_addresses = {"a@example.com"},
                   .ip_addresses = {Ip("192.0.2.1")},
                   .uris = {"spiffe://x/y"}};
       },
       "DNS subjectAltNames are not allowed"},
      {"B-4: email before IP",
       [](Asked& a) {
         a.sans = {.email_addresses = {"a@example.com"},
                   .ip_addresses = {Ip("192.0.2.1")},
                   .uris = {"spiffe://x/y"}};
       },
       "Email subjectAltNames are not allowed"},
      {"B-4: IP before URI",
       [](Asked& a) {
         a.sans = {.ip_addresses = {Ip("192.0.2.1")}, .uris = {"spiffe://x/y"}};
       },
       "IP subjectAltNames are not allowed"},
      {"B-4: URI before the common name",
       [](Asked& a) {
         a.sans.uris = {"spiffe://x/y"};
         a.subject.common_name = "x";
       },
       "URI subjectAltNames are not allowed"},
      {"B-4: the common name before the usages",
       [](Asked& a) {
         a.subject.common_name = "x";
         a.usages.clear();
       },
       kCommonName},
  };
  for (const Case& t : kTests) {
    Check(t, {.usages = {"digital signature", "client auth"}},
          CheckKubeletClientRequest);
  }
}

TEST(CheckKubeletServingRequestTest, NamesTheFirstCheckThatFails) {
  constexpr char kUsages[] =
      "usages did not match [digital signature key encipherment server auth]";
  constexpr char kSan[] = "DNS or IP subjectAltName is required";
  const Case kTests[] = {
      {"B-5: the shape with an IP address", [](Asked&) {}, ""},
      {"B-5: DNS names alone are enough",
       [](Asked& a) { a.sans = {.dns_names = {"node-a"}}; }, ""},
      {"B-5: key encipherment may be asked for too",
       [](Asked& a) { a.usages.push_back("key encipherment"); }, ""},
      {"B-5: the bare prefix is a common name",
       [](Asked& a) { a.subject.common_name = "system:node:"; }, ""},
      {"B-5: a second organization",
       [](Asked& a) { a.subject.organization.push_back("system:masters"); },
       kOrganization},
      {"B-5: no DNS name and no IP address",
       [](Asked& a) { a.sans.ip_addresses.clear(); }, kSan},
      {"B-5: an email address instead is not enough",
       [](Asked& a) { a.sans = {.email_addresses = {"a@example.com"}}; }, kSan},
      {"B-6: an email address besides",
       [](Asked& a) { a.sans.email_addresses = {"a@example.com"}; },
       "Email subjectAltNames are not allowed"},
      {"B-6: a URI besides", [](Asked& a) { a.sans.uris = {"spiffe://x/y"}; },
       "URI subjectAltNames are not allowed"},
      {"B-6: client auth besides",
       [](Asked& a) { a.usages.push_back("client auth"); }, kUsages},
      {"B-6: client auth instead",
       [](Asked& a) { a.usages = {"digital signature", "client auth"}; },
       kUsages},
      {"B-7: signing is no synonym of digital signature",
       [](Asked& a) { a.usages = {"signing", "server auth"}; }, kUsages},
      {"B-6: a common name without the prefix",
       [](Asked& a) { a.subject.common_name = "node-a"; }, kCommonName},
      {"B-5: the organization before the names",
       [](Asked& a) {
         a.subject.organization.clear();
         a.sans = {};
       },
       kOrganization},
      {"B-5: email before URI",
       [](Asked& a) {
         a.sans.email_addresses = {"a@example.com"};
         a.sans.uris = {"spiffe://x/y"};
       },
       "Email subjectAltNames are not allowed"},
      {"B-5: URI before the usages",
       [](Asked& a) {
         a.sans.uris = {"spiffe://x/y"};
         a.usages.clear();
       },
       "URI subjectAltNames are not allowed"},
      {"B-5: the usages before the common name",
       [](Asked& a) {
         a.usages.clear();
         a.subject.common_name = "node-a";
       },
       kUsages},
  };
  for (const Case& t : kTests) {
    Check(t,
          {.sans = {.ip_addresses = {Ip("192.0.2.1")}},
           .usages = {"digital signature", "server auth"}},
          CheckKubeletServingRequest);
  }
}

}  // namespace
}  // namespace signet::policy
