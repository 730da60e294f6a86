#ifndef SIGNET_NODE_AGENT_AGENT_CONFIG_H_
#define SIGNET_NODE_AGENT_AGENT_CONFIG_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/pki/private_key.h"
#include "node_agent/serving_template.h"

// The configuration file: which certificates to keep beside the node's own.
// docs/node_agent.md describes each field.
namespace signet::node_agent {

// Something to do after a certificate was replaced; one of the three.
struct FollowUp {
  enum class Kind { kSignal, kCommand, kReloadUnit };
  Kind kind = Kind::kCommand;
  // kSignal: to the process whose number `pid_file` holds.
  std::string pid_file;
  int signal = 0;
  std::string signal_name;  // "HUP"
  // kCommand: its argv[0] is an absolute path. No shell.
  std::vector<std::string> argv;
  absl::Duration timeout = absl::Seconds(30);
  // kReloadUnit: by `systemctl reload`.
  std::string unit;
};
// "signal HUP to /run/nginx.pid", "command /bin/true", "reload nginx.service".
std::string Describe(const FollowUp& follow_up);

// Where copies go; empty paths: none.
struct OutputFiles {
  std::string certificate;  // The chain, leaf first.
  std::string key;          // Traditional PEM, as the store has it.
  std::string ca;           // The kubeconfig's certificate authority.
  std::string owner;        // A user's name or number; empty: as it comes.
  std::string group;
  uint32_t key_mode = 0600;
  uint32_t certificate_mode = 0644;  // Of the CA's file, too.

  bool any() const { return !certificate.empty() || !key.empty(); }
};

struct CertificateConfig {
  std::string name;  // The prefix of its files.
  std::string signer_name;
  std::string common_name;
  std::vector<std::string> organizations;
  ServingNames names;
  bool node_addresses = false;  // Those of the node's object, too.
  std::vector<std::string> usages;
  pki::KeyAlgorithm key_algorithm = pki::KeyAlgorithm::kEcdsaP256;
  std::optional<absl::Duration> lifetime;
  std::string directory;  // Empty: --cert-dir.
  OutputFiles files;
  std::vector<FollowUp> after;
};

struct AgentConfig {
  std::vector<CertificateConfig> certificates;
};

// ParseAgentConfig reads `apiVersion: signet.dev/v1alpha1, kind:
// NodeAgentConfiguration`. "$(NODE_NAME)" in subject and DNS names stands for
// `node_name`. kInvalidArgument lists what is wrong, with the lines in `file`.
absl::StatusOr<AgentConfig> ParseAgentConfig(absl::string_view file,
                                             absl::string_view text,
                                             absl::string_view node_name);

}  // namespace signet::node_agent

#endif  // SIGNET_NODE_AGENT_AGENT_CONFIG_H_
