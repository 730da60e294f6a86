#include "node_agent/node_agent_process.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/log/log.h"
#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/api/core.pb.h"
#include "core/http/beast_transport.h"
#include "core/http/server.h"
#include "core/http/tls_identity.h"
#include "core/http/transport.h"
#include "core/k8s/api_client.h"
#include "core/k8s/kubeconfig.h"
#include "core/k8s/resource_api.h"
#include "core/pki/certificate.h"
#include "core/rotation/next_step.h"
#include "core/service/event_recorder.h"
#include "core/service/health_server.h"
#include "node_agent/agent.h"
#include "node_agent/agent_config.h"
#include "node_agent/agent_report.h"
#include "node_agent/agent_server.h"
#include "node_agent/certificate_keeper.h"
#include "node_agent/certificate_store.h"
#include "node_agent/current_certificate.h"
#include "node_agent/delivery.h"
#include "node_agent/event.h"
#include "node_agent/failure_events.h"
#include "node_agent/file_pair.h"
#include "node_agent/foreground_bootstrap.h"
#include "node_agent/keeper_options.h"
#include "node_agent/kubeconfig_clients.h"
#include "node_agent/node_agent_flags.h"
#include "node_agent/node_names.h"
#include "node_agent/prober.h"
#include "node_agent/start_up.h"
#include "node_agent/status_line.h"

