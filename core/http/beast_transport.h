#ifndef SIGNET_CORE_HTTP_BEAST_TRANSPORT_H_
#define SIGNET_CORE_HTTP_BEAST_TRANSPORT_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/http/tls_identity.h"
#include "core/http/transport.h"

namespace signet::http {

struct TransportOptions {
  // "https://host:port" or "http://host:port", a path prefix is kept
  // ("https://proxy/cluster-a"). IPv6 hosts in brackets.
  std::string server;
  // Roots for the server's certificate; null means the system's.
  std::shared_ptr<TrustSource> trust;
  // Accept any server certificate (kubeconfig insecure-skip-tls-verify).
  bool insecure_skip_tls_verify = false;
  // Name to verify and to send as SNI, instead of the URL's host.
  std::string tls_server_name;
  std::shared_ptr<IdentitySource> identity;  // Null: no client certificate.
  // "http://host:port" of a CONNECT proxy; empty: none. ProxyFromEnvironment in
  // core/sys reads HTTPS_PROXY and NO_PROXY.
  std::string proxy;
  absl::Duration dial_timeout = absl::Seconds(30);           // SPEC A-44.
  absl::Duration tls_handshake_timeout = absl::Seconds(10);  // SPEC A-44.
  int max_idle_connections = 25;                             // SPEC A-44.
  absl::Duration idle_timeout = absl::Seconds(90);
  size_t max_response_bytes = 64 << 20;
  std::string user_agent = "signet";
};

// HTTP/1.1 over TLS 1.2+ (BoringSSL) on Boost.Beast, with a keep-alive pool.
// Starts one I/O thread of its own. kInvalidArgument for a bad URL.
absl::StatusOr<std::unique_ptr<Transport>> NewBeastTransport(
    TransportOptions options);

}  // namespace signet::http

#endif  // SIGNET_CORE_HTTP_BEAST_TRANSPORT_H_
