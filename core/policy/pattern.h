#ifndef SIGNET_CORE_POLICY_PATTERN_H_
#define SIGNET_CORE_POLICY_PATTERN_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace re2 {
class RE2;
}  // namespace re2

namespace signet::policy {

// Pattern is an RE2 expression that has to match the whole of a text, byte by
// byte: "node-[0-9]+" does not match "node-1.evil". "{node}" in it stands for
// the name of the node in question, literally. Copyable, immutable,
// thread-safe.
class Pattern {
 public:
  // kInvalidArgument with RE2's words, or if the pattern is over 1 KiB or takes
  // more than 1 MiB when compiled.
  static absl::StatusOr<Pattern> Parse(absl::string_view text);

  // A pattern with "{node}" matches nothing if there is no `node`.
  bool Matches(absl::string_view text, absl::string_view node = "") const;
  // Whether it says {node}.
  bool names_node() const { return compiled_ == nullptr; }
  const std::string& text() const { return text_; }

 private:
  Pattern(std::string text, std::shared_ptr<const re2::RE2> compiled);

  std::string text_;
  std::shared_ptr<const re2::RE2> compiled_;  // Null: it names {node}.
};

}  // namespace signet::policy

#endif  // SIGNET_CORE_POLICY_PATTERN_H_
