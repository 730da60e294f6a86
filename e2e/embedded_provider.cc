#include "e2e/embedded_provider.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "e2e/process.h"

namespace signet::e2e {

absl::Status EmbeddedProvider::Start(const std::string& directory) {
  directory_ = directory;
  // A port of its own, so that it is the same after a restart.
  ABSL_ASSIGN_OR_RETURN(const std::vector<int> ports, FreePorts(1));
  port_ = ports[0];
  return StartApiServer();
}

absl::Status EmbeddedProvider::StartApiServer() {
  ABSL_ASSIGN_OR_RETURN(const std::string program,
                        Runfile("tools/apiserver/signet-apiserver"));
  ABSL_ASSIGN_OR_RETURN(
      server_,
      Process::Start({.name = "signet-apiserver",
                      .argv = {program, absl::StrCat("--port=", port_),
                               "--cert-dir=" + directory_ + "/pki",
                               "--data-dir=" + directory_ + "/data",
                               "--write-kubeconfig-dir=" + directory_},
                      .environment = {},
                      .log_path = directory_ + "/signet-apiserver.log"}));
  return server_->WaitForLine("serving on ", absl::Seconds(30)).status();
}

absl::Status EmbeddedProvider::KillApiServer() {
  server_->Kill();
  return absl::OkStatus();
}

std::string EmbeddedProvider::AdminKubeconfig() const {
  return directory_ + "/admin.kubeconfig";
}

std::string EmbeddedProvider::ApproverKubeconfig() const {
  return directory_ + "/approver.kubeconfig";
}

std::string EmbeddedProvider::SignerKubeconfig() const {
  return directory_ + "/signer.kubeconfig";
}

std::string EmbeddedProvider::CaCertificateFile() const {
  return directory_ + "/pki/ca.crt";
}

std::string EmbeddedProvider::CaKeyFile() const {
  return directory_ + "/pki/ca.key";
}

absl::StatusOr<std::string> EmbeddedProvider::Binary(
    absl::string_view name) const {
  return absl::NotFoundError(absl::StrCat(
      name, ": the embedded cluster has no real Kubernetes binaries"));
}

}  // namespace signet::e2e
