#ifndef SIGNET_CLI_JSON_PATH_H_
#define SIGNET_CLI_JSON_PATH_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace signet::cli {

// EvaluateJsonPath writes what kubectl's -o jsonpath=TEMPLATE writes of a JSON
// text. A template is text with {…} in it: paths (.a.b, ['a'], [0], [-1], [*],
// .*, $, @), texts ("\n"), {range PATH}…{end}, and filters [?(@.a=="b")] with
// == and !=. A template without braces is a path. Values are separated by
// spaces; objects and lists are written as JSON. What is not there is nothing,
// as with kubectl. Pure. kInvalidArgument names what is wrong in the template;
// slices, unions and .. are kUnimplemented.
absl::StatusOr<std::string> EvaluateJsonPath(absl::string_view path_template,
                                             absl::string_view json);

}  // namespace signet::cli

#endif  // SIGNET_CLI_JSON_PATH_H_
