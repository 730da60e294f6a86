#ifndef SIGNET_CORE_API_JSON_RULES_H_
#define SIGNET_CORE_API_JSON_RULES_H_

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "google/protobuf/descriptor.h"

// What the JSON codec must know beyond the .proto files: Go's struct tags and
// the types that have a JSON form of their own. Private to codec.h.
namespace signet::api {

// When a field is written.
enum class JsonRule {
  kIfNotEmpty,  // Not if it is zero, "" or without elements.
  kIfSet,       // A pointer in Go: whenever it is there, 0 and "" too.
  kAlways,      // Even if it is not there: "", null, {} or the zero value.
};
JsonRule JsonRuleOf(const google::protobuf::FieldDescriptor& field);

// How a message is written.
enum class JsonForm {
  kObject,
  kTime,        // RFC 3339 in UTC, whole seconds; null if zero.
  kMicroTime,   // The same with six digits of a second.
  kQuantity,    // A string.
  kStringList,  // An array of strings.
  kRaw,         // Its bytes are JSON.
};
JsonForm JsonFormOf(const google::protobuf::Descriptor& message);

// The table's rows ("Message.field"), so that a test can tell whether each of
// them still names a field.
absl::Span<const absl::string_view> JsonRuleRows();

}  // namespace signet::api

#endif  // SIGNET_CORE_API_JSON_RULES_H_
