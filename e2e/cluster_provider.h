#ifndef SIGNET_E2E_CLUSTER_PROVIDER_H_
#define SIGNET_E2E_CLUSTER_PROVIDER_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace signet::e2e {

// ClusterProvider is an API server to test against, and the files by which our
// programs reach it. It approves and signs nothing itself: that is ours. Its
// processes end with it. Not thread-safe.
class ClusterProvider {
 public:
  virtual ~ClusterProvider() = default;

  // "embedded" or "native".
  virtual std::string name() const = 0;

  // Starts the cluster and returns when it answers. State, keys and logs go
  // into `directory`, which exists and is empty. Call once, before the rest.
  virtual absl::Status Start(const std::string& directory) = 0;

  // Kubeconfig files: who may do everything, and the identities of our
  // services with no right but what deploy/rbac gives them.
  virtual std::string AdminKubeconfig() const = 0;
  virtual std::string ApproverKubeconfig() const = 0;
  virtual std::string SignerKubeconfig() const = 0;

  // Files of the CA whose certificates the API server takes for users.
  virtual std::string CaCertificateFile() const = 0;
  virtual std::string CaKeyFile() const = 0;

  // The API server's port on 127.0.0.1.
  virtual int ApiPort() const = 0;

  // KillApiServer ends the API server as a crash does (SIGKILL);
  // StartApiServer starts it again, on the same port with the same objects.
  virtual absl::Status KillApiServer() = 0;
  virtual absl::Status StartApiServer() = 0;

  // The path of a real Kubernetes binary, such as "kubectl". kNotFound, saying
  // how to get it, if there is none: a test that needs it fails.
  virtual absl::StatusOr<std::string> Binary(absl::string_view name) const = 0;

  // What a signer of this cluster's tests should be told. On embedded clusters
  // short certificates without backdate, so that a test is short; on native
  // ones the five minutes of Kubernetes (SPEC C-8, G-4b).
  virtual absl::Duration SigningDuration() const = 0;
  virtual absl::Duration Backdate() const = 0;
};

}  // namespace signet::e2e

#endif  // SIGNET_E2E_CLUSTER_PROVIDER_H_
