#ifndef SIGNET_CORE_PKI_TRUST_BUNDLE_H_
#define SIGNET_CORE_PKI_TRUST_BUNDLE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "core/pki/certificate.h"
#include "core/pki/key_usage.h"

namespace signet::pki {

// TrustBundle is a set of roots. Copyable value, immutable, thread-safe.
class TrustBundle {
 public:
  // At least one certificate; blocks of another type are skipped.
  static absl::StatusOr<TrustBundle> FromPem(absl::string_view pem);

  const std::vector<Certificate>& roots() const { return roots_; }

  struct Options {
    absl::Time now;
    // Any of these is enough; empty checks none. A leaf without EKU extension
    // is good for everything, as in Go.
    std::vector<ExtendedKeyUsage> usages;
    std::string dns_name;  // Empty: not checked. May be an IP address.
  };
  // Verify returns OK if `chain` (leaf first, intermediates in any order)
  // leads to a root; of several ways one that holds is enough, so roots with
  // one name and different keys may stand side by side. kInvalidArgument for an
  // empty chain, else kUnauthenticated; the message says which certificate
  // fails and why.
  absl::Status Verify(absl::Span<const Certificate> chain,
                      const Options& options) const;

 private:
  struct Anchors;  // The roots as BoringSSL has them.

  std::vector<Certificate> roots_;
  std::shared_ptr<const Anchors> anchors_;
};

}  // namespace signet::pki

#endif  // SIGNET_CORE_PKI_TRUST_BUNDLE_H_
