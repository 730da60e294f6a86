#ifndef SIGNET_CORE_HTTP_MESSAGE_H_
#define SIGNET_CORE_HTTP_MESSAGE_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace signet::http {

// Headers keeps header fields in order; names compare without case.
class Headers {
 public:
  // The first value, or "" (a field that is present but empty looks the same).
  absl::string_view Get(absl::string_view name) const;
  bool Has(absl::string_view name) const;
  // Replaces every field of that name, in the place of the first.
  void Set(absl::string_view name, absl::string_view value);
  void Add(absl::string_view name, absl::string_view value);
  const std::vector<std::pair<std::string, std::string>>& fields() const {
    return fields_;
  }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

// A request, as a client sends it and as a server's handler gets it.
struct Request {
  std::string method = "GET";
  std::string target = "/";  // Path and query, percent-encoded.
  Headers headers;
  std::string body;
};

struct Response {
  int status = 200;
  Headers headers;
  std::string body;
};

// Target split into a decoded path and decoded query pairs, in order.
// Decoding cannot fail: a '%' that two hex digits do not follow stays as it is.
// The result may hold any byte, NUL and '/' included (%2F), so whoever splits
// the path into segments or hands them on checks them.
struct ParsedTarget {
  std::string path;
  std::vector<std::pair<std::string, std::string>> query;
  // First value of `key`, or "".
  absl::string_view Query(absl::string_view key) const;
  bool HasQuery(absl::string_view key) const;
};
// ParseTarget takes the origin form, "/path?query"; a fragment is dropped. In
// the query '+' is a space, pairs are separated by '&' and empty ones skipped.
ParsedTarget ParseTarget(absl::string_view target);

// PathEscape encodes one path segment: what remains of it is RFC 3986's pchar,
// so no '/', '?', '#' or '%' of the value's own.
std::string PathEscape(absl::string_view segment);
// QueryEscape encodes a key or a value of a query: unreserved characters stay,
// all else is percent-encoded (a space too).
std::string QueryEscape(absl::string_view value);

}  // namespace signet::http

#endif  // SIGNET_CORE_HTTP_MESSAGE_H_
