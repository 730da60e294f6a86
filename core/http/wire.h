#ifndef SIGNET_CORE_HTTP_WIRE_H_
#define SIGNET_CORE_HTTP_WIRE_H_

#include <string>

#include "absl/strings/string_view.h"
#include "core/http/message.h"

// For this folder only: HTTP/1.1 text (RFC 9112).
namespace signet::http {

// True for a method or a header's name.
bool IsToken(absl::string_view text);
// True unless there is a control character in it that could end the field.
bool IsFieldValue(absl::string_view text);
// True if `text` can stand in a request line: visible, no spaces.
bool IsTargetText(absl::string_view text);
// "Not Found", or "" for a status nobody knows.
absl::string_view ReasonPhrase(int status);
// Appends "name: value\r\n".
void AppendField(std::string& out, absl::string_view name,
                 absl::string_view value);

// Takes over the fields of a Beast message.
template <class Fields>
Headers ToHeaders(const Fields& fields) {
  Headers headers;
  for (const auto& field : fields) {
    const auto name = field.name_string();
    const auto value = field.value();
    headers.Add({name.data(), name.size()}, {value.data(), value.size()});
  }
  return headers;
}

}  // namespace signet::http

#endif  // SIGNET_CORE_HTTP_WIRE_H_
