#include "cli/command_line.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "cli/cfssl/commands.h"
#include "cli/completion.h"
#include "cli/connection.h"
#include "cli/context.h"
#include "cli/error_text.h"
#include "cli/terminal_text.h"
#include "core/base/version.h"

namespace signet::cli {
namespace {

constexpr char kDescription[] =
    R"(Works with TLS certificates and a Kubernetes cluster's requests for them: makes
keys, requests and certificates, asks for them, approves, signs, fetches, shows
and checks them. genkey, gencert, gencsr, sign, certinfo and json take the place
of cfssl 1.6.5 and cfssljson.)";

constexpr char kExamples[] = R"(Examples:
  signet csr list                          all requests
  signet csr describe csr-4x2lq            what is asked for, and by whom
  signet csr approve csr-4x2lq
  signet request server --dns web.ns.svc --signer example.com/serving \
    --secret ns/web                        all of it at once
  signet inspect server.pem
  signet expiry /etc/kubernetes --fail-within 30d

The cluster is that of --kubeconfig, else of $KUBECONFIG, else of ~/.kube/config,
else the one in whose pod this runs.
Exit codes: 0 if all went well, 1 if something failed, 2 for a command line that
makes no sense.)";

// cfssl's commands are run before this table is asked; here they are for help,
// completion and the manual.
void AddCfsslCommands(CLI::App& app, Invocation& call) {
  for (const cfssl::Command& command : cfssl::Commands()) {
    const std::string name(command.name);
    CLI::App* sub = app.add_subcommand(name, std::string(command.summary));
    sub->footer(absl::StrCat("Usage: signet ", name, " ", command.usage,
                             "\nExamples:\n", command.examples));
    for (const absl::string_view flag_name : command.flags) {
      const cfssl::GoFlag& flag = cfssl::FlagOf(flag_name);
      const std::string option = absl::StrCat("--", flag_name);
      const std::string help(flag.help);
      if (flag.kind == cfssl::GoFlag::Kind::kBool) {
        sub->add_flag(option, call.Keep<bool>(), help);
      } else {
        sub->add_option(option, call.Keep<std::string>(), help)
            ->type_name("VALUE");
      }
    }
    sub->allow_extras();
    sub->callback([&call, name] {
      call.run = [name] {
        return absl::InvalidArgumentError(absl::StrCat(
            name, " stands before all flags, as cfssl's: signet ", name, " …"));
      };
    });
  }
}

void AddMeta(CLI::App& app, Invocation& call) {
  CLI::App* completion =
      app.add_subcommand("completion", "Print completion for a shell");
  completion->footer(R"(Examples:
  source <(signet completion bash)
  signet completion zsh > ~/.zsh/_signet
  signet completion fish | source)");
  auto& shell = call.Keep<std::string>();
  completion->add_option("SHELL", shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}).description(""));
  completion->callback([&app, &call, &shell] {
    call.run = [&app, &call, &shell] {
      call.context.out << (shell == "bash"  ? BashCompletion(app)
                           : shell == "zsh" ? ZshCompletion(app)
                                            : FishCompletion(app));
      return absl::OkStatus();
    };
  });
  CLI::App* man = app.add_subcommand("man", "Print the manual, for man");
  man->footer("Examples:\n  signet man > signet.1; man ./signet.1");
  man->callback([&app, &call] {
    call.run = [&app, &call] {
      call.context.out << ManPage(app, kVersion);
      return absl::OkStatus();
    };
  });
  CLI::App* version = app.add_subcommand("version", "Print the version");
  version->callback([&call] {
    call.run = [&call] {
      call.context.out << "signet " << kVersion << "\n";
      return absl::OkStatus();
    };
  });
}

int RunInvocation(Invocation& call) {
  const absl::Status status = call.run();
  if (status.ok()) return kExitOk;
  // Cancelled: it has said so itself.
  if (!absl::IsCancelled(status)) {
    call.context.err << ErrorText(status) << "\n";
  }
  return kExitFailure;
}

int Parse(const Context& context, absl::Span<const std::string> words) {
  Invocation call(context);
  CLI::App app(kDescription, "signet");
  app.footer(kExamples);
  app.require_subcommand(1);
  app.fallthrough();
  app.add_option("--kubeconfig", call.connection_flags.kubeconfig,
                 "How to reach the API server")
      ->type_name("FILE");
  app.add_option("--context", call.connection_flags.context,
                 "Context of the kubeconfig (default: its current-context)")
      ->type_name("NAME");
  app.set_version_flag("--version", absl::StrCat("signet ", kVersion),
                       "Print the version and exit");
  app.set_help_flag("-h,--help", "Print this help and exit");
  app.get_formatter()->column_width(36);
  CLI::App* csr =
      app.add_subcommand("csr", "Work with CertificateSigningRequests");
  csr->require_subcommand(1);
  csr->fallthrough();
  AddCsrCommands(*csr, call);
  AddClusterCommands(app, *csr, call);
  AddLocalCommands(app, call);
  AddCfsslCommands(app, call);
  AddMeta(app, call);
  const auto is_named = [&words](const CLI::App* command) {
    return command->get_name() == words[0];
  };
  if (!words.empty() && !words[0].empty() && words[0][0] != '-' &&
      app.get_subcommands(is_named).empty()) {
    context.err << "signet: unknown command " << EscapeForTerminal(words[0])
                << " (see signet --help)\n";
    return kExitUsage;
  }
  try {
    app.parse(std::vector<std::string>(words.rbegin(), words.rend()));
  } catch (const CLI::Success& wanted) {  // --help or --version.
    app.exit(wanted, context.out, context.err);
    return kExitOk;
  } catch (const CLI::Error& error) {
    context.err << "signet: " << EscapeForTerminal(error.what())
                << " (see signet --help)\n";
    return kExitUsage;
  }
  return RunInvocation(call);
}

}  // namespace

absl::StatusOr<Connection*> Invocation::Connect() {
  if (connection_ == nullptr) {
    ABSL_ASSIGN_OR_RETURN(connection_,
                          Connection::Open(connection_flags, context.files,
                                           context.clock, context.environment));
  }
  return connection_.get();
}

int RunCommandLine(const Context& context,
                   absl::Span<const std::string> words) {
  const bool is_cfssl =
      !words.empty() && cfssl::FindCommand(words[0]) != nullptr;
  const int code =
      is_cfssl ? cfssl::Run(context, words) : Parse(context, words);
  context.out.flush();
  if (context.out) return code;
  context.err << "error: the output cannot be written\n";
  return kExitFailure;
}

}  // namespace signet::cli
