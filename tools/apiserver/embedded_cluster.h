#ifndef SIGNET_TOOLS_APISERVER_EMBEDDED_CLUSTER_H_
#define SIGNET_TOOLS_APISERVER_EMBEDDED_CLUSTER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock_interface.h"
#include "core/base/file_system.h"
#include "core/base/rng.h"
#include "core/pki/private_key.h"
#include "tools/apiserver/authenticator.h"
#include "tools/apiserver/bootstrap_policy.h"
#include "tools/apiserver/cluster_pki.h"
#include "tools/apiserver/store.h"

namespace signet::apiserver {

struct EmbeddedClusterOptions {
  std::string address = "127.0.0.1";
  uint16_t port = 0;  // 0: any free one.
  // More names and addresses for the server's certificate.
  std::vector<std::string> extra_hosts;

  // Folder for ca.crt, ca.key, apiserver.crt and apiserver.key, made where they
  // are missing; empty: made anew each time and kept in memory.
  std::string cert_dir;
  // The server's own pair instead of one from the CA; both or none.
  std::string tls_cert_file;
  std::string tls_private_key_file;
  // PEM of the CAs of clients; empty: the cluster's CA.
  std::string client_ca_file;

  // Folder of the database; empty: in memory only.
  std::string data_dir;

  std::vector<StaticToken> tokens;
  std::vector<std::string> bootstrap_tokens;  // "abcdef.0123456789abcdef"
  BootstrapPolicyOptions policy;
  StoreLimits limits;
};

// EmbeddedCluster is an API server with everything it needs, in this process:
// CA, certificates, store, HTTPS on a port of its own. It is not a cluster: no
// controller runs, no pod is scheduled. Thread-safe once started.
class EmbeddedCluster {
 public:
  // What it takes from outside; all must outlive the cluster. The clock judges
  // certificates, so tests that make real connections need a real one.
  struct Environment {
    FileSystem& files;
    pki::KeyGenerator& keys;
    Rng& rng;
    absl::Clock& clock;
  };

  // Starts to serve. Errors name the file or the address.
  static absl::StatusOr<std::unique_ptr<EmbeddedCluster>> Start(
      EmbeddedClusterOptions options, Environment environment);
  ~EmbeddedCluster();  // Stops.
  EmbeddedCluster(const EmbeddedCluster&) = delete;
  EmbeddedCluster& operator=(const EmbeddedCluster&) = delete;

  uint16_t port() const;
  std::string server_url() const;  // "https://127.0.0.1:41234"
  std::string ca_pem() const;
  const ClusterPki& pki() const;
  Store& store();

  // A kubeconfig with everything inline. The first makes a client certificate
  // for the user.
  absl::StatusOr<std::string> KubeconfigFor(
      absl::string_view user, const std::vector<std::string>& groups) const;
  std::string KubeconfigWithToken(absl::string_view user,
                                  absl::string_view token) const;

  // Writes admin, approver, signer and (with a bootstrap token)
  // bootstrap.kubeconfig into a folder, mode 0600.
  absl::Status WriteKubeconfigs(absl::string_view directory) const;

  // Stops serving; every connection is cut. Idempotent.
  void Stop();

 private:
  struct Impl;
  explicit EmbeddedCluster(std::unique_ptr<Impl> impl);
  const std::unique_ptr<Impl> impl_;
};

}  // namespace signet::apiserver

#endif  // SIGNET_TOOLS_APISERVER_EMBEDDED_CLUSTER_H_
