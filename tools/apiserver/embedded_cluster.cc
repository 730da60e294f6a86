#include "tools/apiserver/embedded_cluster.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/base/file_system.h"
#include "core/base/secret.h"
#include "core/http/server.h"
#include "core/http/tls_identity.h"
#include "core/pki/certificate.h"
#include "core/pki/ip_address.h"
#include "core/pki/key_usage.h"
#include "core/pki/trust_bundle.h"
#include "tools/apiserver/api_server.h"
#include "tools/apiserver/cluster_pki.h"
#include "tools/apiserver/journal.h"
#include "tools/apiserver/kind.h"
#include "tools/apiserver/kinds.h"
#include "tools/apiserver/sqlite_journal.h"
#include "tools/apiserver/store.h"

namespace signet::apiserver {
namespace {

constexpr size_t kMaxPemBytes = 1 << 20;
constexpr uint32_t kSecretMode = 0600;
constexpr uint32_t kPublicMode = 0644;
constexpr uint32_t kSecretFolder = 0700;
constexpr uint32_t kPublicFolder = 0755;
// A server certificate that ends sooner is made anew.
constexpr absl::Duration kRenewBefore = absl::Hours(24 * 30);
// A watch begins with all objects at once: room for some 80,000 requests.
constexpr size_t kMaxQueuedBytes = 128 << 20;

std::string Join(absl::string_view folder, absl::string_view name) {
  return absl::StrCat(folder, absl::EndsWith(folder, "/") ? "" : "/", name);
}

// "[::1]:6443"
std::string HostPort(absl::string_view address, uint16_t port) {
  if (absl::StrContains(address, ':')) {
    return absl::StrCat("[", address, "]:", port);
  }
  return absl::StrCat(address, ":", port);
}

std::vector<std::string> HostsOf(const EmbeddedClusterOptions& options) {
  std::vector<std::string> hosts = {"kubernetes",
                                    "kubernetes.default",
                                    "kubernetes.default.svc",
                                    "kubernetes.default.svc.cluster.local",
                                    "localhost",
                                    "127.0.0.1",
                                    "::1"};
  hosts.push_back(options.address);
  hosts.insert(hosts.end(), options.extra_hosts.begin(),
               options.extra_hosts.end());
  std::sort(hosts.begin(), hosts.end());
  hosts.erase(std::unique(hosts.begin(), hosts.end()), hosts.end());
  return hosts;
}

// The CA of cert_dir, made if both of its files are missing.
absl::StatusOr<ClusterPki> LoadOrCreateCa(
    const EmbeddedClusterOptions& options,
    const EmbeddedCluster::Environment& env) {
  if (options.cert_dir.empty()) {
    return ClusterPki::Create(env.keys, env.rng, env.clock.TimeNow());
  }
  ABSL_RETURN_IF_ERROR(
      env.files.MakeDirectories(options.cert_dir, kPublicFolder));
  const std::string cert_file = Join(options.cert_dir, "ca.crt");
  const std::string key_file = Join(options.cert_dir, "ca.key");
  absl::StatusOr<std::string> certificate =
      env.files.Read(cert_file, kMaxPemBytes);
  absl::StatusOr<std::string> key = env.files.Read(key_file, kMaxPemBytes);
  if (absl::IsNotFound(certificate.status()) &&
      absl::IsNotFound(key.status())) {
    ABSL_ASSIGN_OR_RETURN(
        ClusterPki ca,
        ClusterPki::Create(env.keys, env.rng, env.clock.TimeNow()));
    ABSL_ASSIGN_OR_RETURN(const Secret key_pem, ca.key_pem());
    ABSL_RETURN_IF_ERROR(
        env.files.Write(key_file, key_pem.Reveal(), kSecretMode));
    ABSL_RETURN_IF_ERROR(
        env.files.Write(cert_file, ca.certificate_pem(), kPublicMode));
    return ca;
  }
  ABSL_RETURN_IF_ERROR(certificate.status());
  ABSL_RETURN_IF_ERROR(key.status());
  const Secret key_pem = Secret::FromString(*std::move(key));
  ABSL_ASSIGN_OR_RETURN(
      ClusterPki ca,
      ClusterPki::Load(*certificate, key_pem.Reveal(), env.keys, env.rng),
      _ << cert_file << " and " << key_file);
  return ca;
}

// Whether a certificate found in cert_dir still serves.
bool IsGood(const http::TlsIdentity& identity, const ClusterPki& ca,
            const std::vector<std::string>& hosts, absl::Time now) {
  const pki::Certificate& leaf = identity.chain[0];
  if (!leaf.CheckSignatureFrom(ca.authority().certificate()).ok() ||
      now + kRenewBefore > leaf.validity().not_after) {
    return false;
  }
  const pki::SubjectAltNames& sans = leaf.subject_alt_names();
  return std::all_of(
      hosts.begin(), hosts.end(), [&sans](const std::string& host) {
        const absl::StatusOr<pki::IpAddress> ip = pki::IpAddress::Parse(host);
        if (!ip.ok()) {
          return std::find(sans.dns_names.begin(), sans.dns_names.end(),
                           host) != sans.dns_names.end();
        }
        return std::find(sans.ip_addresses.begin(), sans.ip_addresses.end(),
                         *ip) != sans.ip_addresses.end();
      });
}

absl::StatusOr<std::shared_ptr<const http::TlsIdentity>> ReadIdentity(
    const std::string& cert_file, const std::string& key_file,
    FileSystem& files) {
  ABSL_ASSIGN_OR_RETURN(const std::string certificate,
                        files.Read(cert_file, kMaxPemBytes));
  ABSL_ASSIGN_OR_RETURN(std::string key, files.Read(key_file, kMaxPemBytes));
  const Secret key_pem = Secret::FromString(std::move(key));
  ABSL_ASSIGN_OR_RETURN(
      auto identity, http::TlsIdentity::FromPem(certificate, key_pem.Reveal()),
      _ << cert_file << " and " << key_file);
  return identity;
}

absl::StatusOr<std::shared_ptr<const http::TlsIdentity>> ServerIdentity(
    const EmbeddedClusterOptions& options, const ClusterPki& ca,
    const EmbeddedCluster::Environment& env) {
  if (!options.tls_cert_file.empty() || !options.tls_private_key_file.empty()) {
    if (options.tls_cert_file.empty() || options.tls_private_key_file.empty()) {
      return absl::InvalidArgumentError(
          "the server's certificate and its key must be given together");
    }
    return ReadIdentity(options.tls_cert_file, options.tls_private_key_file,
                        env.files);
  }
  const std::vector<std::string> hosts = HostsOf(options);
  const std::string cert_file = Join(options.cert_dir, "apiserver.crt");
  const std::string key_file = Join(options.cert_dir, "apiserver.key");
  const absl::Time now = env.clock.TimeNow();
  if (!options.cert_dir.empty()) {
    const auto found = ReadIdentity(cert_file, key_file, env.files);
    if (found.ok() && IsGood(**found, ca, hosts, now)) return found;
  }
  ABSL_ASSIGN_OR_RETURN(const KeyPair pair, ca.IssueServer(hosts, now));
  if (!options.cert_dir.empty()) {
    ABSL_RETURN_IF_ERROR(
        env.files.Write(key_file, pair.key_pem.Reveal(), kSecretMode));
    ABSL_RETURN_IF_ERROR(
        env.files.Write(cert_file, pair.certificate_pem, kPublicMode));
  }
  return http::TlsIdentity::FromPem(pair.certificate_pem,
                                    pair.key_pem.Reveal());
}

absl::StatusOr<std::string> ClientCaPem(const EmbeddedClusterOptions& options,
                                        const ClusterPki& ca,
                                        FileSystem& files) {
  if (options.client_ca_file.empty()) return ca.certificate_pem();
  return files.Read(options.client_ca_file, kMaxPemBytes);
}

}  // namespace

struct EmbeddedCluster::Impl {
  Impl(EmbeddedClusterOptions the_options, Environment environment,
       ClusterPki the_pki)
      : options(std::move(the_options)),
        env(environment),
        pki(std::move(the_pki)) {}

