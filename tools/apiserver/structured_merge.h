#ifndef SIGNET_TOOLS_APISERVER_STRUCTURED_MERGE_H_
#define SIGNET_TOOLS_APISERVER_STRUCTURED_MERGE_H_

#include "absl/strings/string_view.h"
#include "boost/json/value.hpp"
#include "google/protobuf/descriptor.h"
#include "tools/apiserver/field_set.h"

// Objects as trees of fields that are owned one by one
// (structured-merge-diff, typed). Lists and structs are atomic, that is, owned
// as a whole, unless Kubernetes' types say otherwise. Pure.
namespace signet::apiserver {

// The type of an object: its message, and its kind's name, by which the rules
// of its lists are found.
struct ObjectType {
  const google::protobuf::Descriptor& descriptor;
  absl::string_view kind;
};

// In what two objects differ: what only `after` has, what differs, and what
// only `before` has.
struct Comparison {
  FieldSet added;
  FieldSet modified;
  FieldSet removed;
};
Comparison Compare(const ObjectType& type, const boost::json::value& before,
                   const boost::json::value& after);

// The fields that a configuration names.
FieldSet FieldsOf(const ObjectType& type, const boost::json::value& config);

// Puts what `config` says into `live`, and leaves the rest of it.
void MergeInto(const ObjectType& type, const boost::json::value& config,
               boost::json::value& live);

// Takes out of `object` what was in `last` and is not in `owned`.
void RemoveUnowned(const ObjectType& type, const FieldSet& last,
                   const FieldSet& owned, boost::json::value& object);

}  // namespace signet::apiserver

#endif  // SIGNET_TOOLS_APISERVER_STRUCTURED_MERGE_H_
