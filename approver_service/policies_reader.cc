#include "approver_service/policies_reader.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/pki/key_usage.h"
#include "core/policy/decision.h"
#include "core/policy/ip_prefix.h"
#include "core/policy/key_policy.h"
#include "core/policy/pattern.h"
#include "core/policy/request_rules.h"
#include "core/policy/signer_names.h"
#include "core/service/config_reader.h"

namespace signet::approver {
namespace {

using policy::PolicyAction;
using service::ConfigMapping;

constexpr int kMaxNames = 1000;

void ReadMatch(ConfigMapping& c, policy::RequestPolicy& policy) {
  c.Required("signerName");
  std::optional<policy::Pattern> signer_name = ReadPattern(c, "signerName");
  if (signer_name) {
    for (const absl::string_view taken :
         {policy::kKubeApiserverClientKubelet, policy::kKubeletServing}) {
      if (signer_name->text() == taken) {
        c.Error("signerName",
                "requests to this signer are judged by kubeletClient and "
                "kubeletServing");
      }
    }
    policy.match.signer_name = *std::move(signer_name);
  }
  policy.match.requester = ReadPattern(c, "requester");
  ReadPatterns(c, "groups", &policy.match.groups);
}

void ReadUsages(ConfigMapping& c, absl::string_view field,
                std::vector<std::string>* usages) {
  c.Strings(field, usages);
  for (const std::string& usage : *usages) {
    if (!pki::IsKnownUsage(usage)) {
      c.Error(field,
              absl::StrCat("no usage is called ", policy::Quoted(usage)));
    }
  }
}

// `of` is "patterns" or "prefixes": what says which names may be there.
void ReadNames(ConfigMapping& c, absl::string_view field, absl::string_view of,
               policy::NameRequirement* names) {
  c.Mapping(field, [of, names](ConfigMapping& n) {
    ReadCount(n, "min", &names->min);
    n.Required("max");
    ReadCount(n, "max", &names->max);
    if (of == "patterns") {
      ReadPatterns(n, of, &names->patterns);
    } else {
      ReadPrefixes(n, of, &names->prefixes);
    }
    if (names->min > names->max) n.Error("min", "is more than max");
    if (names->max > 0 && !n.Has(of)) {
      n.Error("", absl::StrCat("needs ", of, ": which ones may be asked for"));
    }
  });
}

void ReadSubject(ConfigMapping& c, policy::RequestRequirements& require) {
  require.common_name = ReadPattern(c, "commonName");
  c.Bool("commonNameIsRequester", &require.common_name_is_requester);
  ReadPatterns(c, "organizations", &require.organizations);
  c.Bool("otherAttributes", &require.other_attributes);
}

void ReadRequirements(ConfigMapping& c, policy::RequestRequirements& require) {
  ReadUsages(c, "usages", &require.usages);
  ReadUsages(c, "optionalUsages", &require.optional_usages);
  if (require.usages.empty() && require.optional_usages.empty()) {
    c.Error("", "needs usages or optionalUsages, as every request has some");
  }
  c.Mapping("keys",
            [&require](ConfigMapping& k) { ReadKeys(k, require.keys); });
  c.Mapping("subject",
            [&require](ConfigMapping& s) { ReadSubject(s, require); });
  ReadNames(c, "dnsNames", "patterns", &require.dns_names);
  ReadNames(c, "ipAddresses", "prefixes", &require.ip_addresses);
  ReadNames(c, "emailAddresses", "patterns", &require.email_addresses);
  ReadNames(c, "uris", "patterns", &require.uris);
  if (c.Has("maxLifetime")) {
    c.Duration("maxLifetime", absl::Minutes(10),
               &require.max_lifetime.emplace());
  }
}

struct ActionName {
  absl::string_view name;
  PolicyAction action;
};
constexpr ActionName kDecisions[] = {{"approve", PolicyAction::kApprove},
                                     {"deny", PolicyAction::kDeny},
                                     {"ignore", PolicyAction::kIgnore}};
constexpr ActionName kOtherwise[] = {{"ignore", PolicyAction::kIgnore},
                                     {"deny", PolicyAction::kDeny},
                                     {"next", PolicyAction::kNext}};

void ReadAction(ConfigMapping& c, absl::string_view field,
                const ActionName (&names)[3], PolicyAction* action) {
  if (!c.Has(field)) return;
  std::string text;
  c.String(field, &text);
  for (const ActionName& name : names) {
    if (name.name == text) {
      *action = name.action;
      return;
    }
  }
  c.Error(field, absl::StrCat("expected ", names[0].name, ", ", names[1].name,
                              " or ", names[2].name));
}

void ReadPolicy(ConfigMapping& c, std::set<std::string>& names,
                policy::RequestPolicy& policy) {
  c.Required("name");
  c.String("name", &policy.name);
  if (!policy.name.empty() && !names.insert(policy.name).second) {
    c.Error("name", absl::StrCat("a policy ", policy::Quoted(policy.name),
                                 " is there already"));
  }
  c.Required("match");
  c.Mapping("match", [&policy](ConfigMapping& m) { ReadMatch(m, policy); });
  c.Mapping("require", [&policy](ConfigMapping& r) {
    ReadRequirements(r, policy.require.emplace());
  });
  c.Required("decide");
  ReadAction(c, "decide", kDecisions, &policy.decide);
  ReadAction(c, "otherwise", kOtherwise, &policy.otherwise);
  if (policy.decide == PolicyAction::kApprove && !c.Has("require")) {
    c.Error("decide", "what is approved must be required to be something");
  }
  if (c.Has("otherwise") && !c.Has("require")) {
    c.Error("otherwise", "there is no otherwise where nothing is required");
  }
}

}  // namespace

void ReadPolicies(ConfigMapping& document,
                  std::vector<policy::RequestPolicy>& policies) {
  std::set<std::string> names;
  document.Mappings("policies", [&](ConfigMapping& c) {
    // Matches nothing until told what.
    policy::RequestPolicy policy{
        .match = {*policy::Pattern::Parse(""), std::nullopt, {}}};
    ReadPolicy(c, names, policy);
    policies.push_back(std::move(policy));
  });
}

void ReadKeys(ConfigMapping& keys, policy::KeyPolicy& policy) {
  ReadNumber(keys, "minRSABits", 0, 16384, &policy.min_rsa_bits);
  if (keys.Has("ecdsa")) {
    std::vector<std::string> curves;
    keys.Strings("ecdsa", &curves);
    policy.ecdsa_bits.clear();
    for (const std::string& curve : curves) {
      if (curve == "P-256") {
        policy.ecdsa_bits.push_back(256);
      } else if (curve == "P-384") {
        policy.ecdsa_bits.push_back(384);
      } else if (curve == "P-521") {
        policy.ecdsa_bits.push_back(521);
      } else {
        keys.Error("ecdsa", absl::StrCat(policy::Quoted(curve),
                                         " is none of P-256, P-384, P-521"));
      }
    }
  }
  keys.Bool("ed25519", &policy.ed25519);
  keys.Bool("allowSHA1", &policy.sha1);
}

std::optional<policy::Pattern> ReadPattern(ConfigMapping& mapping,
                                           absl::string_view field) {
  if (!mapping.Has(field)) return std::nullopt;
  std::string text;
  mapping.String(field, &text);
  absl::StatusOr<policy::Pattern> pattern = policy::Pattern::Parse(text);
  if (pattern.ok()) return *std::move(pattern);
  mapping.Error(field, pattern.status().message());
  return std::nullopt;
}

void ReadPatterns(ConfigMapping& mapping, absl::string_view field,
                  std::vector<policy::Pattern>* patterns) {
  std::vector<std::string> texts;
  mapping.Strings(field, &texts);
  for (const std::string& text : texts) {
    absl::StatusOr<policy::Pattern> pattern = policy::Pattern::Parse(text);
    if (pattern.ok()) {
      patterns->push_back(*std::move(pattern));
    } else {
      mapping.Error(field, absl::StrCat(policy::Quoted(text), ": ",
                                        pattern.status().message()));
    }
  }
}

void ReadPrefixes(ConfigMapping& mapping, absl::string_view field,
                  std::vector<policy::IpPrefix>* prefixes) {
  std::vector<std::string> texts;
  mapping.Strings(field, &texts);
  for (const std::string& text : texts) {
    absl::StatusOr<policy::IpPrefix> prefix = policy::IpPrefix::Parse(text);
    if (prefix.ok()) {
      prefixes->push_back(*std::move(prefix));
    } else {
      mapping.Error(field, absl::StrCat(policy::Quoted(text), ": ",
                                        prefix.status().message()));
    }
  }
}

void ReadNumber(ConfigMapping& mapping, absl::string_view field, int min,
                int max, int* value) {
  int64_t number = *value;
  mapping.Int(field, min, max, &number);
  *value = static_cast<int>(number);
}

void ReadCount(ConfigMapping& mapping, absl::string_view field, size_t* count) {
  auto number = static_cast<int64_t>(*count);
  mapping.Int(field, 0, kMaxNames, &number);
  *count = static_cast<size_t>(number);
}

}  // namespace signet::approver
