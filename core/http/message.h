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
  void Set(absl::string_view name, absl::string_view value);  // Replaces all.
  void Add(absl::string_view name, absl::string_view value);
  const std::vector<std::pair<std::string, std::string>>& fields() const {
    return fields_;
  }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

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
struct ParsedTarget {
  std::string path;
  std::vector<std::pair<std::string, std::string>> query;
  // First value of `key`, or "".
  absl::string_view Query(absl::string_view key) const;
  bool HasQuery(absl::string_view key) const;
};
ParsedTarget ParseTarget(absl::string_view target);
std::string PathEscape(absl::string_view segment);   // RFC 3986 pchar, no '/'.
std::string QueryEscape(absl::string_view value);

}  // namespace signet::http

#endif  // SIGNET_CORE_HTTP_MESSAGE_H_
