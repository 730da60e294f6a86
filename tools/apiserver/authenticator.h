#ifndef SIGNET_TOOLS_APISERVER_AUTHENTICATOR_H_
#define SIGNET_TOOLS_APISERVER_AUTHENTICATOR_H_

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "core/api/core.pb.h"
#include "core/base/secret.h"
#include "core/http/message.h"
#include "core/http/server.h"
#include "core/http/tls_identity.h"
#include "core/pki/certificate.h"
#include "tools/apiserver/store.h"
#include "tools/apiserver/user.h"

namespace signet::apiserver {

// One line of a static token file.
struct StaticToken {
  Secret token;
  User user;
};

// ParseTokenFile reads kube-apiserver's --token-auth-file: CSV lines
// `token,user,uid` and optionally `,"group1,group2"`; empty lines and lines
// beginning with '#' are skipped. kInvalidArgument names the line.
absl::StatusOr<std::vector<StaticToken>> ParseTokenFile(absl::string_view text);

// UserFromCertificate returns who a verified client certificate stands for:
// name = common name, groups = organisations, uid = attribute
// 1.3.6.1.4.1.57683.2, extra credential-id (SPEC D-1). An empty common name
// stands for nobody: kNotFound (SPEC B-21).
absl::StatusOr<User> UserFromCertificate(const pki::Certificate& certificate);

// JudgeBootstrapToken tells whom a bootstrap token stands for, given the Secret
// of its id (SPEC B-12): user system:bootstrap:<id>, group
// system:bootstrappers and the extra ones. kUnauthenticated otherwise.
absl::StatusOr<User> JudgeBootstrapToken(absl::string_view token,
                                         const api::Secret& secret,
                                         absl::Time now);

// Authenticator finds out who makes a request, trying in this order: client
// certificate, static token, bootstrap token. Without any of them the request
// is system:anonymous's; one that is no good is kUnauthenticated (401), as an
// api_error. Thread-safe.
class Authenticator {
 public:
  // `client_trust` may be null: no client certificates. `store` holds the
  // bootstrap tokens' Secrets. Store and clock must outlive the authenticator.
  Authenticator(std::shared_ptr<http::TrustSource> client_trust,
                std::vector<StaticToken> tokens, const Store& store,
                absl::Clock& clock);

  absl::StatusOr<User> Authenticate(const http::Request& request,
                                    const http::Peer& peer) const;

 private:
  using Fingerprint = std::array<uint8_t, 32>;
  // A chain that was verified: good while the same bundle is in force and the
  // leaf is valid. (Intermediates are seen again at the next handshake.)
  struct Verified {
    std::shared_ptr<const pki::TrustBundle> bundle;
  };

  absl::Status CheckChain(const std::vector<pki::Certificate>& chain) const;
  absl::StatusOr<User> UserOfToken(absl::string_view token) const;

  const std::shared_ptr<http::TrustSource> client_trust_;
  const std::vector<StaticToken> tokens_;
  const Store& store_;
  absl::Clock& clock_;
  mutable absl::Mutex mutex_;
  mutable absl::flat_hash_map<Fingerprint, Verified> verified_
      ABSL_GUARDED_BY(mutex_);
};

}  // namespace signet::apiserver

#endif  // SIGNET_TOOLS_APISERVER_AUTHENTICATOR_H_
