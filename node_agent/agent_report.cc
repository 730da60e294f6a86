#include "node_agent/agent_report.h"

#include <array>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "boost/json/array.hpp"
#include "boost/json/object.hpp"
#include "boost/json/serialize.hpp"
#include "boost/json/value.hpp"
#include "core/pki/certificate.h"
#include "core/rotation/next_step.h"
#include "node_agent/agent.h"
#include "node_agent/delivery.h"
#include "node_agent/event.h"
#include "node_agent/prober.h"
#include "prometheus/client_metric.h"
#include "prometheus/metric_family.h"
#include "prometheus/metric_type.h"

namespace signet::node_agent {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

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

absl::string_view KindText(CertificateKind kind) {
  switch (kind) {
    case CertificateKind::kClient:
      return "client";
    case CertificateKind::kServing:
      return "serving";
    case CertificateKind::kOther:
      return "other";
  }
  return "other";
}

boost::json::object StateJson(const AgentState& state) {
  boost::json::object json;
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
  return json;
}

// Whole seconds, and +Inf for what never comes.
double UnixSeconds(absl::Time time) {
  if (time == absl::InfiniteFuture()) {
    return std::numeric_limits<double>::infinity();
  }
  if (time == absl::InfinitePast()) return 0;
  return static_cast<double>(absl::ToUnixSeconds(time));
}

// Truncated seconds until the certificate expires; +Inf if there is none that
// is good (SPEC A8).
double Ttl(const AgentState& state, absl::Time now) {
  if (state.pair == nullptr) return std::numeric_limits<double>::infinity();
  const pki::Validity& validity = state.pair->chain.front().validity();
  if (!rotation::IsUsable(validity, now)) {
    return std::numeric_limits<double>::infinity();
  }
  return std::trunc(absl::ToDoubleSeconds(validity.not_after - now));
}

ClientMetric Value(MetricType type, double value) {
  ClientMetric metric;
  (type == MetricType::Counter ? metric.counter.value : metric.gauge.value) =
      value;
  return metric;
}

// Families in the making.
class Families {
 public:
  explicit Families(const NodeReport& report) : report_(report) {}

  MetricFamily& Add(std::string name, std::string help, MetricType type) {
    MetricFamily family;
    family.name = std::move(name);
    family.help = std::move(help);
    family.type = type;
    families_.push_back(std::move(family));
    return families_.back();
  }
  void AddOne(std::string name, std::string help, MetricType type,
              double value) {
    Add(std::move(name), std::move(help), type)
        .metric.push_back(Value(type, value));
  }
  // One for each certificate, labelled with its name.
  void AddEach(std::string name, std::string help, MetricType type,
               const std::function<double(const CertificateReport&)>& value) {
    MetricFamily& family = Add(std::move(name), std::move(help), type);
    for (const CertificateReport& certificate : report_.certificates) {
      ClientMetric metric = Value(type, value(certificate));
      metric.label = {{"certificate", certificate.name}};
      family.metric.push_back(std::move(metric));
    }
  }
  std::vector<MetricFamily> Take() { return std::move(families_); }

 private:
  const NodeReport& report_;
  std::vector<MetricFamily> families_;
};

void AddKubeletMetrics(const CertificateReport& certificate, absl::Time now,
                       Families& families) {
  const AgentState& state = certificate.state;
  const auto errors = static_cast<double>(state.renew_errors);
  if (certificate.kind == CertificateKind::kClient) {
    families.AddOne(
        "kubelet_certificate_manager_client_ttl_seconds",
        "Gauge of the TTL (time-to-live) of the Kubelet's client certificate. "
        "The value is in seconds until certificate expiry (negative if already "
        "expired). If client certificate is invalid or unused, the value will "
        "be +INF.",
        MetricType::Gauge, Ttl(state, now));
    families.AddOne(
        "kubelet_certificate_manager_client_expiration_renew_errors",
        "Counter of certificate renewal errors.", MetricType::Counter, errors);
  } else if (certificate.kind == CertificateKind::kServing) {
    families.AddOne(
        "kubelet_certificate_manager_server_ttl_seconds",
        "Gauge of the shortest TTL (time-to-live) of the Kubelet's serving "
        "certificate. The value is in seconds until certificate expiry "
        "(negative if already expired). If serving certificate is invalid or "
        "unused, the value will be +INF.",
        MetricType::Gauge, Ttl(state, now));
    families.AddOne("kubelet_server_expiration_renew_errors",
                    "Counter of certificate renewal errors.",
                    MetricType::Counter, errors);
    if (certificate.rotation_ages.has_value()) {
      families
          .Add("kubelet_certificate_manager_server_rotation_seconds",
               "Histogram of the number of seconds the previous certificate "
               "lived before being rotated.",
               MetricType::Histogram)
          .metric.push_back(*certificate.rotation_ages);
    }
  }
}

void AddDeliveryMetrics(Families& families) {
  using enum MetricType;
  families.AddEach(
      "signet_certificate_deliveries_total",
      "Times that files were written and all was done that comes after.",
      Counter, [](const CertificateReport& c) {
        return c.delivery ? static_cast<double>(c.delivery->delivered) : 0;
      });
  families.AddEach(
      "signet_certificate_delivery_errors_total",
      "Times that a file or what comes after failed.", Counter,
      [](const CertificateReport& c) {
        return c.delivery ? static_cast<double>(c.delivery->failures) : 0;
      });
  families.AddEach("signet_certificate_delivery_pending",
                   "1 while a delivery failed and will be tried again.", Gauge,
                   [](const CertificateReport& c) {
                     return c.delivery && !c.delivery->last_error.empty() ? 1
                                                                          : 0;
                   });
}

}  // namespace

