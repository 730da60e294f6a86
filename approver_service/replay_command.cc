#include "approver_service/replay_command.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <map>
#include <ostream>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "approver_service/approver_config_reader.h"
#include "approver_service/csr_file.h"
#include "approver_service/offline_evidence.h"
#include "core/api/certificates.pb.h"
#include "core/api/codec.h"
#include "core/base/file_system.h"
#include "core/pki/certificate_request.h"
#include "core/policy/approver_config.h"
#include "core/policy/approver_decision.h"
#include "core/policy/csr_conditions.h"
#include "core/policy/decision.h"

namespace signet::approver {
namespace {

using Csr = api::CertificateSigningRequest;

constexpr size_t kMaxConfigBytes = 1 << 20;

constexpr char kDescription[] =
    R"(Runs a configuration over requests of the past and compares its verdicts with
what was decided. Nothing is written and no network is asked. Past keys and
approvals come from the history itself; who may do what is taken to be as
kubeadm grants it, unless --evidence says otherwise.
)";

constexpr char kExamples[] = R"(Examples:
  kubectl get csr -o json > history/today.json
  signet-approver replay --config=approver.yaml --history=history --nodes=nodes.json
)";

// ---- What was decided.

std::string WhatWas(const Csr& csr) {
  if (policy::HasCondition(csr, policy::kDenied)) return "denied";
  if (policy::HasCondition(csr, policy::kApproved)) return "approved";
  return "undecided";
}

absl::Time CreatedAt(const Csr& csr) {
  return api::ToAbslTime(csr.metadata().creation_timestamp());
}

absl::Time ApprovedAt(const Csr& csr) {
  for (const api::CertificateSigningRequestCondition& condition :
       csr.status().conditions()) {
    if (condition.type() == policy::kApproved &&
        !api::IsZero(condition.last_update_time())) {
      return api::ToAbslTime(condition.last_update_time());
    }
  }
  return CreatedAt(csr);
}

// The request as it was when it was made.
Csr Undecided(const Csr& csr) {
  Csr undecided = csr;
  undecided.clear_status();
  return undecided;
}

std::string Compare(absl::string_view was, const policy::Decision& now) {
  if (now.verdict == policy::Verdict::kWait) return "unknown";
  const bool same =
      (was == "approved" && now.verdict == policy::Verdict::kApprove) ||
      (was == "denied" && now.verdict == policy::Verdict::kDeny) ||
      (was == "undecided" && now.verdict == policy::Verdict::kLeave);
  return same ? "agrees" : "differs";
}

// ---- Evidence from earlier requests.

class Past {
 public:
  // Fills in what was known when `csr` was made.
  void Testify(const Csr& csr, policy::ApproverEvidence& evidence) const {
    const absl::StatusOr<pki::CertificateRequest> request =
        pki::CertificateRequest::ParsePem(csr.spec().request());
    if (!request.ok()) return;
    if (!evidence.serving.other_holders_of_key) {
      std::vector<std::string> holders;
      const auto found = holders_.find(request->public_key().spki_der());
      if (found != holders_.end()) {
        holders.assign(found->second.begin(), found->second.end());
      }
      evidence.client.other_holders_of_key = holders;
      evidence.serving.other_holders_of_key = std::move(holders);
    }
    if (!evidence.serving.approvals_in_last_hour) {
      const absl::Time now = CreatedAt(csr);
      int count = 0;
      const auto found = approvals_.find(
          {csr.spec().signer_name(), request->subject().common_name});
      if (found != approvals_.end()) {
        count = static_cast<int>(
            absl::c_count_if(found->second, [now](absl::Time at) {
              return at <= now && at > now - absl::Hours(1);
            }));
      }
      evidence.client.approvals_in_last_hour = count;
      evidence.serving.approvals_in_last_hour = count;
    }
  }

  void Add(const Csr& csr) {
    const absl::StatusOr<pki::CertificateRequest> request =
        pki::CertificateRequest::ParsePem(csr.spec().request());
    if (!request.ok()) return;
    const std::string& common_name = request->subject().common_name;
    holders_[request->public_key().spki_der()].insert(common_name);
    if (WhatWas(csr) == "approved") {
      approvals_[{csr.spec().signer_name(), common_name}].push_back(
          ApprovedAt(csr));
    }
  }

 private:
  std::map<std::string, std::set<std::string>> holders_;  // By SPKI.
  // By signer name and common name.
  std::map<std::pair<std::string, std::string>, std::vector<absl::Time>>
      approvals_;
};

// What kubeadm's bindings grant (SPEC B-11).
void AssumeAccess(const Csr& csr, policy::ApproverEvidence& evidence) {
  const auto& groups = csr.spec().groups();
  evidence.access.try_emplace("selfnodeclient",
                              absl::c_linear_search(groups, "system:nodes"));
  evidence.access.try_emplace(
      "nodeclient", absl::c_any_of(groups, [](const std::string& group) {
        return group == "system:bootstrappers" ||
               absl::StartsWith(group, "system:bootstrappers:");
      }));
}

// ---- The table.

constexpr size_t kColumns = 7;
using TableRow = std::array<std::string, kColumns>;

