#include "node_agent/node_agent_process.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/log/log.h"
#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/api/core.pb.h"
#include "core/http/beast_transport.h"
#include "core/http/message.h"
#include "core/http/server.h"
#include "core/http/transport.h"
#include "core/k8s/api_client.h"
#include "core/k8s/kubeconfig.h"
#include "core/k8s/resource_api.h"
#include "core/pki/certificate.h"
#include "core/rotation/next_step.h"
#include "core/service/health_server.h"
#include "node_agent/agent.h"
#include "node_agent/agent_report.h"
#include "node_agent/certificate_store.h"
#include "node_agent/current_certificate.h"
#include "node_agent/event.h"
#include "node_agent/kubeconfig_clients.h"
#include "node_agent/node_agent_flags.h"
#include "node_agent/prober.h"
#include "node_agent/start_up.h"

namespace signet::node_agent {
namespace {

// How often to look whether there has been no certificate for too long.
constexpr absl::Duration kLook = absl::Seconds(10);

// Serves the health server's pages and /status.
absl::StatusOr<std::unique_ptr<http::Server>> StartHealthServer(
    const NodeAgentFlags& flags, CurrentCertificate& current,
    const Agent& agent, const Prober& prober, const AgentMetrics& metrics) {
  ABSL_ASSIGN_OR_RETURN(service::HostPort host_port,
                        service::ParseHostPort(flags.health_address));
  http::ServerOptions options;
  options.address = std::move(host_port.host);
  options.port = host_port.port;
  options.threads = 1;
  options.max_connections = 64;
  options.max_body_bytes = 0;
  const service::Readiness ready = [&] {
    if (current.Current() != nullptr) return absl::OkStatus();
    const std::string error = agent.State().last_error;
    return absl::UnavailableError(absl::StrCat(
        "no valid certificate", error.empty() ? "" : "; last error: ", error));
  };
  return http::StartServer(
      std::move(options), [&, ready, name = flags.node_name](
                              const http::Request& request, const http::Peer&,
                              std::shared_ptr<http::Responder> responder) {
        if (http::ParseTarget(request.target).path != "/status") {
          responder->Send(
              service::AnswerHealthRequest(request, ready, metrics));
          return;
        }
        http::Response response;
        response.headers.Set("Content-Type", "application/json");
        response.body = StatusJson(name, agent.State(), prober.State());
        responder->Send(std::move(response));
      });
}

}  // namespace

NodeAgentProcess::NodeAgentProcess(NodeAgentFlags flags, Platform platform)
    : flags_(std::move(flags)), platform_(std::move(platform)) {}

void NodeAgentProcess::OnListening(
    std::function<void(uint16_t port)> callback) {
  on_listening_ = std::move(callback);
}

absl::Status NodeAgentProcess::Run() {
  if (!flags_.rotate_certificates) {
    return absl::UnimplementedError(
        "--rotate-certificates=false (bootstrap in the foreground) is not "
        "implemented yet");
  }
  auto& [files, clock, rng, keys, zone, new_transport] = platform_;

  // An interrupted update is finished before the kubeconfig, which points at
  // the current certificate, is looked at.
  CertificateStoreOptions store_options;
  store_options.directory = flags_.cert_dir;
  store_options.keep = flags_.keep_certificates;
  ABSL_ASSIGN_OR_RETURN(
      std::unique_ptr<CertificateStore> store,
      CertificateStore::Open(store_options, files, clock, zone));
  const KubeconfigPaths paths = {flags_.kubeconfig,
                                 flags_.bootstrap_kubeconfig};
  ABSL_ASSIGN_OR_RETURN(
      const StartUp start_up,
      LoadStartUp(paths, store->current_path(), files, clock));
  store_options.certificate_file = start_up.client.client_certificate_file;
  store_options.key_file = start_up.client.client_key_file;
  ABSL_ASSIGN_OR_RETURN(
      store, CertificateStore::Open(store_options, files, clock, zone));

  const auto current = std::make_shared<CurrentCertificate>(clock);
  KubeconfigRequestClients clients(paths, current, files, clock, new_transport);
  Agent agent(NodeClientOptions(flags_.node_name), *store, *current, clients,
              keys, clock, rng);

  ABSL_ASSIGN_OR_RETURN(
      http::TransportOptions transport_options,
      k8s::MakeTransportOptions(start_up.client, files, clock, current));
  ABSL_ASSIGN_OR_RETURN(const std::unique_ptr<http::Transport> transport,
                        new_transport(std::move(transport_options)));
  k8s::ApiClient node_client(*transport, /*token=*/nullptr);
  const std::unique_ptr<k8s::ResourceApi<api::Node>> nodes =
      node_client.Api<api::Node>();
  Prober prober(*nodes, *transport, *current, flags_.node_name,
                flags_.probe_interval, clock);
  if (flags_.exit_after_rotations > 0) {
    prober.OnProbe([&] {
      const AgentState state = agent.State();
      if (state.rotations >= flags_.exit_after_rotations &&
          prober.State().serial ==
              pki::SerialToHex(state.pair->chain.front().serial_number())) {
        LOG(INFO) << Event("done").With("rotations", state.rotations);
        Stop();
      }
    });
  }

  ABSL_RETURN_IF_ERROR(agent.Start(start_up.inline_pair));
  const AgentMetrics metrics(agent, prober, clock);
  ABSL_ASSIGN_OR_RETURN(
      const std::unique_ptr<http::Server> health,
      StartHealthServer(flags_, *current, agent, prober, metrics));
  LOG(INFO) << Event("running")
                   .With("node", flags_.node_name)
                   .With("server", start_up.client.server)
                   .With("health_port", health->port());
  if (on_listening_ != nullptr) on_listening_(health->port());

  std::thread agent_thread([&] { agent.Run(); });
  std::thread prober_thread([&] { prober.Run(); });
  const absl::Cleanup finish = [&] {
    agent.Stop();
    prober.Stop();
    transport->Shutdown();
    agent_thread.join();
    prober_thread.join();
    health->Stop();
    LOG(INFO) << Event("stopped").With("node", flags_.node_name);
  };
  absl::MutexLock lock(mutex_);
  while (!clock.AwaitWithDeadline(&mutex_, absl::Condition(&stopped_),
                                  clock.TimeNow() + kLook)) {
    if (agent.ShouldExit()) {
      return absl::UnavailableError(
          absl::StrCat("no valid client certificate for more than ",
                       absl::FormatDuration(rotation::kMaxUnavailable),
                       " although the API server is well; last error: ",
                       agent.State().last_error));
    }
  }
  return absl::OkStatus();
}

void NodeAgentProcess::Stop() {
  absl::MutexLock lock(mutex_);
  stopped_ = true;
}

}  // namespace signet::node_agent
