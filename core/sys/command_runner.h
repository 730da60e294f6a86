#ifndef SIGNET_CORE_SYS_COMMAND_RUNNER_H_
#define SIGNET_CORE_SYS_COMMAND_RUNNER_H_

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace signet::sys {

// A program to run, without a shell.
struct Command {
  // The program's absolute path, then its arguments.
  std::vector<std::string> argv;
  // All of its environment, beside a PATH of the system's folders.
  std::vector<std::pair<std::string, std::string>> environment;
  absl::Duration timeout = absl::Seconds(30);
  // Asked from time to time; true ends the program, as the timeout does.
  std::function<bool()> cancelled;
};

struct CommandResult {
  int exit_code = 0;   // 128 + n for signal n, as a shell has it.
  std::string output;  // The last 4 KiB of standard output and error.
};

// CommandRunner is the only way to other processes. Thread-safe.
class CommandRunner {
 public:
  virtual ~CommandRunner() = default;

  // Run runs a program to its end, with no input, in a process group of its
  // own; whatever of that is left at the end of the timeout is killed. Any exit
  // code is OK. kNotFound, kPermissionDenied: it cannot be run.
  // kDeadlineExceeded after the timeout; kCancelled.
  virtual absl::StatusOr<CommandResult> Run(const Command& command) = 0;

  // Sends a signal to a process. kNotFound if there is none, kPermissionDenied
  // if it is another's, kInvalidArgument unless pid > 1.
  virtual absl::Status Signal(int64_t pid, int signal) = 0;
};

class PosixCommandRunner : public CommandRunner {
 public:
  absl::StatusOr<CommandResult> Run(const Command& command) override;
  absl::Status Signal(int64_t pid, int signal) override;
};

}  // namespace signet::sys

#endif  // SIGNET_CORE_SYS_COMMAND_RUNNER_H_
