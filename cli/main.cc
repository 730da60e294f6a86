// signet works with TLS certificates and Kubernetes' requests for them from the
// command line: kubectl's and cfssl's part, and what they leave open.

#include <iostream>
#include <string>
#include <vector>

#include "absl/base/log_severity.h"
#include "absl/log/globals.h"
#include "absl/log/initialize.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "cli/command_line.h"
#include "cli/context.h"
#include "core/sys/boring_key_generator.h"
#include "core/sys/boring_rng.h"
#include "core/sys/environment.h"
#include "core/sys/posix_file_system.h"

int main(int argc, char** argv) {
  absl::SetStderrThreshold(absl::LogSeverityAtLeast::kWarning);
  absl::InitializeLog();
  signet::sys::PosixFileSystem files;
  signet::sys::BoringRng rng;
  signet::sys::BoringKeyGenerator keys;
  const signet::cli::Context context{files,
                                     absl::Clock::GetRealClock(),
                                     rng,
                                     keys,
                                     signet::sys::GetEnv,
                                     absl::LocalTimeZone(),
                                     std::cout,
                                     std::cerr};
  return signet::cli::RunCommandLine(
      context, std::vector<std::string>(argv + 1, argv + argc));
}
