#ifndef SIGNET_TOOLS_APISERVER_KIND_H_
#define SIGNET_TOOLS_APISERVER_KIND_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "boost/json/array.hpp"
#include "core/api/resource.h"
#include "google/protobuf/message.h"
#include "tools/apiserver/api_error.h"
#include "tools/apiserver/field_error.h"
#include "tools/apiserver/metadata_validation.h"
#include "tools/apiserver/user.h"

namespace signet::apiserver {

// One column of a table (kubectl get). Those with a priority above 0 are for
// `-o wide`.
struct Column {
  absl::string_view name;
  absl::string_view description;
  int priority = 0;
  absl::string_view type = "string";
  absl::string_view format = "";
};

struct Subresource {
  absl::string_view name;  // "status"
  std::vector<absl::string_view> verbs;
};

// Kind is all that the server knows about one kind of object; everything else
// is done alike for all of them. Immutable.
struct Kind {
  using Message = google::protobuf::Message;

  api::ResourceInfo info;
  absl::string_view singular;
  std::vector<absl::string_view> short_names;
  std::vector<absl::string_view> verbs;  // In alphabetical order.
  std::vector<Subresource> subresources;
  NameRule name_rule = NameRule::kDnsSubdomain;
  // An update need not name a resource version.
  bool unconditional_update = true;
  // An update of what does not exist creates it.
  bool create_on_update = false;
  // Bodies may be in JSON; otherwise only in protobuf, as only metadata is
  // understood and the rest is kept as it came.
  bool json_bodies = true;

  std::function<std::unique_ptr<Message>()> make;
  // Fields that can be selected, beside metadata.name and .namespace.
  std::vector<
      std::pair<absl::string_view, std::function<std::string(const Message&)>>>
      fields;

  // Completes what came from a client, before anything else is done with it
  // (Kubernetes' defaults and conversions). May be null.
  std::function<void(Message&)> complete;

  // Each of these may be null. Metadata's general rules are applied anyway,
  // unless `validates_metadata`.
  bool validates_metadata = false;
  std::function<void(const User&, absl::Time now, Message&)> prepare_create;
  std::function<FieldErrors(const Message&)> validate_create;
  // `subresource` is "" for the object itself.
  std::function<void(absl::string_view subresource, const Message& stored,
                     absl::Time now, Message& updated)>
      prepare_update;
  std::function<FieldErrors(absl::string_view subresource,
                            const Message& stored, const Message& updated)>
      validate_update;

  std::vector<Column> columns;
  std::function<boost::json::array(const Message&, absl::Time now)> cells;

  GroupResource group_resource() const { return {info.group, info.plural}; }
  // How the store names it: "leases.coordination.k8s.io".
  std::string key() const { return group_resource().ToString(); }
  const Subresource* FindSubresource(absl::string_view name) const;
  bool Allows(absl::string_view verb) const;
  // The value of a field, or null if the field cannot be selected.
  const std::function<std::string(const Message&)>* FindField(
      absl::string_view name) const;
};

}  // namespace signet::apiserver

#endif  // SIGNET_TOOLS_APISERVER_KIND_H_
