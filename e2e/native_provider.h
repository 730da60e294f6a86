#ifndef SIGNET_E2E_NATIVE_PROVIDER_H_
#define SIGNET_E2E_NATIVE_PROVIDER_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "e2e/cluster_provider.h"
#include "e2e/process.h"

namespace signet::e2e {

struct NativeOptions {
  // Who approves and signs: we, or the stock controllers of
  // kube-controller-manager.
  bool stock_controllers = false;
};

// NativeProvider is real Kubernetes: etcd, kube-apiserver and
// kube-controller-manager as processes (tools/kubernetes/start), with
// authorisation by Node and RBAC. The binaries are found in
// $SIGNET_KUBERNETES_BIN.
class NativeProvider : public ClusterProvider {
 public:
  explicit NativeProvider(NativeOptions options = {}) : options_(options) {}

  std::string name() const override { return "native"; }
  absl::Status Start(const std::string& directory) override;
  std::string AdminKubeconfig() const override;
  std::string ApproverKubeconfig() const override;
  std::string SignerKubeconfig() const override;
  std::string CaCertificateFile() const override;
  std::string CaKeyFile() const override;
  int ApiPort() const override { return api_port_; }
  absl::Status KillApiServer() override;
  absl::Status StartApiServer() override;
  absl::StatusOr<std::string> Binary(absl::string_view name) const override;
  absl::Duration SigningDuration() const override;
  absl::Duration Backdate() const override { return absl::Minutes(5); }

  // The state folder of tools/kubernetes/start, with pki/ and NAME.pid.
  const std::string& StateDirectory() const { return state_; }
  // Where etcd listens on 127.0.0.1, with TLS (pki/etcd-client.crt).
  int EtcdPort() const { return etcd_port_; }

 private:
  const NativeOptions options_;
  std::string state_;   // The state folder of tools/kubernetes/start.
  std::string script_;  // tools/kubernetes/start.
  std::vector<std::pair<std::string, std::string>> environment_;
  int api_port_ = 0;
  int etcd_port_ = 0;
  std::unique_ptr<Process> control_plane_;
};

}  // namespace signet::e2e

#endif  // SIGNET_E2E_NATIVE_PROVIDER_H_
