#include <string>
#include <utility>
#include <vector>

#include "core/policy/attack_table.h"
#include "core/testing/raw_request.h"

namespace signet::policy {
namespace {

using testing::kDnsName;
using testing::kEmailName;
using testing::kIpName;
using testing::RawRequest;

RawRequest ServingWith(std::vector<testing::RawName> names) {
  return {.names = std::move(names)};
}

}  // namespace

std::vector<AttackRow> KubeletServingAttacks() {
  return {
      {"another node's serving certificate", Serve,
       [](Attack& a) { a.csr.subject.common_name = "system:node:node-b"; },
       "requester",
       "subject common name \"system:node:node-b\" is not the requester's, "
       "\"system:node:node-a\""},
      {"a node's serving certificate by a person", Serve,
       [](Attack& a) { a.csr.username = "eve"; }, "requester",
       "requester \"eve\" is no node"},
      {"a user with a node's name who is not in its group", Serve,
       [](Attack& a) { a.csr.groups = {"system:authenticated"}; }, "requester",
       "the requester is not in the group system:nodes"},
      {"another node's name", Serve,
       [](Attack& a) { a.csr.sans.dns_names = {"node-b"}; }, "witnesses",
       "DNS name \"node-b\" is backed by 0 of the 1 witnesses it takes: "
       "nodeStatus does not (asked); dns does not (not a name of the node's)"},
      {"a name that begins with the node's", Serve,
       [](Attack& a) { a.csr.sans.dns_names = {"node-ab"}; }, "witnesses",
       "DNS name \"node-ab\" is backed by 0 of the 1 witnesses it takes: "
       "nodeStatus does not (asked); dns does not (not a name of the node's)"},
      {"another node's address, within the prefix", Serve,
       [](Attack& a) {
         a.csr.sans.ip_addresses = {Ip("10.0.0.2")};
         a.evidence.serving.reverse[Ip("10.0.0.2")] = Asked({"node-b"});
         a.evidence.serving.forward["node-b"] = Asked({}, {Ip("10.0.0.2")});
       },
       "witnesses",
       "IP address 10.0.0.2 is backed by 1 of the 1 witnesses it takes, none "
       "of which knows nodes: nodeStatus does not (asked); dns does not "
       "(asked); prefix backs it (10.0.0.0/8)"},
      {"an address and nothing else, from a node that has none yet", Serve,
       [](Attack& a) {
         a.csr.sans = {.ip_addresses = {Ip("198.51.100.7")}};
         a.evidence.serving.node_status = Asked({});
         a.evidence.serving.reverse[Ip("198.51.100.7")] = Asked({});
       },
       "witnesses",
       "IP address 198.51.100.7 is backed by 0 of the 1 witnesses it takes: "
       "nodeStatus does not (asked); dns does not (asked); prefix does not "
       "(in none of the prefixes)"},
      {"another's name while no witness answers", Serve,
       [](Attack& a) {
         a.csr.sans.dns_names = {"node-b"};
         a.evidence.serving.node_status = {false, "timed out", {}, {}};
       },
       "witnesses",
       "DNS name \"node-b\" is backed by 0 of the 1 witnesses it takes: "
       "nodeStatus is unknown (timed out); dns does not (not a name of the "
       "node's)"},
      {"a wildcard", Serve,
       [](Attack& a) { a.csr.sans.dns_names = {"*.example.com"}; }, "names",
       "DNS name \"*.example.com\" is a wildcard"},
      {"the API server's service", Serve,
       [](Attack& a) {
         a.csr.sans.dns_names = {"kubernetes.default.svc.cluster.local"};
       },
       "apiServer",
       "DNS name \"kubernetes.default.svc.cluster.local\" is the API server's"},
      {"the API server's service in upper case", Serve,
       [](Attack& a) { a.csr.sans.dns_names = {"KUBERNETES.DEFAULT.SVC"}; },
       "apiServer", "DNS name \"KUBERNETES.DEFAULT.SVC\" is the API server's"},
      {"the API server's service with a dot at its end", Serve,
       [](Attack& a) { a.csr.sans.dns_names = {"kubernetes.default.svc."}; },
       "names", "DNS name \"kubernetes.default.svc.\" ends in a dot"},
      {"the API server's name", Serve,
       [](Attack& a) { a.csr.sans.dns_names = {"Api.Example.com"}; },
       "apiServer", "DNS name \"Api.Example.com\" is the API server's"},
      {"the API server's address", Serve,
       [](Attack& a) { a.csr.sans.ip_addresses = {Ip("192.0.2.10")}; },
       "apiServer", "IP address 192.0.2.10 is the API server's"},
      {"the API server's address, IPv4-mapped", Serve,
       [](Attack& a) {
         a.Raw(ServingWith(
             {{kIpName,
               std::string("\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\2\n", 16)}}));
       },
       "apiServer", "IP address 192.0.2.10 is the API server's"},
      {"a service's address", Serve,
       [](Attack& a) { a.csr.sans.ip_addresses = {Ip("10.96.0.1")}; },
       "apiServer", "IP address 10.96.0.1 is one of services (10.96.0.0/12)"},
      {"another service's name", Serve,
       [](Attack& a) { a.csr.sans.dns_names = {"db.prod.svc"}; }, "apiServer",
       "DNS name \"db.prod.svc\" is a service's"},
      {"loopback, IPv4-mapped", Serve,
       [](Attack& a) {
         a.Raw(ServingWith(
             {{kIpName,
               std::string("\0\0\0\0\0\0\0\0\0\0\xff\xff\x7f\0\0\1", 16)}}));
       },
       "names", "IP address 127.0.0.1 is a loopback address"},
      {"loopback, IPv4-compatible", Serve,
       [](Attack& a) { a.csr.sans.ip_addresses = {Ip("::127.0.0.1")}; },
       "names",
       "IP address ::7f00:1 is an IPv4 address in the form of an IPv6 one"},
      {"the metadata server's address", Serve,
       [](Attack& a) { a.csr.sans.ip_addresses = {Ip("169.254.169.254")}; },
       "names", "IP address 169.254.169.254 is a link-local address"},
      {"localhost", Serve,
       [](Attack& a) { a.csr.sans.dns_names = {"localhost"}; }, "names",
       "DNS name \"localhost\" means every host itself"},
      {"a NUL in a name", Serve,
       [](Attack& a) {
         a.Raw(ServingWith({{kDnsName, std::string("node-a\0.evil", 12)}}));
       },
       "names", "DNS name \"node-a\\x00.evil\" is no host name"},
      {"a line feed in a name", Serve,
       [](Attack& a) { a.Raw(ServingWith({{kDnsName, "node-a\nnode-b"}})); },
       "names", "DNS name \"node-a\\nnode-b\" is no host name"},
      {"an empty name", Serve,
       [](Attack& a) { a.Raw(ServingWith({{kDnsName, ""}})); }, "names",
       "DNS name \"\" is no host name"},
      {"an address written as a name", Serve,
       [](Attack& a) { a.csr.sans.dns_names = {"10.0.0.2"}; }, "names",
       "DNS name \"10.0.0.2\" is an address, not a name"},
      {"a name that looks like the node's in another script", Serve,
       [](Attack& a) {
         a.Raw(ServingWith({{kDnsName,
                             "n\xd0\xbe"
                             "de-a"}}));
       },
       "request", "x509: SAN dNSName is malformed"},
      {"an address of five bytes", Serve,
       [](Attack& a) {
         a.Raw(ServingWith({{kIpName, "\x0a\x01\x01\x01\x01"}}));
       },
       "request", "x509: cannot parse IP address of length 5"},
      {"an email address", Serve,
       [](Attack& a) {
         a.Raw(ServingWith({{kDnsName, "node-a"}, {kEmailName, "a@b.c"}}));
       },
       "shape", "Email subjectAltNames are not allowed"},
      {"a URI", Serve,
       [](Attack& a) { a.csr.sans.uris = {"spiffe://example.com/admin"}; },
       "shape", "URI subjectAltNames are not allowed"},
      {"no name at all", Serve, [](Attack& a) { a.csr.sans = {}; }, "shape",
       "DNS or IP subjectAltName is required"},
      {"client auth beside server auth", Serve,
       [](Attack& a) { a.csr.usages.push_back("client auth"); }, "shape",
       "usages did not match [digital signature key encipherment server "
       "auth]"},
      {"ten thousand names", Serve,
       [](Attack& a) { a.csr.sans.dns_names.assign(10000, "node-a"); },
       "counts", "10000 DNS names, of at most 16"},
      {"a life of ten years", Serve,
       [](Attack& a) { a.csr.expiration_seconds = 315360000; }, "lifetime",
       "a lifetime of 87600h0m0s, of at most 8784h0m0s"},
      {"CA:TRUE is asked for, for serving", Serve,
       [](Attack& a) {
         RawRequest request = ServingWith({{kDnsName, "node-a"}});
         request.extensions = {{"2.5.29.19", std::string(kCaTrue), true}};
         a.Raw(request);
       },
       "extensions", "the request asks for basic constraints"},
      {"another node's key", Serve,
       [](Attack& a) {
         a.evidence.serving.other_holders_of_key = {"system:node:node-b"};
       },
       "keyReuse", "the same key was used by \"system:node:node-b\""},
  };
}

}  // namespace signet::policy
