#ifndef SIGNET_E2E_PROCESS_H_
#define SIGNET_E2E_PROCESS_H_

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

// Processes of a test: started, watched by their log, and ended by their pid
// whatever becomes of the test. POSIX and Linux; real time.
namespace signet::e2e {

struct ProcessOptions {
  // What messages call it: "signet-signer".
  std::string name;
  // The program's path and its arguments.
  std::vector<std::string> argv;
  // Set on top of this process's environment.
  std::vector<std::pair<std::string, std::string>> environment;
  // Standard output and error are appended to this file.
  std::string log_path;
};

// Process is a program under way. It ends with this object: SIGTERM, then
// SIGKILL after ten seconds; and with this process, should that be killed.
// Its standard input is a pipe that stays open until it is to end. Not
// thread-safe; to be used on the thread that started it.
class Process {
 public:
  // kNotFound if the program does not exist; kInternal if it cannot be run.
  static absl::StatusOr<std::unique_ptr<Process>> Start(ProcessOptions options);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  const std::string& name() const { return options_.name; }
  const std::string& log_path() const { return options_.log_path; }

  // All that this process wrote so far (not what an earlier one left in the
  // same file).
  std::string Log() const;

  // WaitForLine returns the first line of the log that contains `text`.
  // kFailedPrecondition, with the log's end, if the process ends without one;
  // kDeadlineExceeded likewise after `timeout`.
  absl::StatusOr<std::string> WaitForLine(absl::string_view text,
                                          absl::Duration timeout);

  // True until the process has ended.
  bool Running();

  // Wait returns the exit code (128 + n for a signal n). kDeadlineExceeded if
  // it still runs after `timeout`.
  absl::StatusOr<int> Wait(absl::Duration timeout);

  // Signal sends signal `number`; nothing if the process has ended.
  void Signal(int number);
  // Terminate asks for the end, waits, and insists after ten seconds.
  void Terminate();
  // Kill ends it at once, as a crash would (SIGKILL), and waits.
  void Kill();

 private:
  explicit Process(ProcessOptions options) : options_(std::move(options)) {}
  void CloseInput();

  const ProcessOptions options_;
  pid_t pid_ = -1;
  int input_ = -1;
  off_t log_start_ = 0;
  std::optional<int> exit_code_;
};

struct CommandResult {
  int exit_code = 0;
  std::string out;
  std::string err;
};

// RunCommand runs a program to its end. `input` becomes its standard input.
// kDeadlineExceeded after `timeout`; the program is killed then.
absl::StatusOr<CommandResult> RunCommand(
    const std::vector<std::string>& argv,
    const std::vector<std::pair<std::string, std::string>>& environment = {},
    absl::string_view input = "", absl::Duration timeout = absl::Seconds(60));

// FreePorts returns `count` different TCP ports of 127.0.0.1 on which nobody
// listens, drawn at random from below those that connections get by themselves.
// They are not reserved: use them at once.
absl::StatusOr<std::vector<int>> FreePorts(int count);

// Connections returns process `pid`'s established TCP connections to port
// `remote_port`, by the inode of their sockets: a connection that is made anew
// has another one, even if it gets the same local port. Out of /proc.
absl::StatusOr<std::set<uint64_t>> Connections(pid_t pid, int remote_port);

// Eventually calls `condition` every 100 ms until it returns OK, or returns its
// last error after `timeout`.
absl::Status Eventually(absl::Duration timeout,
                        const std::function<absl::Status()>& condition);

// Runfile returns the path of a built file, by its path in the source tree:
// "signer_service/signet-signer". Works under `bazel test` and when the test is
// run by hand. kNotFound if it is not a runfile of this test.
absl::StatusOr<std::string> Runfile(absl::string_view path);

// LastLines returns the last `count` lines of `text`.
std::string LastLines(absl::string_view text, int count);

}  // namespace signet::e2e

#endif  // SIGNET_E2E_PROCESS_H_
