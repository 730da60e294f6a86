#include "signer_service/fresh_requests.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "core/api/certificates.pb.h"

namespace signet::signer {

std::optional<api::CertificateSigningRequest> FreshRequests::Take(
    absl::string_view name) {
  absl::MutexLock lock(mutex_);
  auto node = requests_.extract(name);
  if (node.empty()) return std::nullopt;
  return std::move(node.mapped());
}

void FreshRequests::Replaced(
    const std::vector<api::CertificateSigningRequest>& all) {
  absl::MutexLock lock(mutex_);
  requests_.clear();
  for (const api::CertificateSigningRequest& csr : all) {
    if (wants_(csr)) requests_.insert_or_assign(csr.metadata().name(), csr);
  }
}

void FreshRequests::Seen(const api::CertificateSigningRequest& csr) {
  absl::MutexLock lock(mutex_);
  if (wants_(csr)) {
    requests_.insert_or_assign(csr.metadata().name(), csr);
  } else {
    requests_.erase(csr.metadata().name());
  }
}

void FreshRequests::Gone(const api::CertificateSigningRequest& csr) {
  absl::MutexLock lock(mutex_);
  requests_.erase(csr.metadata().name());
}

}  // namespace signet::signer
