#ifndef SIGNET_TOOLS_APISERVER_DUPLICATE_FIELDS_H_
#define SIGNET_TOOLS_APISERVER_DUPLICATE_FIELDS_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace signet::apiserver {

// FindDuplicateFields returns the paths of the fields that a JSON text names
// again, each once ("spec.usages", "status.conditions[0].type"): clients are
// warned of them, or refused. Nothing for what is no JSON. Pure.
std::vector<std::string> FindDuplicateFields(absl::string_view json);

}  // namespace signet::apiserver

#endif  // SIGNET_TOOLS_APISERVER_DUPLICATE_FIELDS_H_
