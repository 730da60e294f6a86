#include "core/rotation/template_match.h"

#include <optional>
#include <string>
#include <vector>

#include "core/pki/ip_address.h"
#include "core/pki/name.h"
#include "core/pki/subject_alt_name.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::rotation {
namespace {

using ::testing::Optional;

std::vector<pki::IpAddress> Ips(const std::vector<std::string>& texts) {
  std::vector<pki::IpAddress> ips;
  for (const std::string& text : texts) {
    ips.push_back(*pki::IpAddress::Parse(text));
  }
  return ips;
}

struct Names {
  std::string common_name;
  std::vector<std::string> organizations;
  std::vector<std::string> dns_names;
  std::vector<std::string> ips;
};

// SPEC A-4.
TEST(FindMismatchTest, A4WantsAllOfTheTemplateAndNoMore) {
  const Names kNode = {"system:node:n1", {"system:nodes"}, {}, {}};
  const Names kServing = {
      "system:node:n1", {"system:nodes"}, {"n1"}, {"192.0.2.1", "2001:db8::1"}};
  const struct {
    std::string name;
    Names wanted;
    Names present;
    std::optional<std::string> want;
  } kTests[] = {
      {"the same client certificate", kNode, kNode, {}},
      {"the same serving certificate", kServing, kServing, {}},
      {"another common name",
       kNode,
       {"system:node:n2", {"system:nodes"}, {}, {}},
       "certificate has common name \"system:node:n2\", wanted is "
       "\"system:node:n1\""},
      {"a common name that differs in case",
       kNode,
       {"system:node:N1", {"system:nodes"}, {}, {}},
       "certificate has common name \"system:node:N1\", wanted is "
       "\"system:node:n1\""},
      {"no organization",
       kNode,
       {"system:node:n1", {}, {}, {}},
       "certificate lacks organizations system:nodes"},
      {"surplus organization, DNS name and IP address",
       kNode,
       {"system:node:n1", {"x", "system:nodes"}, {"n1"}, {"192.0.2.1"}},
       {}},
      {"an address went away",
       {"system:node:n1", {"system:nodes"}, {"n1"}, {"192.0.2.1"}},
       kServing,
       {}},
      {"addresses came",
       {"system:node:n1",
        {"system:nodes"},
        {"n1"},
        {"192.0.2.1", "192.0.2.9", "2001:db8::2"}},
       kServing,
       "certificate lacks IP addresses 192.0.2.9, 2001:db8::2"},
      {"DNS names came",
       {"system:node:n1", {"system:nodes"}, {"a", "n1", "b"}, {}},
       kServing,
       "certificate lacks DNS names a, b"},
      {"an IP address in another spelling",
       {"system:node:n1",
        {"system:nodes"},
        {},
        {"2001:DB8:0:0:0:0:0:1", "::ffff:192.0.2.1"}},
       kServing,
       {}},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    const CertificateTemplate wanted{t.wanted.common_name,
                                     t.wanted.organizations, t.wanted.dns_names,
                                     Ips(t.wanted.ips)};
    const CertificateTemplate present{t.present.common_name,
                                      t.present.organizations,
                                      t.present.dns_names, Ips(t.present.ips)};
    EXPECT_EQ(
        FindMismatch(wanted, present.subject(), present.subject_alt_names()),
        t.want);
  }
}

TEST(FindMismatchTest, A4WantsTheNamesThatKubeletsDoNotAskForToo) {
  CertificateTemplate wanted{"x", {}, {}, {}};
  wanted.email_addresses = {"a@example.com"};
  const CertificateTemplate present{"x", {}, {}, {}};
  EXPECT_EQ(
      FindMismatch(wanted, present.subject(), present.subject_alt_names()),
      "certificate lacks email addresses a@example.com");
  wanted.email_addresses.clear();
  wanted.uris = {"spiffe://x/y"};
  EXPECT_EQ(
      FindMismatch(wanted, present.subject(), present.subject_alt_names()),
      "certificate lacks URIs spiffe://x/y");
  EXPECT_EQ(FindMismatch(wanted, wanted.subject(), wanted.subject_alt_names()),
            std::nullopt);
}

}  // namespace
}  // namespace signet::rotation
