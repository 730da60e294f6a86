#ifndef SIGNET_CLI_CFSSL_COMMANDS_H_
#define SIGNET_CLI_CFSSL_COMMANDS_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "cli/cfssl/go_flags.h"
#include "cli/context.h"

// cfssl 1.6.5 under another name (SPEC E-14 to E-26): `signet gencert …` for
// `cfssl gencert …`, and `signet json …` for `cfssljson …`. The same flags,
// with one dash or two, the same JSON in and out, the same files.
namespace signet::cli::cfssl {

struct Command {
  absl::string_view name;
  absl::string_view summary;  // One line.
  absl::string_view usage;    // What comes after the name.
  absl::string_view examples;
  std::vector<absl::string_view> flags;  // Those it has a use for.
};

// All commands, in the order in which they are told, and all flags. cfssl lets
// every command have every flag.
absl::Span<const Command> Commands();
absl::Span<const GoFlag> Flags();
// Null if it is none of cfssl's.
const Command* FindCommand(absl::string_view name);
const GoFlag& FlagOf(absl::string_view name);

// Run does the command words[0], one of Commands(), and returns the exit code:
// 0, 1 if something failed, 2 for a command line that makes no sense.
int Run(const Context& context, absl::Span<const std::string> words);

}  // namespace signet::cli::cfssl

#endif  // SIGNET_CLI_CFSSL_COMMANDS_H_
