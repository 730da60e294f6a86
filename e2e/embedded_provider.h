#ifndef SIGNET_E2E_EMBEDDED_PROVIDER_H_
#define SIGNET_E2E_EMBEDDED_PROVIDER_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "e2e/cluster_provider.h"
#include "e2e/process.h"

namespace signet::e2e {

// EmbeddedProvider is our own API server, signet-apiserver, as a process that
// keeps its objects in files.
class EmbeddedProvider : public ClusterProvider {
 public:
  std::string name() const override { return "embedded"; }
  absl::Status Start(const std::string& directory) override;
  std::string AdminKubeconfig() const override;
  std::string ApproverKubeconfig() const override;
  std::string SignerKubeconfig() const override;
  std::string CaCertificateFile() const override;
  std::string CaKeyFile() const override;
  int ApiPort() const override { return port_; }
  absl::Status KillApiServer() override;
  absl::Status StartApiServer() override;
  absl::StatusOr<std::string> Binary(absl::string_view name) const override;
  // A renewal is due 21 to 27 s after issue.
  absl::Duration SigningDuration() const override { return absl::Seconds(30); }
  absl::Duration Backdate() const override { return absl::ZeroDuration(); }

 private:
  std::string directory_;
  int port_ = 0;
  std::unique_ptr<Process> server_;
};

}  // namespace signet::e2e

#endif  // SIGNET_E2E_EMBEDDED_PROVIDER_H_
