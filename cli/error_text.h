#ifndef SIGNET_CLI_ERROR_TEXT_H_
#define SIGNET_CLI_ERROR_TEXT_H_

#include <string>

#include "absl/status/status.h"

namespace signet::cli {

// ErrorText says an error as kubectl does (SPEC E-2), without a newline at its
// end: `Error from server (NotFound): …` for what the API answered, the causes
// one a line for an object that it refused, `error: …` for all else. Pure.
std::string ErrorText(const absl::Status& status);

}  // namespace signet::cli

#endif  // SIGNET_CLI_ERROR_TEXT_H_
