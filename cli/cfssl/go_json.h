#ifndef SIGNET_CLI_CFSSL_GO_JSON_H_
#define SIGNET_CLI_CFSSL_GO_JSON_H_

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "boost/json.hpp"

// JSON as Go's encoding/json reads and writes it. Pure.
namespace signet::cli::cfssl {

// The largest JSON text that is read.
inline constexpr size_t kMaxJsonBytes = 4 << 20;

// A text in quotes, with Go's escapes: also of <, > and &. What is no UTF-8
// becomes U+FFFD.
std::string GoJsonString(absl::string_view text);

// kInvalidArgument, with Go's words where it has them (`unexpected end of JSON
// input`); at most kMaxJsonBytes and 32 levels.
absl::StatusOr<boost::json::value> ParseGoJson(absl::string_view text);

// ObjectReader fills the fields of a Go struct from a JSON object: names match
// without regard to case, unknown ones are skipped, null changes nothing, and
// of two that match the last one wins. Errors are Go's: `json: cannot unmarshal
// string into Go struct field Name.C of type int`.
class ObjectReader {
 public:
  // `type` is the struct's name in messages; "" for a whole text.
  explicit ObjectReader(absl::string_view type) : type_(type) {}

  using Read = std::function<absl::Status(const boost::json::value&)>;
  // The targets must outlive the reader.
  ObjectReader& String(absl::string_view name, std::string* target);
  ObjectReader& Bool(absl::string_view name, bool* target);
  ObjectReader& Int(absl::string_view name, int* target);
  ObjectReader& Strings(absl::string_view name,
                        std::optional<std::vector<std::string>>* target);
  // Anything else; not called for null.
  ObjectReader& Value(absl::string_view name, Read read);
  // The members of an array, each handed to `read`; `begin` is called first.
  ObjectReader& Array(absl::string_view name, std::function<void()> begin,
                      Read read);
  // The members of an object whose keys are data.
  ObjectReader& Map(absl::string_view name,
                    std::function<absl::Status(absl::string_view key,
                                               const boost::json::value&)>
                        read);

  absl::Status ReadFrom(const boost::json::value& value) const;

 private:
  absl::Status Mismatch(const boost::json::value& value, absl::string_view name,
                        absl::string_view go_type) const;

  const std::string type_;
  std::vector<std::pair<std::string, Read>> fields_;
};

}  // namespace signet::cli::cfssl

#endif  // SIGNET_CLI_CFSSL_GO_JSON_H_
