#ifndef SIGNET_TOOLS_APISERVER_SELECTORS_H_
#define SIGNET_TOOLS_APISERVER_SELECTORS_H_

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/api/meta.pb.h"

// The selectors of lists and watches. Pure values; parse errors are
// kInvalidArgument.
namespace signet::apiserver {

// LabelSelector is `a=b,c==d,e!=f,g in (h,i),j notin (k),l,!m`; all must hold.
// A label that is missing satisfies `!=` and `notin`.
class LabelSelector {
 public:
  static absl::StatusOr<LabelSelector> Parse(absl::string_view text);
  bool Matches(const api::ObjectMeta& metadata) const;
  bool empty() const { return requirements_.empty(); }

 private:
  enum class Operator { kIn, kNotIn, kExists, kMissing };
  struct Requirement {
    std::string key;
    Operator op = Operator::kExists;
    std::vector<std::string> values;
  };
  std::vector<Requirement> requirements_;
};

// FieldSelector is `metadata.name=x,spec.signerName!=y`. In values `\\`, `\,`
// and `\=` stand for the character after the backslash.
class FieldSelector {
 public:
  struct Requirement {
    std::string field;
    bool equal = true;
    std::string value;
  };
  static absl::StatusOr<FieldSelector> Parse(absl::string_view text);

  // `value_of` gives an object's value of a field.
  bool Matches(const std::function<std::string(absl::string_view field)>&
                   value_of) const;
  // The value that `field` must have, if it must.
  std::optional<std::string> Exact(absl::string_view field) const;
  const std::vector<Requirement>& requirements() const { return requirements_; }
  bool empty() const { return requirements_.empty(); }

 private:
  std::vector<Requirement> requirements_;
};

}  // namespace signet::apiserver

#endif  // SIGNET_TOOLS_APISERVER_SELECTORS_H_
