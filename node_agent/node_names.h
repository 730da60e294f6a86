#ifndef SIGNET_NODE_AGENT_NODE_NAMES_H_
#define SIGNET_NODE_AGENT_NODE_NAMES_H_

#include <functional>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock_interface.h"
#include "core/api/core.pb.h"
#include "core/base/rng.h"
#include "core/k8s/reflector.h"
#include "core/k8s/resource_api.h"
#include "node_agent/current_certificate.h"
#include "node_agent/serving_template.h"

namespace signet::node_agent {

// NodeNames knows under which names the node's own object says that it can be
// reached. It watches that object with the node's client certificate, once
// there is one. Thread-safe.
class NodeNames {
 public:
  // `client` is the node's client certificate. References must outlive the
  // object.
  NodeNames(k8s::ResourceApi<api::Node>& nodes, CurrentCertificate& client,
            std::string node_name, absl::Clock& clock, Rng& rng);

  // Nullopt until the API server has said so; none if there is no such node.
  std::optional<ServingNames> Names() const;
  // `callback` runs on the thread of Run after every change of Names. Call
  // before Run.
  void OnChange(std::function<void()> callback);

  void Run();   // Until Stop. Call once.
  void Stop();  // See k8s::Reflector::Stop.

 private:
  void Set(ServingNames names);

  CurrentCertificate& client_;
  const std::string node_name_;
  absl::Clock& clock_;
  std::function<void()> callback_;
  k8s::Reflector<api::Node> reflector_;

  mutable absl::Mutex mutex_;
  std::optional<ServingNames> names_ ABSL_GUARDED_BY(mutex_);
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace signet::node_agent

#endif  // SIGNET_NODE_AGENT_NODE_NAMES_H_
