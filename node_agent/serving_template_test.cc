#include "node_agent/serving_template.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/api/core.pb.h"
#include "core/pki/ip_address.h"
#include "core/rotation/template_match.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::node_agent {
namespace {

using ::absl_testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;

std::vector<std::string> Texts(const std::vector<pki::IpAddress>& addresses) {
  std::vector<std::string> texts;
  for (const pki::IpAddress& address : addresses) {
    texts.push_back(address.ToString());
  }
  return texts;
}

TEST(ServingTemplateTest, A39ReadsTheNamesOfANodesAddresses) {
  using Addresses = std::vector<std::pair<absl::string_view, std::string>>;
  const struct {
    std::string name;
    Addresses addresses;
    std::vector<std::string> dns_names;
    std::vector<std::string> ip_addresses;
  } kTests[] = {
      {"none", {}, {}, {}},
      {"a host name is a DNS name", {{"Hostname", "n1"}}, {"n1"}, {}},
      {"a host name that is an address",
       {{"Hostname", "192.0.2.2"}},
       {},
       {"192.0.2.2"}},
      {"addresses, inner and outer, of both families",
       {{"InternalIP", "10.0.0.1"}, {"ExternalIP", "2001:DB8:0::1"}},
       {},
       {"10.0.0.1", "2001:db8::1"}},
      {"an address that is none is left out",
       {{"InternalIP", "n1"}, {"ExternalIP", "fe80::1%eth0"}},
       {},
       {}},
      {"a DNS name that looks like an address stays one",
       {{"InternalDNS", "192.0.2.2"}, {"ExternalDNS", "n1.example.com"}},
       {"192.0.2.2", "n1.example.com"},
       {}},
      {"empty and unknown ones are left out",
       {{"Hostname", ""}, {"InternalDNS", ""}, {"Carrier", "pigeon"}},
       {},
       {}},
      {"one text counts once, two texts of one address twice",
       {{"InternalIP", "10.0.0.1"},
        {"ExternalIP", "10.0.0.1"},
        {"Hostname", "010.0.0.01"},
        {"InternalDNS", "n1"},
        {"ExternalDNS", "n1"}},
       {"n1"},
       {"10.0.0.1", "10.0.0.1"}},
      {"DNS names are sorted by bytes",
       {{"InternalDNS", "b"}, {"ExternalDNS", "B"}, {"Hostname", "a"}},
       {"B", "a", "b"},
       {}},
      {"addresses are sorted by their text, not by their value",
       {{"InternalIP", "9.0.0.1"},
        {"ExternalIP", "10.0.0.1"},
        {"InternalIP", "::1"}},
       {},
       {"10.0.0.1", "9.0.0.1", "::1"}},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    api::Node node;
    for (const auto& [type, address] : t.addresses) {
      auto* entry = node.mutable_status()->add_addresses();
      entry->set_type(std::string(type));
      entry->set_address(address);
    }
    const ServingNames names = NamesFromNode(node);
    EXPECT_THAT(names.dns_names, ElementsAreArray(t.dns_names));
    EXPECT_THAT(Texts(names.ip_addresses), ElementsAreArray(t.ip_addresses));
  }
}

TEST(ServingTemplateTest, A39AsksForTheNodesNameAndGroup) {
  const absl::StatusOr<ServingNames> names = NamesFromText({"n1", "192.0.2.2"});
  ASSERT_TRUE(names.ok());
  const std::optional<rotation::CertificateTemplate> wanted =
      ServingTemplate("n1", *names, false);
  ASSERT_TRUE(wanted.has_value());
  EXPECT_EQ(wanted->common_name, "system:node:n1");
  EXPECT_THAT(wanted->organizations, ElementsAre("system:nodes"));
  EXPECT_THAT(wanted->dns_names, ElementsAre("n1"));
  EXPECT_THAT(Texts(wanted->ip_addresses), ElementsAre("192.0.2.2"));
}

TEST(ServingTemplateTest, A40WantsAnAddressUnlessDnsNamesAreEnough) {
  const struct {
    std::string name;
    std::vector<std::string> names;
    bool allow_dns_only;
    bool want;
  } kTests[] = {
      {"nothing known", {}, false, false},
      {"nothing known, DNS allowed", {}, true, false},
      {"DNS only", {"n1"}, false, false},
      {"DNS only, allowed", {"n1"}, true, true},
      {"an address", {"192.0.2.2"}, false, true},
      {"both", {"n1", "192.0.2.2"}, false, true},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    const absl::StatusOr<ServingNames> names = NamesFromText(t.names);
    ASSERT_TRUE(names.ok());
    EXPECT_EQ(ServingTemplate("n1", *names, t.allow_dns_only).has_value(),
              t.want);
  }
}

TEST(ServingTemplateTest, TakesNamesThatAUserGives) {
  const struct {
    std::string text;
    bool ok;
  } kTests[] = {
      {"n1", true},          {"*.example.com", true}, {"a_b.example.com", true},
      {"::1", true},         {"10.1.2.3", true},      {"", false},
      {"n1.", false},        {"-a", false},           {"a b", false},
      {"*a.example", false}, {"10.1.2.3/8", false},   {"https://n1", false},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.text);
    const absl::StatusOr<ServingNames> names = NamesFromText({t.text});
    if (t.ok) {
      EXPECT_TRUE(names.ok()) << names.status();
    } else {
      EXPECT_THAT(names, StatusIs(absl::StatusCode::kInvalidArgument,
                                  HasSubstr("\"" + t.text + "\"")));
    }
  }
}

}  // namespace
}  // namespace signet::node_agent
