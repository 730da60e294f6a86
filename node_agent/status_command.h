#ifndef SIGNET_NODE_AGENT_STATUS_COMMAND_H_
#define SIGNET_NODE_AGENT_STATUS_COMMAND_H_

#include <string>

#include "CLI/CLI.hpp"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "core/base/file_system.h"
#include "node_agent/kubeconfig_clients.h"

// `signet-node-agent status`: what a running agent is about.
namespace signet::node_agent {

struct StatusFlags {
  // host:port, or a URL; https with the next two.
  std::string address = "127.0.0.1:8083";
  std::string certificate_authority;  // A file. Empty: the system's.
  bool insecure_skip_tls_verify = false;
  std::string output = "table";  // Or "json".
};

// Adds all flags. `flags` must outlive `app`.
void AddStatusFlags(CLI::App& app, StatusFlags& flags);

// GetStatus asks the agent and returns what to print. kUnavailable, naming the
// address, if it does not answer; kInvalidArgument if the answer is not an
// agent's.
absl::StatusOr<std::string> GetStatus(const StatusFlags& flags,
                                      FileSystem& files, absl::Clock& clock,
                                      const TransportFactory& new_transport);

// The report of /status for people. kInvalidArgument if it is none.
absl::StatusOr<std::string> RenderStatus(absl::string_view json,
                                         absl::Time now);

}  // namespace signet::node_agent

#endif  // SIGNET_NODE_AGENT_STATUS_COMMAND_H_