TableRow RowOf(const Replayed& replayed) {
  const policy::Decision& now = replayed.now.decision;
  return {policy::Printable(replayed.name),
          policy::Printable(replayed.signer_name),
          policy::Printable(replayed.requester),
          replayed.was,
          std::string(policy::VerdictName(now.verdict)),
          replayed.comparison,
          now.rule.empty() ? "" : absl::StrCat(now.rule, ": ", now.message)};
}

std::string Format(const std::vector<TableRow>& rows) {
  std::array<size_t, kColumns> widths = {};
  for (const TableRow& row : rows) {
    for (size_t i = 0; i < kColumns; ++i) {
      widths[i] = std::max(widths[i], row[i].size());
    }
  }
  std::string text;
  for (const TableRow& row : rows) {
    std::string line;
    for (size_t i = 0; i < kColumns; ++i) {
      absl::StrAppend(&line, row[i],
                      std::string(widths[i] - row[i].size() + 2, ' '));
    }
    absl::StrAppend(&text, absl::StripTrailingAsciiWhitespace(line), "\n");
  }
  return text;
}

absl::StatusOr<std::vector<Csr>> ReadHistory(const std::string& directory,
                                             FileSystem& files) {
  ABSL_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                        files.List(directory));
  std::vector<Csr> csrs;
  for (const std::string& name : names) {
    if (!absl::EndsWith(name, ".json") && !absl::EndsWith(name, ".yaml") &&
        !absl::EndsWith(name, ".yml")) {
      continue;
    }
    const std::string path = absl::StrCat(directory, "/", name);
    ABSL_ASSIGN_OR_RETURN(const std::string text,
                          files.Read(path, api::kMaxListBytes));
    ABSL_ASSIGN_OR_RETURN(std::vector<Csr> read, ReadCsrs(path, text));
    csrs.insert(csrs.end(), std::make_move_iterator(read.begin()),
                std::make_move_iterator(read.end()));
  }
  if (csrs.empty()) {
    return absl::NotFoundError(absl::StrCat(
        directory, ": no request in a file *.json, *.yaml or *.yml"));
  }
  return csrs;
}

}  // namespace

CLI::App* AddReplayCommand(CLI::App& app, ReplayFlags& flags) {
  CLI::App* const replay = app.add_subcommand("replay", kDescription);
  replay->footer(kExamples);
  replay
      ->add_option("--config", flags.config,
                   "What to judge by (kind ApproverConfiguration). Without it, "
                   "what the service does without it")
      ->type_name("FILE");
  replay
      ->add_option("--history", flags.history,
                   "Where files *.json, *.yaml and *.yml with "
                   "CertificateSigningRequests are")
      ->type_name("DIR")
      ->required();
  AddSourceFlags(*replay, flags.sources);
  replay->add_flag("--differences-only", flags.differences_only,
                   "Leave out of the table what agrees");
  return replay;
}

std::vector<Replayed> Replay(std::vector<Csr> csrs,
                             const policy::ApproverConfig& config,
                             const OfflineEvidence& evidence) {
  absl::c_sort(csrs, [](const Csr& a, const Csr& b) {
    return std::pair(CreatedAt(a), a.metadata().name()) <
           std::pair(CreatedAt(b), b.metadata().name());
  });
  Past past;
  std::vector<Replayed> result;
  for (const Csr& csr : csrs) {
    policy::ApproverEvidence known = evidence.For(csr);
    past.Testify(csr, known);
    AssumeAccess(csr, known);
    Replayed& replayed = result.emplace_back();
    replayed.name = csr.metadata().name();
    replayed.signer_name = csr.spec().signer_name();
    replayed.requester = csr.spec().username();
    replayed.was = WhatWas(csr);
    replayed.now = policy::DecideWithEvidence(Undecided(csr), config, known);
    replayed.comparison = Compare(replayed.was, replayed.now.decision);
    past.Add(csr);
  }
  return result;
}

absl::Status RunReplay(const ReplayFlags& flags, FileSystem& files,
                       std::ostream& out) {
  policy::ApproverConfig config;
  if (!flags.config.empty()) {
    ABSL_ASSIGN_OR_RETURN(const std::string text,
                          files.Read(flags.config, kMaxConfigBytes));
    ABSL_ASSIGN_OR_RETURN(config, ReadApproverConfig(flags.config, text));
  }
  ABSL_ASSIGN_OR_RETURN(const OfflineEvidence evidence,
                        OfflineEvidence::Read(flags.sources, config, files));
  ABSL_ASSIGN_OR_RETURN(std::vector<Csr> csrs,
                        ReadHistory(flags.history, files));
  std::vector<TableRow> rows = {
      {"NAME", "SIGNERNAME", "REQUESTOR", "WAS", "NOW", "COMPARISON", "WHY"}};
  std::map<std::string, int> totals;
  const std::vector<Replayed> replays =
      Replay(std::move(csrs), config, evidence);
  for (const Replayed& replayed : replays) {
    ++totals[replayed.comparison];
    if (!flags.differences_only || replayed.comparison != "agrees") {
      rows.push_back(RowOf(replayed));
    }
  }
  out << Format(rows) << "\n"
      << replays.size() << " requests: " << totals["agrees"] << " agree, "
      << totals["differs"] << " differ, " << totals["unknown"]
      << " cannot be told without more evidence\n";
  if (!out.flush()) return absl::DataLossError("standard output: cannot write");
  return absl::OkStatus();
}

}  // namespace signet::approver
