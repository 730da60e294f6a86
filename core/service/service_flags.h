#ifndef SIGNET_CORE_SERVICE_SERVICE_FLAGS_H_
#define SIGNET_CORE_SERVICE_SERVICE_FLAGS_H_

#include <optional>
#include <string>

#include "CLI/CLI.hpp"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/controller/leader_lease.h"

// The command line that every service has, and how services read theirs.
namespace signet::service {

// How one of several replicas becomes the active one. The flags are
// kube-controller-manager's.
struct LeaderFlags {
  bool elect = true;
  controller::LeaseTiming timing;
  std::string resource_name;  // AddLeaderFlags sets it to the program's name.
  std::string resource_namespace = "kube-system";
};

struct ServiceFlags {
  std::string kubeconfig;  // Empty: in-cluster.
  std::string context;     // Empty: the kubeconfig's current one.
  int workers = 5;         // SPEC C-22.
  std::string health_address = "127.0.0.1:8081";
  // PEM files; empty: plain HTTP, and no certificate asked for.
  std::string health_tls_cert_file;
  std::string health_tls_key_file;
  std::string health_client_ca_file;
  std::string log_format = "text";  // Or "json".
  LeaderFlags leader;
};

// Exit codes; ParseFlags' help shows them.
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailure = 1;
inline constexpr int kExitUsage = 2;

// Adds --kubeconfig, --context, --health-address, --health-tls-cert-file,
// --health-tls-key-file, --health-client-ca-file, --log-format, --version.
// `flags` must outlive `app`, and holds the defaults.
void AddServiceFlags(CLI::App& app, ServiceFlags& flags);
// Adds --workers, for services that work on a queue.
void AddWorkersFlag(CLI::App& app, ServiceFlags& flags);

// Adds --leader-elect and --leader-elect-*, for services of which only one
// replica may work. Times that do not fit together are an error of the command
// line.
void AddLeaderFlags(CLI::App& app, ServiceFlags& flags);

// Reads the command line. nullopt: run. Otherwise the exit code to end with:
// kExitOk after --help or --version went to stdout, kExitUsage after a message
// that names the flag went to stderr.
std::optional<int> ParseFlags(CLI::App& app, int argc, const char* const* argv);

// Sends the log to stderr, as text or as one JSON object for each line. Call
// once, from main.
void StartLogging(const ServiceFlags& flags);

}  // namespace signet::service

#endif  // SIGNET_CORE_SERVICE_SERVICE_FLAGS_H_
