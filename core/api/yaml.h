#ifndef SIGNET_CORE_API_YAML_H_
#define SIGNET_CORE_API_YAML_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace signet::api {

// YamlToJson returns each document of a YAML text as JSON, as
// sigs.k8s.io/yaml reads them: plain scalars mean what YAML 1.1 says (`yes` is
// true, `0644` octal, `~` null), keys become strings, aliases are expanded.
// Empty documents are left out. Pure.
//
// kInvalidArgument, with the line, for what is no YAML, has a key twice, or is
// more than kMaxObjectBytes, 64 levels or 200,000 values (aliases can make a
// short text stand for a long one).
absl::StatusOr<std::vector<std::string>> YamlToJson(absl::string_view yaml);

}  // namespace signet::api

#endif  // SIGNET_CORE_API_YAML_H_
