// signet-node-agent keeps a node's certificates valid, as the kubelet's
// certificate manager does.

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <utility>

#include "CLI/CLI.hpp"
#include "absl/log/log.h"
#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "core/base/version.h"
#include "core/http/beast_transport.h"
#include "core/http/transport.h"
#include "core/service/service_flags.h"
#include "core/sys/boring_key_generator.h"
#include "core/sys/boring_rng.h"
#include "core/sys/command_runner.h"
#include "core/sys/environment.h"
#include "core/sys/file_owners.h"
#include "core/sys/posix_file_system.h"
#include "core/sys/sd_notify.h"
#include "core/sys/signals.h"
#include "node_agent/node_agent_flags.h"
#include "node_agent/node_agent_process.h"
#include "node_agent/status_command.h"

namespace signet {
namespace {

constexpr char kDescription[] =
    R"(Keeps a node's client certificate valid, as the kubelet does with
rotateCertificates: requests one with the bootstrap kubeconfig, stores it in the
certificate directory, and replaces it when 70 to 90 percent of its life is
over. Files, names and requests are the kubelet's, so that either can take over
from the other. It can keep the kubelet's serving certificate in the same way,
and any number of certificates for other programs.
)";

constexpr char kExamples[] = R"(Examples:
  signet-node-agent --kubeconfig=/etc/kubernetes/kubelet.conf \
      --bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf
                              on a node as kubeadm sets it up
  signet-node-agent --kubeconfig=node.conf --bootstrap-kubeconfig=boot.conf \
      --cert-dir=pki --node-name=test-1 --exit-after-rotations=2
                              to watch it at work
  signet-node-agent status    when is the next rotation, what failed last?
                              (status --help: of which agent, and as JSON)
)";

constexpr char kStatusDescription[] =
    "Prints what a running signet-node-agent is about: phase, deadline and "
    "last\n"
    "error of each certificate.\n";

absl::StatusOr<std::string> HostName() {
  char name[256];
  if (gethostname(name, sizeof name) != 0) {
    return absl::UnavailableError("cannot tell the host's name");
  }
  name[sizeof name - 1] = '\0';
  const std::string lower = absl::AsciiStrToLower(
      absl::StripAsciiWhitespace(absl::string_view(name)));
  if (lower.empty()) return absl::UnavailableError("the host has no name");
  return lower;
}

void MakeAbsolute(std::string& path) {
  std::error_code error;
  if (!path.empty()) path = std::filesystem::absolute(path, error).string();
}

absl::StatusOr<std::unique_ptr<http::Transport>> NewTransport(
    http::TransportOptions options) {
  options.user_agent = absl::StrCat("signet-node-agent/", kVersion);
  if (options.proxy.empty()) {
    ABSL_ASSIGN_OR_RETURN(options.proxy,
                          sys::ProxyFromEnvironment(options.server));
  }
  return http::NewBeastTransport(std::move(options));
}

int Fail(const absl::Status& status) {
  std::cerr << "signet-node-agent: " << status.message() << "\n";
  return service::kExitFailure;
}

// `signet-node-agent status`; `argv` begins with that word.
int StatusMain(int argc, char** argv) {
  node_agent::StatusFlags flags;
  CLI::App app(kStatusDescription, "signet-node-agent status");
  node_agent::AddStatusFlags(app, flags);
  if (const auto code = service::ParseFlags(app, argc, argv)) return *code;
  sys::PosixFileSystem files;
  const absl::StatusOr<std::string> status = node_agent::GetStatus(
      flags, files, absl::Clock::GetRealClock(), NewTransport);
  if (!status.ok()) return Fail(status.status());
  std::cout << *status;
  return service::kExitOk;
}

// Told to a service manager that isn't there: no reason to stop.
void Notify(absl::string_view state) {
  const absl::Status status = sys::SdNotify(state);
  if (!status.ok()) LOG(WARNING) << "systemd: " << status.message();
}

int Main(int argc, char** argv) {
  if (argc > 1 && absl::string_view(argv[1]) == "status") {
    return StatusMain(argc - 1, argv + 1);
  }
  node_agent::NodeAgentFlags flags;
  CLI::App app(kDescription, "signet-node-agent");
  app.footer(kExamples);
  node_agent::AddNodeAgentFlags(app, flags);
  if (const auto code = service::ParseFlags(app, argc, argv)) return *code;
  if (const absl::Status status = node_agent::CheckNodeAgentFlags(flags);
      !status.ok()) {
    Fail(status);
    return service::kExitUsage;
  }
  if (flags.node_name.empty()) {
    const absl::StatusOr<std::string> name = HostName();
    if (!name.ok()) return Fail(name.status());
    flags.node_name = *name;
  }
  MakeAbsolute(flags.kubeconfig);
  MakeAbsolute(flags.bootstrap_kubeconfig);
  MakeAbsolute(flags.cert_dir);
  MakeAbsolute(flags.config);
  MakeAbsolute(flags.tls_cert_file);
  MakeAbsolute(flags.tls_private_key_file);

  sys::PosixFileSystem files;
  sys::BoringRng rng;
  sys::BoringKeyGenerator keys;
  sys::PosixFileOwners owners;
  sys::PosixCommandRunner commands;
  node_agent::NodeAgentProcess process(
      flags, {files, absl::Clock::GetRealClock(), rng, keys, owners, commands,
              absl::LocalTimeZone(), NewTransport, Notify});
  // The signals before any thread, which the log may start.
  absl::Notification stopping;
  const sys::SignalWatcher signals([&](int) {
    if (stopping.HasBeenNotified()) std::_Exit(service::kExitFailure);
    stopping.Notify();
    process.Stop();
  });
  service::ServiceFlags log;
  log.log_format = flags.log_format;
  service::StartLogging(log);
  const absl::Status status = process.Run();
  return status.ok() ? service::kExitOk : Fail(status);
}

}  // namespace
}  // namespace signet

int main(int argc, char** argv) { return signet::Main(argc, argv); }
