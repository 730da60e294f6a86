#include "e2e/process.h"

#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::e2e {
namespace {

using ::absl_testing::IsOkAndHolds;
using ::absl_testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr absl::Duration kLong = absl::Seconds(30);

// Sockets of a test that are closed at its end.
struct Socket {
  explicit Socket(int descriptor) : fd(descriptor) {}
  ~Socket() { close(fd); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  const int fd;
};

std::unique_ptr<Process> Shell(const std::string& script,
                               const std::string& log_name) {
  absl::StatusOr<std::unique_ptr<Process>> process = Process::Start(
      {.name = "shell",
       .argv = {"/bin/sh", "-c", script},
       .environment = {{"GREETING", "hello"}},
       .log_path = absl::StrCat(::testing::TempDir(), "/", log_name)});
  EXPECT_EQ(process.status(), absl::OkStatus());
  return *std::move(process);
}

TEST(ProcessTest, AppendsBothStreamsToTheLogAndReturnsTheExitCode) {
  auto process = Shell("echo $GREETING; echo trouble >&2; exit 3", "streams");
  EXPECT_THAT(process->Wait(kLong), IsOkAndHolds(3));
  EXPECT_EQ(process->Log(), "hello\ntrouble\n");
  auto second = Shell("echo again", "streams");
  EXPECT_THAT(second->Wait(kLong), IsOkAndHolds(0));
  EXPECT_EQ(second->Log(), "again\n");
}

TEST(ProcessTest, WaitForLineReturnsTheWholeLine) {
  auto process = Shell("echo starting; echo serving on 5; cat", "line");
  EXPECT_THAT(process->WaitForLine("serving on", kLong),
              IsOkAndHolds("serving on 5"));
  EXPECT_TRUE(process->Running());
}

TEST(ProcessTest, WaitForLineSaysThatTheProcessEndedAndShowsItsLog) {
  auto process = Shell("echo no such file; exit 4", "ended");
  EXPECT_THAT(process->WaitForLine("serving on", kLong),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       AllOf(HasSubstr("shell ended with code 4"),
                             HasSubstr("no such file"))));
}

TEST(ProcessTest, WaitForLineGivesUp) {
  auto process = Shell("cat", "silent");
  EXPECT_THAT(process->WaitForLine("x", absl::Milliseconds(1)),
              StatusIs(absl::StatusCode::kDeadlineExceeded));
}

TEST(ProcessTest, StandardInputStaysOpenUntilTerminate) {
  auto process = Shell("cat; echo closed", "input");
  EXPECT_TRUE(process->Running());
  process->Terminate();
  EXPECT_FALSE(process->Running());
}

TEST(ProcessTest, KillIsACrash) {
  auto process = Shell("trap '' TERM; echo ready; cat", "kill");
  ASSERT_TRUE(process->WaitForLine("ready", kLong).ok());
  process->Kill();
  EXPECT_THAT(process->Wait(kLong), IsOkAndHolds(128 + SIGKILL));
}

TEST(ProcessTest, EndsWithItsObject) {
  auto process = Shell("echo ready; exec cat", "object");
  ASSERT_TRUE(process->WaitForLine("ready", kLong).ok());
  const pid_t pid = process->pid();
  EXPECT_EQ(kill(pid, 0), 0);
  process.reset();
  EXPECT_EQ(kill(pid, 0), -1);
}

TEST(ProcessTest, InheritsNoDescriptor) {
  const Socket ours(socket(AF_INET, SOCK_STREAM, 0));  // Without CLOEXEC.
  auto process = Shell("ls /proc/self/fd | wc -l", "descriptors");
  EXPECT_THAT(process->Wait(kLong), IsOkAndHolds(0));
  EXPECT_EQ(process->Log(), "4\n");  // Three, and that of the folder.
}

TEST(ProcessTest, AMissingProgramIsNotFound) {
  EXPECT_THAT(
      Process::Start({.name = "none",
                      .argv = {"/nowhere/none"},
                      .environment = {},
                      .log_path = absl::StrCat(::testing::TempDir(), "/none")}),
      StatusIs(absl::StatusCode::kNotFound, HasSubstr("/nowhere/none")));
}

TEST(RunCommandTest, FeedsInputAndKeepsTheStreamsApart) {
  const std::string input(100000, 'x');
  const absl::StatusOr<CommandResult> result = RunCommand(
      {"/bin/sh", "-c", "wc -c; echo oops >&2; exit 2"}, {}, input, kLong);
  ASSERT_EQ(result.status(), absl::OkStatus());
  EXPECT_EQ(result->exit_code, 2);
  EXPECT_EQ(result->out, "100000\n");
  EXPECT_EQ(result->err, "oops\n");
}

TEST(RunCommandTest, KillsWhatIsLate) {
  EXPECT_THAT(
      RunCommand({"/bin/sh", "-c", "kill -STOP $$"}, {}, "",
                 absl::Milliseconds(50)),
      StatusIs(absl::StatusCode::kDeadlineExceeded, HasSubstr("/bin/sh -c")));
}

TEST(ConnectionsTest, HasEachEstablishedConnectionToThePort) {
  const absl::StatusOr<std::vector<int>> free = FreePorts(2);
  ASSERT_EQ(free.status(), absl::OkStatus());
  ASSERT_THAT(*free, SizeIs(2));
  EXPECT_NE((*free)[0], (*free)[1]);

  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>((*free)[0]));
  const Socket server(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(
      bind(server.fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)),
      0);
  ASSERT_EQ(listen(server.fd, 5), 0);
  EXPECT_THAT(Connections(getpid(), (*free)[0]), IsOkAndHolds(IsEmpty()));
  {
    const Socket client(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(connect(client.fd, reinterpret_cast<sockaddr*>(&address),
                      sizeof(address)),
              0);
    EXPECT_THAT(Connections(getpid(), (*free)[0]), IsOkAndHolds(SizeIs(1)));
    EXPECT_THAT(Connections(getpid(), (*free)[1]), IsOkAndHolds(IsEmpty()));
  }
  EXPECT_THAT(Connections(getpid(), (*free)[0]), IsOkAndHolds(IsEmpty()));
}

TEST(LastLinesTest, CutsFromTheFront) {
  EXPECT_EQ(LastLines("a\nb\nc\n", 2), "b\nc");
  EXPECT_EQ(LastLines("a\nb\n", 5), "a\nb");
  EXPECT_EQ(LastLines("", 5), "");
}

TEST(RunfileTest, AForeignFileIsNotFound) {
  EXPECT_THAT(Runfile("e2e/none"),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("e2e/none")));
}

}  // namespace
}  // namespace signet::e2e
