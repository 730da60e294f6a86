#include "core/http/tls_context.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "core/http/tls_identity.h"
#include "core/pki/certificate.h"
#include "core/pki/ip_address.h"
#include "core/pki/key_usage.h"
#include "core/pki/trust_bundle.h"
#include "openssl/bio.h"
#include "openssl/bytestring.h"
#include "openssl/err.h"
#include "openssl/pool.h"
#include "openssl/ssl.h"

namespace signet::http {
namespace {

// A certificate chain longer than this is nobody's.
constexpr size_t kMaxChain = 16;

// RFC 7301's list of protocols: each after its length.
constexpr uint8_t kAlpn[] = "\x08http/1.1";
constexpr size_t kAlpnSize = sizeof(kAlpn) - 1;

// What a peer's key may sign with: all that core/pki can read, best first.
constexpr uint16_t kVerifyAlgorithms[] = {
    SSL_SIGN_ED25519,
    SSL_SIGN_ECDSA_SECP256R1_SHA256,
    SSL_SIGN_RSA_PSS_RSAE_SHA256,
    SSL_SIGN_RSA_PKCS1_SHA256,
    SSL_SIGN_ECDSA_SECP384R1_SHA384,
    SSL_SIGN_RSA_PSS_RSAE_SHA384,
    SSL_SIGN_RSA_PKCS1_SHA384,
    SSL_SIGN_ECDSA_SECP521R1_SHA512,
    SSL_SIGN_RSA_PSS_RSAE_SHA512,
    SSL_SIGN_RSA_PKCS1_SHA512,
};

// True for the alerts that say something about a certificate.
bool IsCertificateAlert(int alert) {
  switch (alert) {
    case SSL_AD_BAD_CERTIFICATE:
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
    case SSL_AD_CERTIFICATE_REVOKED:
    case SSL_AD_CERTIFICATE_EXPIRED:
    case SSL_AD_CERTIFICATE_UNKNOWN:
    case SSL_AD_UNKNOWN_CA:
    case SSL_AD_ACCESS_DENIED:
    case SSL_AD_CERTIFICATE_REQUIRED:
      return true;
    default:
      return false;
  }
}

// True for the alerts by which a peer says that it and we have nothing in
// common: trying again would not help.
bool IsProtocolAlert(int alert) {
  return alert == SSL_AD_PROTOCOL_VERSION ||
         alert == SSL_AD_HANDSHAKE_FAILURE ||
         alert == SSL_AD_INSUFFICIENT_SECURITY ||
         alert == SSL_AD_NO_APPLICATION_PROTOCOL;
}

// The reason of an entry of the error queue, in words.
std::string Reason(uint32_t error) {
  const char* reason = ERR_reason_error_string(error);
  return reason == nullptr ? absl::StrCat("error ", error) : reason;
}

absl::Status SetUpFailure() {
  const uint32_t error = ERR_get_error();
  ERR_clear_error();
  return absl::InternalError(
      absl::StrCat("cannot set up TLS: ", Reason(error)));
}

}  // namespace

struct TlsSession::Callbacks {
  static TlsSession& Of(SSL* ssl) {
    return *static_cast<TlsSession*>(SSL_get_app_data(ssl));
  }

  // Presents the identity of this moment. 0 fails the handshake.
  static int SetIdentity(SSL* ssl, void*) {
    TlsSession& session = Of(ssl);
    const TlsContext& context = *session.context_;
    session.identity_asked_ = true;
    std::shared_ptr<const TlsIdentity> identity;
    if (context.identity_ != nullptr) identity = context.identity_->Current();
    if (identity == nullptr || identity->chain.empty()) {
      if (!context.is_server_) return 1;  // An empty certificate (SPEC A-44).
      session.identity_error_ = absl::FailedPreconditionError(
          "the server has no certificate to present");
      return 0;
    }
    std::vector<bssl::UniquePtr<CRYPTO_BUFFER>> buffers;
    std::vector<CRYPTO_BUFFER*> chain;
    for (const pki::Certificate& certificate : identity->chain) {
      buffers.emplace_back(CRYPTO_BUFFER_new(
          reinterpret_cast<const uint8_t*>(certificate.der().data()),
          certificate.der().size(), /*pool=*/nullptr));
      if (buffers.back() == nullptr) return 0;
      chain.push_back(buffers.back().get());
    }
    if (SSL_set_chain_and_key(ssl, chain.data(), chain.size(),
                              identity->key.evp(),
                              /*privkey_method=*/nullptr) != 1) {
      session.identity_error_ = absl::FailedPreconditionError(
          absl::StrCat("our certificate cannot be used for TLS: ",
                       Reason(ERR_peek_last_error())));
      return 0;
    }
    return 1;
  }

