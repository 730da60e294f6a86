#include "e2e/agent_process.h"

#include <cstdint>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/api/certificates.pb.h"
#include "core/k8s/resource_api.h"
#include "e2e/process.h"
#include "e2e/testbed.h"

namespace signet::e2e {

using api::CertificateSigningRequest;

absl::StatusOr<std::unique_ptr<Process>> StartAgentWith(
    Testbed& testbed, const AgentFiles& files,
    const std::vector<std::string>& flags,
    const std::vector<std::pair<std::string, std::string>>& environment) {
  ABSL_ASSIGN_OR_RETURN(const std::string program,
                        Runfile("node_agent/signet-node-agent"));
  std::vector<std::string> argv = {
      program,
      "--health-address=127.0.0.1:0",
      "--node-name=" + files.node,
      "--bootstrap-kubeconfig=" + files.bootstrap_kubeconfig,
      "--kubeconfig=" + files.kubeconfig,
      "--cert-dir=" + files.cert_dir};
  argv.insert(argv.end(), flags.begin(), flags.end());
  const std::string name = "signet-node-agent-" + files.node;
  return Process::Start(
      {.name = name,
       .argv = argv,
       .environment = environment,
       .log_path = absl::StrCat(testbed.directory(), "/", name, ".log")});
}

absl::Status Approve(Testbed& testbed, absl::string_view name) {
  const auto requests = testbed.admin().Api<CertificateSigningRequest>();
  ABSL_ASSIGN_OR_RETURN(CertificateSigningRequest csr, requests->Get("", name));
  auto* condition = csr.mutable_status()->add_conditions();
  condition->set_type("Approved");
  condition->set_status("True");
  condition->set_reason("EndToEndTest");
  condition->set_message("by the test");
  return requests->UpdateSubresource("approval", csr).status();
}

absl::StatusOr<int64_t> ResidentKib(pid_t pid) {
  std::ifstream status(absl::StrCat("/proc/", pid, "/status"));
  std::string word;
  while (status >> word) {
    int64_t kib = 0;
    if (word == "VmRSS:" && status >> kib) return kib;
  }
  return absl::NotFoundError(
      absl::StrCat("process ", pid, " tells no resident memory"));
}

}  // namespace signet::e2e
