#include "core/policy/serving_witnesses.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "core/pki/ip_address.h"
#include "core/policy/decision.h"
#include "core/policy/ip_prefix.h"
#include "core/policy/pattern.h"
#include "core/policy/serving_policy.h"

namespace signet::policy {
namespace {

enum class Answer { kBacks, kBacksNot, kUnknown };

// What a witness says of one name.
struct Opinion {
  Answer answer = Answer::kUnknown;
  std::string detail;
  // It can tell this node's names from another's.
  bool bound = true;
};

bool HasName(const Testimony& testimony, absl::string_view name) {
  return absl::c_any_of(testimony.dns_names, [name](const std::string& other) {
    return absl::EqualsIgnoreCase(other, name);
  });
}
bool HasAddress(const std::vector<pki::IpAddress>& addresses,
                const pki::IpAddress& address) {
  return absl::c_linear_search(addresses, address);
}

Opinion Heard(const Testimony& testimony, bool backs) {
  if (!testimony.known) return {Answer::kUnknown, testimony.detail};
  return {backs ? Answer::kBacks : Answer::kBacksNot, testimony.detail};
}

Opinion Unasked() { return {Answer::kUnknown, "not asked"}; }

// `name` is the node's, alone or as the first label. A mere beginning is not
// enough: node-1 does not own node-10.
bool IsNodes(absl::string_view name, absl::string_view node) {
  return absl::StartsWithIgnoreCase(name, node) &&
         (name.size() == node.size() || name[node.size()] == '.');
}

// Asks the witnesses of one node about its names.
class Bench {
 public:
  Bench(const ServingSubject& subject, const ServingPolicy& policy,
        const ServingEvidence& evidence)
      : subject_(subject), policy_(policy), evidence_(evidence) {}

  // No opinion: this witness never speaks about names (addresses).
  std::optional<Opinion> OnName(Witness witness,
                                const std::string& name) const {
    switch (witness) {
      case Witness::kNodeStatus:
        return Heard(evidence_.node_status,
                     HasName(evidence_.node_status, name));
      case Witness::kServedCertificate:
        return Heard(evidence_.served_certificate,
                     HasName(evidence_.served_certificate, name));
      case Witness::kInventory:
        return Heard(evidence_.inventory, HasName(evidence_.inventory, name));
      case Witness::kDns:
        return DnsOnName(name);
      case Witness::kPrefix:
        return std::nullopt;
      case Witness::kNamePattern:
        return PatternOnName(name);
    }
    return std::nullopt;
  }

  std::optional<Opinion> OnAddress(Witness witness,
                                   const pki::IpAddress& address) const {
    const auto holds = [&address](const Testimony& testimony) {
      return Heard(testimony, HasAddress(testimony.ip_addresses, address));
    };
    switch (witness) {
      case Witness::kNodeStatus:
        return holds(evidence_.node_status);
      case Witness::kServedCertificate:
        return holds(evidence_.served_certificate);
      case Witness::kInventory:
        return holds(evidence_.inventory);
      case Witness::kDns:
        return DnsOnAddress(address);
      case Witness::kPrefix:
        return PrefixOnAddress(address);
      case Witness::kNamePattern:
        return std::nullopt;
    }
    return std::nullopt;
  }

 private:
  // Forward, to addresses of this request only: a name that a fleet shares
  // leads to others' too. They need witnesses of their own.
  Opinion DnsOnName(const std::string& name) const {
    if (!IsNodes(name, subject_.node_name)) {
      return {Answer::kBacksNot, "not a name of the node's"};
    }
    const auto found = evidence_.forward.find(name);
    if (found == evidence_.forward.end()) return Unasked();
    const Testimony& forward = found->second;
    return Heard(forward,
                 !forward.ip_addresses.empty() &&
                     absl::c_all_of(forward.ip_addresses,
                                    [this](const pki::IpAddress& address) {
                                      return HasAddress(subject_.ip_addresses,
                                                        address);
                                    }));
  }

  // Back to a name of the node's, and from there forward again.
  Opinion DnsOnAddress(const pki::IpAddress& address) const {
    const auto found = evidence_.reverse.find(address);
    if (found == evidence_.reverse.end()) return Unasked();
    const Testimony& reverse = found->second;
    Opinion opinion = Heard(reverse, false);
    if (!reverse.known) return opinion;
    for (const std::string& name : reverse.dns_names) {
      if (!IsNodes(name, subject_.node_name)) continue;
      const auto forward = evidence_.forward.find(absl::AsciiStrToLower(name));
      if (forward == evidence_.forward.end()) {
        opinion = Unasked();
      } else if (!forward->second.known) {
        opinion = Heard(forward->second, false);
      } else if (HasAddress(forward->second.ip_addresses, address)) {
        return {Answer::kBacks, forward->second.detail};
      }
    }
    return opinion;
  }

