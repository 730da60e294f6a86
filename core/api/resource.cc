#include "core/api/resource.h"

#include "absl/strings/str_cat.h"

namespace signet::api {

std::string ResourceInfo::ApiVersion() const {
  return group.empty() ? std::string(version)
                       : absl::StrCat(group, "/", version);
}

std::string ResourceInfo::GroupPath() const {
  return group.empty() ? absl::StrCat("/api/", version)
                       : absl::StrCat("/apis/", group, "/", version);
}

}  // namespace signet::api
