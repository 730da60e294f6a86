#include "e2e/process.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/container/flat_hash_set.h"
#include "absl/random/random.h"
#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

extern char** environ;

namespace signet::e2e {
namespace {

constexpr absl::Duration kPoll = absl::Milliseconds(50);
constexpr absl::Duration kPatience = absl::Seconds(10);

std::string ReadAll(const std::string& path, off_t from) {
  std::ifstream file(path, std::ios::binary);
  file.seekg(from);
  std::ostringstream text;
  if (file) text << file.rdbuf();
  return text.str();
}

// The environment of a child, as execve wants it.
std::vector<std::string> ChildEnvironment(
    const std::vector<std::pair<std::string, std::string>>& changes) {
  std::vector<std::string> result;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const absl::string_view text = *entry;
    bool changed = false;
    for (const auto& [name, value] : changes) {
      changed |= absl::StartsWith(text, absl::StrCat(name, "="));
    }
    if (!changed) result.emplace_back(text);
  }
  for (const auto& [name, value] : changes) {
    result.push_back(absl::StrCat(name, "=", value));
  }
  return result;
}

std::vector<char*> Pointers(std::vector<std::string>& strings) {
  std::vector<char*> result;
  for (std::string& s : strings) result.push_back(s.data());
  result.push_back(nullptr);
  return result;
}

// Forks and executes. All memory is allocated before the fork; afterwards the
// child makes system calls only.
absl::StatusOr<pid_t> Spawn(
    const std::vector<std::string>& argv,
    const std::vector<std::pair<std::string, std::string>>& environment, int in,
    int out, int err) {
  if (argv.empty()) return absl::InvalidArgumentError("an empty command");
  if (access(argv[0].c_str(), X_OK) != 0) {
    return absl::NotFoundError(
        absl::StrCat(argv[0], ": ", std::strerror(errno)));
  }
  std::vector<std::string> arguments = argv;
  std::vector<std::string> variables = ChildEnvironment(environment);
  const std::vector<char*> argument_pointers = Pointers(arguments);
  const std::vector<char*> variable_pointers = Pointers(variables);
  const pid_t parent = getpid();

  const pid_t pid = fork();
  if (pid < 0) {
    return absl::InternalError(absl::StrCat("fork: ", std::strerror(errno)));
  }
  if (pid > 0) return pid;
  // A group of its own: Ctrl-C on a terminal is for the test, which then ends
  // its processes in order.
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) _exit(127);
  dup2(in, STDIN_FILENO);
  dup2(out, STDOUT_FILENO);
  dup2(err, STDERR_FILENO);
  // The test's own connections are none of the child's.
  close_range(STDERR_FILENO + 1, ~0U, 0);
  execve(arguments[0].c_str(), argument_pointers.data(),
         variable_pointers.data());
  _exit(127);
}

int ExitCode(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Process>> Process::Start(
    ProcessOptions options) {
  auto process = std::unique_ptr<Process>(new Process(std::move(options)));
  const ProcessOptions& o = process->options_;
  const int log =
      open(o.log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (log < 0) {
    return absl::InternalError(
        absl::StrCat(o.log_path, ": ", std::strerror(errno)));
  }
  const absl::Cleanup close_log = [log] { close(log); };
  process->log_start_ = lseek(log, 0, SEEK_END);

  int input[2];
  if (pipe2(input, O_CLOEXEC) != 0) {
    return absl::InternalError(absl::StrCat("pipe: ", std::strerror(errno)));
  }
  const absl::Cleanup close_input = [&] { close(input[0]); };
  process->input_ = input[1];

  ABSL_ASSIGN_OR_RETURN(process->pid_,
                        Spawn(o.argv, o.environment, input[0], log, log));
  return process;
}

Process::~Process() {
  Terminate();
  CloseInput();
}

void Process::CloseInput() {
  if (input_ >= 0) close(input_);
  input_ = -1;
}

std::string Process::Log() const {
  return ReadAll(options_.log_path, log_start_);
}

absl::StatusOr<std::string> Process::WaitForLine(absl::string_view text,
                                                 absl::Duration timeout) {
  const absl::Time deadline = absl::Now() + timeout;
  while (true) {
    // First whether it runs, then what it wrote: not the last words missed.
    const bool running = Running();
    const std::string log = Log();
    for (absl::string_view line : absl::StrSplit(log, '\n')) {
      if (absl::StrContains(line, text)) return std::string(line);
    }
    if (!running) {
      return absl::FailedPreconditionError(
          absl::StrCat(name(), " ended with code ", *exit_code_,
                       " before it said '", text, "':\n", LastLines(log, 20)));
    }
    if (absl::Now() >= deadline) {
      return absl::DeadlineExceededError(
          absl::StrFormat("%s did not say '%s' within %s:\n%s", name(), text,
                          absl::FormatDuration(timeout), LastLines(log, 20)));
    }
    absl::SleepFor(kPoll);
  }
}

bool Process::Running() {
  if (pid_ <= 0 || exit_code_.has_value()) return false;
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) == pid_) exit_code_ = ExitCode(status);
  return !exit_code_.has_value();
}

