#ifndef SIGNET_CORE_SERVICE_CONFIG_READER_H_
#define SIGNET_CORE_SERVICE_CONFIG_READER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

// Configuration files: YAML with an apiVersion and a kind, read strictly. A
// field that nobody asked for, a field twice, or a value of the wrong type is
// an error with its line: `policy.yaml:12: unknown field "signerNames" in
// policies[0].match (did you mean "signerName"?)`.
namespace signet::service {

// How much of a configuration file is read: FileSystem::Read's limit.
inline constexpr size_t kMaxConfigBytes = 1 << 20;

// ConfigMapping reads the fields of one mapping. Every getter remembers that
// its field is known and, if the value is no good, the error; a field that is
// absent, or null, leaves the default. All errors of a document are collected
// and come out of ReadConfig, so a reader need not look at them. Valid only
// within ReadConfig's callback. Not thread-safe.
class ConfigMapping {
 public:
  virtual ~ConfigMapping() = default;

  // Whether the field is there and not null. Makes it known.
  virtual bool Has(absl::string_view field) = 0;
  // Makes the absence of a field an error.
  virtual void Required(absl::string_view field) = 0;

  // Scalars, typed as in YAML's core schema: an unquoted 5 or true is no
  // string, and a quoted one nothing else. Numbers have no leading zero.
  virtual void String(absl::string_view field, std::string* value) = 0;
  virtual void Bool(absl::string_view field, bool* value) = 0;
  virtual void Int(absl::string_view field, int64_t min, int64_t max,
                   int64_t* value) = 0;
  // As Go writes them, "1h30m"; at least `min`.
  virtual void Duration(absl::string_view field, absl::Duration min,
                        absl::Duration* value) = 0;
  // Permission bits, "0644": octal with its leading 0, quoted or not.
  virtual void Mode(absl::string_view field, uint32_t* value) = 0;
  // A sequence of strings; replaces `values`.
  virtual void Strings(absl::string_view field,
                       std::vector<std::string>* values) = 0;

  // A mapping within; `read` runs if it is there.
  virtual void Mapping(absl::string_view field,
                       const std::function<void(ConfigMapping&)>& read) = 0;
  // A sequence of mappings; `read` runs for each, in order.
  virtual void Mappings(absl::string_view field,
                        const std::function<void(ConfigMapping&)>& read) = 0;

  // Reports what is wrong with a field's value, or, if `field` is empty, with
  // the mapping itself: `policy.yaml:12: policies[0].match.signerName: WHAT`.
  virtual void Error(absl::string_view field, absl::string_view what) = 0;
};

// ReadConfig parses `text`, which has at most kMaxConfigBytes and one document,
// and lets `read` have the fields beside apiVersion and kind if these two are
// as given. `file` is for messages. kInvalidArgument with every error found, in
// the order of their lines, one a line, at most 10; what `read` took is then of
// no use.
absl::Status ReadConfig(absl::string_view file, absl::string_view text,
                        absl::string_view api_version, absl::string_view kind,
                        const std::function<void(ConfigMapping&)>& read);

}  // namespace signet::service

#endif  // SIGNET_CORE_SERVICE_CONFIG_READER_H_