namespace signet::node_agent {
namespace {

// How often to look whether there has been no certificate for too long,
// and at what is to be told to the service manager and the API server.
constexpr absl::Duration kLook = absl::Seconds(2);
constexpr size_t kMaxConfigBytes = 1 << 20;

absl::StatusOr<AgentConfig> LoadConfig(const NodeAgentFlags& flags,
                                       FileSystem& files) {
  if (flags.config.empty()) return AgentConfig();
  absl::StatusOr<std::string> text = files.Read(flags.config, kMaxConfigBytes);
  if (!text.ok()) {
    return absl::Status(text.status().code(),
                        absl::StrCat("--config: ", text.status().message()));
  }
  return ParseAgentConfig(flags.config, *text, flags.node_name);
}

}  // namespace

NodeAgentProcess::NodeAgentProcess(NodeAgentFlags flags, Platform platform)
    : flags_(std::move(flags)), platform_(std::move(platform)) {}

void NodeAgentProcess::OnListening(
    std::function<void(uint16_t port)> callback) {
  on_listening_ = std::move(callback);
}

absl::Status NodeAgentProcess::BootstrapOnce() {
  FileSystem& files = platform_.files;
  absl::Clock& clock = platform_.clock;
  ABSL_ASSIGN_OR_RETURN(const std::unique_ptr<CertificateStore> store,
                        CertificateStore::Open(ClientKeeper(flags_, {}).store,
                                               files, clock, platform_.zone));
  const KubeconfigPaths paths = {flags_.kubeconfig,
                                 flags_.bootstrap_kubeconfig};
  KubeconfigRequestClients clients(paths, /*current=*/nullptr, files, clock,
                                   platform_.new_transport);
  ForegroundBootstrap bootstrap(paths, flags_.node_name, *store, clients,
                                platform_.keys, files, clock, platform_.rng);
  {
    absl::MutexLock lock(mutex_);
    if (stopped_) return absl::OkStatus();
    foreground_ = &bootstrap;
  }
  const absl::Status status = bootstrap.Run();
  absl::MutexLock lock(mutex_);
  foreground_ = nullptr;
  return stopped_ ? absl::OkStatus() : status;
}

absl::Status NodeAgentProcess::Run() {
  if (!flags_.rotate_certificates) return BootstrapOnce();
  FileSystem& files = platform_.files;
  absl::Clock& clock = platform_.clock;
  const KeeperParts parts = {files,
                             clock,
                             platform_.rng,
                             platform_.keys,
                             platform_.owners,
                             platform_.commands,
                             platform_.zone};
  ABSL_ASSIGN_OR_RETURN(const AgentConfig config, LoadConfig(flags_, files));

  // An interrupted update is finished before the kubeconfig, which points at
  // the current certificate, is looked at.
  ABSL_ASSIGN_OR_RETURN(const std::unique_ptr<CertificateStore> store,
                        CertificateStore::Open(ClientKeeper(flags_, {}).store,
                                               files, clock, platform_.zone));
  const KubeconfigPaths paths = {flags_.kubeconfig,
                                 flags_.bootstrap_kubeconfig};
  ABSL_ASSIGN_OR_RETURN(
      const StartUp start_up,
      LoadStartUp(paths, store->current_path(), files, clock));

  // The client certificate, and what asks with it.
  const auto current = std::make_shared<CurrentCertificate>(clock);
  KubeconfigRequestClients clients(paths, current, files, clock,
                                   platform_.new_transport);
  NodeRequestClients node_clients(clients);
  const Delivery::CaSource ca = CaOf(start_up.client, files);
  std::vector<std::unique_ptr<CertificateKeeper>> keepers;
  ABSL_ASSIGN_OR_RETURN(keepers.emplace_back(),
                        CertificateKeeper::Open(ClientKeeper(flags_, start_up),
                                                current, clients, ca, parts));
  CertificateKeeper& client = *keepers.front();

  ABSL_ASSIGN_OR_RETURN(
      http::TransportOptions transport_options,
      k8s::MakeTransportOptions(start_up.client, files, clock, current));
  ABSL_ASSIGN_OR_RETURN(const std::unique_ptr<http::Transport> transport,
                        platform_.new_transport(std::move(transport_options)));
  k8s::ApiClient node_client(*transport, /*token=*/nullptr);
  const std::unique_ptr<k8s::ResourceApi<api::Node>> nodes =
      node_client.Api<api::Node>();
  const std::unique_ptr<k8s::ResourceApi<api::Event>> events =
      node_client.Api<api::Event>();
  Prober prober(*nodes, *transport, *current, flags_.node_name,
                flags_.probe_interval, clock);

  // The others.
  NodeNames node_names(*nodes, *current, flags_.node_name, clock,
                       platform_.rng);
  bool watch_names = false;
  std::shared_ptr<CurrentCertificate> serving;
  if (flags_.rotate_server_certificates) {
    ABSL_ASSIGN_OR_RETURN(
        keepers.emplace_back(),
        CertificateKeeper::Open(
            ServingKeeper(flags_, *current, node_names),
            serving = std::make_shared<CurrentCertificate>(clock), node_clients,
            ca, parts));
    watch_names = flags_.tls_sans.empty();
  }
  for (const CertificateConfig& certificate : config.certificates) {
    ABSL_ASSIGN_OR_RETURN(
        keepers.emplace_back(),
        CertificateKeeper::Open(
            FurtherKeeper(flags_, certificate, *current, node_names),
            std::make_shared<CurrentCertificate>(clock), node_clients, ca,
            parts));
    watch_names = watch_names || certificate.node_addresses;
  }

  const auto report = [&] {
    NodeReport result;
    result.node = flags_.node_name;
    for (const auto& keeper : keepers) {
      result.certificates.push_back(keeper->Report());
    }
    result.probe = prober.State();
    return result;
  };
  if (flags_.exit_after_rotations > 0) {
    prober.OnProbe([&] {
      const AgentState state = client.agent().State();
      if (state.rotations >= flags_.exit_after_rotations &&
          prober.State().serial ==
              pki::SerialToHex(state.pair->chain.front().serial_number())) {
        LOG(INFO) << Event("done").With("rotations", state.rotations);
        Stop();
      }
    });
  }
  for (const auto& keeper : keepers) {
    ABSL_RETURN_IF_ERROR(keeper->Start(
        keeper.get() == &client ? start_up.inline_pair : nullptr));
  }
  const service::Readiness ready = [&] {
    for (const auto& keeper : keepers) {
      if (keeper->current()->Current() != nullptr) continue;
      const std::string error = keeper->agent().State().last_error;
      return absl::UnavailableError(
          absl::StrCat(keeper->name(), ": no valid certificate",
                       error.empty() ? "" : "; last error: ", error));
    }
    return absl::OkStatus();
  };
  std::shared_ptr<http::IdentitySource> serve_with;
  if (flags_.health_tls) {
    serve_with = serving;
  } else if (!flags_.tls_cert_file.empty()) {
    ABSL_ASSIGN_OR_RETURN(
        serve_with, FilePair::Load(flags_.tls_cert_file,
                                   flags_.tls_private_key_file, files, clock));
  }
  ABSL_ASSIGN_OR_RETURN(const std::unique_ptr<http::Server> server,
                        StartAgentServer(flags_.health_address, serve_with,
                                         ready, report, clock));
  LOG(INFO) << Event("running")
                   .With("node", flags_.node_name)
                   .With("server", start_up.client.server)
                   .With("health_port", server->port());
  if (on_listening_ != nullptr) on_listening_(server->port());

  for (const auto& keeper : keepers) keeper->Run();
  std::thread prober_thread([&] { prober.Run(); });
  std::thread names_thread([&] {
    if (watch_names) node_names.Run();
  });
  const absl::Cleanup finish = [&] {
    platform_.notify("STOPPING=1");
    prober.Stop();
    node_names.Stop();
    transport->Shutdown();
    for (const auto& keeper : keepers) keeper->Stop();
    prober_thread.join();
    names_thread.join();
    server->Stop();
    LOG(INFO) << Event("stopped").With("node", flags_.node_name);
  };

  service::EventRecorder recorder(*events, clock, platform_.rng,
                                  "signet-node-agent", flags_.node_name);
  FailureEvents failures(recorder, *current);
  platform_.notify("READY=1");
  std::string told;
  while (true) {
    const NodeReport now = report();
    const std::string status = StatusLine(now, clock.TimeNow());
    if (status != told) platform_.notify(absl::StrCat("STATUS=", status));
    told = status;
    failures.Look(now);
    if (client.agent().ShouldExit()) {
      return absl::UnavailableError(
          absl::StrCat("no valid client certificate for more than ",
                       absl::FormatDuration(rotation::kMaxUnavailable),
                       " although the API server is well; last error: ",
                       client.agent().State().last_error));
    }
    absl::MutexLock lock(mutex_);
    if (clock.AwaitWithDeadline(&mutex_, absl::Condition(&stopped_),
                                clock.TimeNow() + kLook)) {
      return absl::OkStatus();
    }
  }
}

void NodeAgentProcess::Stop() {
  absl::MutexLock lock(mutex_);
  stopped_ = true;
  if (foreground_ != nullptr) foreground_->Stop();
}

}  // namespace signet::node_agent
