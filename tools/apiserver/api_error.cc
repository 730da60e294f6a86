#include "tools/apiserver/api_error.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/api/meta.pb.h"
#include "core/k8s/http_status.h"
#include "tools/apiserver/field_error.h"
#include "tools/apiserver/go_quote.h"

namespace signet::apiserver {
namespace {

constexpr absl::string_view kPayload = "signet.dev/apiserver.Status";

api::Status Failure(int code, absl::string_view reason, std::string message) {
  api::Status status;
  status.mutable_metadata();
  status.set_status("Failure");
  status.set_message(std::move(message));
  status.set_reason(std::string(reason));
  status.set_code(code);
  return status;
}

absl::Status Wrap(const api::Status& status) {
  absl::Status result(k8s::CodeForHttp(status.code(), status.reason()),
                      status.message());
  result.SetPayload(kPayload, absl::Cord(status.SerializeAsString()));
  return result;
}

absl::Status WithResource(api::Status status, GroupResource resource,
                          absl::string_view name) {
  api::StatusDetails& details = *status.mutable_details();
  if (!name.empty()) details.set_name(std::string(name));
  if (!resource.group.empty()) details.set_group(std::string(resource.group));
  if (!resource.resource.empty()) {
    details.set_kind(std::string(resource.resource));
  }
  return Wrap(status);
}

}  // namespace

std::string GroupResource::ToString() const {
  if (group.empty()) return std::string(resource);
  return absl::StrCat(resource, ".", group);
}

absl::Status NotFound(GroupResource resource, absl::string_view name) {
  return WithResource(Failure(404, "NotFound",
                              absl::StrCat(resource.ToString(), " ",
                                           GoQuote(name), " not found")),
                      resource, name);
}

absl::Status AlreadyExists(GroupResource resource, absl::string_view name) {
  return WithResource(Failure(409, "AlreadyExists",
                              absl::StrCat(resource.ToString(), " ",
                                           GoQuote(name), " already exists")),
                      resource, name);
}

absl::Status Conflict(GroupResource resource, absl::string_view name,
                      absl::string_view why) {
  return WithResource(
      Failure(409, "Conflict",
              absl::StrCat("Operation cannot be fulfilled on ",
                           resource.ToString(), " ", GoQuote(name), ": ", why)),
      resource, name);
}

absl::Status ForbiddenError(GroupResource resource, absl::string_view name,
                            absl::string_view why) {
  std::string message;
  if (resource.resource.empty()) {
    message = absl::StrCat("forbidden: ", why);
  } else if (name.empty()) {
    message = absl::StrCat(resource.ToString(), " is forbidden: ", why);
  } else {
    message = absl::StrCat(resource.ToString(), " ", GoQuote(name),
                           " is forbidden: ", why);
  }
  return WithResource(Failure(403, "Forbidden", std::move(message)), resource,
                      name);
}

absl::Status InvalidError(absl::string_view group, absl::string_view kind,
                          absl::string_view name, const FieldErrors& errors) {
  api::Status status =
      Failure(422, "Invalid",
              absl::StrCat(kind, group.empty() ? "" : ".", group, " ",
                           GoQuote(name), " is invalid: ", Aggregate(errors)));
  FieldErrors told;
  for (const FieldError& error : errors) {
    if (std::find(told.begin(), told.end(), error) != told.end()) continue;
    told.push_back(error);
    api::StatusCause& cause = *status.mutable_details()->add_causes();
    cause.set_reason(error.reason);
    cause.set_message(error.body);
    cause.set_field(error.field);
  }
  return WithResource(std::move(status), {group, kind}, name);
}

absl::Status BadRequest(absl::string_view message) {
  return Wrap(Failure(400, "BadRequest", std::string(message)));
}

absl::Status NameMismatch(absl::string_view name, absl::string_view in_url) {
  return BadRequest(absl::StrCat("the name of the object (", name,
                                 ") does not match the name on the URL (",
                                 in_url, ")"));
}

absl::Status Unauthorized() {
  return Wrap(Failure(401, "Unauthorized", "Unauthorized"));
}

absl::Status MethodNotAllowed() {
  api::Status status = Failure(
      405, "MethodNotAllowed",
      "the server does not allow this method on the requested resource");
  status.mutable_details();
  return Wrap(status);
}

absl::Status NotAcceptable(absl::string_view available) {
  api::Status status =
      Failure(406, "NotAcceptable",
              absl::StrCat("406: Not Acceptable\n\nAvailable representations: ",
                           available));
  status.mutable_details();
  return Wrap(status);
}

absl::Status NoSuchShape(absl::string_view available) {
  return Wrap(
      Failure(406, "NotAcceptable",
              absl::StrCat("only the following media types are accepted: ",
                           available)));
}

absl::Status UnsupportedMediaType(absl::string_view accepted) {
  return Wrap(
      Failure(415, "UnsupportedMediaType",
              absl::StrCat("the body of the request was in an unknown format - "
                           "accepted media types include: ",
                           accepted)));
}

absl::Status UnsupportedPatch() {
  api::Status status =
      Failure(415, "UnsupportedMediaType", "415: Unsupported Media Type");
  status.mutable_details();
  return Wrap(status);
}

absl::Status RejectedPatch() {
  api::Status status =
      Failure(422, "Invalid",
              "the server rejected our request due to an error in our request");
  status.mutable_details();
  return Wrap(status);
}

absl::Status Expired(absl::string_view message) {
  return Wrap(Failure(410, "Expired", std::string(message)));
}

absl::Status TooLarge(absl::string_view message) {
  return Wrap(Failure(413, "RequestEntityTooLarge",
                      absl::StrCat("Request entity too large: ", message)));
}

absl::Status InsufficientStorage(absl::string_view message) {
  return Wrap(Failure(507, "InsufficientStorage", std::string(message)));
}

absl::Status ServerError(absl::string_view message) {
  api::Status status = Failure(
      500, "InternalError", absl::StrCat("Internal error occurred: ", message));
  status.mutable_details()->add_causes()->set_message(std::string(message));
  return Wrap(status);
}

absl::Status Unclassified(absl::string_view message) {
  return Wrap(Failure(500, "", std::string(message)));
}

absl::Status NoSuchPath() {
  api::Status status = Failure(
      404, "NotFound", "the server could not find the requested resource");
  status.mutable_details();
  return Wrap(status);
}

absl::Status FromApi(const api::Status& status) { return Wrap(status); }

api::Status ToApi(const absl::Status& status) {
  if (const auto payload = status.GetPayload(kPayload); payload.has_value()) {
    api::Status result;
    if (result.ParseFromString(std::string(*payload))) return result;
  }
  return ToApi(ServerError(status.message()));
}

}  // namespace signet::apiserver
