#ifndef SIGNET_CORE_SERVICE_SERVICE_FLAGS_H_
#define SIGNET_CORE_SERVICE_SERVICE_FLAGS_H_

#include <optional>
#include <string>

#include "CLI/CLI.hpp"
#include "absl/strings/string_view.h"

// The command line that every service has, and how services read theirs.
namespace signet::service {

struct ServiceFlags {
  std::string kubeconfig;  // Empty: in-cluster.
  std::string context;     // Empty: the kubeconfig's current one.
  int workers = 5;         // SPEC C-22.
  std::string health_address = "127.0.0.1:8081";
  std::string log_format = "text";  // Or "json".
};

// Exit codes; ParseFlags' help shows them.
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailure = 1;
inline constexpr int kExitUsage = 2;

// Adds --kubeconfig, --context, --health-address, --log-format, --version.
// `flags` must outlive `app`.
void AddServiceFlags(CLI::App& app, ServiceFlags& flags);
// Adds --workers, for services that work on a queue.
void AddWorkersFlag(CLI::App& app, ServiceFlags& flags);

// Reads the command line. nullopt: run. Otherwise the exit code to end with:
// kExitOk after --help or --version went to stdout, kExitUsage after a message
// that names the flag went to stderr.
std::optional<int> ParseFlags(CLI::App& app, int argc, const char* const* argv);

// Sends the log to stderr, as text or as one JSON object for each line. Call
// once, from main.
void StartLogging(const ServiceFlags& flags);

}  // namespace signet::service

#endif  // SIGNET_CORE_SERVICE_SERVICE_FLAGS_H_
