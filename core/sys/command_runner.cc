#include "core/sys/command_runner.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace signet::sys {
namespace {

constexpr size_t kMaxOutput = 4096;
// How often to ask whether the run is cancelled.
constexpr int kLookMilliseconds = 100;
constexpr absl::string_view kPath =
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

absl::Status Failed(absl::string_view what, int error) {
  return absl::ErrnoToStatus(error, what);
}

void Close(int& descriptor) {
  if (descriptor >= 0) close(descriptor);
  descriptor = -1;
}

// Appends what there is to read; false at the end.
bool Drain(int descriptor, std::string& output) {
  char buffer[4096];
  while (true) {
    const ssize_t size = read(descriptor, buffer, sizeof buffer);
    if (size > 0) {
      output.append(buffer, static_cast<size_t>(size));
      if (output.size() > kMaxOutput) {
        output.erase(0, output.size() - kMaxOutput);
      }
      continue;
    }
    if (size < 0 && errno == EINTR) continue;
    return size < 0 && errno == EAGAIN;
  }
}

// Starts the program with `output` as its standard output and error.
absl::StatusOr<pid_t> Spawn(const Command& command, int output) {
  std::vector<std::string> variables = {std::string(kPath)};
  for (const auto& [name, value] : command.environment) {
    variables.push_back(absl::StrCat(name, "=", value));
  }
  std::vector<char*> environment;
  for (std::string& variable : variables) {
    environment.push_back(variable.data());
  }
  environment.push_back(nullptr);
  std::vector<std::string> arguments = command.argv;
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  const absl::Cleanup destroy = [&] {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  };
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, output, 1);
  posix_spawn_file_actions_adddup2(&actions, output, 2);
  posix_spawn_file_actions_addclosefrom_np(&actions, 3);
  posix_spawn_file_actions_addchdir_np(&actions, "/");
  // Ours are held back for SignalWatcher; the program gets the usual ones.
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK |
                                            POSIX_SPAWN_SETSIGDEF |
                                            POSIX_SPAWN_SETPGROUP);
  pid_t pid = 0;
  const int error = posix_spawn(&pid, argv[0], &actions, &attributes,
                                argv.data(), environment.data());
  if (error != 0) {
    return Failed(absl::StrCat("cannot run \"", command.argv[0], "\""), error);
  }
  return pid;
}

int ExitCode(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace

absl::StatusOr<CommandResult> PosixCommandRunner::Run(const Command& command) {
  if (command.argv.empty() || !command.argv[0].starts_with('/')) {
    return absl::InvalidArgumentError(
        "a command must begin with the absolute path of a program");
  }
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return Failed("cannot make a pipe", errno);
  const absl::Cleanup close_ends = [&] {
    Close(ends[0]);
    Close(ends[1]);
  };
  fcntl(ends[0], F_SETFL, O_NONBLOCK);
  const absl::StatusOr<pid_t> pid = Spawn(command, ends[1]);
  if (!pid.ok()) return pid.status();
  Close(ends[1]);
  int ended = static_cast<int>(syscall(SYS_pidfd_open, *pid, 0));
  const absl::Cleanup close_ended = [&] { Close(ended); };

  using Clock = std::chrono::steady_clock;
  const Clock::time_point deadline =
      Clock::now() + absl::ToChronoMilliseconds(command.timeout);
  CommandResult result;
  absl::Status stopped;
  int status = 0;
  while (true) {
    // Its children may hold the pipe for longer than it lives: it is the
    // process's end that counts. Without a pidfd the pause is the poll.
    pollfd wait[2] = {{ends[0], POLLIN, 0}, {ended, POLLIN, 0}};
    poll(wait, 2, kLookMilliseconds);
    if (ends[0] >= 0 && !Drain(ends[0], result.output)) Close(ends[0]);
    const pid_t reaped = waitpid(*pid, &status, WNOHANG);
    if (reaped == *pid) break;
    if (reaped < 0 && errno != EINTR) {
      return Failed("cannot wait for a program", errno);
    }
    if (command.cancelled != nullptr && command.cancelled()) {
      stopped = absl::CancelledError(
          absl::StrCat("\"", command.argv[0], "\" was stopped"));
    } else if (Clock::now() >= deadline) {
      stopped = absl::DeadlineExceededError(
          absl::StrCat("\"", command.argv[0], "\" did not end within ",
                       absl::FormatDuration(command.timeout)));
    }
    if (!stopped.ok()) {
      kill(-*pid, SIGKILL);
      while (waitpid(*pid, &status, 0) < 0 && errno == EINTR) {
      }
      return stopped;
    }
  }
  if (ends[0] >= 0) Drain(ends[0], result.output);
  result.exit_code = ExitCode(status);
  return result;
}

absl::Status PosixCommandRunner::Signal(int64_t pid, int signal) {
  if (pid <= 1 || pid > INT32_MAX) {
    return absl::InvalidArgumentError(
        absl::StrCat(pid, " is no process to send a signal to"));
  }
  if (kill(static_cast<pid_t>(pid), signal) == 0) return absl::OkStatus();
  if (errno == ESRCH) {
    return absl::NotFoundError(absl::StrCat("there is no process ", pid));
  }
  return Failed(absl::StrCat("cannot send a signal to process ", pid), errno);
}

}  // namespace signet::sys
