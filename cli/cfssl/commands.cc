#include "cli/cfssl/commands.h"

#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "cli/cfssl/go_flags.h"
#include "cli/cfssl/invocation.h"
#include "cli/cfssl/signer.h"
#include "cli/context.h"
#include "cli/terminal_text.h"

namespace signet::cli::cfssl {
namespace {

void PrintHelp(const Command& command, std::ostream& out) {
  out << command.summary << "\n\nUsage: signet " << command.name << " "
      << command.usage << "\n\nFlags:\n";
  for (const absl::string_view name : command.flags) {
    const GoFlag& flag = FlagOf(name);
    out << "  -" << name << "="
        << (flag.default_value.empty() ? "\"\"" : flag.default_value) << ": "
        << flag.help << "\n";
  }
  out << "\nExamples:\n" << command.examples << "\n";
}

}  // namespace

int Run(const Context& context, absl::Span<const std::string> words) {
  const Command* const command = FindCommand(words[0]);
  const absl::StatusOr<GoFlagSet> flags =
      GoFlagSet::Parse(Flags(), words.subspan(1));
  if (absl::IsCancelled(flags.status())) {
    PrintHelp(*command, context.out);
    return kExitOk;
  }
  absl::Status wrong = flags.status();
  SafetyLevel safety = SafetyLevel::kDefault;
  if (wrong.ok()) {
    const std::string compat = flags->Text("compat");
    if (compat == "cfssl") {
      safety = SafetyLevel::kCompatible;
    } else if (!compat.empty()) {
      wrong = absl::InvalidArgumentError(
          absl::StrCat("-compat is cfssl or nothing, not ", compat));
    } else if (flags->Bool("strict")) {
      safety = SafetyLevel::kStrict;
    }
  }
  if (!wrong.ok()) {
    context.err << EscapeForTerminal(wrong.message()) << " (see signet "
                << command->name << " -help)\n";
    return kExitUsage;
  }
  const absl::Status status =
      Invocation(context, *flags, safety).Run(command->name);
  if (status.ok()) return kExitOk;
  // The log has said it already.
  if (!absl::IsCancelled(status)) {
    context.err << EscapeForTerminal(status.message()) << "\n";
  }
  return kExitFailure;
}

}  // namespace signet::cli::cfssl
