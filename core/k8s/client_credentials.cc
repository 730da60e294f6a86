#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/log/log.h"
#include "absl/status/status_macros.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/http/system_trust.h"
#include "core/k8s/kubeconfig.h"

namespace signet::k8s {
namespace {

constexpr size_t kMaxFileBytes = 1 << 20;
constexpr absl::Duration kCertificatePeriod = absl::Minutes(5);  // SPEC A-47.
constexpr absl::Duration kTokenPeriod = absl::Minutes(1);

// Reloaded keeps something that is loaded from files, and loads it again when
// it is older than `period`. What cannot be loaded leaves the old one in place.
// Thread-safe.
template <class T>
class Reloaded {
 public:
  using Load = std::function<absl::StatusOr<T>()>;

  Reloaded(absl::Clock& clock, absl::Duration period, T first, Load load)
      : clock_(clock),
        period_(period),
        load_(std::move(load)),
        value_(std::move(first)),
        loaded_(clock.TimeNow()) {}

  template <class Result>
  Result Use(const std::function<Result(const T&)>& use) {
    absl::MutexLock lock(mutex_);
    const absl::Time now = clock_.TimeNow();
    // A clock that was put back counts as much as time that has passed.
    if (now - loaded_ >= period_ || now < loaded_) {
      absl::StatusOr<T> loaded = load_();
      if (loaded.ok()) {
        value_ = *std::move(loaded);
      } else {
        LOG(WARNING) << "keeping what was loaded before: "
                     << loaded.status().message();
      }
      loaded_ = now;
    }
    return use(value_);
  }

 private:
  absl::Clock& clock_;
  const absl::Duration period_;
  const Load load_;
  absl::Mutex mutex_;
  T value_ ABSL_GUARDED_BY(mutex_);
  absl::Time loaded_ ABSL_GUARDED_BY(mutex_);
};

using Bundle = std::shared_ptr<const pki::TrustBundle>;
using Identity = std::shared_ptr<const http::TlsIdentity>;

class FileTrust : public http::TrustSource {
 public:
  FileTrust(absl::Clock& clock, Bundle first, Reloaded<Bundle>::Load load)
      : bundle_(clock, kCertificatePeriod, std::move(first), std::move(load)) {}
  Bundle Current() override {
    return bundle_.Use<Bundle>([](const Bundle& bundle) { return bundle; });
  }

 private:
  Reloaded<Bundle> bundle_;
};

class FileIdentity : public http::IdentitySource {
 public:
  FileIdentity(absl::Clock& clock, Identity first,
               Reloaded<Identity>::Load load)
      : identity_(clock, kCertificatePeriod, std::move(first),
                  std::move(load)) {}
  Identity Current() override {
    return identity_.Use<Identity>(
        [](const Identity& identity) { return identity; });
  }

 private:
  Reloaded<Identity> identity_;
};

class FileToken : public TokenSource {
 public:
  FileToken(std::string path, FileSystem& files, absl::Clock& clock)
      : path_(std::move(path)), files_(files), clock_(clock) {}

  absl::StatusOr<Secret> Current() override {
    Reloaded<Secret>* token;
    {
      absl::MutexLock lock(mutex_);
      if (token_ == nullptr) {
        ABSL_ASSIGN_OR_RETURN(Secret first, Read());
        token_ = std::make_unique<Reloaded<Secret>>(
            clock_, kTokenPeriod, std::move(first), [this] { return Read(); });
      }
      token = token_.get();
    }
    return token->Use<Secret>(
        [](const Secret& secret) { return secret.Clone(); });
  }

 private:
  absl::StatusOr<Secret> Read() {
    ABSL_ASSIGN_OR_RETURN(std::string text, files_.Read(path_, kMaxFileBytes));
    Secret token(absl::StripAsciiWhitespace(text));
    Wipe(text);
    if (token.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("token file \"", path_, "\": is empty"));
    }
    return token;
  }

  const std::string path_;
  FileSystem& files_;
  absl::Clock& clock_;
  absl::Mutex mutex_;
  std::unique_ptr<Reloaded<Secret>> token_ ABSL_GUARDED_BY(mutex_);
};

class FixedToken : public TokenSource {
 public:
  explicit FixedToken(Secret token) : token_(std::move(token)) {}
  absl::StatusOr<Secret> Current() override { return token_.Clone(); }

 private:
  const Secret token_;
};

absl::StatusOr<Bundle> ParseTrust(absl::string_view pem,
                                  absl::string_view what) {
  absl::StatusOr<pki::TrustBundle> bundle = pki::TrustBundle::FromPem(pem);
  if (!bundle.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(what, ": ", bundle.status().message()));
  }
  return std::make_shared<const pki::TrustBundle>(*std::move(bundle));
}

absl::StatusOr<Bundle> ReadTrust(FileSystem& files, const std::string& path) {
  ABSL_ASSIGN_OR_RETURN(const std::string pem, files.Read(path, kMaxFileBytes));
  return ParseTrust(pem, absl::StrCat("certificate-authority \"", path, "\""));
}

