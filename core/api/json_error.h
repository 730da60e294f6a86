#ifndef SIGNET_CORE_API_JSON_ERROR_H_
#define SIGNET_CORE_API_JSON_ERROR_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "boost/json/value.hpp"

namespace signet::api {

// GoErrorText returns what Go's encoding/json says in the place of an error of
// DecodeJson, which is what a server answers with: `json: cannot unmarshal
// string into Go struct field
// CertificateSigningRequestSpec.spec.expirationSeconds of type int32`. The
// error's own message where Go's is not known. Pure.
std::string GoErrorText(const absl::Status& error);

// GoKindOf returns Go's word for what a JSON value is: "null", "bool",
// "number", "string", "array" or "object". Pure.
absl::string_view GoKindOf(const boost::json::value& value);

}  // namespace signet::api

#endif  // SIGNET_CORE_API_JSON_ERROR_H_
