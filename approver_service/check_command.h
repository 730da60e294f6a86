#ifndef SIGNET_APPROVER_SERVICE_CHECK_COMMAND_H_
#define SIGNET_APPROVER_SERVICE_CHECK_COMMAND_H_

#include <istream>
#include <ostream>
#include <string>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "approver_service/offline_evidence.h"
#include "core/api/certificates.pb.h"
#include "core/base/file_system.h"
#include "core/policy/request_rules.h"

namespace signet::approver {

// `signet-approver check`: what a configuration says of requests, and why.
struct CheckFlags {
  std::string config;  // Empty: what runs without a file.
  std::string csr;     // A file, or "-".
  OfflineSources sources;
};

// Adds the subcommand, which stands alone: the flags of the service are not
// its own. `flags` must outlive `app`.
CLI::App* AddCheckCommand(CLI::App& app, CheckFlags& flags);

// Writes the verdict on each request, and each rule's result, to `out`. `in` is
// what "-" reads. Errors name the file and what is wrong in it; a verdict is
// never an error.
absl::Status RunCheck(const CheckFlags& flags, FileSystem& files,
                      std::istream& in, std::ostream& out);

// The text for one request, several lines.
std::string ExplainDecision(const api::CertificateSigningRequest& csr,
                            const policy::PolicyDecision& decision);

}  // namespace signet::approver

#endif  // SIGNET_APPROVER_SERVICE_CHECK_COMMAND_H_
