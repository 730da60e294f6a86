#ifndef SIGNET_NODE_AGENT_FOREGROUND_BOOTSTRAP_H_
#define SIGNET_NODE_AGENT_FOREGROUND_BOOTSTRAP_H_

#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "core/api/certificates.pb.h"
#include "core/base/file_system.h"
#include "core/base/rng.h"
#include "core/pki/private_key.h"
#include "core/rotation/template_match.h"
#include "node_agent/certificate_store.h"
#include "node_agent/request_clients.h"
#include "node_agent/start_up.h"

namespace signet::node_agent {

// ForegroundBootstrap gets a node's first certificate, and its kubeconfig, as a
// kubelet does that does not rotate its certificate (SPEC A-33, mode F): once,
// while one waits. The request's name is a digest of key, subject and usages
// so whoever comes after a crash or an error finds the same request,
// for the key is kept: that of the store's pair, even if it has expired, else
// kubelet-client.key.tmp. A stored request that was denied blocks the node
// until it is deleted, as it does a kubelet.
class ForegroundBootstrap {
 public:
  // References must outlive the object.
  ForegroundBootstrap(KubeconfigPaths paths, std::string node_name,
                      CertificateStore& store, RequestClients& clients,
                      pki::KeyGenerator& keys, FileSystem& files,
                      absl::Clock& clock, Rng& rng);

  // Run does nothing if the kubeconfig is valid. It waits, at most a
  // minute, until the server is well, and for the certificate at most an hour.
  // Errors are final: end the process, and let its supervisor start it again.
  absl::Status Run();
  void Stop();  // Thread-safe: Run ends with kCancelled.

 private:
  absl::StatusOr<pki::PrivateKey> KeyToUse();
  void AwaitServer(RequestClient& client);
  // Creates the request, or finds the one that there is.
  absl::StatusOr<api::CertificateSigningRequest> File(
      RequestClient& client, const pki::PrivateKey& key);
  absl::Status SleepUntil(absl::Time time);

  const KubeconfigPaths paths_;
  const rotation::CertificateTemplate wanted_;
  CertificateStore& store_;
  RequestClients& clients_;
  pki::KeyGenerator& keys_;
  FileSystem& files_;
  absl::Clock& clock_;
  Rng& rng_;

  absl::Mutex mutex_;
  RequestClient* active_ ABSL_GUARDED_BY(mutex_) = nullptr;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace signet::node_agent

#endif  // SIGNET_NODE_AGENT_FOREGROUND_BOOTSTRAP_H_
