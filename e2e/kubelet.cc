#include "e2e/kubelet.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "e2e/cluster_provider.h"
#include "e2e/process.h"
#include "e2e/testbed.h"

namespace signet::e2e {
namespace {

// What of a kubelet's configuration this machine needs: no cgroups of pods, no
// swap check, ports of our own. Rotation is as kubeadm sets it (SPEC A-37).
constexpr absl::string_view kKubeletConfig =
    R"(apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
rotateCertificates: true
serverTLSBootstrap: $SERVING
authentication:
  anonymous: {enabled: false}
  webhook: {enabled: true}
  x509: {clientCAFile: $CA}
authorization: {mode: Webhook}
address: 127.0.0.1
port: $PORT
readOnlyPort: 0
healthzBindAddress: 127.0.0.1
healthzPort: $HEALTHZ_PORT
cgroupDriver: cgroupfs
cgroupsPerQOS: false
enforceNodeAllocatable: []
failSwapOn: false
failCgroupV1: false
podLogsDir: $ROOT/pod-logs
volumePluginDir: $ROOT/volume-plugins
containerRuntimeEndpoint: unix://$SOCKET
registerNode: true
)";

}  // namespace

absl::StatusOr<std::unique_ptr<Kubelet>> Kubelet::Start(
    Testbed& testbed, const AgentFiles& files, const KubeletOptions& options) {
  auto kubelet = std::unique_ptr<Kubelet>(new Kubelet);
  const std::string root = absl::StrCat(testbed.directory(), "/", files.node);
  // Unix sockets lie here, whose paths have at most 107 characters.
  char short_directory[] = "/tmp/signet-e2e-XXXXXX";
  if (mkdtemp(short_directory) == nullptr) {
    return absl::InternalError("cannot make a folder in /tmp");
  }
  kubelet->short_directory_ = short_directory;
  const std::string socket = absl::StrCat(short_directory, "/cri.sock");

  ABSL_ASSIGN_OR_RETURN(const std::string runtime,
                        testbed.cluster().Binary("fakecri"));
  ABSL_ASSIGN_OR_RETURN(
      kubelet->runtime_,
      Process::Start(
          {.name = "fakecri",
           .argv = {runtime, socket},
           .environment = {},
           .log_path = absl::StrCat(testbed.directory(), "/fakecri.log")}));

  ABSL_ASSIGN_OR_RETURN(const std::vector<int> ports, FreePorts(2));
  const std::string config = absl::StrCat(root, "/config.yaml");
  ABSL_RETURN_IF_ERROR(WriteFile(
      config,
      absl::StrReplaceAll(kKubeletConfig,
                          {{"$CA", testbed.cluster().CaCertificateFile()},
                           {"$HEALTHZ_PORT", absl::StrCat(ports[0])},
                           {"$PORT", absl::StrCat(ports[1])},
                           {"$ROOT", root},
                           {"$SERVING", options.serving ? "true" : "false"},
                           {"$SOCKET", socket}})));
  ABSL_ASSIGN_OR_RETURN(const std::string program,
                        testbed.cluster().Binary("kubelet"));
  ABSL_ASSIGN_OR_RETURN(
      kubelet->process_,
      Process::Start(
          {.name = "kubelet",
           // A kubelet mounts its folder onto itself: in a mount namespace
           // of its own, so that nothing stays.
           .argv = {"/usr/bin/unshare", "--mount", program,
                    "--config=" + config,
                    "--bootstrap-kubeconfig=" + files.bootstrap_kubeconfig,
                    "--kubeconfig=" + files.kubeconfig,
                    "--cert-dir=" + files.cert_dir,
                    absl::StrCat("--root-dir=", short_directory, "/root"),
                    "--hostname-override=" + files.node,
                    "--node-ip=" + options.node_ip, "--v=2"},
           .environment = {},
           .log_path = absl::StrCat(testbed.directory(), "/kubelet.log")}));
  return kubelet;
}

Kubelet::~Kubelet() {
  process_.reset();
  runtime_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(short_directory_, ignored);
}

absl::StatusOr<std::string> OwnAddress() {
  ifaddrs* all = nullptr;
  if (getifaddrs(&all) != 0) {
    return absl::InternalError("cannot list the interfaces");
  }
  const absl::Cleanup free_all = [all] { freeifaddrs(all); };
  for (const ifaddrs* one = all; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr || one->ifa_addr->sa_family != AF_INET ||
        (one->ifa_flags & IFF_LOOPBACK) != 0) {
      continue;
    }
    char text[INET_ADDRSTRLEN];
    const auto* address = reinterpret_cast<const sockaddr_in*>(one->ifa_addr);
    if (inet_ntop(AF_INET, &address->sin_addr, text, sizeof text) != nullptr) {
      return std::string(text);
    }
  }
  return absl::NotFoundError("this machine has no address but loopback");
}

}  // namespace signet::e2e
