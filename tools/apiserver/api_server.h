#ifndef SIGNET_TOOLS_APISERVER_API_SERVER_H_
#define SIGNET_TOOLS_APISERVER_API_SERVER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/clock_interface.h"
#include "core/base/rng.h"
#include "core/http/server.h"
#include "core/http/tls_identity.h"
#include "tools/apiserver/authenticator.h"
#include "tools/apiserver/bootstrap_policy.h"
#include "tools/apiserver/store.h"

namespace signet::apiserver {

struct ApiServerOptions {
  // Certificates of clients must chain to these; null: no such clients.
  std::shared_ptr<http::TrustSource> client_trust;
  std::vector<StaticToken> tokens;
  BootstrapPolicyOptions policy;
  // What /api says; "host:port".
  std::string server_address;
  // PEM of the CAs of clients, told in kube-system's ConfigMap
  // extension-apiserver-authentication; empty: no such ConfigMap.
  std::string client_ca_pem;
};

// ApiServer answers requests of Kubernetes' REST API from a store: enough of it
// for certificates, leases and a kubelet's registration. It is not a cluster:
// no controller runs, no pod is scheduled.
//
// Requests are authenticated, authorised (node authorizer and RBAC) and
// admitted as kube-apiserver does with NodeRestriction. Left out: server-side
// apply and managed fields, aggregated roles, service account tokens,
// impersonation (refused), YAML bodies, CRDs. Thread-safe.
class ApiServer {
 public:
  // `store` (loaded), `rng` and `clock` must outlive the server.
  ApiServer(Store& store, Rng& rng, absl::Clock& clock,
            ApiServerOptions options);
  ~ApiServer();  // Ends every watch.
  ApiServer(const ApiServer&) = delete;
  ApiServer& operator=(const ApiServer&) = delete;

  // Creates what a cluster begins with, where it is missing: the namespaces
  // default, kube-system, kube-public and kube-node-lease; roles and bindings;
  // what is told about the clients' CAs.
  absl::Status Bootstrap();

  // Creates the Secret of a bootstrap token ("abcdef.0123456789abcdef") of
  // kubeadm's group, if there is none of its id. kInvalidArgument if the token
  // is not of that form.
  absl::Status AddBootstrapToken(absl::string_view token);

  // For http::StartServer, with request_client_certificate set. The handler
  // must not be called once the ApiServer is gone: stop the server first.
  http::Handler handler();

 private:
  struct Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace signet::apiserver

#endif  // SIGNET_TOOLS_APISERVER_API_SERVER_H_
