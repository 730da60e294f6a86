#include "e2e/native_provider.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <fstream>
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

absl::Status NativeProvider::Start(const std::string& directory) {
  state_ = absl::StrCat(directory, "/control-plane");
  ABSL_ASSIGN_OR_RETURN(script_, Runfile("tools/kubernetes/start"));
  ABSL_ASSIGN_OR_RETURN(const std::string etcd, Binary("etcd"));
  ABSL_ASSIGN_OR_RETURN(const std::vector<int> ports, FreePorts(4));
  api_port_ = ports[0];
  etcd_port_ = ports[1];
  environment_ = {
      {"RUN", state_},
      {"BIN", etcd.substr(0, etcd.rfind('/'))},
      {"API_PORT", absl::StrCat(ports[0])},
      {"ETCD_PORT", absl::StrCat(ports[1])},
      {"PEER_PORT", absl::StrCat(ports[2])},
      {"KCM_PORT", absl::StrCat(ports[3])},
      {"SIGN_DURATION", absl::FormatDuration(SigningDuration())},
  };
  if (options_.stock_controllers)
    environment_.push_back({"KCM_CONTROLLERS", "*"});
  ABSL_ASSIGN_OR_RETURN(
      control_plane_,
      Process::Start({.name = "tools/kubernetes/start",
                      .argv = {script_, "run"},
                      .environment = environment_,
                      .log_path = absl::StrCat(directory, "/start.log")}));
  ABSL_RETURN_IF_ERROR(
      control_plane_->WaitForLine("ready KUBECONFIG=", absl::Minutes(2))
          .status());

  // Our services' rights, and the nodes', by the manifests a user applies.
  ABSL_ASSIGN_OR_RETURN(const std::string kubectl, Binary("kubectl"));
  ABSL_ASSIGN_OR_RETURN(const std::string roles,
                        Runfile("deploy/rbac/approver.yaml"));
  ABSL_ASSIGN_OR_RETURN(
      const CommandResult applied,
      RunCommand({kubectl, "--kubeconfig", AdminKubeconfig(), "apply", "-f",
                  roles.substr(0, roles.rfind('/'))}));
  if (applied.exit_code != 0) {
    return absl::InternalError(
        absl::StrCat("kubectl apply -f deploy/rbac: ", applied.err));
  }
  return absl::OkStatus();
}

std::string NativeProvider::AdminKubeconfig() const {
  return absl::StrCat(state_, "/admin.kubeconfig");
}

std::string NativeProvider::ApproverKubeconfig() const {
  return absl::StrCat(state_, "/signet-approver.kubeconfig");
}

std::string NativeProvider::SignerKubeconfig() const {
  return absl::StrCat(state_, "/signet-signer.kubeconfig");
}

std::string NativeProvider::CaCertificateFile() const {
  return absl::StrCat(state_, "/pki/ca.crt");
}

std::string NativeProvider::CaKeyFile() const {
  return absl::StrCat(state_, "/pki/ca.key");
}

absl::Status NativeProvider::KillApiServer() {
  const std::string path = absl::StrCat(state_, "/kube-apiserver.pid");
  pid_t pid = 0;
  std::ifstream(path) >> pid;
  if (pid <= 1) return absl::InternalError(absl::StrCat(path, ": no pid"));
  if (kill(pid, SIGKILL) != 0) {
    return absl::InternalError(absl::StrCat("cannot kill ", pid));
  }
  return Eventually(absl::Seconds(10), [pid] {
    return kill(pid, 0) != 0
               ? absl::OkStatus()
               : absl::InternalError(absl::StrCat(pid, " does not end"));
  });
}

absl::Status NativeProvider::StartApiServer() {
  ABSL_ASSIGN_OR_RETURN(const CommandResult result,
                        RunCommand({script_, "restart", "kube-apiserver"},
                                   environment_, "", absl::Minutes(2)));
  if (result.exit_code != 0) return absl::InternalError(result.err);
  return absl::OkStatus();
}

absl::StatusOr<std::string> NativeProvider::Binary(
    absl::string_view name) const {
  const char* const directory = getenv("SIGNET_KUBERNETES_BIN");
  if (directory == nullptr) {
    return absl::NotFoundError(absl::StrCat(
        name,
        ": $SIGNET_KUBERNETES_BIN is not set; run this by tools/e2e native"));
  }
  std::string path = absl::StrCat(directory, "/", name);
  if (access(path.c_str(), X_OK) != 0) {
    return absl::NotFoundError(
        absl::StrCat(path, " is missing; run tools/kubernetes/build ", name));
  }
  return path;
}

absl::Duration NativeProvider::SigningDuration() const {
  // A life of 7 min 15 s, of which 5 min are over at the start: a renewal is
  // due 4.5 to 91.5 s after issue, never at once (SPEC G-4b).
  return absl::Seconds(135);
}

}  // namespace signet::e2e
