#include "node_agent/current_certificate.h"

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "core/http/tls_identity.h"
#include "core/rotation/next_step.h"

namespace signet::node_agent {

std::shared_ptr<const http::TlsIdentity> CurrentCertificate::Current() {
  const absl::Time now = clock_.TimeNow();
  const auto validity = [](const auto& identity) {
    return identity->chain.front().validity();
  };
  absl::MutexLock lock(mutex_);
  if (identity_ == nullptr) return nullptr;
  if (now < validity(identity_).not_before && previous_ != nullptr &&
      validity(previous_).not_before <= now &&
      rotation::IsUsable(validity(previous_), now)) {
    return previous_;
  }
  return rotation::IsUsable(validity(identity_), now) ? identity_ : nullptr;
}

std::shared_ptr<const http::TlsIdentity> CurrentCertificate::Latest() const {
  absl::MutexLock lock(mutex_);
  return identity_;
}

void CurrentCertificate::Set(
    std::shared_ptr<const http::TlsIdentity> identity) {
  std::vector<std::function<void()>> callbacks;
  {
    absl::MutexLock lock(mutex_);
    previous_ = std::move(identity_);
    identity_ = std::move(identity);
    callbacks = callbacks_;
  }
  for (const auto& callback : callbacks) callback();
}

void CurrentCertificate::OnChange(std::function<void()> callback) {
  absl::MutexLock lock(mutex_);
  callbacks_.push_back(std::move(callback));
}

}  // namespace signet::node_agent
