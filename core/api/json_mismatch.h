#ifndef SIGNET_CORE_API_JSON_MISMATCH_H_
#define SIGNET_CORE_API_JSON_MISMATCH_H_

#include <string>

#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"

// What Go's encoding/json says of a text that does not fit a type of
// Kubernetes, word for word: servers answer with it. Private to codec.h. Pure.
namespace signet::api {

// `json: cannot unmarshal number into Go struct field
// CertificateSigningRequestSpec.spec.request of type []uint8`. `found` is Go's
// word for what was there ("number", "string", "number 1.5"); `path` leads to
// the field, without indices; `element`: one of a list or a map, not the field
// as a whole.
std::string GoMismatch(absl::string_view found, absl::string_view path,
                       const google::protobuf::FieldDescriptor& field,
                       bool element);

// `illegal base64 data at input byte 3`, for a text that is no padded base64.
std::string GoBase64Error(absl::string_view text);

// `parsing time "x" as "2006-01-02T15:04:05Z07:00": cannot parse "x" as
// "2006"`, for a text that is no such time.
std::string GoTimeError(absl::string_view text, bool micro);

}  // namespace signet::api

#endif  // SIGNET_CORE_API_JSON_MISMATCH_H_
