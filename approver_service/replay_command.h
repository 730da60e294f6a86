#ifndef SIGNET_APPROVER_SERVICE_REPLAY_COMMAND_H_
#define SIGNET_APPROVER_SERVICE_REPLAY_COMMAND_H_

#include <ostream>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "approver_service/offline_evidence.h"
#include "core/api/certificates.pb.h"
#include "core/base/file_system.h"
#include "core/policy/approver_config.h"
#include "core/policy/request_rules.h"

namespace signet::approver {

// `signet-approver replay`: what a configuration would have decided about
// requests of the past, beside what was decided.
struct ReplayFlags {
  std::string config;   // Empty: what runs without a file.
  std::string history;  // A directory.
  OfflineSources sources;
  bool differences_only = false;
};

// As AddCheckCommand.
CLI::App* AddReplayCommand(CLI::App& app, ReplayFlags& flags);

// Reads the files *.json, *.yaml and *.yml in the directory, and writes a table
// and its totals to `out`. Errors name the file; a difference is not an error.
absl::Status RunReplay(const ReplayFlags& flags, FileSystem& files,
                       std::ostream& out);

// One request of the past.
struct Replayed {
  std::string name;
  std::string signer_name;
  std::string requester;
  std::string was;  // "approved", "denied" or "undecided".
  policy::PolicyDecision now;
  // "agrees", "differs", or "unknown": the verdict hangs on evidence that no
  // file has.
  std::string comparison;
};

// Decides about `csrs` in the order of their creation, as if none had been
// decided. Keys and approvals of earlier ones are evidence for later ones.
// Where `evidence` does not say who may do what, Kubernetes' usual bindings
// (SPEC B-11) do: members of system:nodes renew, bootstrappers join.
std::vector<Replayed> Replay(std::vector<api::CertificateSigningRequest> csrs,
                             const policy::ApproverConfig& config,
                             const OfflineEvidence& evidence);

}  // namespace signet::approver

#endif  // SIGNET_APPROVER_SERVICE_REPLAY_COMMAND_H_
