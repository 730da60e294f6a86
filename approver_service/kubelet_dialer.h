#ifndef SIGNET_APPROVER_SERVICE_KUBELET_DIALER_H_
#define SIGNET_APPROVER_SERVICE_KUBELET_DIALER_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "core/http/tls_probe.h"
#include "core/pki/certificate.h"
#include "core/pki/ip_address.h"

namespace signet::approver {

// KubeletDialer tells which certificate a kubelet serves now. Implementations
// are thread-safe.
class KubeletDialer {
 public:
  virtual ~KubeletDialer() = default;
  // See http::ReadServerChain.
  virtual absl::StatusOr<std::vector<pki::Certificate>> Dial(
      const pki::IpAddress& address, uint16_t port, absl::Duration timeout) = 0;
};

// The real one.
class TlsKubeletDialer : public KubeletDialer {
 public:
  // `clock` must outlive the dialer.
  explicit TlsKubeletDialer(absl::Clock& clock) : clock_(clock) {}
  absl::StatusOr<std::vector<pki::Certificate>> Dial(
      const pki::IpAddress& address, uint16_t port,
      absl::Duration timeout) override {
    return http::ReadServerChain(address, port, timeout, clock_);
  }

 private:
  absl::Clock& clock_;
};

}  // namespace signet::approver

#endif  // SIGNET_APPROVER_SERVICE_KUBELET_DIALER_H_
