#include "node_agent/certificate_keeper.h"

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "node_agent/agent.h"
#include "node_agent/agent_report.h"
#include "node_agent/certificate_store.h"
#include "node_agent/current_certificate.h"
#include "node_agent/delivery.h"
#include "node_agent/request_clients.h"

namespace signet::node_agent {

absl::StatusOr<std::unique_ptr<CertificateKeeper>> CertificateKeeper::Open(
    KeeperOptions options, std::shared_ptr<CurrentCertificate> current,
    RequestClients& clients, Delivery::CaSource ca, const KeeperParts& parts) {
  ABSL_ASSIGN_OR_RETURN(std::unique_ptr<CertificateStore> store,
                        CertificateStore::Open(options.store, parts.files,
                                               parts.clock, parts.zone));
  return absl::WrapUnique(
      new CertificateKeeper(std::move(options), std::move(store),
                            std::move(current), clients, std::move(ca), parts));
}

CertificateKeeper::CertificateKeeper(
    KeeperOptions options, std::unique_ptr<CertificateStore> store,
    std::shared_ptr<CurrentCertificate> current, RequestClients& clients,
    Delivery::CaSource ca, const KeeperParts& parts)
    : options_(std::move(options)),
      store_(std::move(store)),
      current_(std::move(current)),
      rotation_ages_(RotationAgeBuckets()) {
  AgentOptions agent = options_.agent;
  agent.on_replaced = [this](absl::Duration age) {
    rotation_ages_.Observe(absl::ToDoubleSeconds(age));
  };
  agent_ = std::make_unique<Agent>(std::move(agent), *store_, *current_,
                                   clients, parts.keys, parts.clock, parts.rng);
  if (options_.files.has_value()) {
    DeliveryOptions delivery;
    delivery.name = name();
    delivery.files = *options_.files;
    delivery.after = options_.after;
    delivery.current_path = store_->current_path();
    delivery.marker_path =
        absl::StrCat(options_.store.directory, "/", name(), "-delivered");
    delivery_ = std::make_unique<Delivery>(
        std::move(delivery), *current_, std::move(ca), parts.files,
        parts.owners, parts.commands, parts.clock);
  }
}

CertificateKeeper::~CertificateKeeper() { Stop(); }

absl::Status CertificateKeeper::Start(CertificateStore::Pair bootstrap) {
  return agent_->Start(std::move(bootstrap));
}

void CertificateKeeper::Run() {
  agent_thread_ = std::thread([this] { agent_->Run(); });
  if (delivery_ != nullptr) {
    delivery_thread_ = std::thread([this] { delivery_->Run(); });
  }
}

void CertificateKeeper::Stop() {
  agent_->Stop();
  if (delivery_ != nullptr) delivery_->Stop();
  if (agent_thread_.joinable()) agent_thread_.join();
  if (delivery_thread_.joinable()) delivery_thread_.join();
}

CertificateReport CertificateKeeper::Report() const {
  CertificateReport report;
  report.name = name();
  report.kind = options_.kind;
  report.signer_name = options_.agent.signer_name;
  report.state = agent_->State();
  if (delivery_ != nullptr) report.delivery = delivery_->State();
  report.rotation_ages = rotation_ages_.Collect();
  return report;
}

}  // namespace signet::node_agent
