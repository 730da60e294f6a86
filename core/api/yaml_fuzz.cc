// Whatever YamlToJson accepts is JSON.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "boost/json.hpp"
#include "core/api/yaml.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const absl::StatusOr<std::vector<std::string>> documents =
      signet::api::YamlToJson(text);
  if (!documents.ok()) return 0;
  for (const std::string& document : *documents) {
    boost::system::error_code error;
    boost::json::parse_options options;
    options.max_depth = 128;
    boost::json::parse(document, error, {}, options);
    CHECK(!error) << error.message();
  }
  return 0;
}
