#include "approver_service/offline_evidence.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "approver_service/csr_file.h"
#include "approver_service/node_inventory.h"
#include "core/api/certificates.pb.h"
#include "core/api/codec.h"
#include "core/api/core.pb.h"
#include "core/base/file_system.h"
#include "core/pki/certificate_request.h"
#include "core/pki/ip_address.h"
#include "core/policy/approver_config.h"
#include "core/policy/approver_decision.h"
#include "core/policy/decision.h"
#include "core/policy/request_form.h"
#include "core/policy/serving_policy.h"
#include "core/policy/testimony.h"
#include "core/service/config_reader.h"

namespace signet::approver {
namespace {

using policy::Testimony;
using service::ConfigMapping;

constexpr size_t kMaxSmallFile = 1 << 20;

std::optional<pki::IpAddress> ToAddress(ConfigMapping& c,
                                        absl::string_view field,
                                        const std::string& text) {
  absl::StatusOr<pki::IpAddress> address = pki::IpAddress::Parse(text);
  if (address.ok()) return *std::move(address);
  c.Error(field, absl::StrCat(policy::Quoted(text), " is no IP address"));
  return std::nullopt;
}

// `unknown: true`, or names and addresses.
void ReadTestimony(ConfigMapping& c, absl::string_view file,
                   Testimony* testimony) {
  bool unknown = false;
  c.Bool("unknown", &unknown);
  testimony->known = !unknown;
  testimony->detail = std::string(file);
  c.Strings("dnsNames", &testimony->dns_names);
  std::vector<std::string> addresses;
  c.Strings("ipAddresses", &addresses);
  for (const std::string& text : addresses) {
    if (auto address = ToAddress(c, "ipAddresses", text)) {
      testimony->ip_addresses.push_back(*std::move(address));
    }
  }
}

void ReadDns(ConfigMapping& c, absl::string_view file,
             policy::ServingEvidence* serving) {
  c.Mappings("forward", [&](ConfigMapping& f) {
    std::string name;
    f.Required("name");
    f.String("name", &name);
    ReadTestimony(f, file, &serving->forward[absl::AsciiStrToLower(name)]);
  });
  c.Mappings("reverse", [&](ConfigMapping& r) {
    std::string text;
    r.Required("address");
    r.String("address", &text);
    Testimony testimony;
    ReadTestimony(r, file, &testimony);
    if (auto address = ToAddress(r, "address", text)) {
      serving->reverse[*std::move(address)] = std::move(testimony);
    }
  });
}

void ReadAccess(ConfigMapping& c, absl::string_view subresource,
                std::map<std::string, bool>* access) {
  if (c.Has(subresource)) {
    c.Bool(subresource, &(*access)[std::string(subresource)]);
  }
}

void ReadCount(ConfigMapping& c, absl::string_view field,
               std::optional<int>* value) {
  if (!c.Has(field)) return;
  int64_t number = 0;
  c.Int(field, 0, 1000000, &number);
  *value = static_cast<int>(number);
}

void ReadStated(ConfigMapping& c, absl::string_view file,
                policy::ApproverEvidence* stated) {
  policy::ServingEvidence& serving = stated->serving;
  c.Mapping("access", [stated](ConfigMapping& a) {
    ReadAccess(a, "selfnodeclient", &stated->access);
    ReadAccess(a, "nodeclient", &stated->access);
  });
  c.Mapping("nodeStatus", [&](ConfigMapping& n) {
    ReadTestimony(n, file, &serving.node_status);
  });
  c.Mapping("servedCertificate", [&](ConfigMapping& s) {
    ReadTestimony(s, file, &serving.served_certificate);
  });
  c.Mapping("inventory", [&](ConfigMapping& i) {
    ReadTestimony(i, file, &serving.inventory);
  });
  c.Mapping("dns", [&](ConfigMapping& d) { ReadDns(d, file, &serving); });
  if (c.Has("nodeIsReady")) {
    c.Bool("nodeIsReady", &stated->client.node_is_ready.emplace());
  }
  if (c.Has("inInventory")) {
    c.Bool("inInventory", &stated->client.in_inventory.emplace());
  }
  if (c.Has("otherHoldersOfKey")) {
    std::vector<std::string> holders;
    c.Strings("otherHoldersOfKey", &holders);
    stated->client.other_holders_of_key = holders;
    serving.other_holders_of_key = std::move(holders);
  }
  ReadCount(c, "approvalsInLastHour", &serving.approvals_in_last_hour);
  stated->client.approvals_in_last_hour = serving.approvals_in_last_hour;
  ReadCount(c, "pendingJoins", &stated->client.pending_joins);
}

// The node that a request is about; empty if none.
std::string NodeOf(const api::CertificateSigningRequest& csr) {
  const absl::StatusOr<pki::CertificateRequest> request =
      pki::CertificateRequest::ParsePem(csr.spec().request());
  return request.ok() ? std::string(policy::NodeNameOf(*request)) : "";
}

}  // namespace

absl::StatusOr<policy::ApproverEvidence> ParseEvidence(absl::string_view file,
                                                       absl::string_view text) {
  policy::ApproverEvidence stated;
  ABSL_RETURN_IF_ERROR(service::ReadConfig(
      file, text, "signet.dev/v1alpha1", "ApproverEvidence",
      [&](ConfigMapping& c) { ReadStated(c, file, &stated); }));
  return stated;
}

void AddSourceFlags(CLI::App& command, OfflineSources& sources) {
  command
      .add_option("--evidence", sources.evidence,
                  "What witnesses would say (kind ApproverEvidence), about "
                  "every request")
      ->type_name("FILE");
  command
      .add_option("--nodes", sources.nodes,
                  "Nodes, as kubectl get nodes -o json writes them: what "
                  "witness nodeStatus knows")
      ->type_name("FILE");
}

absl::StatusOr<OfflineEvidence> OfflineEvidence::Read(
    const OfflineSources& sources, const policy::ApproverConfig& config,
    FileSystem& files) {
  OfflineEvidence evidence;
  if (!sources.evidence.empty()) {
    ABSL_ASSIGN_OR_RETURN(const std::string text,
                          files.Read(sources.evidence, kMaxSmallFile));
    ABSL_ASSIGN_OR_RETURN(evidence.stated_,
                          ParseEvidence(sources.evidence, text));
  }
  if (!sources.nodes.empty()) {
    ABSL_ASSIGN_OR_RETURN(const std::string text,
                          files.Read(sources.nodes, api::kMaxListBytes));
    ABSL_ASSIGN_OR_RETURN(const std::vector<api::Node> nodes,
                          ReadNodes(sources.nodes, text));
    evidence.nodes_.emplace();
    for (const api::Node& node : nodes) {
      (*evidence.nodes_)[node.metadata().name()] = node;
    }
  }
  if (policy::UsesInventory(config)) {
    const std::string& path = config.witnesses.inventory_file;
    ABSL_ASSIGN_OR_RETURN(const std::string text,
                          files.Read(path, kMaxSmallFile));
    ABSL_ASSIGN_OR_RETURN(evidence.inventory_,
                          NodeInventory::Parse(path, text));
  }
  return evidence;
}

policy::ApproverEvidence OfflineEvidence::For(
    const api::CertificateSigningRequest& csr) const {
  policy::ApproverEvidence evidence = stated_;
  const std::string node = NodeOf(csr);
  if (nodes_) {
    const auto found = nodes_->find(node);
    if (found != nodes_->end()) {
      evidence.serving.node_status = policy::TestimonyOfNode(found->second);
      evidence.client.node_is_ready = policy::IsReady(found->second);
    } else {
      evidence.serving.node_status = {
          true, absl::StrCat("no Node ", node), {}, {}};
      evidence.client.node_is_ready = false;
    }
  }
  if (inventory_) {
    evidence.serving.inventory = inventory_->TestimonyOf(node);
    evidence.client.in_inventory = inventory_->Has(node);
  }
  return evidence;
}

}  // namespace signet::approver
