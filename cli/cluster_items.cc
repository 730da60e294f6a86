#include "cli/cluster_items.h"

#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "cli/contents.h"
#include "cli/context.h"
#include "cli/inspect.h"
#include "cli/terminal_text.h"
#include "core/api/core.pb.h"
#include "core/k8s/resource_api.h"

namespace signet::cli {
namespace {

constexpr int kKubeletPort = 10250;

void Append(std::vector<Item> from, std::vector<Item>* to) {
  to->insert(to->end(), std::make_move_iterator(from.begin()),
             std::make_move_iterator(from.end()));
}

void LeftOut(const Context& context, const absl::Status& status) {
  context.err << "left out: " << EscapeForTerminal(status.message()) << "\n";
}

// Where a node's kubelet is: "10.0.0.7:10250"; empty if it has no address.
std::string KubeletEndpoint(const api::Node& node) {
  const int port = node.status().daemon_endpoints().kubelet_endpoint().port();
  for (const absl::string_view type : {"InternalIP", "ExternalIP"}) {
    for (const api::NodeAddress& address : node.status().addresses()) {
      if (address.type() != type) continue;
      const bool is_v6 = absl::StrContains(address.address(), ':');
      return absl::StrCat(is_v6 ? "[" : "", address.address(), is_v6 ? "]" : "",
                          ":", port == 0 ? kKubeletPort : port);
    }
  }
  return "";
}

}  // namespace

absl::StatusOr<std::vector<Item>> ClusterItems(
    const Context& context, k8s::ResourceApi<api::Secret>& secrets,
    k8s::ResourceApi<api::Node>& nodes, const ClusterExpiryFlags& flags) {
  std::vector<Item> items;
  if (flags.secrets) {
    k8s::ListOptions options;
    options.namespace_name = flags.namespace_name;
    ABSL_ASSIGN_OR_RETURN(const k8s::ListResult<api::Secret> list,
                          secrets.List(options));
    for (const api::Secret& secret : list.items) {
      absl::StatusOr<std::vector<Item>> found = ReadSecret(
          secret, absl::StrCat("secret ", secret.metadata().namespace_(), "/",
                               secret.metadata().name()));
      if (!found.ok()) {
        LeftOut(context, found.status());
        continue;
      }
      Append(*std::move(found), &items);
    }
  }
  if (flags.nodes) {
    ABSL_ASSIGN_OR_RETURN(const k8s::ListResult<api::Node> list,
                          nodes.List({}));
    for (const api::Node& node : list.items) {
      const std::string endpoint = KubeletEndpoint(node);
      absl::StatusOr<std::vector<Item>> found =
          endpoint.empty() ? absl::NotFoundError("it has no address")
                           : ReadSource(context, endpoint);
      if (!found.ok()) {
        LeftOut(context,
                absl::Status(found.status().code(),
                             absl::StrCat("node ", node.metadata().name(), ": ",
                                          found.status().message())));
        continue;
      }
      // The kubelet's own, not what it has above it.
      if (found->empty()) continue;
      found->resize(1);
      found->front().where =
          absl::StrCat("node ", node.metadata().name(), " ", endpoint);
      Append(*std::move(found), &items);
    }
  }
  return items;
}

absl::Status InspectSecret(const Context& context,
                           k8s::ResourceApi<api::Secret>& secrets,
                           const std::string& name,
                           absl::string_view default_namespace) {
  const size_t slash = name.find('/');
  const std::string namespace_name = slash == name.npos
                                         ? std::string(default_namespace)
                                         : name.substr(0, slash);
  const std::string secret_name =
      slash == name.npos ? name : name.substr(slash + 1);
  if (namespace_name.empty() || secret_name.empty() ||
      absl::StrContains(secret_name, '/')) {
    return absl::InvalidArgumentError(
        absl::StrCat("--secret is NAMESPACE/NAME or NAME, not \"", name, "\""));
  }
  ABSL_ASSIGN_OR_RETURN(const api::Secret secret,
                        secrets.Get(namespace_name, secret_name));
  const std::string where =
      absl::StrCat("secret ", namespace_name, "/", secret_name);
  ABSL_ASSIGN_OR_RETURN(const std::vector<Item> items,
                        ReadSecret(secret, where));
  if (items.empty()) {
    return absl::NotFoundError(absl::StrCat(where, ": no PEM in it"));
  }
  context.out << InspectText(items, context.clock.TimeNow());
  return absl::OkStatus();
}

}  // namespace signet::cli
