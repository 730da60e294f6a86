#ifndef SIGNET_SIGNER_SERVICE_FRESH_REQUESTS_H_
#define SIGNET_SIGNER_SERVICE_FRESH_REQUESTS_H_

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "core/api/certificates.pb.h"
#include "core/service/csr_controller.h"

namespace signet::signer {

// FreshRequests keeps the requests that wait to be signed as the watch last
// showed them, so that the signer need not read each again. Each copy serves
// once: a second try, after a conflict or another error, reads from the server.
//
// That is safe: what is written carries the version of the copy, and the server
// takes it only if nothing has changed since (SPEC C-23). An old copy costs a
// certificate that is never stored, and a second try. Thread-safe.
class FreshRequests : public service::CsrObserver {
 public:
  // `wants` says which requests are kept; pure.
  explicit FreshRequests(
      std::function<bool(const api::CertificateSigningRequest&)> wants)
      : wants_(std::move(wants)) {}

  // The copy of a request, which is then gone; nullopt if there is none.
  std::optional<api::CertificateSigningRequest> Take(absl::string_view name);

  void Replaced(
      const std::vector<api::CertificateSigningRequest>& all) override;
  void Seen(const api::CertificateSigningRequest& csr) override;
  void Gone(const api::CertificateSigningRequest& csr) override;

 private:
  const std::function<bool(const api::CertificateSigningRequest&)> wants_;
  absl::Mutex mutex_;
  absl::flat_hash_map<std::string, api::CertificateSigningRequest> requests_
      ABSL_GUARDED_BY(mutex_);
};

}  // namespace signet::signer

#endif  // SIGNET_SIGNER_SERVICE_FRESH_REQUESTS_H_