  Opinion PrefixOnAddress(const pki::IpAddress& address) const {
    for (const IpPrefix& prefix : policy_.prefixes) {
      if (prefix.Contains(address)) {
        return {Answer::kBacks, prefix.ToString(), /*bound=*/false};
      }
    }
    return {Answer::kBacksNot, "in none of the prefixes", /*bound=*/false};
  }

  // Of several patterns that fit, one that knows the node.
  Opinion PatternOnName(const std::string& name) const {
    Opinion opinion = {Answer::kBacksNot, "fits none of the patterns",
                       /*bound=*/false};
    for (const Pattern& pattern : policy_.name_patterns) {
      if (opinion.answer == Answer::kBacks && !pattern.names_node()) continue;
      if (pattern.Matches(name, subject_.node_name)) {
        opinion = {Answer::kBacks, pattern.text(), pattern.names_node()};
      }
    }
    return opinion;
  }

  const ServingSubject& subject_;
  const ServingPolicy& policy_;
  const ServingEvidence& evidence_;
};

// The opinions on one name, counted.
class Count {
 public:
  void Add(Witness witness, const Opinion& opinion) {
    absl::string_view answer;
    switch (opinion.answer) {
      case Answer::kBacks:
        ++backing_;
        bound_ |= opinion.bound;
        backers_.emplace_back(WitnessName(witness));
        answer = "backs it";
        break;
      case Answer::kBacksNot:
        answer = "does not";
        break;
      case Answer::kUnknown:
        ++unknown_;
        answer = "is unknown";
        break;
    }
    said_.push_back(absl::StrCat(WitnessName(witness), " ", answer, " (",
                                 Printable(opinion.detail), ")"));
  }

  RuleOutcome Outcome(const ServingPolicy& policy) const {
    const bool bound = bound_ || policy.allow_unbound;
    if (backing_ >= policy.quorum && bound) return RuleOutcome::kPassed;
    // Every witness that can be unknown tells one node from another.
    if (backing_ + unknown_ >= policy.quorum && (bound || unknown_ > 0)) {
      return RuleOutcome::kUnknown;
    }
    return RuleOutcome::kFailed;
  }

  std::string Backers() const { return absl::StrJoin(backers_, ", "); }

  std::string Said(absl::string_view name, int quorum) const {
    std::string text = absl::StrCat(name, " is backed by ", backing_,
                                    " of the ", quorum, " witnesses it takes");
    if (backing_ >= quorum)
      absl::StrAppend(&text, ", none of which knows nodes");
    if (said_.empty()) return absl::StrCat(text, ": none is asked about it");
    return absl::StrCat(text, ": ", absl::StrJoin(said_, "; "));
  }

 private:
  int backing_ = 0;
  int unknown_ = 0;
  bool bound_ = false;
  std::vector<std::string> backers_;
  std::vector<std::string> said_;
};

// True if an answer that is known now may be another one later.
bool MayChange(const ServingPolicy& policy) {
  return absl::c_any_of(policy.witnesses, [](Witness witness) {
    return witness != Witness::kPrefix && witness != Witness::kNamePattern;
  });
}

}  // namespace

void CheckWitnesses(absl::string_view rule, const ServingSubject& subject,
                    const ServingPolicy& policy,
                    const ServingEvidence& evidence,
                    DecisionBuilder& decision) {
  const Bench bench(subject, policy, evidence);
  std::vector<std::pair<std::string, Count>> counts;
  for (const std::string& name : subject.dns_names) {
    Count& count =
        counts.emplace_back(absl::StrCat("DNS name ", Quoted(name)), Count())
            .second;
    for (const Witness witness : policy.witnesses) {
      const std::optional<Opinion> opinion = bench.OnName(witness, name);
      if (opinion) count.Add(witness, *opinion);
    }
  }
  for (const pki::IpAddress& address : subject.ip_addresses) {
    Count& count =
        counts
            .emplace_back(absl::StrCat("IP address ", address.ToString()),
                          Count())
            .second;
    for (const Witness witness : policy.witnesses) {
      const std::optional<Opinion> opinion = bench.OnAddress(witness, address);
      if (opinion) count.Add(witness, *opinion);
    }
  }

  std::vector<std::string> passed;
  std::string unknown;
  for (const auto& [name, count] : counts) {
    switch (count.Outcome(policy)) {
      case RuleOutcome::kPassed:
        passed.push_back(absl::StrCat(name, ": ", count.Backers()));
        break;
      case RuleOutcome::kUnknown:
        if (unknown.empty()) unknown = count.Said(name, policy.quorum);
        break;
      default:
        decision.Fail(rule, count.Said(name, policy.quorum), MayChange(policy));
        return;
    }
  }
  if (!unknown.empty()) {
    decision.Unknown(rule, unknown);
  } else {
    decision.Pass(rule, absl::StrJoin(passed, "; "));
  }
}

}  // namespace signet::policy
