#ifndef SIGNET_CORE_POLICY_DECISION_H_
#define SIGNET_CORE_POLICY_DECISION_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "core/api/certificates.pb.h"

// What the approver's policies answer, in a form that explains itself. Values
// only.
namespace signet::policy {

enum class Verdict {
  kApprove,
  // Add Denied, which is final. Only where the configuration says so.
  kDeny,
  // Write nothing.
  kLeave,
  // Write nothing and ask again soon, with backoff: something that has to be
  // known could not be found out.
  kWait,
};
// "approve", "deny", "leave", "wait".
absl::string_view VerdictName(Verdict verdict);

enum class RuleOutcome {
  kPassed,
  kFailed,
  kUnknown,  // It hangs on evidence that is missing.
  kOff,      // The configuration does not ask for it.
};
// "passed", "failed", "unknown", "off".
absl::string_view RuleOutcomeName(RuleOutcome outcome);

// One rule's part in a decision.
struct RuleResult {
  std::string rule;  // A short, stable name: "witnesses". For metrics, too.
  RuleOutcome outcome = RuleOutcome::kOff;
  // Failed or unknown: why, as a sentence without its full stop, in printable
  // ASCII whatever the request holds. Passed: the evidence, or nothing.
  std::string message;
};

struct Decision {
  Verdict verdict = Verdict::kLeave;
  // The rule that decided: the first that failed, else the first unknown one;
  // "policy" if a policy denies or ignores as such. Approved: empty.
  std::string rule;
  // One sentence for people: what is written into the condition, the Event and
  // the audit record. Printable ASCII, at most 1 KiB.
  std::string message;
  // kLeave only. True: what failed hangs on evidence (a Node's addresses, a
  // rate), so looking again later may end otherwise. False: something in the
  // immutable spec failed.
  bool may_change = false;
  // Every rule in order, those after the deciding one too; but none after one
  // that leaves nothing to look at: a request that does not parse.
  std::vector<RuleResult> rules;
};

// The condition to add for kApprove and kDeny: type Approved or Denied, status
// True, reason AutoApproved or AutoDenied, the decision's message; no times
// (SPEC B-3, B-17, D-13).
api::CertificateSigningRequestCondition ConditionOf(const Decision& decision);

// Collects results and draws the conclusion from them.
class DecisionBuilder {
 public:
  void Pass(absl::string_view rule, absl::string_view evidence = "");
  void Fail(absl::string_view rule, absl::string_view why,
            bool may_change = false);
  void Unknown(absl::string_view rule, absl::string_view why);
  void Off(absl::string_view rule);
  // Passes if `why_not` is empty, else fails.
  void Check(absl::string_view rule, absl::string_view why_not);

  // The results of `other`, as if they were added here.
  void Append(const Decision& other);

  // kApprove with `approval` as the message if all rules passed; kLeave if one
  // failed; else kWait.
  Decision Finish(absl::string_view approval) &&;

 private:
  Decision decision_;
  bool failed_ = false;
  bool unknown_ = false;
};

// `text` in quotes, with everything but printable ASCII escaped (\n, \x00) and
// cut after 64 bytes: how foreign bytes get into a message.
std::string Quoted(absl::string_view text);
// The same for what is no name: without quotes, cut after 256 bytes.
std::string Printable(absl::string_view text);

}  // namespace signet::policy

#endif  // SIGNET_CORE_POLICY_DECISION_H_
