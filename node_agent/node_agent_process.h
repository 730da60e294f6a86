#ifndef SIGNET_NODE_AGENT_NODE_AGENT_PROCESS_H_
#define SIGNET_NODE_AGENT_NODE_AGENT_PROCESS_H_

#include <cstdint>
#include <functional>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "core/base/file_system.h"
#include "core/base/rng.h"
#include "core/pki/private_key.h"
#include "core/sys/command_runner.h"
#include "core/sys/file_owners.h"
#include "node_agent/foreground_bootstrap.h"
#include "node_agent/kubeconfig_clients.h"
#include "node_agent/node_agent_flags.h"

namespace signet::node_agent {

// The outside world, which main makes.
struct Platform {
  FileSystem& files;
  absl::Clock& clock;
  Rng& rng;
  pki::KeyGenerator& keys;
  sys::FileOwners& owners;
  sys::CommandRunner& commands;
  absl::TimeZone zone;  // For the names of files.
  TransportFactory new_transport;
  // Tells the service manager: sys::SdNotify.
  std::function<void(absl::string_view)> notify;
};

// NodeAgentProcess is the program: it connects the keepers of the node's
// certificates with the kubeconfigs, the certificate directory, the API server
// and the agent's own server.
class NodeAgentProcess {
 public:
  // Paths in `flags` must be absolute and the node's name set. The platform's
  // references must outlive the object. Starts no thread.
  NodeAgentProcess(NodeAgentFlags flags, Platform platform);

  // Run works until Stop, or until the rotations it was to wait for are done:
  // OK. Errors name what is wrong: it could not start, or there has been no
  // client certificate for five minutes although the server is well
  // (kUnavailable, SPEC A-45). Call once.
  absl::Status Run();
  void Stop();  // Thread-safe.

  // `callback` gets the agent's server's port once it listens. Call before Run.
  void OnListening(std::function<void(uint16_t port)> callback);

 private:
  // Without rotation (SPEC A-33).
  absl::Status BootstrapOnce();

  const NodeAgentFlags flags_;
  Platform platform_;
  std::function<void(uint16_t)> on_listening_;
  absl::Mutex mutex_;
  ForegroundBootstrap* foreground_ ABSL_GUARDED_BY(mutex_) = nullptr;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace signet::node_agent

#endif  // SIGNET_NODE_AGENT_NODE_AGENT_PROCESS_H_
