#ifndef SIGNET_CLI_CFSSL_JSON_COMMAND_H_
#define SIGNET_CLI_CFSSL_JSON_COMMAND_H_

#include "absl/status/status.h"
#include "cli/cfssl/go_flags.h"
#include "cli/context.h"

namespace signet::cli::cfssl {

// What cfssljson does (SPEC E-25): reads the JSON of the other commands and
// writes its certificates and keys to files of one base name. Unlike cfssljson
// it writes all of them or none, and a key's file always gets mode 0600. Errors
// are cfssljson's.
absl::Status SplitJson(const Context& context, const GoFlagSet& flags);

}  // namespace signet::cli::cfssl

#endif  // SIGNET_CLI_CFSSL_JSON_COMMAND_H_
