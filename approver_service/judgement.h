#ifndef SIGNET_APPROVER_SERVICE_JUDGEMENT_H_
#define SIGNET_APPROVER_SERVICE_JUDGEMENT_H_

#include <string>

#include "absl/strings/string_view.h"
#include "core/api/certificates.pb.h"
#include "core/policy/decision.h"
#include "core/service/csr_metrics.h"

namespace signet::approver {

// Judgement is what was decided about one request, by whom and why.
struct Judgement {
  policy::Decision decision;
  // "client", "serving", "policies" or "none" (policy::Duty).
  absl::string_view duty = "none";
  // With "policies": the name of the one that decided; empty if none matched.
  std::string policy;
  // For kApprove and kDeny: what to write.
  api::CertificateSigningRequestCondition condition;
  // For kLeave: how logs and metrics call it.
  service::Verdict left_as = service::Verdict::kLeft;
  // For kLeave and kWait: false if the request is none of our business, so that
  // nobody needs to be told.
  bool ours = true;
};

}  // namespace signet::approver

#endif  // SIGNET_APPROVER_SERVICE_JUDGEMENT_H_
