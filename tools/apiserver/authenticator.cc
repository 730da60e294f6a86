#include "tools/apiserver/authenticator.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "core/api/core.pb.h"
#include "core/base/secret.h"
#include "core/http/message.h"
#include "core/http/server.h"
#include "core/pki/certificate.h"
#include "core/pki/key_usage.h"
#include "core/pki/trust_bundle.h"
#include "tools/apiserver/api_error.h"
#include "tools/apiserver/store.h"
#include "tools/apiserver/user.h"

namespace signet::apiserver {
namespace {

constexpr absl::string_view kUidAttribute = "1.3.6.1.4.1.57683.2";
constexpr absl::string_view kCredentialId =
    "authentication.kubernetes.io/credential-id";
constexpr absl::string_view kAuthenticated = "system:authenticated";
constexpr absl::string_view kUnauthenticated = "system:unauthenticated";
constexpr absl::string_view kBootstrapType = "bootstrap.kubernetes.io/token";
constexpr absl::string_view kBootstrapGroup = "system:bootstrappers";
constexpr size_t kTokenIdSize = 6;
constexpr size_t kTokenSecretSize = 16;
constexpr size_t kMaxVerified = 4096;

bool IsTokenText(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_islower(c) || absl::ascii_isdigit(c);
  });
}

// "abcdef.0123456789abcdef"
bool IsBootstrapToken(absl::string_view token) {
  return token.size() == kTokenIdSize + 1 + kTokenSecretSize &&
         token[kTokenIdSize] == '.' &&
         IsTokenText(token.substr(0, kTokenIdSize)) &&
         IsTokenText(token.substr(kTokenIdSize + 1));
}

// system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]
bool IsBootstrapGroup(absl::string_view group) {
  if (!absl::ConsumePrefix(&group, "system:bootstrappers:")) return false;
  const auto is_end = [](char c) {
    return absl::ascii_islower(c) || absl::ascii_isdigit(c);
  };
  return !group.empty() && group.size() <= 256 && is_end(group.back()) &&
         std::all_of(group.begin(), group.end(), [&is_end](char c) {
           return is_end(c) || c == ':' || c == '-';
         });
}

std::string Data(const api::Secret& secret, const std::string& key) {
  const auto it = secret.data().find(key);
  return it == secret.data().end() ? std::string() : it->second;
}

User Anonymous() {
  User user;
  user.name = "system:anonymous";
  user.groups = {std::string(kUnauthenticated)};
  return user;
}

User AddAuthenticated(User user) {
  for (const absl::string_view group : {kAuthenticated, kUnauthenticated}) {
    if (std::find(user.groups.begin(), user.groups.end(), group) !=
        user.groups.end()) {
      return user;
    }
  }
  user.groups.emplace_back(kAuthenticated);
  return user;
}

// Splits a line of CSV (RFC 4180: quoted fields, "" for a quote).
absl::StatusOr<std::vector<std::string>> SplitCsv(absl::string_view line) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quoted) {
      if (c != '"') {
        fields.back() += c;
      } else if (i + 1 < line.size() && line[i + 1] == '"') {
        fields.back() += '"';
        ++i;
      } else {
        quoted = false;
      }
    } else if (c == '"' && fields.back().empty()) {
      quoted = true;
    } else if (c == ',') {
      fields.emplace_back();
    } else {
      fields.back() += c;
    }
  }
  if (quoted) return absl::InvalidArgumentError("a quote is not closed");
  return fields;
}

}  // namespace

absl::StatusOr<std::vector<StaticToken>> ParseTokenFile(
    absl::string_view text) {
  std::vector<StaticToken> tokens;
  int number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    absl::ConsumeSuffix(&line, "\r");
    if (line.empty() || line[0] == '#') continue;
    ABSL_ASSIGN_OR_RETURN(const std::vector<std::string> fields, SplitCsv(line),
                          _ << "token file, line " << number);
    if (fields.size() < 3) {
      return absl::InvalidArgumentError(absl::StrCat(
          "token file, line ", number,
          ": want at least 3 columns (token, user name, user uid), found ",
          fields.size()));
    }
    if (fields[0].empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("token file, line ", number, ": the token is empty"));
    }
    StaticToken& token = tokens.emplace_back();
    token.token = Secret(fields[0]);
    token.user.name = fields[1];
    token.user.uid = fields[2];
    if (fields.size() >= 4 && !fields[3].empty()) {
      token.user.groups = absl::StrSplit(fields[3], ',');
    }
  }
  return tokens;
}

absl::StatusOr<User> UserFromCertificate(const pki::Certificate& certificate) {
  const pki::DistinguishedName& subject = certificate.subject();
  if (subject.common_name.empty()) {
    return absl::NotFoundError("the certificate names no user");
  }
  User user;
  user.name = subject.common_name;
  user.groups = subject.organization;
  for (const auto& [oid, value] : subject.names) {
    if (oid == kUidAttribute) user.uid = value;
  }
  const auto digest = certificate.Sha256();
  user.extra[std::string(kCredentialId)] = {absl::StrCat(
      "X509SHA256=",
      absl::BytesToHexString(absl::string_view(
          reinterpret_cast<const char*>(digest.data()), digest.size())))};
  return user;
}

