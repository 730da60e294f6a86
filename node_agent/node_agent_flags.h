#ifndef SIGNET_NODE_AGENT_NODE_AGENT_FLAGS_H_
#define SIGNET_NODE_AGENT_NODE_AGENT_FLAGS_H_

#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "core/service/service_flags.h"

namespace signet::node_agent {

// The command line of signet-node-agent: the kubelet's flags that concern its
// client certificate, under their names (SPEC A-37b), and our own.
struct NodeAgentFlags {
  std::string kubeconfig;
  std::string bootstrap_kubeconfig;  // Empty: no bootstrap.
  std::string cert_dir = "/var/lib/kubelet/pki";
  std::string node_name;  // Empty: the host's name in lower case.
  bool rotate_certificates = true;
  // A serving certificate, too (SPEC A-38), for the names of the node's object
  // or, if there are any, for these.
  bool rotate_server_certificates = false;
  std::vector<std::string> tls_sans;
  bool allow_dns_only_node_csr = false;  // A feature gate (SPEC A-40).
  std::string config;                    // Empty: no configuration file.
  bool exit_on_expiry = true;            // SPEC A-45.
  absl::Duration probe_interval = absl::Seconds(10);
  int exit_after_rotations = 0;  // 0: never.
  int keep_certificates = 3;     // 0: all.
  std::string health_address = "127.0.0.1:8083";
  bool health_tls = false;  // With the serving certificate.
  // Or with this pair, which somebody else keeps (SPEC A-42).
  std::string tls_cert_file;
  std::string tls_private_key_file;
  std::string log_format = "text";
};

// Adds all flags. `flags` must outlive `app`. service::ParseFlags reads them.
void AddNodeAgentFlags(CLI::App& app, NodeAgentFlags& flags);

// What is wrong with flags that are good each by itself: kInvalidArgument
// naming them.
absl::Status CheckNodeAgentFlags(const NodeAgentFlags& flags);

}  // namespace signet::node_agent

#endif  // SIGNET_NODE_AGENT_NODE_AGENT_FLAGS_H_
