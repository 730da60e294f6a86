#ifndef SIGNET_E2E_KUBELET_H_
#define SIGNET_E2E_KUBELET_H_

#include <sys/types.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "e2e/process.h"
#include "e2e/testbed.h"

namespace signet::e2e {

struct KubeletOptions {
  // serverTLSBootstrap: a serving certificate, too (SPEC A-38).
  bool serving = false;
  // An address of this machine; for `serving` not a loopback one.
  std::string node_ip = "127.0.0.1";
};

// A real kubelet and its stand-in of a container runtime. Needs root.
class Kubelet {
 public:
  static absl::StatusOr<std::unique_ptr<Kubelet>> Start(
      Testbed& testbed, const AgentFiles& files,
      const KubeletOptions& options = {});
  ~Kubelet();

  Process& process() { return *process_; }
  // Of the kubelet itself: the process is its mount namespace's wrapper at
  // first, and the kubelet since.
  pid_t pid() { return process_->pid(); }

 private:
  Kubelet() = default;
  std::string short_directory_;
  std::unique_ptr<Process> runtime_;
  std::unique_ptr<Process> process_;
};

// An IPv4 address of this machine that is not a loopback one. kNotFound if
// there is none.
absl::StatusOr<std::string> OwnAddress();

}  // namespace signet::e2e

#endif  // SIGNET_E2E_KUBELET_H_
