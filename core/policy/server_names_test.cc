#include "core/policy/server_names.h"

#include <string>

#include "core/pki/ip_address.h"
#include "gtest/gtest.h"

namespace signet::policy {
namespace {

struct Row {
  std::string name;
  std::string want;  // Empty: nothing is wrong.
};

TEST(DnsNameFaultTest, B25WantsPlainHostNames) {
  const Row kTests[] = {
      {"node-a", ""},
      {"Node-A.Example.com", ""},
      {"4.example.com", ""},
      {"*.example.com", "DNS name \"*.example.com\" is a wildcard"},
      {"node-*", "DNS name \"node-*\" is a wildcard"},
      {"node-a.", "DNS name \"node-a.\" ends in a dot"},
      {"localhost", "DNS name \"localhost\" means every host itself"},
      {"LocalHost.localdomain",
       "DNS name \"LocalHost.localdomain\" means every host itself"},
      {"a.localhost", "DNS name \"a.localhost\" means every host itself"},
      {"notlocalhost", ""},
      {std::string("node-a\0.evil", 12),
       "DNS name \"node-a\\x00.evil\" is no host name"},
      {"node-a\nnode-b", "DNS name \"node-a\\nnode-b\" is no host name"},
      {"node_a", "DNS name \"node_a\" is no host name"},
      {"-a", "DNS name \"-a\" is no host name"},
      {"a..b", "DNS name \"a..b\" is no host name"},
      {".a", "DNS name \".a\" is no host name"},
      {"a b", "DNS name \"a b\" is no host name"},
      {"n\xd0\xbe", "DNS name \"n\\xd0\\xbe\" is no host name"},
      {"", "DNS name \"\" is no host name"},
      {"10.0.0.1", "DNS name \"10.0.0.1\" is an address, not a name"},
      {"10.1", "DNS name \"10.1\" is an address, not a name"},
      {std::string(63, 'a'), ""},
      {std::string(64, 'a'),
       "DNS name \"" + std::string(64, 'a') + "\" is no host name"},
      {std::string(65, 'a'),
       "DNS name \"" + std::string(64, 'a') + "...\" is no host name"},
  };
  for (const Row& t : kTests) {
    SCOPED_TRACE(t.name);
    EXPECT_EQ(DnsNameFault(t.name), t.want);
  }
}

TEST(ServiceNameFaultTest, B25KeepsTheClustersOwnNames) {
  const Row kTests[] = {
      {"kubernetes", "DNS name \"kubernetes\" is the API server's"},
      {"KUBERNETES.Default",
       "DNS name \"KUBERNETES.Default\" is the API server's"},
      {"kubernetes.default.svc",
       "DNS name \"kubernetes.default.svc\" is the API server's"},
      {"kubernetes.default.svc.cluster.local",
       "DNS name \"kubernetes.default.svc.cluster.local\" is the API "
       "server's"},
      {"kubernetes.default.svc.other.domain",
       "DNS name \"kubernetes.default.svc.other.domain\" is the API "
       "server's"},
      {"db.prod.svc", "DNS name \"db.prod.svc\" is a service's"},
      {"prod.SVC", "DNS name \"prod.SVC\" is a service's"},
      {"svc", ""},
      {"svc.example.com", ""},
      {"svc.cluster.local",
       "DNS name \"svc.cluster.local\" is a cluster-internal name"},
      {"1-2-3-4.prod.pod.cluster.local",
       "DNS name \"1-2-3-4.prod.pod.cluster.local\" is a cluster-internal "
       "name"},
      {"cluster.local",
       "DNS name \"cluster.local\" is a cluster-internal "
       "name"},
      {"node-a.cluster.local", ""},
      {"kubernetes-node", ""},
      {"node-a", ""},
  };
  for (const Row& t : kTests) {
    SCOPED_TRACE(t.name);
    EXPECT_EQ(ServiceNameFault(t.name, "Cluster.Local"), t.want);
  }
}

TEST(AddressFaultTest, B25WantsAddressesThatOneHostHas) {
  const Row kTests[] = {
      {"10.0.0.1", ""},
      {"2001:db8::1", ""},
      {"fd00::1", ""},
      {"0.0.0.0", "IP address 0.0.0.0 is unspecified"},
      {"127.0.0.1", "IP address 127.0.0.1 is a loopback address"},
      {"::ffff:127.0.0.1", "IP address 127.0.0.1 is a loopback address"},
      {"169.254.169.254", "IP address 169.254.169.254 is a link-local address"},
      {"224.0.0.1", "IP address 224.0.0.1 is a multicast address"},
      {"255.255.255.255", "IP address 255.255.255.255 is a reserved address"},
      {"::", "IP address :: is unspecified"},
      {"::1", "IP address ::1 is a loopback address"},
      {"::7f00:1",
       "IP address ::7f00:1 is an IPv4 address in the form of an IPv6 one"},
      {"::ffff:0:a00:1",
       "IP address ::ffff:0:a00:1 is an IPv4 address in the form of an IPv6 "
       "one"},
      {"fe80::1", "IP address fe80::1 is a link-local address"},
      {"fec0::1", "IP address fec0::1 is a reserved address"},
      {"ff02::1", "IP address ff02::1 is a multicast address"},
  };
  for (const Row& t : kTests) {
    SCOPED_TRACE(t.name);
    EXPECT_EQ(AddressFault(*pki::IpAddress::Parse(t.name)), t.want);
  }
}

}  // namespace
}  // namespace signet::policy
