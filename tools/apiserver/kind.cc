#include "tools/apiserver/kind.h"

#include <algorithm>
#include <functional>
#include <string>

#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"

namespace signet::apiserver {

const Subresource* Kind::FindSubresource(absl::string_view name) const {
  const auto it =
      std::find_if(subresources.begin(), subresources.end(),
                   [name](const Subresource& one) { return one.name == name; });
  return it == subresources.end() ? nullptr : &*it;
}

bool Kind::Allows(absl::string_view verb) const {
  return std::find(verbs.begin(), verbs.end(), verb) != verbs.end();
}

const std::function<std::string(const google::protobuf::Message&)>*
Kind::FindField(absl::string_view name) const {
  for (const auto& [field, value] : fields) {
    if (field == name) return &value;
  }
  return nullptr;
}

}  // namespace signet::apiserver
