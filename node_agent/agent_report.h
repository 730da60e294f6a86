#ifndef SIGNET_NODE_AGENT_AGENT_REPORT_H_
#define SIGNET_NODE_AGENT_AGENT_REPORT_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "node_agent/agent.h"
#include "node_agent/prober.h"
#include "prometheus/collectable.h"
#include "prometheus/metric_family.h"

// What an Agent tells about itself.
namespace signet::node_agent {

// StatusJson returns the state as an object of JSON, one line: node, phase,
// serial (lower-case hex), subject, not_before, not_after, rotation_deadline,
// next_attempt, certificate_sha256 (lower-case hex), request, issued,
// rotations, renew_errors, failed_attempts, last_error, server_healthy and
// probe {count, result, serial, at}. Times are RFC 3339 in UTC; what isn't
// there is null.
std::string StatusJson(absl::string_view node_name, const AgentState& state,
                       const ProbeState& probe);

// AgentMetrics are an agent's metrics, taken from its state when they are
// collected. The kubelet's own names (SPEC A8):
//   kubelet_certificate_manager_client_ttl_seconds
//   kubelet_certificate_manager_client_expiration_renew_errors
// and ours:
//   signet_certificate_not_after_timestamp_seconds
//   signet_certificate_rotation_deadline_timestamp_seconds
//   signet_certificates_issued_total, signet_certificate_rotations_total
//   signet_node_agent_phase{phase}       1 for the phase it is in
//   signet_node_agent_failed_attempts    since the last success
//   signet_node_agent_server_healthy
//   signet_node_agent_probes_total
class AgentMetrics : public prometheus::Collectable {
 public:
  // References must outlive the object.
  AgentMetrics(const Agent& agent, const Prober& prober, absl::Clock& clock)
      : agent_(agent), prober_(prober), clock_(clock) {}
  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  const Agent& agent_;
  const Prober& prober_;
  absl::Clock& clock_;
};

// What AgentMetrics collects from a state.
std::vector<prometheus::MetricFamily> MetricsOf(const AgentState& state,
                                                const ProbeState& probe,
                                                absl::Time now);

}  // namespace signet::node_agent

#endif  // SIGNET_NODE_AGENT_AGENT_REPORT_H_
