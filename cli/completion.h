#ifndef SIGNET_CLI_COMPLETION_H_
#define SIGNET_CLI_COMPLETION_H_

#include <string>

#include "absl/strings/string_view.h"

namespace CLI {
class App;
}  // namespace CLI

// What is generated from the one table of commands: completion for shells, and
// the manual. Pure; the table is only read.
namespace signet::cli {

// A script for the shell to read. Names of commands and flags are completed;
// where a value is wanted, files.
std::string BashCompletion(CLI::App& app);
std::string ZshCompletion(CLI::App& app);
std::string FishCompletion(CLI::App& app);

// signet(1), as man reads it.
std::string ManPage(CLI::App& app, absl::string_view version);

}  // namespace signet::cli

#endif  // SIGNET_CLI_COMPLETION_H_
