#ifndef SIGNET_NODE_AGENT_NODE_AGENT_PROCESS_H_
#define SIGNET_NODE_AGENT_NODE_AGENT_PROCESS_H_

#include <cstdint>
#include <functional>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "core/base/file_system.h"
#include "core/base/rng.h"
#include "core/pki/private_key.h"
#include "node_agent/kubeconfig_clients.h"
#include "node_agent/node_agent_flags.h"

namespace signet::node_agent {

// The outside world, which main makes.
struct Platform {
  FileSystem& files;
  absl::Clock& clock;
  Rng& rng;
  pki::KeyGenerator& keys;
  absl::TimeZone zone;  // For the names of files.
  TransportFactory new_transport;
};

// NodeAgentProcess is the program: it connects an Agent with the kubeconfigs,
// the certificate directory, the API server and the health server.
class NodeAgentProcess {
 public:
  // Paths in `flags` must be absolute and the node's name set. The platform's
  // references must outlive the object. Starts no thread.
  NodeAgentProcess(NodeAgentFlags flags, Platform platform);

  // Run works until Stop, or until the rotations it was to wait for are done:
  // OK. Errors name what is wrong: it could not start, or there has been no
  // certificate for five minutes although the server is well (kUnavailable,
  // SPEC A-45). Call once.
  absl::Status Run();
  void Stop();  // Thread-safe.

  // `callback` gets the health server's port once it listens. Call before Run.
  void OnListening(std::function<void(uint16_t port)> callback);

 private:
  const NodeAgentFlags flags_;
  Platform platform_;
  std::function<void(uint16_t)> on_listening_;
  absl::Mutex mutex_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace signet::node_agent

#endif  // SIGNET_NODE_AGENT_NODE_AGENT_PROCESS_H_
