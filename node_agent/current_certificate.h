#ifndef SIGNET_NODE_AGENT_CURRENT_CERTIFICATE_H_
#define SIGNET_NODE_AGENT_CURRENT_CERTIFICATE_H_

#include <functional>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock_interface.h"
#include "core/http/tls_identity.h"

namespace signet::node_agent {

// CurrentCertificate is the certificate in use, where connections ask for it at
// each handshake and learn that it has changed. Thread-safe.
class CurrentCertificate : public http::IdentitySource {
 public:
  // `clock` must outlive the object.
  explicit CurrentCertificate(absl::Clock& clock) : clock_(clock) {}

  // Current returns the certificate to present: null before the first and once
  // it has expired (SPEC ). As long as the latest is not valid yet, it
  // is the one before, if that is valid still.
  std::shared_ptr<const http::TlsIdentity> Current() override;
  // Latest returns the last one set, expired or not; null before the first.
  std::shared_ptr<const http::TlsIdentity> Latest() const;

  // Set changes the certificate, then calls what OnChange was given, so that
  // connections made with the old one are closed at once (SPEC A-44; the
  // kubelet looks every ten seconds).
  void Set(std::shared_ptr<const http::TlsIdentity> identity);
  // `callback` runs on the thread that calls Set, after every change from now
  // on, and must not block for long.
  void OnChange(std::function<void()> callback);

 private:
  absl::Clock& clock_;
  mutable absl::Mutex mutex_;
  std::shared_ptr<const http::TlsIdentity> identity_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<const http::TlsIdentity> previous_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::function<void()>> callbacks_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace signet::node_agent

#endif  // SIGNET_NODE_AGENT_CURRENT_CERTIFICATE_H_
