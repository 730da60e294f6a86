// A template and a JSON text, a NUL between them: what is written is found, or
// the template is refused. A template without braces is a path, so that braces
// around it change nothing.

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "cli/json_path.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t nul = text.find('\0');
  if (nul == text.npos) return 0;
  const absl::string_view path = text.substr(0, nul);
  const absl::string_view json = text.substr(nul + 1);
  const absl::StatusOr<std::string> out =
      signet::cli::EvaluateJsonPath(path, json);
  if (!out.ok()) {
    CHECK(absl::IsInvalidArgument(out.status()) ||
          absl::IsUnimplemented(out.status()))
        << out.status();
    return 0;
  }
  if (path.empty() || path.find_first_of("{}'\" \t\n\r\f\v") != path.npos ||
      path == "end" || path.substr(0, 5) == "range") {
    return 0;
  }
  const absl::StatusOr<std::string> braced =
      signet::cli::EvaluateJsonPath(absl::StrCat("{", path, "}"), json);
  CHECK_OK(braced.status());
  CHECK_EQ(*braced, *out);
  return 0;
}
