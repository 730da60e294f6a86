#ifndef SIGNET_NODE_AGENT_FAILURE_EVENTS_H_
#define SIGNET_NODE_AGENT_FAILURE_EVENTS_H_

#include <cstdint>
#include <map>
#include <string>

#include "core/service/event_recorder.h"
#include "node_agent/agent_report.h"
#include "node_agent/current_certificate.h"

namespace signet::node_agent {

// FailureEvents writes a Kubernetes Event about the node when an attempt to
// obtain or to deliver a certificate fails, so that `kubectl describe node`
// tells (reasons CertificateRenewalFailed and CertificateDeliveryFailed). It
// does so with the node's client certificate: without one nothing is written.
// Not thread-safe.
class FailureEvents {
 public:
  // References must outlive the object.
  FailureEvents(service::EventRecorder& events, CurrentCertificate& client)
      : events_(events), client_(client) {}

  // Look at a new report; writes what failed since the last one. Blocks for as
  // long as the recorder does.
  void Look(const NodeReport& report);

 private:
  struct Seen {
    int64_t renew_errors = 0;
    int64_t delivery_failures = 0;
  };

  service::EventRecorder& events_;
  CurrentCertificate& client_;
  std::map<std::string, Seen> seen_;  // By the certificate's name.
};

}  // namespace signet::node_agent

#endif  // SIGNET_NODE_AGENT_FAILURE_EVENTS_H_
