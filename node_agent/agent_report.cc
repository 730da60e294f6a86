#include "node_agent/agent_report.h"

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "boost/json/object.hpp"
#include "boost/json/serialize.hpp"
#include "boost/json/value.hpp"
#include "core/pki/certificate.h"
#include "core/rotation/next_step.h"
#include "node_agent/agent.h"
#include "node_agent/event.h"
#include "node_agent/prober.h"
#include "prometheus/client_metric.h"
#include "prometheus/metric_family.h"
#include "prometheus/metric_type.h"

namespace signet::node_agent {
namespace {

constexpr Phase kPhases[] = {Phase::kStarting,   Phase::kWaiting,
                             Phase::kRequesting, Phase::kPending,
                             Phase::kRetrying,   Phase::kStopped};

boost::json::value TimeOrNull(absl::Time time) {
  if (time == absl::InfiniteFuture() || time == absl::InfinitePast()) {
    return nullptr;
  }
  return boost::json::value(FormatTimestamp(time));
}

boost::json::value TextOrNull(const std::string& text) {
  if (text.empty()) return nullptr;
  return boost::json::value(text);
}

std::string Hex(const std::array<uint8_t, 32>& bytes) {
  return absl::BytesToHexString(absl::string_view(
      reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

prometheus::ClientMetric Value(prometheus::MetricType type, double value) {
  prometheus::ClientMetric metric;
  (type == prometheus::MetricType::Counter ? metric.counter.value
                                           : metric.gauge.value) = value;
  return metric;
}

prometheus::MetricFamily Family(std::string name, std::string help,
                                prometheus::MetricType type, double value) {
  prometheus::MetricFamily family;
  family.name = std::move(name);
  family.help = std::move(help);
  family.type = type;
  family.metric.push_back(Value(type, value));
  return family;
}

// Whole seconds, and +Inf for what never comes.
double UnixSeconds(absl::Time time) {
  if (time == absl::InfiniteFuture()) {
    return std::numeric_limits<double>::infinity();
  }
  return static_cast<double>(absl::ToUnixSeconds(time));
}

}  // namespace

std::string StatusJson(absl::string_view node_name, const AgentState& state,
                       const ProbeState& probe) {
  boost::json::object json;
  json["node"] = node_name;
  json["phase"] = ToString(state.phase);
  if (state.pair != nullptr) {
    const pki::Certificate& leaf = state.pair->chain.front();
    json["serial"] = pki::SerialToHex(leaf.serial_number());
    json["subject"] = leaf.subject().ToString();
    json["not_before"] = FormatTimestamp(leaf.validity().not_before);
    json["not_after"] = FormatTimestamp(leaf.validity().not_after);
    json["certificate_sha256"] = Hex(leaf.Sha256());
  } else {
    for (const char* key : {"serial", "subject", "not_before", "not_after",
                            "certificate_sha256"}) {
      json[key] = nullptr;
    }
  }
  json["rotation_deadline"] = TimeOrNull(state.deadline);
  json["next_attempt"] = TimeOrNull(state.next_attempt);
  json["request"] = TextOrNull(state.request);
  json["issued"] = state.issued;
  json["rotations"] = state.rotations;
  json["renew_errors"] = state.renew_errors;
  json["failed_attempts"] = state.failed_attempts;
  json["last_error"] = TextOrNull(state.last_error);
  json["server_healthy"] = state.server_healthy;
  boost::json::object& probed = json["probe"].emplace_object();
  probed["count"] = probe.count;
  probed["result"] = TextOrNull(probe.result);
  probed["serial"] = TextOrNull(probe.serial);
  probed["at"] = TimeOrNull(probe.at);
  return boost::json::serialize(json) + "\n";
}

std::vector<prometheus::MetricFamily> AgentMetrics::Collect() const {
  return MetricsOf(agent_.State(), prober_.State(), clock_.TimeNow());
}

std::vector<prometheus::MetricFamily> MetricsOf(const AgentState& state,
                                                const ProbeState& probe,
                                                absl::Time now) {
  using enum prometheus::MetricType;
  double ttl = std::numeric_limits<double>::infinity();
  double not_after = 0;
  if (state.pair != nullptr) {
    const pki::Validity& validity = state.pair->chain.front().validity();
    not_after = UnixSeconds(validity.not_after);
    if (rotation::IsUsable(validity, now)) {
      ttl = std::trunc(absl::ToDoubleSeconds(validity.not_after - now));
    }
  }
  std::vector<prometheus::MetricFamily> families;
  families.push_back(Family(
      "kubelet_certificate_manager_client_ttl_seconds",
      "Gauge of the TTL (time-to-live) of the Kubelet's client certificate. "
      "The value is in seconds until certificate expiry (negative if already "
      "expired). If client certificate is invalid or unused, the value will be "
      "+INF.",
      Gauge, ttl));
  families.push_back(
      Family("kubelet_certificate_manager_client_expiration_renew_errors",
             "Counter of certificate renewal errors.", Counter,
             static_cast<double>(state.renew_errors)));
  families.push_back(Family(
      "signet_certificate_not_after_timestamp_seconds",
      "When the certificate in use expires; 0 without one.", Gauge, not_after));
  families.push_back(
      Family("signet_certificate_rotation_deadline_timestamp_seconds",
             "When the certificate in use is due for replacement; +Inf "
             "without one.",
             Gauge, UnixSeconds(state.deadline)));
  families.push_back(Family("signet_certificates_issued_total",
                            "Certificates obtained and stored since the start.",
                            Counter, static_cast<double>(state.issued)));
  families.push_back(
      Family("signet_certificate_rotations_total",
             "Certificates obtained and stored that replaced one.", Counter,
             static_cast<double>(state.rotations)));
  prometheus::MetricFamily phases;
  phases.name = "signet_node_agent_phase";
  phases.help = "1 for the phase that the agent is in, 0 for the others.";
  phases.type = Gauge;
  for (Phase phase : kPhases) {
    prometheus::ClientMetric metric =
        Value(Gauge, phase == state.phase ? 1 : 0);
    metric.label = {{"phase", std::string(ToString(phase))}};
    phases.metric.push_back(std::move(metric));
  }
  families.push_back(std::move(phases));
  families.push_back(Family("signet_node_agent_failed_attempts",
                            "Attempts that failed since the last success.",
                            Gauge, state.failed_attempts));
  families.push_back(
      Family("signet_node_agent_server_healthy",
             "1 if the API server answers requests as it should, as far as one "
             "knows.",
             Gauge, state.server_healthy ? 1 : 0));
  families.push_back(Family("signet_node_agent_probes_total",
                            "Reads of the node's own object.", Counter,
                            static_cast<double>(probe.count)));
  return families;
}

}  // namespace signet::node_agent
