#include "core/sys/command_runner.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::sys {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::StatusIs;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::SizeIs;

absl::StatusOr<CommandResult> Shell(const std::string& script,
                                    absl::Duration timeout = absl::Minutes(1)) {
  PosixCommandRunner runner;
  return runner.Run({.argv = {"/bin/sh", "-c", script},
                     .environment = {{"SIGNET_NAME", "web"}},
                     .timeout = timeout});
}

TEST(CommandRunnerTest, TellsHowAProgramEnded) {
  const struct {
    std::string name;
    std::string script;
    int exit_code;
    std::string output;
  } kTests[] = {
      {"well", "exit 0", 0, ""},
      {"badly", "echo out; echo err >&2; exit 7", 7, "out\nerr\n"},
      {"by a signal", "kill -9 $$", 137, ""},
      {"its environment is what it was given, and PATH",
       "env | sed '/^_=/d;/^PWD=/d;/^OLDPWD=/d;/^SHLVL=/d' | sort", 0,
       "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"
       "SIGNET_NAME=web\n"},
      {"it has no input", "cat; echo end", 0, "end\n"},
      {"and no descriptor of ours", "ls /proc/$$/fd | tr '\\n' ' '", 0,
       "0 1 2 "},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    const absl::StatusOr<CommandResult> result = Shell(t.script);
    ASSERT_THAT(result.status(), IsOk());
    EXPECT_EQ(result->exit_code, t.exit_code);
    EXPECT_EQ(result->output, t.output);
  }
}

TEST(CommandRunnerTest, PassesArgumentsAsTheyAre) {
  PosixCommandRunner runner;
  const absl::StatusOr<CommandResult> result = runner.Run(
      {.argv = {"/bin/echo", "$HOME; echo x", "`id`"}, .environment = {}});
  ASSERT_THAT(result.status(), IsOk());
  EXPECT_EQ(result->output, "$HOME; echo x `id`\n");
}

TEST(CommandRunnerTest, KeepsTheEndOfALongOutput) {
  const absl::StatusOr<CommandResult> result =
      Shell("i=0; while [ $i -lt 5000 ]; do echo $i; i=$((i+1)); done");
  ASSERT_THAT(result.status(), IsOk());
  EXPECT_THAT(result->output, SizeIs(4096));
  EXPECT_THAT(result->output, EndsWith("4998\n4999\n"));
}

TEST(CommandRunnerTest, DoesNotWaitForWhatAProgramLeavesBehind) {
  const absl::StatusOr<CommandResult> result =
      Shell("sleep 300 & echo $!", absl::Seconds(100));
  ASSERT_THAT(result.status(), IsOk());
  int left = 0;
  ASSERT_TRUE(absl::SimpleAtoi(result->output, &left));
  EXPECT_EQ(kill(left, SIGKILL), 0);
}

TEST(CommandRunnerTest, KillsAProgramAndItsChildrenAfterTheTimeout) {
  EXPECT_THAT(Shell("sleep 300 & sleep 300", absl::Milliseconds(200)),
              StatusIs(absl::StatusCode::kDeadlineExceeded,
                       HasSubstr("\"/bin/sh\" did not end within 200ms")));
}

TEST(CommandRunnerTest, StopsWhenTold) {
  std::atomic<int> asked = 0;
  PosixCommandRunner runner;
  EXPECT_THAT(runner.Run({.argv = {"/bin/sleep", "300"},
                          .environment = {},
                          .timeout = absl::Minutes(4),
                          .cancelled = [&] { return ++asked > 1; }}),
              StatusIs(absl::StatusCode::kCancelled));
}

TEST(CommandRunnerTest, NamesAProgramThatCannotBeRun) {
  PosixCommandRunner runner;
  EXPECT_THAT(runner.Run({.argv = {"/nonexistent"}, .environment = {}}),
              StatusIs(absl::StatusCode::kNotFound,
                       HasSubstr("cannot run \"/nonexistent\"")));
  EXPECT_THAT(runner.Run({.argv = {"/etc/passwd"}, .environment = {}}),
              StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_THAT(runner.Run({.argv = {"true"}, .environment = {}}),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(runner.Run({.argv = {}, .environment = {}}),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(CommandRunnerTest, SendsSignals) {
  PosixCommandRunner runner;
  EXPECT_THAT(runner.Signal(getpid(), 0), IsOk());
  for (const int64_t pid :
       {int64_t{-5}, int64_t{0}, int64_t{1}, int64_t{1} << 40}) {
    EXPECT_THAT(runner.Signal(pid, 0),
                StatusIs(absl::StatusCode::kInvalidArgument))
        << pid;
  }
  const absl::StatusOr<CommandResult> gone = Shell("echo $$");
  ASSERT_THAT(gone.status(), IsOk());
  int pid = 0;
  ASSERT_TRUE(absl::SimpleAtoi(gone->output, &pid));
  EXPECT_THAT(runner.Signal(pid, 0), StatusIs(absl::StatusCode::kNotFound));
}

}  // namespace
}  // namespace signet::sys
