#include "approver_service/check_command.h"

#include <algorithm>
#include <cstddef>
#include <istream>
#include <ostream>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "approver_service/approver_config_reader.h"
#include "approver_service/csr_file.h"
#include "approver_service/offline_evidence.h"
#include "core/api/certificates.pb.h"
#include "core/api/codec.h"
#include "core/base/file_system.h"
#include "core/policy/approver_config.h"
#include "core/policy/approver_decision.h"
#include "core/policy/decision.h"
#include "core/policy/request_rules.h"

namespace signet::approver {
namespace {

constexpr size_t kMaxConfigBytes = 1 << 20;

constexpr char kDescription[] =
    R"(Says what a configuration decides about requests, and each rule's result.
Nothing is written and no network is asked: witnesses, access rights and past
approvals are unknown unless a file tells of them.
)";

constexpr char kExamples[] = R"(Examples:
  kubectl get csr csr-x7k2p -o json | signet-approver check --config=approver.yaml --csr=-
  signet-approver check --config=approver.yaml --csr=csrs.yaml --nodes=nodes.json
)";

// All of `in`, up to the size of a list.
absl::StatusOr<std::string> ReadAll(std::istream& in) {
  std::string text;
  char buffer[65536];
  while (in.read(buffer, sizeof buffer) || in.gcount() > 0) {
    text.append(buffer, static_cast<size_t>(in.gcount()));
    if (text.size() > api::kMaxListBytes) {
      return absl::ResourceExhaustedError(absl::StrCat(
          "standard input: has over ", api::kMaxListBytes, " bytes"));
    }
  }
  return text;
}

}  // namespace

CLI::App* AddCheckCommand(CLI::App& app, CheckFlags& flags) {
  CLI::App* const check = app.add_subcommand("check", kDescription);
  check->footer(kExamples);
  check
      ->add_option("--config", flags.config,
                   "What to judge by (kind ApproverConfiguration). Without it, "
                   "what the service does without it")
      ->type_name("FILE");
  check
      ->add_option("--csr", flags.csr,
                   "CertificateSigningRequests in YAML or JSON, also a list as "
                   "kubectl get csr -o json writes it; - is standard input")
      ->type_name("FILE")
      ->required();
  AddSourceFlags(*check, flags.sources);
  return check;
}

std::string ExplainDecision(const api::CertificateSigningRequest& csr,
                            const policy::PolicyDecision& decision) {
  const policy::Decision& d = decision.decision;
  const std::string name =
      csr.metadata().name().empty() ? "(no name)" : csr.metadata().name();
  std::string text = absl::StrCat(policy::Printable(name), ": ",
                                  policy::VerdictName(d.verdict));
  if (d.verdict == policy::Verdict::kLeave) {
    absl::StrAppend(&text, d.may_change ? ", for now" : ", for good");
  }
  absl::StrAppend(
      &text, "\n  signer:    ", policy::Printable(csr.spec().signer_name()),
      "\n  requester: ", policy::Printable(csr.spec().username()),
      "\n  policy:    ",
      decision.policy.empty() ? "(none)" : policy::Printable(decision.policy),
      "\n  rule:      ", d.rule.empty() ? "(all passed)" : d.rule,
      "\n  message:   ", d.message, "\n");
  size_t width = 0;
  for (const policy::RuleResult& result : d.rules) {
    width = std::max(width, result.rule.size());
  }
  for (const policy::RuleResult& result : d.rules) {
    const absl::string_view outcome = policy::RuleOutcomeName(result.outcome);
    std::string line = absl::StrFormat(
        "    %-*s  %-7s", static_cast<int>(width), result.rule, outcome);
    if (!result.message.empty()) absl::StrAppend(&line, "  ", result.message);
    absl::StrAppend(&text, absl::StripTrailingAsciiWhitespace(line), "\n");
  }
  return text;
}

absl::Status RunCheck(const CheckFlags& flags, FileSystem& files,
                      std::istream& in, std::ostream& out) {
  policy::ApproverConfig config;
  if (!flags.config.empty()) {
    ABSL_ASSIGN_OR_RETURN(const std::string text,
                          files.Read(flags.config, kMaxConfigBytes));
    ABSL_ASSIGN_OR_RETURN(config, ReadApproverConfig(flags.config, text));
  }
  ABSL_ASSIGN_OR_RETURN(const OfflineEvidence evidence,
                        OfflineEvidence::Read(flags.sources, config, files));
  ABSL_ASSIGN_OR_RETURN(const std::string text,
                        flags.csr == "-"
                            ? ReadAll(in)
                            : files.Read(flags.csr, api::kMaxListBytes));
  ABSL_ASSIGN_OR_RETURN(
      const std::vector<api::CertificateSigningRequest> csrs,
      ReadCsrs(flags.csr == "-" ? "standard input" : flags.csr, text));
  for (const api::CertificateSigningRequest& csr : csrs) {
    out << ExplainDecision(
        csr, policy::DecideWithEvidence(csr, config, evidence.For(csr)));
  }
  if (!out.flush()) return absl::DataLossError("standard output: cannot write");
  return absl::OkStatus();
}

}  // namespace signet::approver
