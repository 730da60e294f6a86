#include "core/service/cluster.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock_interface.h"
#include "core/base/file_system.h"
#include "core/base/version.h"
#include "core/http/beast_transport.h"
#include "core/http/transport.h"
#include "core/k8s/api_client.h"
#include "core/k8s/kubeconfig.h"
#include "core/service/service_flags.h"
#include "core/sys/environment.h"

namespace signet::service {
namespace {

absl::StatusOr<k8s::ClientConfig> FindConfig(
    const ServiceFlags& flags, FileSystem& files,
    const std::function<std::string(absl::string_view)>& environment) {
  if (!flags.kubeconfig.empty()) {
    ABSL_ASSIGN_OR_RETURN(
        k8s::ClientConfig config,
        k8s::LoadKubeconfig(files, flags.kubeconfig, flags.context),
        _ << "--kubeconfig");
    return config;
  }
  ABSL_ASSIGN_OR_RETURN(k8s::ClientConfig config,
                        k8s::InClusterConfig(files, environment),
                        _ << "outside a cluster, give --kubeconfig");
  return config;
}

}  // namespace

Cluster::Cluster(std::string server, std::unique_ptr<http::Transport> transport,
                 std::shared_ptr<k8s::TokenSource> token,
                 k8s::ApiClientOptions options)
    : server_(std::move(server)),
      transport_(std::move(transport)),
      client_(*transport_, std::move(token), options) {}

absl::StatusOr<std::unique_ptr<Cluster>> Cluster::FromFlags(
    const ServiceFlags& flags, FileSystem& files, absl::Clock& clock,
    const std::function<std::string(absl::string_view)>& environment,
    absl::string_view program, k8s::ApiClientOptions client_options) {
  ABSL_ASSIGN_OR_RETURN(const k8s::ClientConfig config,
                        FindConfig(flags, files, environment));
  ABSL_ASSIGN_OR_RETURN(http::TransportOptions options,
                        k8s::MakeTransportOptions(config, files, clock));
  if (options.proxy.empty()) {
    ABSL_ASSIGN_OR_RETURN(options.proxy,
                          sys::ProxyFor(config.server, environment));
  }
  options.user_agent = absl::StrCat(program, "/", kVersion);
  ABSL_ASSIGN_OR_RETURN(std::unique_ptr<http::Transport> transport,
                        http::NewBeastTransport(std::move(options)));
  return absl::WrapUnique(
      new Cluster(config.server, std::move(transport),
                  k8s::MakeTokenSource(config, files, clock), client_options));
}

}  // namespace signet::service