std::string StatusJson(const NodeReport& report) {
  boost::json::object json;
  json["node"] = report.node;
  boost::json::array certificates;
  for (const CertificateReport& certificate : report.certificates) {
    boost::json::object state = StateJson(certificate.state);
    if (certificate.kind == CertificateKind::kClient) {
      for (const auto& [key, value] : state) json[key] = value;
    }
    boost::json::object entry;
    entry["name"] = certificate.name;
    entry["kind"] = KindText(certificate.kind);
    entry["signer"] = certificate.signer_name;
    for (auto& [key, value] : state) entry[key] = std::move(value);
    if (certificate.delivery.has_value()) {
      const DeliveryState& delivery = *certificate.delivery;
      boost::json::object& delivered = entry["delivery"].emplace_object();
      delivered["delivered"] = delivery.delivered;
      delivered["failures"] = delivery.failures;
      delivered["last_error"] = TextOrNull(delivery.last_error);
      delivered["next_attempt"] = TimeOrNull(delivery.next_attempt);
    } else {
      entry["delivery"] = nullptr;
    }
    certificates.push_back(std::move(entry));
  }
  boost::json::object& probed = json["probe"].emplace_object();
  probed["count"] = report.probe.count;
  probed["result"] = TextOrNull(report.probe.result);
  probed["serial"] = TextOrNull(report.probe.serial);
  probed["at"] = TimeOrNull(report.probe.at);
  json["certificates"] = std::move(certificates);
  return boost::json::serialize(json) + "\n";
}

std::vector<MetricFamily> AgentMetrics::Collect() const {
  return MetricsOf(report_(), clock_.TimeNow());
}

std::vector<MetricFamily> MetricsOf(const NodeReport& report, absl::Time now) {
  using enum MetricType;
  Families families(report);
  bool healthy = false;
  for (const CertificateReport& certificate : report.certificates) {
    AddKubeletMetrics(certificate, now, families);
    if (certificate.kind == CertificateKind::kClient) {
      healthy = certificate.state.server_healthy;
    }
  }
  families.AddEach(
      "signet_certificate_not_after_timestamp_seconds",
      "When the certificate in use expires; 0 without one.", Gauge,
      [](const CertificateReport& c) {
        return c.state.pair == nullptr
                   ? 0
                   : UnixSeconds(
                         c.state.pair->chain.front().validity().not_after);
      });
  families.AddEach("signet_certificate_rotation_deadline_timestamp_seconds",
                   "When the certificate in use is due for replacement; +Inf "
                   "without one.",
                   Gauge, [](const CertificateReport& c) {
                     return UnixSeconds(c.state.deadline);
                   });
  families.AddEach("signet_certificate_next_attempt_timestamp_seconds",
                   "When the next attempt is made after one that failed; 0 if "
                   "none has.",
                   Gauge, [](const CertificateReport& c) {
                     return UnixSeconds(c.state.next_attempt);
                   });
  families.AddEach("signet_certificates_issued_total",
                   "Certificates obtained and stored since the start.", Counter,
                   [](const CertificateReport& c) {
                     return static_cast<double>(c.state.issued);
                   });
  families.AddEach("signet_certificate_rotations_total",
                   "Certificates obtained and stored that replaced one.",
                   Counter, [](const CertificateReport& c) {
                     return static_cast<double>(c.state.rotations);
                   });
  families.AddEach("signet_certificate_renew_errors_total",
                   "Attempts to obtain a certificate that failed.", Counter,
                   [](const CertificateReport& c) {
                     return static_cast<double>(c.state.renew_errors);
                   });
  MetricFamily& phases = families.Add(
      "signet_certificate_phase",
      "1 for the phase that a certificate is in, 0 for the others.", Gauge);
  for (const CertificateReport& certificate : report.certificates) {
    for (Phase phase : kPhases) {
      ClientMetric metric =
          Value(Gauge, phase == certificate.state.phase ? 1 : 0);
      metric.label = {{"certificate", certificate.name},
                      {"phase", std::string(ToString(phase))}};
      phases.metric.push_back(std::move(metric));
    }
  }
  families.AddEach("signet_certificate_failed_attempts",
                   "Attempts that failed since the last success.", Gauge,
                   [](const CertificateReport& c) {
                     return static_cast<double>(c.state.failed_attempts);
                   });
  AddDeliveryMetrics(families);
  families.AddOne(
      "signet_node_agent_server_healthy",
      "1 if the API server answers requests as it should, as far as one knows.",
      Gauge, healthy ? 1 : 0);
  families.AddOne("signet_node_agent_probes_total",
                  "Reads of the node's own object.", Counter,
                  static_cast<double>(report.probe.count));
  return families.Take();
}

std::vector<double> RotationAgeBuckets() {
  return {60,      3600,    14400,    86400,    604800,
          2592000, 7776000, 15552000, 31104000, 124416000};
}

}  // namespace signet::node_agent
