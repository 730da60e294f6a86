#ifndef SIGNET_NODE_AGENT_START_UP_H_
#define SIGNET_NODE_AGENT_START_UP_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock_interface.h"
#include "core/base/file_system.h"
#include "core/k8s/kubeconfig.h"
#include "node_agent/certificate_store.h"

// With which credentials a node starts when its certificate is rotated in the
// background (SPEC A-30, mode R).
namespace signet::node_agent {

struct KubeconfigPaths {
  std::string kubeconfig;
  std::string bootstrap;  // Empty: no bootstrap.
};

// FindKubeconfigFlaw tells why the kubeconfig at `path` cannot be used any more
// (SPEC A-31): it does not exist or parse, its TLS material does not load, it
// has no client certificate, or one that has expired. Nullopt: it is still
// valid, as far as one can tell without the server; the issuer isn't checked.
// An error, which is final, if the file cannot be looked at.
absl::StatusOr<std::optional<std::string>> FindKubeconfigFlaw(
    absl::string_view path, FileSystem& files, absl::Clock& clock);

// WriteNodeKubeconfig writes the kubeconfig of a node (SPEC A-36): the cluster
// of `bootstrap`, and the pair at `current_path`. 0600, its directories 0755;
// whole or not at all. Errors name the file.
absl::Status WriteNodeKubeconfig(const k8s::ClientConfig& bootstrap,
                                 absl::string_view path,
                                 absl::string_view current_path,
                                 FileSystem& files);

struct StartUp {
  // How the node reaches the API server. Its client certificate is replaced by
  // the one in use.
  k8s::ClientConfig client;
  // The certificate in the kubeconfig itself, to be used and replaced at once
  // if the store has none; null: there is none.
  CertificateStore::Pair inline_pair;
  // The kubeconfig was not valid and has been written anew.
  bool bootstrapping = false;
};

// LoadStartUp reads the kubeconfig. If that isn't valid any more and there is a
// bootstrap kubeconfig, it first writes it anew (0600, its directories 0755),
// pointing at `current_path`, which need not exist yet (SPEC ).
// Errors name the file.
absl::StatusOr<StartUp> LoadStartUp(const KubeconfigPaths& paths,
                                    absl::string_view current_path,
                                    FileSystem& files, absl::Clock& clock);

}  // namespace signet::node_agent

#endif  // SIGNET_NODE_AGENT_START_UP_H_
