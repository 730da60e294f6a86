#ifndef SIGNET_NODE_AGENT_PROBER_H_
#define SIGNET_NODE_AGENT_PROBER_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "core/api/core.pb.h"
#include "core/http/transport.h"
#include "core/k8s/resource_api.h"
#include "node_agent/current_certificate.h"

namespace signet::node_agent {

// What came of the latest probe.
struct ProbeState {
  int64_t count = 0;
  std::string result;  // "ok", or the error.
  std::string serial;  // Of the certificate it was made with.
  absl::Time at = absl::InfinitePast();
};

// Prober reads the node's own Node object from time to time with the current
// certificate, and at once after that has changed: so the API server sees the
// new one, and we see whether it is accepted. A node that is not registered
// (404) is as good an answer as any. If there was no answer at all the
// connections are closed, so that a dead one isn't used again (SPEC A-46).
// Thread-safe.
class Prober {
 public:
  // References must outlive the prober. `nodes` uses `transport`, whose
  // connections are closed when `current` changes (SPEC A-44).
  Prober(k8s::ResourceApi<api::Node>& nodes, http::Transport& transport,
         CurrentCertificate& current, std::string node_name,
         absl::Duration interval, absl::Clock& clock);

  // Probes once, if there is a certificate; returns the probe's error.
  absl::Status Probe();
  // Calls back after each probe, on the thread that probes.
  void OnProbe(std::function<void()> callback);

  void Run();   // Until Stop. Call once.
  void Stop();  // Run ends when a probe under way has.
  ProbeState State() const;

 private:
  k8s::ResourceApi<api::Node>& nodes_;
  http::Transport& transport_;
  CurrentCertificate& current_;
  const std::string node_name_;
  const absl::Duration interval_;
  absl::Clock& clock_;
  std::function<void()> callback_;

  mutable absl::Mutex mutex_;
  ProbeState state_ ABSL_GUARDED_BY(mutex_);
  bool wake_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace signet::node_agent

#endif  // SIGNET_NODE_AGENT_PROBER_H_