  const EmbeddedClusterOptions options;
  const Environment env;
  const ClusterPki pki;
  std::unique_ptr<Journal> journal;
  std::unique_ptr<Store> store;
  std::unique_ptr<ApiServer> api;
  std::unique_ptr<http::Server> server;  // Last: it stops first.
};

EmbeddedCluster::EmbeddedCluster(std::unique_ptr<Impl> impl)
    : impl_(std::move(impl)) {}

EmbeddedCluster::~EmbeddedCluster() { Stop(); }

absl::StatusOr<std::unique_ptr<EmbeddedCluster>> EmbeddedCluster::Start(
    EmbeddedClusterOptions options, Environment env) {
  ABSL_ASSIGN_OR_RETURN(ClusterPki ca, LoadOrCreateCa(options, env));
  ABSL_ASSIGN_OR_RETURN(auto identity, ServerIdentity(options, ca, env));
  ApiServerOptions api_options;
  ABSL_ASSIGN_OR_RETURN(api_options.client_ca_pem,
                        ClientCaPem(options, ca, env.files));
  ABSL_ASSIGN_OR_RETURN(pki::TrustBundle bundle,
                        pki::TrustBundle::FromPem(api_options.client_ca_pem),
                        _ << options.client_ca_file);
  api_options.client_trust =
      std::make_shared<http::FixedTrust>(std::move(bundle));
  for (const StaticToken& token : options.tokens) {
    api_options.tokens.push_back({token.token.Clone(), token.user});
  }
  api_options.policy = options.policy;
  api_options.server_address = HostPort(options.address, options.port);

  auto impl = std::make_unique<Impl>(std::move(options), env, std::move(ca));
  if (!impl->options.data_dir.empty()) {
    ABSL_RETURN_IF_ERROR(
        env.files.MakeDirectories(impl->options.data_dir, kSecretFolder));
    ABSL_ASSIGN_OR_RETURN(
        impl->journal,
        OpenSqliteJournal(Join(impl->options.data_dir, "objects.db")));
  }
  impl->store =
      std::make_unique<Store>(impl->journal.get(), impl->options.limits);
  ABSL_RETURN_IF_ERROR(
      impl->store->Load([](absl::string_view resource)
                            -> std::unique_ptr<google::protobuf::Message> {
        const Kind* kind = FindKindByKey(resource);
        return kind == nullptr ? nullptr : kind->make();
      }));
  impl->api = std::make_unique<ApiServer>(*impl->store, env.rng, env.clock,
                                          std::move(api_options));
  ABSL_RETURN_IF_ERROR(impl->api->Bootstrap());
  for (const std::string& token : impl->options.bootstrap_tokens) {
    ABSL_RETURN_IF_ERROR(impl->api->AddBootstrapToken(token));
  }

  http::ServerOptions server_options;
  server_options.address = impl->options.address;
  server_options.port = impl->options.port;
  server_options.identity = std::make_shared<http::FixedIdentity>(identity);
  server_options.request_client_certificate = true;
  server_options.max_queued_bytes = kMaxQueuedBytes;
  server_options.clock = &env.clock;
  ABSL_ASSIGN_OR_RETURN(
      impl->server,
      http::StartServer(std::move(server_options), impl->api->handler()));
  return std::unique_ptr<EmbeddedCluster>(new EmbeddedCluster(std::move(impl)));
}

uint16_t EmbeddedCluster::port() const { return impl_->server->port(); }

std::string EmbeddedCluster::server_url() const {
  return absl::StrCat("https://", HostPort(impl_->options.address, port()));
}

std::string EmbeddedCluster::ca_pem() const {
  return impl_->pki.certificate_pem();
}

const ClusterPki& EmbeddedCluster::pki() const { return impl_->pki; }
Store& EmbeddedCluster::store() { return *impl_->store; }

absl::StatusOr<std::string> EmbeddedCluster::KubeconfigFor(
    absl::string_view user, const std::vector<std::string>& groups) const {
  ABSL_ASSIGN_OR_RETURN(
      const KeyPair client,
      impl_->pki.IssueClient(user, groups, impl_->env.clock.TimeNow()));
  return RenderKubeconfig(server_url(), ca_pem(), user, &client, "");
}

std::string EmbeddedCluster::KubeconfigWithToken(
    absl::string_view user, absl::string_view token) const {
  return RenderKubeconfig(server_url(), ca_pem(), user, nullptr, token);
}

absl::Status EmbeddedCluster::WriteKubeconfigs(
    absl::string_view directory) const {
  FileSystem& files = impl_->env.files;
  const BootstrapPolicyOptions& policy = impl_->options.policy;
  ABSL_RETURN_IF_ERROR(files.MakeDirectories(directory, kSecretFolder));
  const auto write = [&](absl::string_view name, const std::string& text) {
    return files.Write(Join(directory, absl::StrCat(name, ".kubeconfig")), text,
                       kSecretMode);
  };
  ABSL_ASSIGN_OR_RETURN(const std::string admin,
                        KubeconfigFor("kubernetes-admin", {"system:masters"}));
  ABSL_RETURN_IF_ERROR(write("admin", admin));
  if (!policy.approver_user.empty()) {
    ABSL_ASSIGN_OR_RETURN(const std::string approver,
                          KubeconfigFor(policy.approver_user, {}));
    ABSL_RETURN_IF_ERROR(write("approver", approver));
  }
  if (!policy.signer_user.empty()) {
    ABSL_ASSIGN_OR_RETURN(const std::string signer,
                          KubeconfigFor(policy.signer_user, {}));
    ABSL_RETURN_IF_ERROR(write("signer", signer));
  }
  if (!impl_->options.bootstrap_tokens.empty()) {
    ABSL_RETURN_IF_ERROR(write(
        "bootstrap", KubeconfigWithToken("kubelet-bootstrap",
                                         impl_->options.bootstrap_tokens[0])));
  }
  return absl::OkStatus();
}

void EmbeddedCluster::Stop() {
  if (impl_->server != nullptr) impl_->server->Stop();
}

}  // namespace signet::apiserver
