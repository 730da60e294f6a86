#include "approver_service/approver_config_reader.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "approver_service/policies_reader.h"
#include "core/pki/ip_address.h"
#include "core/policy/approver_config.h"
#include "core/policy/client_guards.h"
#include "core/policy/decision.h"
#include "core/policy/serving_approval.h"
#include "core/policy/serving_policy.h"
#include "core/service/config_reader.h"

namespace signet::approver {
namespace {

using policy::Witness;
using service::ConfigMapping;

constexpr absl::string_view kApiVersion = "signet.dev/v1alpha1";
constexpr absl::string_view kKind = "ApproverConfiguration";

constexpr Witness kWitnesses[] = {
    Witness::kNodeStatus, Witness::kServedCertificate,
    Witness::kInventory,  Witness::kDns,
    Witness::kPrefix,     Witness::kNamePattern,
};

// ---- kubeletClient.

void ReadJoins(ConfigMapping& c, policy::ClientPolicy& client) {
  c.Bool("refuseReadyNode", &client.refuse_ready_node);
  c.Bool("requireInventory", &client.require_inventory);
  ReadNumber(c, "maxPending", 0, 1000000, &client.max_pending_joins);
  c.Mappings("bindings", [&client](ConfigMapping& b) {
    b.Required("requester");
    b.Required("nodes");
    const std::optional<policy::Pattern> requester =
        ReadPattern(b, "requester");
    const std::optional<policy::Pattern> nodes = ReadPattern(b, "nodes");
    if (requester && nodes) client.bindings.push_back({*requester, *nodes});
  });
}

void ReadClient(ConfigMapping& c, policy::ClientPolicy& client) {
  c.Bool("approve", &client.approve);
  c.Bool("strict", &client.strict);
  c.Mapping("keys", [&client](ConfigMapping& k) {
    ReadKeys(k, client.keys.emplace());
  });
  c.Bool("refuseKeyReuse", &client.refuse_key_reuse);
  ReadNumber(c, "maxApprovalsPerHour", 0, 1000000,
             &client.max_approvals_per_hour);
  c.Mapping("joins", [&client](ConfigMapping& j) { ReadJoins(j, client); });
}

// ---- kubeletServing.

void ReadWitnesses(ConfigMapping& c, std::vector<Witness>& witnesses) {
  if (!c.Has("witnesses")) return;
  std::vector<std::string> names;
  c.Strings("witnesses", &names);
  witnesses.clear();
  for (const std::string& name : names) {
    const auto* const found =
        absl::c_find_if(kWitnesses, [&name](Witness witness) {
          return policy::WitnessName(witness) == name;
        });
    if (found == std::end(kWitnesses)) {
      c.Error("witnesses",
              absl::StrCat("no witness is called ", policy::Quoted(name), ": ",
                           absl::StrJoin(kWitnesses, ", ",
                                         [](std::string* out, Witness w) {
                                           out->append(policy::WitnessName(w));
                                         })));
    } else if (absl::c_linear_search(witnesses, *found)) {
      c.Error("witnesses", absl::StrCat(policy::Quoted(name), " occurs twice"));
    } else {
      witnesses.push_back(*found);
    }
  }
}

void ReadApiServer(ConfigMapping& c, policy::ServingPolicy& serving) {
  c.Strings("names", &serving.api_server_names);
  std::vector<std::string> addresses;
  c.Strings("addresses", &addresses);
  for (const std::string& text : addresses) {
    absl::StatusOr<pki::IpAddress> address = pki::IpAddress::Parse(text);
    if (address.ok()) {
      serving.api_server_addresses.push_back(*std::move(address));
    } else {
      c.Error("addresses",
              absl::StrCat(policy::Quoted(text), " is no IP address"));
    }
  }
  ReadPrefixes(c, "servicePrefixes", &serving.service_prefixes);
  c.String("clusterDomain", &serving.cluster_domain);
}

void ReadLimits(ConfigMapping& c, policy::ServingPolicy& serving) {
  ReadPrefixes(c, "prefixes", &serving.limit_prefixes);
  ReadPatterns(c, "namePatterns", &serving.limit_name_patterns);
  ReadCount(c, "maxDNSNames", &serving.max_dns_names);
  ReadCount(c, "maxIPAddresses", &serving.max_ip_addresses);
  if (c.Has("maxLifetime")) {
    c.Duration("maxLifetime", absl::Minutes(10),
               &serving.max_lifetime.emplace());
  }
}

void ReadDeny(ConfigMapping& c, std::vector<std::string>& deny) {
  c.Strings("deny", &deny);
  for (const std::string& rule : deny) {
    if (!absl::c_linear_search(policy::kServingRules, rule)) {
      c.Error("deny",
              absl::StrCat("no rule is called ", policy::Quoted(rule), ": ",
                           absl::StrJoin(policy::kServingRules, ", ")));
    }
  }
}

// Can `quorum` of the witnesses speak about a name, and about an address?
void CheckQuorum(ConfigMapping& c, const policy::ServingPolicy& serving) {
  const auto has = [&serving](Witness witness) {
    return absl::c_linear_search(serving.witnesses, witness) ? 1 : 0;
  };
  const int count = static_cast<int>(serving.witnesses.size());
  const int names = count - has(Witness::kPrefix);
  const int addresses = count - has(Witness::kNamePattern);
  if (serving.quorum > names && serving.quorum > addresses) {
    c.Error(
        c.Has("quorum") ? "quorum" : "",
        absl::StrCat("a quorum of ", serving.quorum,
                     " cannot be reached: at most ", std::max(names, addresses),
                     " of the witnesses speak about any name"));
  }
  if (has(Witness::kPrefix) == 1 && serving.prefixes.empty()) {
    c.Error("witnesses", "prefix needs prefixes");
  }
  if (has(Witness::kNamePattern) == 1 && serving.name_patterns.empty()) {
    c.Error("witnesses", "namePattern needs namePatterns");
  }
  if (has(Witness::kPrefix) == 0 && !serving.prefixes.empty()) {
    c.Error("prefixes", "prefix is not among the witnesses");
  }
  if (has(Witness::kNamePattern) == 0 && !serving.name_patterns.empty()) {
    c.Error("namePatterns", "namePattern is not among the witnesses");
  }
}

void ReadServing(ConfigMapping& c, policy::ServingPolicy& serving) {
  ReadWitnesses(c, serving.witnesses);
  ReadNumber(c, "quorum", 1, 6, &serving.quorum);
  c.Bool("allowUnbound", &serving.allow_unbound);
  ReadPrefixes(c, "prefixes", &serving.prefixes);
  ReadPatterns(c, "namePatterns", &serving.name_patterns);
  c.Mapping("limits", [&serving](ConfigMapping& l) { ReadLimits(l, serving); });
  c.Mapping("apiServer",
            [&serving](ConfigMapping& a) { ReadApiServer(a, serving); });
  c.Mapping("keys",
            [&serving](ConfigMapping& k) { ReadKeys(k, serving.keys); });
  ReadNumber(c, "maxApprovalsPerHour", 0, 1000000,
             &serving.max_approvals_per_hour);
  ReadDeny(c, serving.deny);
  CheckQuorum(c, serving);
}

// ---- witnesses, and what goes across.

void ReadWitnessSettings(ConfigMapping& c, policy::WitnessSettings& settings) {
  c.Duration("timeout", absl::Milliseconds(10), &settings.timeout);
  ReadNumber(c, "kubeletPort", 1, 65535, &settings.kubelet_port);
  c.String("kubeletCAFile", &settings.kubelet_ca_file);
  c.String("inventoryFile", &settings.inventory_file);
}

void CheckFiles(ConfigMapping& c, const policy::ApproverConfig& config) {
  const char* const where = c.Has("witnesses") ? "witnesses" : "";
  if (policy::Asks(config, Witness::kServedCertificate) &&
      config.witnesses.kubelet_ca_file.empty()) {
    c.Error(where, "witness servedCertificate needs witnesses.kubeletCAFile");
  }
  if (policy::UsesInventory(config) &&
      config.witnesses.inventory_file.empty()) {
    c.Error(where, "the inventory needs witnesses.inventoryFile");
  }
}

}  // namespace

absl::StatusOr<policy::ApproverConfig> ReadApproverConfig(
    absl::string_view file, absl::string_view text) {
  policy::ApproverConfig config;
  ABSL_RETURN_IF_ERROR(service::ReadConfig(
      file, text, kApiVersion, kKind, [&config](ConfigMapping& c) {
        c.Mapping("kubeletClient", [&config](ConfigMapping& k) {
          ReadClient(k, config.client);
        });
        c.Mapping("kubeletServing", [&config](ConfigMapping& k) {
          ReadServing(k, config.serving.emplace());
        });
        c.Mapping("witnesses", [&config](ConfigMapping& w) {
          ReadWitnessSettings(w, config.witnesses);
        });
        ReadPolicies(c, config.policies);
        CheckFiles(c, config);
      }));
  return config;
}

}  // namespace signet::approver
