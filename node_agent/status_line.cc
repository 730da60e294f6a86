#include "node_agent/status_line.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"
#include "core/pki/validity.h"
#include "core/rotation/next_step.h"
#include "node_agent/agent.h"
#include "node_agent/agent_report.h"
#include "node_agent/event.h"

namespace signet::node_agent {

std::string StatusLine(const NodeReport& report, absl::Time now) {
  std::string line = "no client certificate";
  std::vector<std::string> failing;
  for (const CertificateReport& certificate : report.certificates) {
    const AgentState& state = certificate.state;
    if (certificate.kind == CertificateKind::kClient && state.pair != nullptr) {
      const pki::Validity& validity = state.pair->chain.front().validity();
      line = rotation::IsUsable(validity, now)
                 ? absl::StrCat("client certificate good until ",
                                FormatTimestamp(validity.not_after),
                                ", next rotation ",
                                FormatTimestamp(state.deadline))
                 : absl::StrCat("client certificate expired at ",
                                FormatTimestamp(validity.not_after));
    }
    if (state.failed_attempts > 0) {
      failing.push_back(absl::StrCat(certificate.name, ": ", state.last_error));
    } else if (certificate.delivery.has_value() &&
               !certificate.delivery->last_error.empty()) {
      failing.push_back(absl::StrCat(certificate.name, ": ",
                                     certificate.delivery->last_error));
    }
  }
  if (!failing.empty()) {
    absl::StrAppend(&line, "; ", failing.size(), " of ",
                    report.certificates.size(),
                    " certificates fails: ", failing.front());
  }
  // One line it must be: a newline would begin another assignment.
  return absl::StrReplaceAll(line, {{"\n", " "}, {"\r", " "}});
}

}  // namespace signet::node_agent
