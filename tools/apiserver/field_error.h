#ifndef SIGNET_TOOLS_APISERVER_FIELD_ERROR_H_
#define SIGNET_TOOLS_APISERVER_FIELD_ERROR_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

// What is wrong with one field of an object, in Kubernetes' words (SPEC D-4 to
// D-12, D-16). Pure values.
namespace signet::apiserver {

struct FieldError {
  std::string reason;  // The cause's machine-readable part: FieldValueInvalid.
  std::string field;   // "spec.request", "spec.usages[0]".
  std::string body;    // "Invalid value: \"x\": must be y".

  std::string ToString() const;  // "field: body".
  friend bool operator==(const FieldError&, const FieldError&) = default;
};
using FieldErrors = std::vector<FieldError>;

// The bad value as the message shows it: a Go string (%q), bytes or a named
// string type (JSON), a number.
class BadValue {
 public:
  static BadValue String(absl::string_view value);
  static BadValue Json(absl::string_view value);
  static BadValue Bytes(absl::string_view value);  // Quoted base64.
  static BadValue Number(int64_t value);
  static BadValue JsonList(absl::string_view value);  // ["value"]
  static BadValue Raw(absl::string_view json);        // As it is.
  static BadValue Null();                             // Go's nil slice: null.
  const std::string& text() const { return text_; }

 private:
  explicit BadValue(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

FieldError Required(absl::string_view field, absl::string_view detail = "");
FieldError Invalid(absl::string_view field, const BadValue& value,
                   absl::string_view detail);
FieldError NotSupported(absl::string_view field, const BadValue& value,
                        absl::Span<const absl::string_view> supported);
FieldError Duplicate(absl::string_view field, const BadValue& value);
FieldError Forbidden(absl::string_view field, absl::string_view detail);
FieldError TooLong(absl::string_view field, int max_bytes);

// Path helpers: "spec.usages" and 2 give "spec.usages[2]".
std::string Index(absl::string_view field, size_t index);

// Aggregate joins as Go's errors.Aggregate does: one error stands alone,
// several distinct ones in brackets with commas, repeated texts once.
std::string Aggregate(const FieldErrors& errors);

}  // namespace signet::apiserver

#endif  // SIGNET_TOOLS_APISERVER_FIELD_ERROR_H_
