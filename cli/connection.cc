#include "cli/connection.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock_interface.h"
#include "core/base/file_system.h"
#include "core/base/version.h"
#include "core/http/beast_transport.h"
#include "core/http/transport.h"
#include "core/http/url.h"
#include "core/k8s/api_client.h"
#include "core/k8s/kubeconfig.h"
#include "core/sys/environment.h"

namespace signet::cli {
namespace {

// The one file of a KUBECONFIG list that exists; the first if none does, so
// that the error names it.
absl::StatusOr<std::string> FileOfList(absl::string_view list,
                                       FileSystem& files) {
  std::vector<std::string> all, found;
  for (const absl::string_view path :
       absl::StrSplit(list, ':', absl::SkipEmpty())) {
    all.emplace_back(path);
    if (files.Stat(path).ok()) found.emplace_back(path);
  }
  if (found.size() > 1) {
    return absl::InvalidArgumentError(absl::StrCat(
        "KUBECONFIG lists several files (", found[0], ", ", found[1],
        "), which are not merged: choose one with --kubeconfig"));
  }
  if (!found.empty()) return found[0];
  return all.empty() ? std::string() : all[0];
}

}  // namespace

absl::StatusOr<k8s::ClientConfig> FindClientConfig(
    const ConnectionFlags& flags, FileSystem& files,
    const Environment& environment) {
  std::string path = flags.kubeconfig;
  if (path.empty()) {
    ABSL_ASSIGN_OR_RETURN(path, FileOfList(environment("KUBECONFIG"), files));
  }
  if (path.empty()) {
    const std::string home = environment("HOME");
    if (!home.empty()) {
      const std::string standard = absl::StrCat(home, "/.kube/config");
      if (files.Stat(standard).ok()) path = standard;
    }
  }
  if (!path.empty()) return k8s::LoadKubeconfig(files, path, flags.context);
  ABSL_ASSIGN_OR_RETURN(
      k8s::ClientConfig config, k8s::InClusterConfig(files, environment),
      _ << "no kubeconfig: give --kubeconfig or set KUBECONFIG");
  return config;
}

absl::StatusOr<std::unique_ptr<Connection>> Connection::Open(
    const ConnectionFlags& flags, FileSystem& files, absl::Clock& clock,
    const Environment& environment) {
  ABSL_ASSIGN_OR_RETURN(const k8s::ClientConfig config,
                        FindClientConfig(flags, files, environment));
  ABSL_ASSIGN_OR_RETURN(http::TransportOptions options,
                        k8s::MakeTransportOptions(config, files, clock));
  if (options.proxy.empty()) {
    ABSL_ASSIGN_OR_RETURN(options.proxy,
                          sys::ProxyFor(config.server, environment));
  }
  options.user_agent = absl::StrCat("signet/", kVersion);
  ABSL_ASSIGN_OR_RETURN(std::unique_ptr<http::Transport> transport,
                        http::NewBeastTransport(std::move(options)));
  const absl::StatusOr<http::Url> server = http::ParseUrl(config.server);
  return absl::WrapUnique(new Connection(
      std::move(transport), k8s::MakeTokenSource(config, files, clock),
      config.namespace_name, server.ok() ? server->host : ""));
}

}  // namespace signet::cli
