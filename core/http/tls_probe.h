#ifndef SIGNET_CORE_HTTP_TLS_PROBE_H_
#define SIGNET_CORE_HTTP_TLS_PROBE_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "core/pki/certificate.h"
#include "core/pki/ip_address.h"

namespace signet::http {

// ReadServerChain returns the certificates, leaf first, that a TLS server
// presents now to a client without a certificate. The handshake proves that the
// server has the leaf's key, and nothing else: the chain is not judged. The
// connection is closed without a request. Errors are those of Connection:
// kUnavailable, kDeadlineExceeded after `timeout`, kInvalidArgument if the
// server speaks no TLS as we do. Blocks; thread-safe.
absl::StatusOr<std::vector<pki::Certificate>> ReadServerChain(
    const pki::IpAddress& address, uint16_t port, absl::Duration timeout,
    absl::Clock& clock);

}  // namespace signet::http

#endif  // SIGNET_CORE_HTTP_TLS_PROBE_H_
