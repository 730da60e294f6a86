#ifndef SIGNET_CORE_HTTP_TLS_CONTEXT_H_
#define SIGNET_CORE_HTTP_TLS_CONTEXT_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock_interface.h"
#include "absl/types/span.h"
#include "core/http/tls_identity.h"
#include "core/pki/certificate.h"
#include "openssl/base.h"

// TLS 1.2 and 1.3 on BoringSSL, for this folder only. A TlsContext is what the
// connections of one client or server have in common; a TlsSession is one
// connection's state. Identity and roots are asked for at each handshake, no
// session is ever resumed (a resumed one would show the old certificate), ALPN
// is http/1.1 and there is no renegotiation.
namespace signet::http {

struct TlsClientOptions {
  std::string server;  // "127.0.0.1:6443", for messages.
  // DNS name (sent as SNI too) or IP address that the certificate must carry.
  std::string name;
  std::shared_ptr<TrustSource> trust;  // May be null if `insecure_skip_verify`.
  bool insecure_skip_verify = false;
  std::shared_ptr<IdentitySource> identity;  // Null: no client certificate.
  absl::Clock* clock = nullptr;              // Not owned, not null.
};

struct TlsServerOptions {
  std::shared_ptr<IdentitySource> identity;  // Not null.
  bool request_client_certificate = false;
  std::shared_ptr<TrustSource> client_trust;  // Null: nothing is verified.
  absl::Clock* clock = nullptr;               // Not owned, not null.
};

class TlsSession;

// Immutable, thread-safe.
class TlsContext : public std::enable_shared_from_this<TlsContext> {
 public:
  static absl::StatusOr<std::shared_ptr<const TlsContext>> ForClient(
      TlsClientOptions options);
  static absl::StatusOr<std::shared_ptr<const TlsContext>> ForServer(
      TlsServerOptions options);

  // A session on the non-blocking socket `fd`, which must stay open for as long
  // as the session is used and is not closed by it.
  absl::StatusOr<std::unique_ptr<TlsSession>> NewSession(int fd) const;

 private:
  friend class TlsSession;
  TlsContext() = default;

  bool is_server_ = false;
  std::string server_;
  std::string name_;
  std::shared_ptr<TrustSource> trust_;
  std::shared_ptr<IdentitySource> identity_;
  absl::Clock* clock_ = nullptr;
  bssl::UniquePtr<SSL_CTX> ctx_;
};

struct TlsResult {
  enum State {
    kDone,
    kWantRead,   // Call again when the socket is readable.
    kWantWrite,  // Call again when it is writable.
    kEof,        // Read only: the peer ended the session properly.
    kError,      // See TlsSession::error.
  };
  State state;
  size_t size = 0;  // Bytes read or written.
};

// Not thread-safe. After kError only `error` may be called, and Read, which
// may still find the alert by which the peer explains a failed write.
class TlsSession {
 public:
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;
  ~TlsSession();

  TlsResult Handshake();
  TlsResult Read(absl::Span<char> out);
  // May write a part. Repeat with the same bytes after kWant….
  TlsResult Write(absl::string_view bytes);
  // kDone if bytes wait to be read; it takes none.
  TlsResult Peek();
  // Tells the peer that nothing more comes, as far as the socket takes it.
  void SendClose();

  // Why the last call was kError: kUnauthenticated if one side rejects the
  // other's certificate, kInvalidArgument if the peer does not speak TLS as we
  // do, kUnavailable if the connection broke.
  const absl::Status& error() const { return error_; }
  // What the peer presented, leaf first.
  const std::vector<pki::Certificate>& peer_chain() const {
    return peer_chain_;
  }

 private:
  friend class TlsContext;
  struct Callbacks;  // BoringSSL's.
  explicit TlsSession(std::shared_ptr<const TlsContext> context);

  absl::Status ReadPeerChain();
  TlsResult Result(int ret);
  absl::Status MakeError(int ssl_error) const;

  const std::shared_ptr<const TlsContext> context_;
  bssl::UniquePtr<SSL> ssl_;
  int fd_ = -1;
  std::vector<pki::Certificate> peer_chain_;
  absl::Status error_;
  absl::Status verify_error_;    // Why we reject the peer's certificate.
  absl::Status identity_error_;  // Why we have none to present.
  bool identity_asked_ = false;  // The peer wants to see ours.
  bool handshake_done_ = false;
  int socket_errno_ = 0;
  bool socket_eof_ = false;
};

}  // namespace signet::http

#endif  // SIGNET_CORE_HTTP_TLS_CONTEXT_H_
