#ifndef SIGNET_CLI_COMMAND_TEST_CONTEXT_H_
#define SIGNET_CLI_COMMAND_TEST_CONTEXT_H_

#include <sstream>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/simulated_clock.h"
#include "absl/time/time.h"
#include "cli/context.h"
#include "core/testing/fake_file_system.h"
#include "core/testing/fake_key_generator.h"
#include "core/testing/fake_rng.h"

namespace signet::cli {

// A world for the commands under test: files in memory, a clock that stands
// still, keys and serial numbers that are the same in each run.
struct CommandTestContext {
  absl::SimulatedClock clock{absl::FromUnixSeconds(1700000000)};
  testing::FakeFileSystem files;
  testing::SeededRng rng{1};
  testing::FakeKeyGenerator keys;
  std::ostringstream out, err;
  const Context context{files,
                        clock,
                        rng,
                        keys,
                        [](absl::string_view) { return std::string(); },
                        absl::UTCTimeZone(),
                        out,
                        err};

  std::string File(absl::string_view path) {
    return files.Read(path, 1 << 20).value_or("");
  }
};

}  // namespace signet::cli

#endif  // SIGNET_CLI_COMMAND_TEST_CONTEXT_H_
