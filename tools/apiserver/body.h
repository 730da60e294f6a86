#ifndef SIGNET_TOOLS_APISERVER_BODY_H_
#define SIGNET_TOOLS_APISERVER_BODY_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/api/codec.h"
#include "core/http/message.h"
#include "google/protobuf/message.h"
#include "tools/apiserver/request_options.h"

// Objects in the bodies of requests. Errors are api_error's, in the words of
// Kubernetes. Pure.
namespace signet::apiserver {

// How a body's text is to be read.
struct BodyRules {
  api::TypeMeta want;       // What the object must be.
  bool json_bodies = true;  // See Kind::json_bodies.
  FieldValidation validation = FieldValidation::kWarn;
};

// DecodeBody reads the object in a request's body: JSON, YAML or protobuf, as
// its Content-Type says. What nobody knows in it is appended to `warnings`, or
// refused, by the rules.
absl::Status DecodeBody(const http::Request& request, const BodyRules& rules,
                        google::protobuf::Message* object,
                        std::vector<std::string>& warnings);

// Checks what an object's text says it is, if it says so.
absl::Status CheckType(const api::TypeMeta& type, const api::TypeMeta& want);

// What to do about fields that nobody knows and those that are there twice:
// warn, or return the reason to refuse ("" otherwise).
std::string JudgeFields(const std::vector<std::string>& unknown,
                        const std::vector<std::string>& duplicate,
                        FieldValidation validation,
                        std::vector<std::string>& warnings);

// Reads the options in the body of a deletion, which may be empty.
absl::StatusOr<api::DeleteOptions> DecodeDeleteOptions(
    const http::Request& request);

}  // namespace signet::apiserver

#endif  // SIGNET_TOOLS_APISERVER_BODY_H_
