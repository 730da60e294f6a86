#ifndef SIGNET_CLI_CONTEXT_H_
#define SIGNET_CLI_CONTEXT_H_

#include <functional>
#include <ostream>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "core/base/file_system.h"
#include "core/base/rng.h"
#include "core/pki/private_key.h"

namespace signet::cli {

// Context is all that a command may use of the world around it. main.cc makes
// the real one. What it refers to must outlive it.
struct Context {
  FileSystem& files;
  absl::Clock& clock;
  Rng& rng;
  pki::KeyGenerator& keys;
  std::function<std::string(absl::string_view name)> environment;
  absl::TimeZone zone;  // In which people are told times.
  std::ostream& out;
  std::ostream& err;
};

// Where a command reads from when it is told to read "-".
inline constexpr absl::string_view kStandardInput = "/dev/stdin";

// Exit codes of every command (docs/cli.md).
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailure = 1;
inline constexpr int kExitUsage = 2;

}  // namespace signet::cli

#endif  // SIGNET_CLI_CONTEXT_H_
