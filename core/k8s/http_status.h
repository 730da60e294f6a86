#ifndef SIGNET_CORE_K8S_HTTP_STATUS_H_
#define SIGNET_CORE_K8S_HTTP_STATUS_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/api/meta.pb.h"
#include "core/http/message.h"

// The one table from HTTP answers to absl::Status (SPEC G-5). What a caller
// does next is said by the code:
//   kUnavailable (429, 500, 502, 503, 504)  retry, not before RetryAfter
//   kAborted (409 Conflict)                 read again and decide again
//   kAlreadyExists (409 AlreadyExists)      final
//   kNotFound (404), kOutOfRange (410: list again)
//   kUnauthenticated (401), kPermissionDenied (403)
//   kInvalidArgument (400, 422), kUnimplemented (405, 406, 415)  final
//   kResourceExhausted (413, 507)           final: it is too much
//   kUnknown                                everything else
namespace signet::k8s {

// `reason` is the API's word, which tells the two kinds of 409 apart; may be
// empty.
absl::StatusCode CodeForHttp(int http_code, absl::string_view reason);

// OK for 2xx. The message is the server's own; details travel as a payload.
absl::Status StatusFromResponse(const http::Response& response);
// The same for a Status object that came as a watch's ERROR event.
absl::Status StatusFromApi(const api::Status& status);

// The HTTP code behind a status made here; 0 if none (no answer came).
int HttpCode(const absl::Status& status);
// True if the server answered with something that is not an API Status object
// (a proxy's page): "unexpected server error" in client-go's words.
bool IsUnexpectedServerError(const absl::Status& status);
// The Retry-After of the answer, if any.
std::optional<absl::Duration> RetryAfter(const absl::Status& status);
// The server's Status object, if it sent one.
std::optional<api::Status> ApiStatus(const absl::Status& status);

}  // namespace signet::k8s

#endif  // SIGNET_CORE_K8S_HTTP_STATUS_H_
