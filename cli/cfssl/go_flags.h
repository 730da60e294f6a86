#ifndef SIGNET_CLI_CFSSL_GO_FLAGS_H_
#define SIGNET_CLI_CFSSL_GO_FLAGS_H_

#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace signet::cli::cfssl {

// A flag of Go's package flag: -name, --name, -name=value, -name value.
struct GoFlag {
  enum class Kind { kText, kBool, kInt };
  absl::string_view name;
  Kind kind;
  absl::string_view default_value;
  absl::string_view help;
};

// GoFlagSet is a command line taken apart as Go does it: the flags end at the
// first word that is none, or after "--". Value type.
class GoFlagSet {
 public:
  // kInvalidArgument with Go's words (`flag provided but not defined: -x`);
  // kCancelled for -h and -help. `known` must outlive the result.
  static absl::StatusOr<GoFlagSet> Parse(absl::Span<const GoFlag> known,
                                         absl::Span<const std::string> words);

  // The value, or the flag's default.
  std::string Text(absl::string_view name) const;
  bool Bool(absl::string_view name) const { return Text(name) == "true"; }
  int Int(absl::string_view name) const;
  bool IsSet(absl::string_view name) const { return values_.contains(name); }
  const std::vector<std::string>& arguments() const { return arguments_; }

 private:
  explicit GoFlagSet(absl::Span<const GoFlag> known) : known_(known) {}
  const GoFlag* Find(absl::string_view name) const;

  absl::Span<const GoFlag> known_;
  absl::flat_hash_map<std::string, std::string> values_;
  std::vector<std::string> arguments_;
};

}  // namespace signet::cli::cfssl

#endif  // SIGNET_CLI_CFSSL_GO_FLAGS_H_
