#ifndef SIGNET_CORE_HTTP_BEAST_TRANSPORT_H_
#define SIGNET_CORE_HTTP_BEAST_TRANSPORT_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "core/http/tls_identity.h"
#include "core/http/transport.h"

namespace signet::http {

struct TransportOptions {
  // "https://host:port" or "http://host:port", a path prefix is kept
  // ("https://proxy/cluster-a"). IPv6 hosts in brackets.
  std::string server;
  // Roots for the server's certificate. Needed for https, unless
  // insecure_skip_tls_verify. The system's: LoadSystemTrust in system_trust.h.
  std::shared_ptr<TrustSource> trust;
  // Accept any server certificate (kubeconfig insecure-skip-tls-verify).
  bool insecure_skip_tls_verify = false;
  // Name to verify and to send as SNI, instead of the URL's host.
  std::string tls_server_name;
  std::shared_ptr<IdentitySource> identity;  // Null: no client certificate.
  // How often to ask `identity` for another certificate than the one before;
  // all connections are closed then (SPEC A-44).
  absl::Duration identity_check = absl::Seconds(10);
  // "http://user:password@host:port" of a proxy; empty: none. It is asked to
  // CONNECT to an https server and to pass on requests to an http one.
  // ProxyFromEnvironment in core/sys reads HTTPS_PROXY and NO_PROXY.
  std::string proxy;
  absl::Duration dial_timeout = absl::Seconds(30);           // SPEC A-44.
  absl::Duration tls_handshake_timeout = absl::Seconds(10);  // SPEC A-44.
  int max_idle_connections = 25;                             // SPEC A-44.
  absl::Duration idle_timeout = absl::Seconds(90);
  size_t max_response_bytes = 64 << 20;  // Of a body that is not streamed.
  std::string user_agent = "signet";
  // Judges the server's certificate. Not owned; must outlive the transport.
  absl::Clock* clock = &absl::Clock::GetRealClock();
};

// HTTP/1.1 over TLS 1.2+ (BoringSSL) on Boost.Beast, with a keep-alive pool.
// Starts one I/O thread of its own, on which `identity` and `trust` are asked.
// kInvalidArgument for a bad URL or https without roots. No request may be
// under way when it is destroyed; streams may live on, and are closed. (The
// system's resolver cannot be interrupted: while it hangs, destroying waits.)
absl::StatusOr<std::unique_ptr<Transport>> NewBeastTransport(
    TransportOptions options);

}  // namespace signet::http

#endif  // SIGNET_CORE_HTTP_BEAST_TRANSPORT_H_
