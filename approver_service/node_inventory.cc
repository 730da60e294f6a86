#include "approver_service/node_inventory.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/pki/ip_address.h"
#include "core/policy/serving_approval.h"
#include "core/service/config_reader.h"

namespace signet::approver {

absl::StatusOr<NodeInventory> NodeInventory::Parse(absl::string_view file,
                                                   absl::string_view text) {
  NodeInventory inventory;
  const auto read_node = [&](service::ConfigMapping& node) {
    std::string name;
    node.Required("name");
    node.String("name", &name);
    policy::Testimony testimony;
    testimony.known = true;
    testimony.detail = absl::StrCat("inventory ", file);
    node.Strings("dnsNames", &testimony.dns_names);
    std::vector<std::string> addresses;
    node.Strings("ipAddresses", &addresses);
    for (const std::string& address : addresses) {
      absl::StatusOr<pki::IpAddress> parsed = pki::IpAddress::Parse(address);
      if (parsed.ok()) {
        testimony.ip_addresses.push_back(*std::move(parsed));
      } else {
        node.Error("ipAddresses", parsed.status().message());
      }
    }
    if (!inventory.nodes_.emplace(name, std::move(testimony)).second) {
      node.Error("name", absl::StrCat("node \"", name, "\" is there twice"));
    }
  };
  ABSL_RETURN_IF_ERROR(service::ReadConfig(file, text, "signet.dev/v1alpha1",
                                           "NodeInventory",
                                           [&](service::ConfigMapping& root) {
                                             root.Required("nodes");
                                             root.Mappings("nodes", read_node);
                                           }));
  return inventory;
}

policy::Testimony NodeInventory::TestimonyOf(absl::string_view node) const {
  if (const auto it = nodes_.find(node); it != nodes_.end()) return it->second;
  policy::Testimony nothing;
  nothing.known = true;
  nothing.detail = absl::StrCat("the inventory has no node ", node);
  return nothing;
}

}  // namespace signet::approver
