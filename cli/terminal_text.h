#ifndef SIGNET_CLI_TERMINAL_TEXT_H_
#define SIGNET_CLI_TERMINAL_TEXT_H_

#include <string>

#include "absl/strings/string_view.h"

// Foreign text on its way to a terminal, as kubectl treats it. Pure.
namespace signet::cli {

// Escape and carriage return are made visible, so that nobody's object can
// play with the terminal; beside kubectl also NUL, bell, backspace and CSI.
std::string EscapeForTerminal(absl::string_view text);

// What a table shows of a value: up to the first line break, then "...".
std::string TableCell(absl::string_view text);

}  // namespace signet::cli

#endif  // SIGNET_CLI_TERMINAL_TEXT_H_
