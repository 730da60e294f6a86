#include "node_agent/failure_events.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "core/api/core.pb.h"
#include "core/service/event_recorder.h"
#include "node_agent/agent_report.h"

namespace signet::node_agent {

void FailureEvents::Look(const NodeReport& report) {
  const bool allowed = client_.Current() != nullptr;
  api::ObjectReference node;
  node.set_kind("Node");
  node.set_api_version("v1");
  node.set_name(report.node);
  node.set_uid(
      report.node);  // As the kubelet does: `kubectl describe` asks so.
  for (const CertificateReport& certificate : report.certificates) {
    Seen& seen = seen_[certificate.name];
    const AgentState& state = certificate.state;
    if (allowed && state.renew_errors > seen.renew_errors) {
      events_.Record(node, service::EventType::kWarning,
                     "CertificateRenewalFailed",
                     absl::StrCat(certificate.name, ": ", state.last_error));
    }
    seen.renew_errors = state.renew_errors;
    if (!certificate.delivery.has_value()) continue;
    const DeliveryState& delivery = *certificate.delivery;
    if (allowed && delivery.failures > seen.delivery_failures) {
      events_.Record(node, service::EventType::kWarning,
                     "CertificateDeliveryFailed",
                     absl::StrCat(certificate.name, ": ", delivery.last_error));
    }
    seen.delivery_failures = delivery.failures;
  }
}

}  // namespace signet::node_agent