absl::StatusOr<int> Process::Wait(absl::Duration timeout) {
  const absl::Time deadline = absl::Now() + timeout;
  while (Running()) {
    if (absl::Now() >= deadline) {
      return absl::DeadlineExceededError(absl::StrCat(
          name(), " still runs after ", absl::FormatDuration(timeout), ":\n",
          LastLines(Log(), 20)));
    }
    absl::SleepFor(kPoll);
  }
  return exit_code_.value_or(-1);
}

void Process::Signal(int number) {
  if (Running()) kill(pid_, number);
}

void Process::Terminate() {
  Signal(SIGCONT);
  Signal(SIGTERM);
  CloseInput();
  if (!Wait(kPatience).ok()) Kill();
}

void Process::Kill() {
  Signal(SIGKILL);
  CloseInput();
  (void)Wait(kPatience);
}

absl::StatusOr<CommandResult> RunCommand(
    const std::vector<std::string>& argv,
    const std::vector<std::pair<std::string, std::string>>& environment,
    absl::string_view input, absl::Duration timeout) {
  int in[2], out[2], err[2];
  if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0 ||
      pipe2(err, O_CLOEXEC) != 0) {
    return absl::InternalError(absl::StrCat("pipe: ", std::strerror(errno)));
  }
  std::vector<int> ours = {in[1], out[0], err[0]};
  const absl::Cleanup close_ours = [&] {
    for (int fd : ours) {
      if (fd >= 0) close(fd);
    }
  };
  const absl::StatusOr<pid_t> pid =
      Spawn(argv, environment, in[0], out[1], err[1]);
  close(in[0]);
  close(out[1]);
  close(err[1]);
  ABSL_RETURN_IF_ERROR(pid.status());

  // SIGPIPE would end the test if the command does not read its input.
  signal(SIGPIPE, SIG_IGN);
  CommandResult result;
  const absl::Time deadline = absl::Now() + timeout;
  bool late = false;
  while (ours[1] >= 0 || ours[2] >= 0) {
    if (ours[0] >= 0 && input.empty()) {
      close(ours[0]);
      ours[0] = -1;
    }
    pollfd fds[3] = {
        {ours[0], POLLOUT, 0}, {ours[1], POLLIN, 0}, {ours[2], POLLIN, 0}};
    const absl::Duration left = deadline - absl::Now();
    late = left <= absl::ZeroDuration();
    if (late) break;
    if (poll(fds, 3, static_cast<int>(absl::ToInt64Milliseconds(left)) + 1) <
            0 &&
        errno != EINTR) {
      break;
    }
    if (fds[0].revents != 0) {
      const ssize_t n =
          write(ours[0], input.data(), std::min<size_t>(input.size(), 4096));
      input.remove_prefix(n < 0 ? input.size() : static_cast<size_t>(n));
    }
    for (int i : {1, 2}) {
      if (fds[i].revents == 0) continue;
      char buffer[4096];
      const ssize_t n = read(ours[i], buffer, sizeof(buffer));
      if (n > 0) {
        (i == 1 ? result.out : result.err).append(buffer, n);
      } else if (n == 0 || errno != EINTR) {
        close(ours[i]);
        ours[i] = -1;
      }
    }
  }
  if (late) kill(*pid, SIGKILL);
  int status = 0;
  waitpid(*pid, &status, 0);
  if (late) {
    return absl::DeadlineExceededError(
        absl::StrCat(absl::StrJoin(argv, " "), ": not done after ",
                     absl::FormatDuration(timeout), ":\n", result.err));
  }
  result.exit_code = ExitCode(status);
  return result;
}

