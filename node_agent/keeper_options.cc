#include "node_agent/keeper_options.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/file_system.h"
#include "core/k8s/kubeconfig.h"
#include "core/rotation/request_key.h"
#include "core/rotation/template_match.h"
#include "node_agent/agent.h"
#include "node_agent/agent_config.h"
#include "node_agent/agent_report.h"
#include "node_agent/certificate_keeper.h"
#include "node_agent/certificate_store.h"
#include "node_agent/current_certificate.h"
#include "node_agent/delivery.h"
#include "node_agent/node_agent_flags.h"
#include "node_agent/node_names.h"
#include "node_agent/serving_template.h"
#include "node_agent/start_up.h"

namespace signet::node_agent {
namespace {

using Template = std::optional<rotation::CertificateTemplate>;

constexpr size_t kMaxCaBytes = 1 << 20;
constexpr char kServingSigner[] = "kubernetes.io/kubelet-serving";

CertificateStoreOptions StoreOptions(const NodeAgentFlags& flags,
                                     std::string directory,
                                     std::string prefix) {
  CertificateStoreOptions options;
  options.directory = directory.empty() ? flags.cert_dir : std::move(directory);
  options.prefix = std::move(prefix);
  options.keep = flags.keep_certificates;
  return options;
}

}  // namespace

KeeperOptions ClientKeeper(const NodeAgentFlags& flags,
                           const StartUp& start_up) {
  KeeperOptions options;
  options.kind = CertificateKind::kClient;
  options.agent = NodeClientOptions(flags.node_name);
  options.agent.exit_rule = flags.exit_on_expiry;
  options.store = StoreOptions(flags, "", "kubelet-client");
  options.store.certificate_file = start_up.client.client_certificate_file;
  options.store.key_file = start_up.client.client_key_file;
  return options;
}

KeeperOptions ServingKeeper(const NodeAgentFlags& flags,
                            CurrentCertificate& client,
                            const NodeNames& node_names) {
  KeeperOptions options;
  options.kind = CertificateKind::kServing;
  options.agent.signer_name = kServingSigner;
  options.agent.purpose = rotation::Purpose::kServing;
  options.agent.dynamic = true;
  std::optional<ServingNames> fixed;
  if (!flags.tls_sans.empty()) fixed = *NamesFromText(flags.tls_sans);
  options.agent.wanted = [&flags, &node_names, &client, fixed]() -> Template {
    const std::optional<ServingNames> names =
        fixed.has_value() ? fixed : node_names.Names();
    if (client.Current() == nullptr || !names.has_value()) return std::nullopt;
    return ServingTemplate(flags.node_name, *names,
                           flags.allow_dns_only_node_csr);
  };
  options.store = StoreOptions(flags, "", "kubelet-server");
  return options;
}

KeeperOptions FurtherKeeper(const NodeAgentFlags& flags,
                            const CertificateConfig& config,
                            CurrentCertificate& client,
                            const NodeNames& node_names) {
  KeeperOptions options;
  options.agent.signer_name = config.signer_name;
  options.agent.usages = config.usages;
  options.agent.key_algorithm = config.key_algorithm;
  options.agent.lifetime = config.lifetime;
  options.agent.dynamic = true;
  rotation::CertificateTemplate wanted;
  wanted.common_name = config.common_name;
  wanted.organizations = config.organizations;
  wanted.dns_names = config.names.dns_names;
  wanted.ip_addresses = config.names.ip_addresses;
  options.agent.wanted = [&node_names, &client, wanted,
                          add_node = config.node_addresses]() -> Template {
    if (client.Current() == nullptr) return std::nullopt;
    if (!add_node) return wanted;
    const std::optional<ServingNames> names = node_names.Names();
    if (!names.has_value()) return std::nullopt;
    return WithNames(wanted, *names);
  };
  options.store = StoreOptions(flags, config.directory, config.name);
  options.files = config.files;
  options.after = config.after;
  return options;
}

Delivery::CaSource CaOf(const k8s::ClientConfig& client, FileSystem& files) {
  return [data = client.certificate_authority_data,
          file = client.certificate_authority_file,
          &files]() -> absl::StatusOr<std::string> {
    if (!data.empty()) return data;
    if (file.empty()) {
      return absl::FailedPreconditionError(
          "the kubeconfig has no certificate authority");
    }
    return files.Read(file, kMaxCaBytes);
  };
}

}  // namespace signet::node_agent
