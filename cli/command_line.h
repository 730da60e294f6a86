#ifndef SIGNET_CLI_COMMAND_LINE_H_
#define SIGNET_CLI_COMMAND_LINE_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "cli/connection.h"
#include "cli/context.h"

namespace CLI {
class App;
}  // namespace CLI

namespace signet::cli {

// RunCommandLine does what the words after the program's name say and returns
// the exit code (docs/cli.md).
int RunCommandLine(const Context& context, absl::Span<const std::string> words);

// Invocation is a command line under way: what the commands put into the table
// of commands share.
struct Invocation {
  explicit Invocation(const Context& context_in) : context(context_in) {}

  const Context& context;
  ConnectionFlags connection_flags;
  // What the chosen command does. kCancelled: it failed, and has said so.
  std::function<absl::Status()> run;
  // Flags of the commands, kept while they are used.
  std::vector<std::shared_ptr<void>> kept;

  // A T that lives as long as this.
  template <class T>
  T& Keep() {
    auto flags = std::make_shared<T>();
    T& reference = *flags;
    kept.push_back(std::move(flags));
    return reference;
  }
  // Opened when it is first asked for.
  absl::StatusOr<Connection*> Connect();

 private:
  std::unique_ptr<Connection> connection_;
};

// Each adds its commands to the table. `app` and `call` must outlive the parse.
void AddLocalCommands(CLI::App& app, Invocation& call);
void AddCsrCommands(CLI::App& csr, Invocation& call);
void AddClusterCommands(CLI::App& app, CLI::App& csr, Invocation& call);

}  // namespace signet::cli

#endif  // SIGNET_CLI_COMMAND_LINE_H_