absl::StatusOr<std::vector<int>> FreePorts(int count) {
  constexpr int kLowest = 20000;
  constexpr int kEnd = 32768;  // Where Linux's ephemeral ports begin.
  absl::BitGen random;
  std::vector<int> sockets, ports;
  const absl::Cleanup close_sockets = [&] {
    for (int fd : sockets) close(fd);
  };
  // All are bound at the same time, so that they differ.
  for (int tries = 0; static_cast<int>(ports.size()) < count; ++tries) {
    if (tries > 1000) return absl::ResourceExhaustedError("no free port");
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return absl::InternalError("cannot open a socket");
    sockets.push_back(fd);
    const int port = absl::Uniform(random, kLowest, kEnd);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<uint16_t>(port));
    if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0) {
      ports.push_back(port);
    }
  }
  return ports;
}

absl::StatusOr<std::set<uint64_t>> Connections(pid_t pid, int remote_port) {
  const std::string directory = absl::StrCat("/proc/", pid, "/fd");
  DIR* const fds = opendir(directory.c_str());
  if (fds == nullptr) {
    return absl::NotFoundError(
        absl::StrCat(directory, ": ", std::strerror(errno)));
  }
  const absl::Cleanup close_directory = [fds] { closedir(fds); };
  absl::flat_hash_set<uint64_t> inodes;
  while (const dirent* entry = readdir(fds)) {
    char target[256];
    const ssize_t n =
        readlink(absl::StrCat(directory, "/", entry->d_name).c_str(), target,
                 sizeof(target));
    absl::string_view link(target, n < 0 ? 0 : static_cast<size_t>(n));
    uint64_t inode = 0;
    if (absl::ConsumePrefix(&link, "socket:[") &&
        absl::ConsumeSuffix(&link, "]") && absl::SimpleAtoi(link, &inode)) {
      inodes.insert(inode);
    }
  }
  // A row of /proc/net/tcp: number, local and remote address in hexadecimal,
  // state (01: established), ..., the inode in the tenth column.
  std::set<uint64_t> result;
  for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    const std::string text = ReadAll(table, 0);
    for (absl::string_view line : absl::StrSplit(text, '\n')) {
      const std::vector<absl::string_view> columns =
          absl::StrSplit(line, ' ', absl::SkipEmpty());
      if (columns.size() < 10 || columns[3] != "01") continue;
      int port = 0;
      uint64_t inode = 0;
      if (absl::SimpleHexAtoi(columns[2].substr(columns[2].rfind(':') + 1),
                              &port) &&
          absl::SimpleAtoi(columns[9], &inode) && port == remote_port &&
          inodes.contains(inode)) {
        result.insert(inode);
      }
    }
  }
  return result;
}

absl::Status Eventually(absl::Duration timeout,
                        const std::function<absl::Status()>& condition) {
  const absl::Time deadline = absl::Now() + timeout;
  while (true) {
    absl::Status status = condition();
    if (status.ok() || absl::Now() >= deadline) return status;
    absl::SleepFor(absl::Milliseconds(100));
  }
}

absl::StatusOr<std::string> Runfile(absl::string_view path) {
  std::string root;
  if (const char* directory = getenv("TEST_SRCDIR")) {
    root = directory;
  } else {
    char program[4096];
    const ssize_t n = readlink("/proc/self/exe", program, sizeof(program));
    if (n < 0) return absl::InternalError("cannot read /proc/self/exe");
    root = absl::StrCat(absl::string_view(program, static_cast<size_t>(n)),
                        ".runfiles");
  }
  std::string result = absl::StrCat(root, "/signet/", path);
  if (access(result.c_str(), F_OK) != 0) {
    return absl::NotFoundError(absl::StrCat(result, ": no such runfile"));
  }
  return result;
}

std::string LastLines(absl::string_view text, int count) {
  std::vector<absl::string_view> lines =
      absl::StrSplit(absl::StripSuffix(text, "\n"), '\n');
  const size_t skip =
      lines.size() > static_cast<size_t>(count) ? lines.size() - count : 0;
  lines.erase(lines.begin(), lines.begin() + skip);
  return absl::StrJoin(lines, "\n");
}

}  // namespace signet::e2e