  static ssl_verify_result_t Verify(SSL* ssl, uint8_t* alert) {
    TlsSession& session = Of(ssl);
    const TlsContext& context = *session.context_;
    *alert = SSL_AD_BAD_CERTIFICATE;
    session.verify_error_ = session.ReadPeerChain();
    if (!session.verify_error_.ok()) return ssl_verify_invalid;
    if (context.trust_ == nullptr) return ssl_verify_ok;  // As was asked for.
    const std::shared_ptr<const pki::TrustBundle> roots =
        context.trust_->Current();
    if (roots == nullptr) {
      session.verify_error_ = absl::UnauthenticatedError("no root is trusted");
      *alert = SSL_AD_UNKNOWN_CA;
      return ssl_verify_invalid;
    }
    const absl::Time now = context.clock_->TimeNow();
    session.verify_error_ = roots->Verify(
        session.peer_chain_,
        {.now = now,
         .usages = {context.is_server_ ? pki::ExtendedKeyUsage::kClientAuth
                                       : pki::ExtendedKeyUsage::kServerAuth},
         .dns_name = context.name_});
    if (session.verify_error_.ok()) return ssl_verify_ok;
    if (!session.peer_chain_.front().validity().Contains(now)) {
      *alert = SSL_AD_CERTIFICATE_EXPIRED;
    }
    return ssl_verify_invalid;
  }

