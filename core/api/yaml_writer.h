#ifndef SIGNET_CORE_API_YAML_WRITER_H_
#define SIGNET_CORE_API_YAML_WRITER_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace signet::api {

// JsonToYaml writes a JSON text as YAML byte for byte as kubectl -o yaml does,
// that is, as sigs.k8s.io/yaml: keys sorted as people would, lists not
// indented, quotes only where a plain text would be read as something else,
// texts of several lines as blocks, long lines folded after column 80. Pure.
// kInvalidArgument if the text is not JSON (at most 64 levels).
absl::StatusOr<std::string> JsonToYaml(absl::string_view json);

}  // namespace signet::api

#endif  // SIGNET_CORE_API_YAML_WRITER_H_
