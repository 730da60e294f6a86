#include "core/service/termination_signal.h"

#include <unistd.h>

#include <csignal>

#include "gtest/gtest.h"

namespace signet::service {
namespace {

TEST(TerminationSignalTest, WaitsForEitherSignal) {
  for (const int signal : {SIGTERM, SIGINT}) {
    TerminationSignal termination;
    // Held back until Wait, so that none is lost between the two.
    kill(getpid(), signal);
    EXPECT_EQ(termination.Wait(), signal);
  }
}

TEST(TerminationSignalTest, ASecondSignalEndsTheProcess) {
  EXPECT_EXIT(
      {
        TerminationSignal termination;
        kill(getpid(), SIGTERM);
        termination.Wait();
        kill(getpid(), SIGINT);
      },
      ::testing::KilledBySignal(SIGINT), "");
}

TEST(TerminationSignalTest, ABrokenPipeDoesNotEndTheProcess) {
  TerminationSignal termination;
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  close(ends[0]);
  EXPECT_EQ(write(ends[1], "x", 1), -1);
  close(ends[1]);
}

}  // namespace
}  // namespace signet::service
