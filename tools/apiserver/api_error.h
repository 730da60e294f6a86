#ifndef SIGNET_TOOLS_APISERVER_API_ERROR_H_
#define SIGNET_TOOLS_APISERVER_API_ERROR_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "core/api/meta.pb.h"
#include "tools/apiserver/field_error.h"

// The answers of an API server that are not objects, as absl::Status values
// with the code that a client makes of them (core/k8s/http_status.h), that
// carry the API's Status object (SPEC D-16). Inside the server an error is
// always one of these; ToApi gives back what to send.
namespace signet::apiserver {

// "certificatesigningrequests" in "certificates.k8s.io".
struct GroupResource {
  absl::string_view group;
  absl::string_view resource;
  // "certificatesigningrequests.certificates.k8s.io", "secrets".
  std::string ToString() const;
};

absl::Status NotFound(GroupResource resource, absl::string_view name);
absl::Status AlreadyExists(GroupResource resource, absl::string_view name);
absl::Status Conflict(GroupResource resource, absl::string_view name,
                      absl::string_view why);
// `name` empty: `<resource> is forbidden: …`.
absl::Status ForbiddenError(GroupResource resource, absl::string_view name,
                            absl::string_view why);
// 422; `kind` is the kind's name, not the plural.
absl::Status InvalidError(absl::string_view group, absl::string_view kind,
                          absl::string_view name, const FieldErrors& errors);
absl::Status BadRequest(absl::string_view message);
// 400: an object is not that of the URL.
absl::Status NameMismatch(absl::string_view name, absl::string_view in_url);
absl::Status Unauthorized();
absl::Status MethodNotAllowed();
absl::Status NotAcceptable(absl::string_view available);
// Of an Accept whose type would do, but not its parameters.
absl::Status NoSuchShape(absl::string_view available);
absl::Status UnsupportedMediaType(absl::string_view accepted);
absl::Status UnsupportedPatch();  // 415, of a patch.
absl::Status RejectedPatch();     // 422: it does not fit the object.
absl::Status Expired(absl::string_view message);   // 410, reason Expired.
absl::Status TooLarge(absl::string_view message);  // 413
absl::Status InsufficientStorage(absl::string_view message);  // 507
absl::Status ServerError(absl::string_view message);          // 500
// What the real server did not expect: 500 without a reason.
absl::Status Unclassified(absl::string_view message);
// A path that nothing serves: 404 `the server could not find the requested
// resource`.
absl::Status NoSuchPath();

// Any other Status object.
absl::Status FromApi(const api::Status& status);

// The Status object to send. A status that was not made here is a 500.
api::Status ToApi(const absl::Status& status);

}  // namespace signet::apiserver

#endif  // SIGNET_TOOLS_APISERVER_API_ERROR_H_
