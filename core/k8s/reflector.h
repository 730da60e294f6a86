#ifndef SIGNET_CORE_K8S_REFLECTOR_H_
#define SIGNET_CORE_K8S_REFLECTOR_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/clock_interface.h"
#include "core/base/rng.h"
#include "core/k8s/resource_api.h"

namespace signet::k8s {

// What a Reflector tells; called on the thread that runs it, one at a time.
template <class T>
struct ReflectorHandler {
  // After every list: the whole state. Objects not in it are gone.
  std::function<void(const std::vector<T>&)> on_replace;
  std::function<void(const T&)> on_upsert;
  std::function<void(const T&)> on_delete;  // The last state.
  // Something failed and will be retried; for logs, metrics and readiness.
  std::function<void(const absl::Status&)> on_error;
};

struct ReflectorOptions {
  ListOptions list;
  // Each watch asks for between this and twice as much, as client-go does.
  absl::Duration watch_timeout = absl::Minutes(5);
  absl::Duration min_backoff = absl::Milliseconds(800);  // client-go's.
  absl::Duration max_backoff = absl::Seconds(30);
};

// Reflector lists, then watches, for ever. A watch that ends, or whose
// connection breaks, is resumed from the last resource version; 410 and all
// other failures list again. Nothing is missed, and nothing older is told after
// something newer. Failures back off (Retry-After respected) and never spin.
// Made for CertificateSigningRequest, ClusterTrustBundle, Lease, Node,
// Namespace, Secret and ConfigMap.
template <class T>
class Reflector {
 public:
  // All references must outlive the reflector.
  Reflector(ResourceApi<T>& api, absl::Clock& clock, Rng& rng,
            ReflectorOptions options, ReflectorHandler<T> handler);
  // Blocks until Stop. Call once.
  void Run();
  // Thread-safe; may come before Run, and from a handler. Ends every wait of
  // Run's, but not a request under way: that ends by its own timeout, or by
  // Transport::Shutdown. No handler is called after that.
  void Stop();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace signet::k8s

#endif  // SIGNET_CORE_K8S_REFLECTOR_H_