  static int SelectAlpn(SSL*, const uint8_t** out, uint8_t* out_size,
                        const uint8_t* offered, unsigned offered_size, void*) {
    CBS list;
    CBS_init(&list, offered, offered_size);
    CBS protocol;
    while (CBS_get_u8_length_prefixed(&list, &protocol)) {
      if (CBS_mem_equal(&protocol, kAlpn + 1, kAlpnSize - 1)) {
        *out = CBS_data(&protocol);
        *out_size = static_cast<uint8_t>(CBS_len(&protocol));
        return SSL_TLSEXT_ERR_OK;
      }
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }

  // The socket, as BoringSSL reads and writes it. Its own socket BIO would die
  // of SIGPIPE.
  static const BIO_METHOD* SocketMethod() {
    static const BIO_METHOD* const method = [] {
      BIO_METHOD* made =
          BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket");
      BIO_meth_set_read(made, SocketRead);
      BIO_meth_set_write(made, SocketWrite);
      BIO_meth_set_ctrl(made, SocketControl);
      return made;
    }();
    return method;
  }

  static int SocketRead(BIO* bio, char* out, int size) {
    TlsSession& session = *static_cast<TlsSession*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    const ssize_t n = recv(session.fd_, out, static_cast<size_t>(size), 0);
    if (n == 0) session.socket_eof_ = true;
    if (n < 0) {
      if (errno == EAGAIN || errno == EINTR) {
        BIO_set_retry_read(bio);
      } else {
        session.socket_errno_ = errno;
      }
    }
    return static_cast<int>(n);
  }

  static int SocketWrite(BIO* bio, const char* data, int size) {
    TlsSession& session = *static_cast<TlsSession*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    const ssize_t n =
        send(session.fd_, data, static_cast<size_t>(size), MSG_NOSIGNAL);
    if (n < 0) {
      if (errno == EAGAIN || errno == EINTR) {
        BIO_set_retry_write(bio);
      } else {
        session.socket_errno_ = errno;
      }
    }
    return static_cast<int>(n);
  }

  static long SocketControl(BIO*, int command, long, void*) {
    return command == BIO_CTRL_FLUSH ? 1 : 0;
  }
};

namespace {

absl::StatusOr<bssl::UniquePtr<SSL_CTX>> NewContext() {
  ERR_clear_error();
  bssl::UniquePtr<SSL_CTX> ctx(SSL_CTX_new(TLS_with_buffers_method()));
  if (ctx == nullptr ||
      SSL_CTX_set_min_proto_version(ctx.get(), TLS1_2_VERSION) != 1 ||
      SSL_CTX_set_max_proto_version(ctx.get(), TLS1_3_VERSION) != 1 ||
      SSL_CTX_set_verify_algorithm_prefs(ctx.get(), kVerifyAlgorithms,
                                         std::size(kVerifyAlgorithms)) != 1) {
    return SetUpFailure();
  }
  SSL_CTX_set_session_cache_mode(ctx.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(ctx.get(), SSL_OP_NO_TICKET);
  SSL_CTX_set_mode(ctx.get(), SSL_MODE_ENABLE_PARTIAL_WRITE |
                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  return ctx;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const TlsContext>> TlsContext::ForClient(
    TlsClientOptions options) {
  std::shared_ptr<TlsContext> context(new TlsContext);
  ABSL_ASSIGN_OR_RETURN(context->ctx_, NewContext());
  context->server_ = std::move(options.server);
  context->name_ = std::move(options.name);
  if (!options.insecure_skip_verify) {
    if (options.trust == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat("no roots to verify ", context->server_, " by"));
    }
    context->trust_ = std::move(options.trust);
  }
  context->identity_ = std::move(options.identity);
  context->clock_ = options.clock;
  SSL_CTX* const ctx = context->ctx_.get();
  SSL_CTX_set_custom_verify(ctx, SSL_VERIFY_PEER,
                            TlsSession::Callbacks::Verify);
  SSL_CTX_set_cert_cb(ctx, TlsSession::Callbacks::SetIdentity, nullptr);
  // Zero is success here.
  if (SSL_CTX_set_alpn_protos(ctx, kAlpn, kAlpnSize) != 0) {
    return SetUpFailure();
  }
  return context;
}

absl::StatusOr<std::shared_ptr<const TlsContext>> TlsContext::ForServer(
    TlsServerOptions options) {
  std::shared_ptr<TlsContext> context(new TlsContext);
  ABSL_ASSIGN_OR_RETURN(context->ctx_, NewContext());
  context->is_server_ = true;
  context->trust_ = std::move(options.client_trust);
  context->identity_ = std::move(options.identity);
  context->clock_ = options.clock;
  SSL_CTX* const ctx = context->ctx_.get();
  int mode = SSL_VERIFY_NONE;
  if (options.request_client_certificate || context->trust_ != nullptr) {
    mode = SSL_VERIFY_PEER;
  }
  if (context->trust_ != nullptr) mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
  SSL_CTX_set_custom_verify(ctx, mode, TlsSession::Callbacks::Verify);
  SSL_CTX_set_cert_cb(ctx, TlsSession::Callbacks::SetIdentity, nullptr);
  SSL_CTX_set_alpn_select_cb(ctx, TlsSession::Callbacks::SelectAlpn, nullptr);
  return context;
}

absl::StatusOr<std::unique_ptr<TlsSession>> TlsContext::NewSession(
    int fd) const {
  ERR_clear_error();
  std::unique_ptr<TlsSession> session(new TlsSession(shared_from_this()));
  session->fd_ = fd;
  session->ssl_.reset(SSL_new(ctx_.get()));
  SSL* const ssl = session->ssl_.get();
  if (ssl == nullptr) return SetUpFailure();
  SSL_set_app_data(ssl, session.get());
  SSL_set_shed_handshake_config(ssl, 1);
  bssl::UniquePtr<BIO> bio(BIO_new(TlsSession::Callbacks::SocketMethod()));
  if (bio == nullptr) return SetUpFailure();
  BIO_set_data(bio.get(), session.get());
  BIO_set_init(bio.get(), 1);
  SSL_set_bio(ssl, bio.get(), bio.get());
  bio.release();
  if (is_server_) {
    SSL_set_accept_state(ssl);
    return session;
  }
  SSL_set_connect_state(ssl);
  // Server names are DNS names, never addresses (RFC 6066, 3).
  if (!name_.empty() && !pki::IpAddress::Parse(name_).ok() &&
      SSL_set_tlsext_host_name(ssl, name_.c_str()) != 1) {
    ERR_clear_error();
    return absl::InvalidArgumentError(
        absl::StrCat("\"", name_, "\" is no host name"));
  }
  return session;
}

TlsSession::TlsSession(std::shared_ptr<const TlsContext> context)
    : context_(std::move(context)) {}

TlsSession::~TlsSession() = default;

absl::Status TlsSession::ReadPeerChain() {
  const STACK_OF(CRYPTO_BUFFER)* const chain =
      SSL_get0_peer_certificates(ssl_.get());
  const size_t size = chain == nullptr ? 0 : sk_CRYPTO_BUFFER_num(chain);
  if (size == 0) return absl::UnauthenticatedError("no certificate");
  if (size > kMaxChain) {
    return absl::InvalidArgumentError(
        absl::StrCat("a chain of ", size, " certificates"));
  }
  peer_chain_.clear();
  for (size_t i = 0; i < size; ++i) {
    const CRYPTO_BUFFER* const buffer = sk_CRYPTO_BUFFER_value(chain, i);
    ABSL_ASSIGN_OR_RETURN(
        pki::Certificate certificate,
        pki::Certificate::Parse(
            {reinterpret_cast<const char*>(CRYPTO_BUFFER_data(buffer)),
             CRYPTO_BUFFER_len(buffer)}));
    peer_chain_.push_back(std::move(certificate));
  }
  return absl::OkStatus();
}

TlsResult TlsSession::Handshake() {
  ERR_clear_error();
  const int ret = SSL_do_handshake(ssl_.get());
  if (ret == 1) {
    handshake_done_ = true;
    return {TlsResult::kDone};
  }
  return Result(ret);
}

TlsResult TlsSession::Read(absl::Span<char> out) {
  ERR_clear_error();
  return Result(SSL_read(ssl_.get(), out.data(),
                         static_cast<int>(std::min<size_t>(
                             out.size(), std::numeric_limits<int>::max()))));
}

TlsResult TlsSession::Write(absl::string_view bytes) {
  ERR_clear_error();
  return Result(SSL_write(ssl_.get(), bytes.data(),
                          static_cast<int>(std::min<size_t>(
                              bytes.size(), std::numeric_limits<int>::max()))));
}

TlsResult TlsSession::Peek() {
  ERR_clear_error();
  char byte;
  return Result(SSL_peek(ssl_.get(), &byte, 1));
}

void TlsSession::SendClose() {
  if (!handshake_done_) return;
  ERR_clear_error();
  SSL_shutdown(ssl_.get());
  ERR_clear_error();
}

TlsResult TlsSession::Result(int ret) {
  if (ret > 0) return {TlsResult::kDone, static_cast<size_t>(ret)};
  const int ssl_error = SSL_get_error(ssl_.get(), ret);
  switch (ssl_error) {
    case SSL_ERROR_WANT_READ:
      return {TlsResult::kWantRead};
    case SSL_ERROR_WANT_WRITE:
      return {TlsResult::kWantWrite};
    case SSL_ERROR_ZERO_RETURN:
      return {TlsResult::kEof};
    default:
      error_ = MakeError(ssl_error);
      ERR_clear_error();
      return {TlsResult::kError};
  }
}

absl::Status TlsSession::MakeError(int ssl_error) const {
  const std::string peer =
      context_->is_server_ ? "the client" : context_->server_;
  if (!verify_error_.ok()) {
    return absl::UnauthenticatedError(absl::StrCat(
        context_->is_server_ ? "client certificate"
                             : absl::StrCat("server certificate of ", peer),
        " is not trusted: ", verify_error_.message()));
  }
  if (!identity_error_.ok()) return identity_error_;
  if (ssl_error == SSL_ERROR_SYSCALL) {
    if (socket_errno_ != 0) {
      return absl::UnavailableError(
          absl::StrCat("connection to ", peer, ": ",
                       std::generic_category().message(socket_errno_)));
    }
    return absl::UnavailableError(
        absl::StrCat(peer, " closed the connection",
                     handshake_done_ ? " without ending the TLS session"
                                     : " during the TLS handshake"));
  }
  const uint32_t error = ERR_peek_error();
  const int reason =
      ERR_GET_LIB(error) == ERR_LIB_SSL ? ERR_GET_REASON(error) : 0;
  if (reason >= SSL_AD_REASON_OFFSET) {
    const int alert = reason - SSL_AD_REASON_OFFSET;
    const char* const text = SSL_alert_desc_string_long(alert);
    // In TLS 1.2 a missing certificate is just a failed handshake.
    if (IsCertificateAlert(alert) ||
        (alert == SSL_AD_HANDSHAKE_FAILURE && identity_asked_)) {
      return absl::UnauthenticatedError(absl::StrCat(
          peer, " rejected our certificate, or its absence: TLS alert \"", text,
          "\""));
    }
    return absl::Status(
        IsProtocolAlert(alert) ? absl::StatusCode::kInvalidArgument
                               : absl::StatusCode::kUnavailable,
        absl::StrCat(peer, " ended the TLS session with the alert \"", text,
                     "\""));
  }
  if (reason == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE) {
    return absl::UnauthenticatedError(
        absl::StrCat(peer, " presented no certificate"));
  }
  return absl::InvalidArgumentError(
      absl::StrCat("TLS with ", peer, " failed: ", Reason(error)));
}

}  // namespace signet::http
