#include "core/policy/decision.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/api/certificates.pb.h"
#include "core/policy/csr_conditions.h"

namespace signet::policy {
namespace {

constexpr size_t kMaxQuoted = 64;
constexpr size_t kMaxPrintable = 256;
constexpr size_t kMaxMessage = 1024;

// At most `size` bytes of `text`, which is ASCII where it matters.
std::string Cut(absl::string_view text, size_t size) {
  if (text.size() <= size) return std::string(text);
  return absl::StrCat(text.substr(0, size), "...");
}

}  // namespace

absl::string_view VerdictName(Verdict verdict) {
  switch (verdict) {
    case Verdict::kApprove:
      return "approve";
    case Verdict::kDeny:
      return "deny";
    case Verdict::kLeave:
      return "leave";
    case Verdict::kWait:
      return "wait";
  }
  return "";
}

absl::string_view RuleOutcomeName(RuleOutcome outcome) {
  switch (outcome) {
    case RuleOutcome::kPassed:
      return "passed";
    case RuleOutcome::kFailed:
      return "failed";
    case RuleOutcome::kUnknown:
      return "unknown";
    case RuleOutcome::kOff:
      return "off";
  }
  return "";
}

api::CertificateSigningRequestCondition ConditionOf(const Decision& decision) {
  const bool approved = decision.verdict == Verdict::kApprove;
  api::CertificateSigningRequestCondition condition;
  condition.set_type(approved ? kApproved : kDenied);
  condition.set_status("True");
  condition.set_reason(approved ? "AutoApproved" : "AutoDenied");
  condition.set_message(decision.message);
  return condition;
}

void DecisionBuilder::Pass(absl::string_view rule, absl::string_view evidence) {
  decision_.rules.push_back(
      {std::string(rule), RuleOutcome::kPassed, Cut(evidence, kMaxMessage)});
}

void DecisionBuilder::Fail(absl::string_view rule, absl::string_view why,
                           bool may_change) {
  decision_.rules.push_back(
      {std::string(rule), RuleOutcome::kFailed, Cut(why, kMaxMessage)});
  decision_.may_change = may_change && (decision_.may_change || !failed_);
  failed_ = true;
}

void DecisionBuilder::Unknown(absl::string_view rule, absl::string_view why) {
  decision_.rules.push_back(
      {std::string(rule), RuleOutcome::kUnknown, Cut(why, kMaxMessage)});
  unknown_ = true;
}

void DecisionBuilder::Off(absl::string_view rule) {
  decision_.rules.push_back({std::string(rule), RuleOutcome::kOff, ""});
}

void DecisionBuilder::Check(absl::string_view rule, absl::string_view why_not) {
  if (why_not.empty()) {
    Pass(rule);
  } else {
    Fail(rule, why_not);
  }
}

void DecisionBuilder::Append(const Decision& other) {
  for (const RuleResult& result : other.rules) {
    switch (result.outcome) {
      case RuleOutcome::kPassed:
        Pass(result.rule, result.message);
        break;
      case RuleOutcome::kFailed:
        Fail(result.rule, result.message, other.may_change);
        break;
      case RuleOutcome::kUnknown:
        Unknown(result.rule, result.message);
        break;
      case RuleOutcome::kOff:
        Off(result.rule);
        break;
    }
  }
}

Decision DecisionBuilder::Finish(absl::string_view approval) && {
  if (!failed_ && !unknown_) {
    decision_.verdict = Verdict::kApprove;
    decision_.message = Cut(approval, kMaxMessage);
    return std::move(decision_);
  }
  decision_.verdict = failed_ ? Verdict::kLeave : Verdict::kWait;
  const RuleOutcome decisive =
      failed_ ? RuleOutcome::kFailed : RuleOutcome::kUnknown;
  const auto rule = std::find_if(
      decision_.rules.begin(), decision_.rules.end(),
      [decisive](const RuleResult& r) { return r.outcome == decisive; });
  decision_.rule = rule->rule;
  decision_.message = rule->message;
  return std::move(decision_);
}

std::string Quoted(absl::string_view text) {
  return absl::StrCat("\"", absl::CHexEscape(Cut(text, kMaxQuoted)), "\"");
}

std::string Printable(absl::string_view text) {
  std::string printable;
  for (const char c : Cut(text, kMaxPrintable)) {
    if (absl::ascii_isprint(static_cast<unsigned char>(c))) {
      printable += c;
    } else {
      absl::StrAppend(&printable, absl::CHexEscape(absl::string_view(&c, 1)));
    }
  }
  return printable;
}

}  // namespace signet::policy