absl::StatusOr<std::shared_ptr<http::TrustSource>> MakeTrust(
    const ClientConfig& config, FileSystem& files, absl::Clock& clock) {
  if (!config.certificate_authority_data.empty()) {
    ABSL_ASSIGN_OR_RETURN(const Bundle bundle,
                          ParseTrust(config.certificate_authority_data,
                                     "certificate-authority-data"));
    return std::make_shared<http::FixedTrust>(*bundle);
  }
  if (config.certificate_authority_file.empty()) {
    if (config.insecure_skip_tls_verify ||
        !absl::StartsWithIgnoreCase(config.server, "https://")) {
      return nullptr;
    }
    // As client-go does. A system without any is the transport's to complain
    // about.
    absl::StatusOr<std::shared_ptr<http::TrustSource>> system =
        http::LoadSystemTrust(files);
    if (absl::IsNotFound(system.status())) return nullptr;
    return system;
  }
  const std::string path = config.certificate_authority_file;
  ABSL_ASSIGN_OR_RETURN(Bundle first, ReadTrust(files, path));
  return std::make_shared<FileTrust>(clock, std::move(first), [&files, path] {
    return ReadTrust(files, path);
  });
}

// Where certificate and key come from, each inline or from a file.
struct IdentityParts {
  std::string certificate_data;
  std::string certificate_file;
  Secret key_data;
  std::string key_file;

  absl::StatusOr<Identity> Load(FileSystem& files) const {
    std::string certificate = certificate_data;
    if (certificate.empty()) {
      ABSL_ASSIGN_OR_RETURN(certificate,
                            files.Read(certificate_file, kMaxFileBytes));
    }
    Secret key = key_data.Clone();
    if (key.empty()) {
      ABSL_ASSIGN_OR_RETURN(std::string text,
                            files.Read(key_file, kMaxFileBytes));
      key = Secret::FromString(std::move(text));
    }
    absl::StatusOr<Identity> identity =
        http::TlsIdentity::FromPem(certificate, key.Reveal());
    if (identity.ok()) return identity;
    const auto name = [](absl::string_view field, absl::string_view data,
                         absl::string_view file) {
      return data.empty() ? absl::StrCat(field, " \"", file, "\"")
                          : absl::StrCat(field, "-data");
    };
    return absl::InvalidArgumentError(absl::StrCat(
        name("client-certificate", certificate_data, certificate_file), ", ",
        name("client-key", key_data.empty() ? "" : "data", key_file), ": ",
        identity.status().message()));
  }
};

absl::StatusOr<std::shared_ptr<http::IdentitySource>> MakeIdentity(
    const ClientConfig& config, FileSystem& files, absl::Clock& clock) {
  if (config.client_certificate_data.empty() &&
      config.client_certificate_file.empty()) {
    return nullptr;
  }
  auto parts = std::make_shared<const IdentityParts>(IdentityParts{
      config.client_certificate_data,
      config.client_certificate_data.empty() ? config.client_certificate_file
                                             : "",
      config.client_key_data.Clone(),
      config.client_key_data.empty() ? config.client_key_file : "",
  });
  ABSL_ASSIGN_OR_RETURN(Identity first, parts->Load(files));
  if (parts->certificate_file.empty() && parts->key_file.empty()) {
    return std::make_shared<http::FixedIdentity>(std::move(first));
  }
  return std::make_shared<FileIdentity>(
      clock, std::move(first), [&files, parts] { return parts->Load(files); });
}

}  // namespace

absl::StatusOr<ClientConfig> InClusterConfig(
    FileSystem& files, const std::function<std::string(absl::string_view)>& env,
    absl::string_view directory) {
  const std::string host = env("KUBERNETES_SERVICE_HOST");
  const std::string port = env("KUBERNETES_SERVICE_PORT");
  if (host.empty() || port.empty()) {
    return absl::FailedPreconditionError(
        "not inside a cluster: KUBERNETES_SERVICE_HOST and "
        "KUBERNETES_SERVICE_PORT are not set");
  }
  ClientConfig config;
  config.server = absl::StrContains(host, ':')
                      ? absl::StrCat("https://[", host, "]:", port)
                      : absl::StrCat("https://", host, ":", port);
  config.certificate_authority_file = absl::StrCat(directory, "/ca.crt");
  config.token_file = absl::StrCat(directory, "/token");
  // Both must be there; the sources read them again.
  ABSL_RETURN_IF_ERROR(
      files.Read(config.certificate_authority_file, kMaxFileBytes).status());
  ABSL_RETURN_IF_ERROR(files.Stat(config.token_file).status());
  const absl::StatusOr<std::string> namespace_name =
      files.Read(absl::StrCat(directory, "/namespace"), kMaxFileBytes);
  if (namespace_name.ok()) {
    const absl::string_view name = absl::StripAsciiWhitespace(*namespace_name);
    if (!name.empty()) config.namespace_name = std::string(name);
  }
  return config;
}

absl::StatusOr<http::TransportOptions> MakeTransportOptions(
    const ClientConfig& config, FileSystem& files, absl::Clock& clock,
    std::shared_ptr<http::IdentitySource> identity_override) {
  http::TransportOptions options;
  options.server = config.server;
  options.insecure_skip_tls_verify = config.insecure_skip_tls_verify;
  options.tls_server_name = config.tls_server_name;
  options.proxy = config.proxy_url;
  options.clock = &clock;
  ABSL_ASSIGN_OR_RETURN(options.trust, MakeTrust(config, files, clock));
  if (identity_override != nullptr) {
    options.identity = std::move(identity_override);
  } else {
    ABSL_ASSIGN_OR_RETURN(options.identity, MakeIdentity(config, files, clock));
  }
  return options;
}

std::shared_ptr<TokenSource> MakeTokenSource(const ClientConfig& config,
                                             FileSystem& files,
                                             absl::Clock& clock) {
  if (!config.token_file.empty()) {
    return std::make_shared<FileToken>(config.token_file, files, clock);
  }
  if (!config.token.empty()) {
    return std::make_shared<FixedToken>(config.token.Clone());
  }
  return nullptr;
}

}  // namespace signet::k8s