absl::StatusOr<User> JudgeBootstrapToken(absl::string_view token,
                                         const api::Secret& secret,
                                         absl::Time now) {
  const absl::Status refused = absl::UnauthenticatedError("no such token");
  if (!IsBootstrapToken(token)) return refused;
  const absl::string_view id = token.substr(0, kTokenIdSize);
  if (secret.metadata().has_deletion_timestamp() ||
      secret.type() != kBootstrapType || Data(secret, "token-id") != id ||
      !Secret(token.substr(kTokenIdSize + 1))
           .Equals(Data(secret, "token-secret")) ||
      Data(secret, "usage-bootstrap-authentication") != "true") {
    return refused;
  }
  const std::string expiration = Data(secret, "expiration");
  if (!expiration.empty()) {
    absl::Time end;
    std::string error;
    if (!absl::ParseTime(absl::RFC3339_full, expiration, &end, &error) ||
        now > end) {
      return refused;
    }
  }
  std::set<std::string> groups = {std::string(kBootstrapGroup)};
  const std::string extra = Data(secret, "auth-extra-groups");
  if (!extra.empty()) {
    for (const absl::string_view group : absl::StrSplit(extra, ',')) {
      if (!IsBootstrapGroup(group)) return refused;
      groups.emplace(group);
    }
  }
  User user;
  user.name = absl::StrCat("system:bootstrap:", id);
  user.groups.assign(groups.begin(), groups.end());
  return user;
}

Authenticator::Authenticator(std::shared_ptr<http::TrustSource> client_trust,
                             std::vector<StaticToken> tokens,
                             const Store& store, absl::Clock& clock)
    : client_trust_(std::move(client_trust)),
      tokens_(std::move(tokens)),
      store_(store),
      clock_(clock) {}

absl::StatusOr<User> Authenticator::Authenticate(const http::Request& request,
                                                 const http::Peer& peer) const {
  if (client_trust_ != nullptr && !peer.certificates.empty()) {
    if (!CheckChain(peer.certificates).ok()) return Unauthorized();
    absl::StatusOr<User> user = UserFromCertificate(peer.certificates[0]);
    if (user.ok()) return AddAuthenticated(*std::move(user));
  }
  absl::string_view token = request.headers.Get("authorization");
  if (token.size() > 7 && absl::StartsWithIgnoreCase(token, "bearer ")) {
    token = absl::StripAsciiWhitespace(token.substr(7));
    absl::StatusOr<User> user = UserOfToken(token);
    if (!user.ok()) return Unauthorized();
    return AddAuthenticated(*std::move(user));
  }
  return Anonymous();
}

absl::Status Authenticator::CheckChain(
    const std::vector<pki::Certificate>& chain) const {
  const std::shared_ptr<const pki::TrustBundle> bundle =
      client_trust_->Current();
  if (bundle == nullptr) return absl::UnauthenticatedError("no client CA");
  const Fingerprint fingerprint = chain[0].Sha256();
  const absl::Time now = clock_.TimeNow();
  {
    absl::MutexLock lock(mutex_);
    const auto it = verified_.find(fingerprint);
    if (it != verified_.end() && it->second.bundle == bundle &&
        chain[0].validity().Contains(now)) {
      return absl::OkStatus();
    }
  }
  pki::TrustBundle::Options options;
  options.now = now;
  options.usages = {pki::ExtendedKeyUsage::kClientAuth};
  ABSL_RETURN_IF_ERROR(bundle->Verify(chain, options));
  absl::MutexLock lock(mutex_);
  if (verified_.size() >= kMaxVerified) verified_.clear();
  verified_[fingerprint] = {bundle};
  return absl::OkStatus();
}

absl::StatusOr<User> Authenticator::UserOfToken(absl::string_view token) const {
  const StaticToken* found = nullptr;
  for (const StaticToken& candidate : tokens_) {
    // All are compared, so that time does not tell how far the search went.
    if (candidate.token.Equals(token) && found == nullptr) found = &candidate;
  }
  if (found != nullptr) return found->user;
  if (!IsBootstrapToken(token)) {
    return absl::UnauthenticatedError("no such token");
  }
  const ObjectPtr object = store_.Get(
      {"secrets", "kube-system",
       absl::StrCat("bootstrap-token-", token.substr(0, kTokenIdSize))});
  if (object == nullptr) return absl::UnauthenticatedError("no such token");
  return JudgeBootstrapToken(token, static_cast<const api::Secret&>(*object),
                             clock_.TimeNow());
}

}  // namespace signet::apiserver
