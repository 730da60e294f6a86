#ifndef SIGNET_NODE_AGENT_CERTIFICATE_KEEPER_H_
#define SIGNET_NODE_AGENT_CERTIFICATE_KEEPER_H_

#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "core/base/file_system.h"
#include "core/base/rng.h"
#include "core/pki/private_key.h"
#include "core/rotation/next_step.h"
#include "core/sys/command_runner.h"
#include "core/sys/file_owners.h"
#include "node_agent/agent.h"
#include "node_agent/agent_config.h"
#include "node_agent/agent_report.h"
#include "node_agent/certificate_store.h"
#include "node_agent/current_certificate.h"
#include "node_agent/delivery.h"
#include "node_agent/request_clients.h"
#include "prometheus/histogram.h"

namespace signet::node_agent {

// What CertificateKeepers are made of. References must outlive them.
struct KeeperParts {
  FileSystem& files;
  absl::Clock& clock;
  Rng& rng;
  pki::KeyGenerator& keys;
  sys::FileOwners& owners;
  sys::CommandRunner& commands;
  absl::TimeZone zone;  // For the names of files.
};

struct KeeperOptions {
  CertificateKind kind = CertificateKind::kOther;
  AgentOptions agent;
  CertificateStoreOptions store;
  // Of what the configuration file asks for. Nullopt: no delivery.
  std::optional<OutputFiles> files;
  std::vector<FollowUp> after;
};

// CertificateKeeper is one certificate with all that keeps it: its store, its
// agent and, if it has one, its delivery, each on a thread of its own.
class CertificateKeeper {
 public:
  // Opens the store, which finishes an interrupted update; its errors. The
  // certificate in use goes to `current`.
  static absl::StatusOr<std::unique_ptr<CertificateKeeper>> Open(
      KeeperOptions options, std::shared_ptr<CurrentCertificate> current,
      RequestClients& clients, Delivery::CaSource ca, const KeeperParts& parts);
  ~CertificateKeeper();  // Stops.

  // Start looks for a certificate to begin with; see Agent::Start. Call before
  // Run.
  absl::Status Start(CertificateStore::Pair bootstrap);
  void Run();   // Starts the threads.
  void Stop();  // Ends and joins them. Idempotent.

  const std::string& name() const { return options_.store.prefix; }
  const Agent& agent() const { return *agent_; }
  const std::string& current_path() const { return store_->current_path(); }
  const std::shared_ptr<CurrentCertificate>& current() { return current_; }
  CertificateReport Report() const;  // Thread-safe.

 private:
  CertificateKeeper(KeeperOptions options,
                    std::unique_ptr<CertificateStore> store,
                    std::shared_ptr<CurrentCertificate> current,
                    RequestClients& clients, Delivery::CaSource ca,
                    const KeeperParts& parts);

  const KeeperOptions options_;
  const std::unique_ptr<CertificateStore> store_;
  const std::shared_ptr<CurrentCertificate> current_;
  prometheus::Histogram rotation_ages_;
  std::unique_ptr<Agent> agent_;
  std::unique_ptr<Delivery> delivery_;  // May be null.
  std::thread agent_thread_;
  std::thread delivery_thread_;
};

// NodeRequestClients makes clients that authenticate with the node's client
// certificate, for what certificate ever: a node's other certificates are
// requested by the node (SPEC A-38).
class NodeRequestClients : public RequestClients {
 public:
  // `clients` are those of the client certificate, and must outlive the object.
  explicit NodeRequestClients(RequestClients& clients) : clients_(clients) {}
  absl::StatusOr<std::unique_ptr<RequestClient>> ForAttempt(
      rotation::Credentials) override {
    return clients_.ForAttempt(rotation::Credentials::kCurrent);
  }

 private:
  RequestClients& clients_;
};

}  // namespace signet::node_agent

#endif  // SIGNET_NODE_AGENT_CERTIFICATE_KEEPER_H_
