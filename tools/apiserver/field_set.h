#ifndef SIGNET_TOOLS_APISERVER_FIELD_SET_H_
#define SIGNET_TOOLS_APISERVER_FIELD_SET_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace signet::apiserver {

// FieldSet is a set of fields of an object, as managedFields has it
// (structured-merge-diff, fieldpath.Set). The steps of a path are written as in
// FieldsV1: `f:name`, `k:{"type":"Approved"}` (an element of a list by its
// key), `v:"10.0.0.0/24"` (a value of a set). A plain value.
struct FieldSet {
  bool member = false;  // The place itself is in the set.
  std::map<std::string, FieldSet> children;

  bool Empty() const;
  // The set at `steps`, made if it is not there.
  FieldSet& At(const std::vector<std::string>& steps);

  void Add(const FieldSet& other);
  // Takes away the members of `other`; what lies below them stays.
  void Remove(const FieldSet& other);
  // Takes away all at and below `steps`.
  void Prune(const std::vector<std::string>& steps);
  FieldSet Intersection(const FieldSet& other) const;
  // Each member, as messages show it: `.metadata.labels.b`,
  // `.status.conditions[type="Approved"].reason`.
  std::vector<std::string> Paths() const;

  // FieldsV1: {"f:metadata":{"f:labels":{".":{},"f:a":{}}}}.
  std::string ToJson() const;
  // kInvalidArgument for what is none, or deeper than 64 levels.
  static absl::StatusOr<FieldSet> FromJson(absl::string_view json);

  friend bool operator==(const FieldSet&, const FieldSet&) = default;
};

}  // namespace signet::apiserver

#endif  // SIGNET_TOOLS_APISERVER_FIELD_SET_H_
