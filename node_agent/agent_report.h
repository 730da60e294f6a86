#ifndef SIGNET_NODE_AGENT_AGENT_REPORT_H_
#define SIGNET_NODE_AGENT_AGENT_REPORT_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "node_agent/agent.h"
#include "node_agent/delivery.h"
#include "node_agent/prober.h"
#include "prometheus/client_metric.h"
#include "prometheus/collectable.h"
#include "prometheus/metric_family.h"

// What the program tells about its certificates.
namespace signet::node_agent {

enum class CertificateKind { kClient, kServing, kOther };

struct CertificateReport {
  std::string name;  // The prefix of its files: "kubelet-client".
  CertificateKind kind = CertificateKind::kOther;
  std::string signer_name;
  AgentState state;
  // For what the configuration file asks for.
  std::optional<DeliveryState> delivery;
  // Seconds that certificates lived before they were replaced (SPEC A-14): for
  // the serving certificate, as the kubelet has it.
  std::optional<prometheus::ClientMetric> rotation_ages;
};

struct NodeReport {
  std::string node;
  // The node's client certificate comes first.
  std::vector<CertificateReport> certificates;
  ProbeState probe;
};

// StatusJson returns the report as an object of JSON, one line: node, probe
// {count, result, serial, at}, and certificates, each with name, kind, signer,
// phase, serial (lower-case hex), subject, not_before, not_after,
// rotation_deadline, next_attempt, certificate_sha256 (lower-case hex),
// request, issued, rotations, renew_errors, failed_attempts, last_error,
// server_healthy and delivery {delivered, failures, last_error, next_attempt}.
// The client certificate's fields stand at the top, too. Times are RFC 3339 in
// UTC; what isn't there is null.
std::string StatusJson(const NodeReport& report);

// AgentMetrics are the program's metrics, taken from a report when they are
// collected. The kubelet's own names (SPEC A8):
//   kubelet_certificate_manager_client_ttl_seconds
//   kubelet_certificate_manager_client_expiration_renew_errors
// and, with a serving certificate:
//   kubelet_certificate_manager_server_ttl_seconds
//   kubelet_certificate_manager_server_rotation_seconds
//   kubelet_server_expiration_renew_errors
// Ours, each with the label `certificate`, its name:
//   signet_certificate_not_after_timestamp_seconds
//   signet_certificate_rotation_deadline_timestamp_seconds
//   signet_certificate_next_attempt_timestamp_seconds   0: none is due
//   signet_certificates_issued_total, signet_certificate_rotations_total
//   signet_certificate_renew_errors_total
//   signet_certificate_phase{phase}          1 for the phase it is in
//   signet_certificate_failed_attempts       since the last success
//   signet_certificate_deliveries_total,
//   signet_certificate_delivery_errors_total
//   signet_certificate_delivery_pending      1 while something isn't done
// and signet_node_agent_server_healthy, signet_node_agent_probes_total.
class AgentMetrics : public prometheus::Collectable {
 public:
  // `report` is called on the threads that collect; `clock` must outlive the
  // object.
  AgentMetrics(std::function<NodeReport()> report, absl::Clock& clock)
      : report_(std::move(report)), clock_(clock) {}
  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  const std::function<NodeReport()> report_;
  absl::Clock& clock_;
};

// What AgentMetrics collects from a report.
std::vector<prometheus::MetricFamily> MetricsOf(const NodeReport& report,
                                                absl::Time now);

// The histogram's upper ends, in seconds (SPEC A8).
std::vector<double> RotationAgeBuckets();

}  // namespace signet::node_agent

#endif  // SIGNET_NODE_AGENT_AGENT_REPORT_H_
