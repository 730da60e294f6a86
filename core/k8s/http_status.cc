#include "core/k8s/http_status.h"

#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/api/codec.h"

namespace signet::k8s {
namespace {

constexpr absl::string_view kCodePayload = "signet.k8s/http-code";
constexpr absl::string_view kRetryAfterPayload = "signet.k8s/retry-after";
constexpr absl::string_view kApiStatusPayload = "signet.api.Status";

// What of a body that is no Status object is shown.
constexpr size_t kShownBytes = 200;

void AddCode(int http_code, absl::Status& status) {
  status.SetPayload(kCodePayload, absl::Cord(absl::StrCat(http_code)));
}

void AddRetryAfter(int64_t seconds, absl::Status& status) {
  if (seconds <= 0) return;
  status.SetPayload(kRetryAfterPayload, absl::Cord(absl::StrCat(seconds)));
}

absl::Status Make(int http_code, const api::Status& status) {
  absl::Status out(CodeForHttp(http_code, status.reason()),
                   status.message().empty()
                       ? absl::StrCat("the server answered ", http_code, " ",
                                      status.reason())
                       : status.message());
  AddCode(http_code, out);
  AddRetryAfter(status.details().retry_after_seconds(), out);
  out.SetPayload(kApiStatusPayload, absl::Cord(status.SerializeAsString()));
  return out;
}

std::optional<int64_t> PayloadNumber(const absl::Status& status,
                                     absl::string_view payload) {
  const std::optional<absl::Cord> text = status.GetPayload(payload);
  int64_t number;
  if (!text.has_value() || !absl::SimpleAtoi(std::string(*text), &number)) {
    return std::nullopt;
  }
  return number;
}

}  // namespace

absl::StatusCode CodeForHttp(int http_code, absl::string_view reason) {
  switch (http_code) {
    case 400:
    case 422:
      return absl::StatusCode::kInvalidArgument;
    case 401:
      return absl::StatusCode::kUnauthenticated;
    case 403:
      return absl::StatusCode::kPermissionDenied;
    case 404:
      return absl::StatusCode::kNotFound;
    case 405:
    case 406:
    case 415:
      return absl::StatusCode::kUnimplemented;
    case 409:
      return reason == "AlreadyExists" ? absl::StatusCode::kAlreadyExists
                                       : absl::StatusCode::kAborted;
    case 410:
      return absl::StatusCode::kOutOfRange;
    case 413:
    case 507:
      return absl::StatusCode::kResourceExhausted;
    case 429:
    case 500:
    case 502:
    case 503:
    case 504:
      return absl::StatusCode::kUnavailable;
    default:
      return absl::StatusCode::kUnknown;
  }
}

absl::Status StatusFromResponse(const http::Response& response) {
  if (response.status >= 200 && response.status < 300) return absl::OkStatus();
  absl::Status out;
  api::Status status;
  api::TypeMeta type;
  if (api::Decode(response.headers.Get("Content-Type"), response.body, &status,
                  &type)
          .ok() &&
      type.kind == "Status") {
    out = Make(response.status, status);
  } else {
    std::string message = absl::StrCat("the server answered ", response.status);
    if (!response.body.empty()) {
      absl::StrAppend(&message, ", not as the API does: ",
                      absl::CHexEscape(response.body.substr(0, kShownBytes)));
    }
    out = absl::Status(CodeForHttp(response.status, ""), message);
    AddCode(response.status, out);
  }
  int64_t seconds;
  if (absl::SimpleAtoi(response.headers.Get("Retry-After"), &seconds)) {
    AddRetryAfter(seconds, out);
  }
  return out;
}

absl::Status StatusFromApi(const api::Status& status) {
  return Make(status.code(), status);
}

int HttpCode(const absl::Status& status) {
  return static_cast<int>(PayloadNumber(status, kCodePayload).value_or(0));
}

bool IsUnexpectedServerError(const absl::Status& status) {
  return status.GetPayload(kCodePayload).has_value() &&
         !status.GetPayload(kApiStatusPayload).has_value();
}

std::optional<absl::Duration> RetryAfter(const absl::Status& status) {
  const std::optional<int64_t> seconds =
      PayloadNumber(status, kRetryAfterPayload);
  if (!seconds.has_value()) return std::nullopt;
  return absl::Seconds(*seconds);
}

std::optional<api::Status> ApiStatus(const absl::Status& status) {
  const std::optional<absl::Cord> bytes = status.GetPayload(kApiStatusPayload);
  api::Status out;
  if (!bytes.has_value() || !out.ParseFromString(std::string(*bytes))) {
    return std::nullopt;
  }
  return out;
}

}  // namespace signet::k8s
