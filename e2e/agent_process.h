#ifndef SIGNET_E2E_AGENT_PROCESS_H_
#define SIGNET_E2E_AGENT_PROCESS_H_

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "e2e/process.h"
#include "e2e/testbed.h"

namespace signet::e2e {

// Starts an agent as Testbed::StartAgent does, with further flags and
// environment variables.
absl::StatusOr<std::unique_ptr<Process>> StartAgentWith(
    Testbed& testbed, const AgentFiles& files,
    const std::vector<std::string>& flags,
    const std::vector<std::pair<std::string, std::string>>& environment = {});

// Approves a request as an administrator does.
absl::Status Approve(Testbed& testbed, absl::string_view name);

// The resident memory of a process, in KiB, out of /proc.
absl::StatusOr<int64_t> ResidentKib(pid_t pid);

}  // namespace signet::e2e

#endif  // SIGNET_E2E_AGENT_PROCESS_H_
