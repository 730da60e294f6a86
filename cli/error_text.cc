#include "cli/error_text.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "cli/terminal_text.h"
#include "core/api/meta.pb.h"
#include "core/k8s/http_status.h"

namespace signet::cli {
namespace {

// 422: which fields are wrong, and how.
std::string InvalidText(const api::Status& status) {
  const api::StatusDetails& details = status.details();
  std::string text = "The request is invalid";
  if (!details.kind().empty() || !details.name().empty()) {
    text = absl::StrCat("The ", details.kind(), " \"", details.name(),
                        "\" is invalid");
  } else if (!status.message().empty() && details.causes().empty()) {
    return absl::StrCat(text, ": ", status.message());
  }
  std::vector<std::string> causes;
  for (const api::StatusCause& cause : details.causes()) {
    std::string one = absl::StrCat(cause.field(), ": ", cause.message());
    if (std::find(causes.begin(), causes.end(), one) == causes.end()) {
      causes.push_back(std::move(one));
    }
  }
  if (causes.empty()) return text;
  if (causes.size() == 1) return absl::StrCat(text, ": ", causes[0]);
  absl::StrAppend(&text, ": ");
  for (const std::string& cause : causes) {
    absl::StrAppend(&text, "\n* ", cause);
  }
  return text;
}

// A message that repeats a long input is no clear one.
constexpr size_t kMaxBytes = 3000;

std::string Shortened(std::string text) {
  if (text.size() <= kMaxBytes) return text;
  const size_t more = text.size() - kMaxBytes;
  text.resize(kMaxBytes);
  return absl::StrCat(text, "... (and ", more, " bytes more)");
}

std::string WholeText(const absl::Status& status) {
  const std::optional<api::Status> answer = k8s::ApiStatus(status);
  if (!answer.has_value()) {
    return EscapeForTerminal(absl::StrCat("error: ", status.message()));
  }
  if (answer->reason() == "Invalid") {
    return EscapeForTerminal(InvalidText(*answer));
  }
  if (answer->reason() == "Unauthorized") {
    return EscapeForTerminal(
        absl::StrCat("error: You must be logged in to the server (",
                     answer->message(), ")"));
  }
  if (answer->reason().empty()) {
    return EscapeForTerminal(
        absl::StrCat("Error from server: ", answer->message()));
  }
  return EscapeForTerminal(absl::StrCat("Error from server (", answer->reason(),
                                        "): ", answer->message()));
}

}  // namespace

std::string ErrorText(const absl::Status& status) {
  return Shortened(WholeText(status));
}

}  // namespace signet::cli
