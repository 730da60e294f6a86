#include "e2e/testbed.h"

#include <dirent.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <memory>
#include <ostream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/random/random.h"
#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "core/api/certificates.pb.h"
#include "core/api/codec.h"
#include "core/api/core.pb.h"
#include "core/api/csr_status_text.h"
#include "core/api/resource.h"
#include "core/http/beast_transport.h"
#include "core/http/message.h"
#include "core/http/transport.h"
#include "core/k8s/api_client.h"
#include "core/k8s/kubeconfig.h"
#include "core/k8s/resource_api.h"
#include "core/pki/certificate.h"
#include "core/sys/posix_file_system.h"
#include "e2e/cluster_provider.h"
#include "e2e/process.h"
#include "re2/re2.h"

namespace signet::e2e {
namespace {

using api::CertificateSigningRequest;

constexpr absl::Duration kReady = absl::Seconds(30);

std::string RandomString(size_t size) {
  absl::BitGen random;
  std::string result;
  for (size_t i = 0; i < size; ++i) {
    result +=
        "abcdefghijklmnopqrstuvwxyz0123456789"[absl::Uniform(random, 0, 36)];
  }
  return result;
}

std::vector<std::string> ElectionFlags(Election election) {
  if (election == Election::kDefault) return {};
  return {"--leader-elect-lease-duration=6s",
          "--leader-elect-renew-deadline=4s",
          "--leader-elect-retry-period=500ms"};
}

}  // namespace

absl::StatusOr<std::unique_ptr<Connection>> Connection::Open(
    const std::string& kubeconfig) {
  static sys::PosixFileSystem* const files = new sys::PosixFileSystem;
  absl::Clock& clock = absl::Clock::GetRealClock();
  ABSL_ASSIGN_OR_RETURN(const k8s::ClientConfig config,
                        k8s::LoadKubeconfig(*files, kubeconfig));
  ABSL_ASSIGN_OR_RETURN(http::TransportOptions options,
                        k8s::MakeTransportOptions(config, *files, clock));
  auto connection = std::unique_ptr<Connection>(new Connection);
  ABSL_ASSIGN_OR_RETURN(connection->transport_,
                        http::NewBeastTransport(std::move(options)));
  connection->client_ = std::make_unique<k8s::ApiClient>(
      *connection->transport_, k8s::MakeTokenSource(config, *files, clock));
  return connection;
}

std::string AgentFiles::CurrentPem() const {
  return absl::StrCat(cert_dir, "/kubelet-client-current.pem");
}

absl::StatusOr<std::unique_ptr<Testbed>> Testbed::Create(
    ClusterProvider& cluster, const std::string& directory) {
  ABSL_RETURN_IF_ERROR(MakeDirectory(directory));
  auto testbed = std::unique_ptr<Testbed>(new Testbed(cluster, directory));
  ABSL_ASSIGN_OR_RETURN(testbed->admin_,
                        Connection::Open(cluster.AdminKubeconfig()));
  return testbed;
}

absl::StatusOr<AgentFiles> Testbed::MakeAgentFiles(absl::string_view node,
                                                   const TokenOptions& token) {
  AgentFiles files;
  files.node = std::string(node);
  const std::string root = absl::StrCat(directory_, "/", node);
  ABSL_RETURN_IF_ERROR(MakeDirectory(root));
  files.bootstrap_kubeconfig = absl::StrCat(root, "/bootstrap-kubeconfig");
  files.kubeconfig = absl::StrCat(root, "/kubeconfig");
  files.cert_dir = absl::StrCat(root, "/pki");

  // https://kubernetes.io/docs/reference/access-authn-authz/bootstrap-tokens/
  const std::string id = RandomString(6);
  files.bootstrap_user = absl::StrCat("system:bootstrap:", id);
  const std::string secret = RandomString(16);
  api::Secret object;
  object.mutable_metadata()->set_namespace_("kube-system");
  object.mutable_metadata()->set_name(absl::StrCat("bootstrap-token-", id));
  object.set_type("bootstrap.kubernetes.io/token");
  auto& data = *object.mutable_data();
  data["token-id"] = id;
  data["token-secret"] = secret;
  data["usage-bootstrap-authentication"] = "true";
  if (!token.group.empty()) data["auth-extra-groups"] = token.group;
  if (token.expires < absl::InfiniteFuture()) {
    data["expiration"] = absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", token.expires,
                                          absl::UTCTimeZone());
  }
  ABSL_RETURN_IF_ERROR(admin().Api<api::Secret>()->Create(object).status())
      << "creating a bootstrap token";

  sys::PosixFileSystem file_system;
  ABSL_ASSIGN_OR_RETURN(
      const k8s::ClientConfig config,
      k8s::LoadKubeconfig(file_system, cluster_.AdminKubeconfig()));
  std::string ca = config.certificate_authority_data;
  if (ca.empty()) {
    ABSL_ASSIGN_OR_RETURN(ca, ReadFile(config.certificate_authority_file));
  }
  ABSL_RETURN_IF_ERROR(WriteFile(
      files.bootstrap_kubeconfig,
      absl::StrFormat("apiVersion: v1\n"
                      "kind: Config\n"
                      "clusters:\n"
                      "- name: e2e\n"
                      "  cluster:\n"
                      "    server: %s\n"
                      "    certificate-authority-data: %s\n"
                      "users:\n"
                      "- name: bootstrap\n"
                      "  user:\n"
                      "    token: %s.%s\n"
                      "contexts:\n"
                      "- name: bootstrap\n"
                      "  context:\n"
                      "    cluster: e2e\n"
                      "    user: bootstrap\n"
                      "current-context: bootstrap\n",
                      config.server, absl::Base64Escape(ca), id, secret)));
  return files;
}

absl::StatusOr<std::unique_ptr<Process>> Testbed::Launch(
    const std::string& name, absl::string_view program,
    const std::vector<std::string>& flags) {
  ABSL_ASSIGN_OR_RETURN(const std::string path, Runfile(program));
  std::vector<std::string> argv = {path, "--health-address=127.0.0.1:0"};
  argv.insert(argv.end(), flags.begin(), flags.end());
  return Process::Start(
      {.name = name,
       .argv = argv,
       .environment = {},
       .log_path = absl::StrCat(directory_, "/", name, ".log")});
}

absl::StatusOr<std::unique_ptr<Process>> Testbed::LaunchApprover(
    const ApproverOptions& options) {
  std::vector<std::string> flags = ElectionFlags(options.election);
  flags.push_back("--kubeconfig=" + (options.kubeconfig.empty()
                                         ? cluster_.ApproverKubeconfig()
                                         : options.kubeconfig));
  flags.insert(flags.end(), options.flags.begin(), options.flags.end());
  return Launch(options.name, "approver_service/signet-approver", flags);
}

absl::StatusOr<std::unique_ptr<Process>> Testbed::LaunchSigner(
    const SignerOptions& options) {
  const auto or_default = [](const std::string& path, std::string otherwise) {
    return path.empty() ? otherwise : path;
  };
  std::vector<std::string> flags = ElectionFlags(options.election);
  flags.insert(flags.end(),
               {"--kubeconfig=" + cluster_.SignerKubeconfig(),
                "--cluster-signing-cert-file=" +
                    or_default(options.ca_certificate_file,
                               cluster_.CaCertificateFile()),
                "--cluster-signing-key-file=" +
                    or_default(options.ca_key_file, cluster_.CaKeyFile()),
                "--cluster-signing-duration=" +
                    absl::FormatDuration(options.duration > absl::ZeroDuration()
                                             ? options.duration
                                             : cluster_.SigningDuration()),
                "--backdate=" + absl::FormatDuration(cluster_.Backdate())});
  return Launch(options.name, "signer_service/signet-signer", flags);
}

absl::StatusOr<std::unique_ptr<Process>> Testbed::StartApprover(
    const ApproverOptions& options) {
  return WaitUntilReady(LaunchApprover(options));
}

absl::StatusOr<std::unique_ptr<Process>> Testbed::StartSigner(
    const SignerOptions& options) {
  return WaitUntilReady(LaunchSigner(options));
}

absl::StatusOr<std::unique_ptr<Process>> Testbed::StartAgent(
    const AgentFiles& files) {
  return Launch(
      "signet-node-agent-" + files.node, "node_agent/signet-node-agent",
      {"--node-name=" + files.node,
       "--bootstrap-kubeconfig=" + files.bootstrap_kubeconfig,
       "--kubeconfig=" + files.kubeconfig, "--cert-dir=" + files.cert_dir});
}

absl::StatusOr<std::vector<CertificateSigningRequest>> Testbed::RequestsOf(
    absl::string_view username) {
  ABSL_ASSIGN_OR_RETURN(k8s::ListResult<CertificateSigningRequest> list,
                        admin().Api<CertificateSigningRequest>()->List({}));
  std::vector<CertificateSigningRequest> result;
  for (CertificateSigningRequest& csr : list.items) {
    if (csr.spec().username() == username) result.push_back(std::move(csr));
  }
  std::sort(result.begin(), result.end(), [](const auto& a, const auto& b) {
    return a.metadata().creation_timestamp().seconds() <
           b.metadata().creation_timestamp().seconds();
  });
  return result;
}

absl::StatusOr<CertificateSigningRequest> Testbed::WaitForRequest(
    absl::string_view username, absl::Duration timeout,
    const std::function<bool(const CertificateSigningRequest&)>& wanted) {
  CertificateSigningRequest found;
  const absl::Status status = Eventually(timeout, [&] {
    ABSL_ASSIGN_OR_RETURN(const std::vector<CertificateSigningRequest> requests,
                          RequestsOf(username));
    std::vector<std::string> seen;
    for (const CertificateSigningRequest& csr : requests) {
      if (wanted(csr)) {
        found = csr;
        return absl::OkStatus();
      }
      seen.push_back(
          absl::StrCat(csr.metadata().name(), " ", api::CsrStatusText(csr)));
    }
    return absl::DeadlineExceededError(
        absl::StrFormat("%s has made no such request within %s, but: %s",
                        username, absl::FormatDuration(timeout),
                        seen.empty() ? "none" : absl::StrJoin(seen, "; ")));
  });
  ABSL_RETURN_IF_ERROR(status);
  return found;
}

void Testbed::Describe(std::ostream& out) {
  out << "---- requests\n";
  const auto requests = admin().Api<CertificateSigningRequest>()->List({});
  if (requests.ok()) {
    for (const CertificateSigningRequest& csr : requests->items) {
      out << absl::FormatTime(
                 "%H:%M:%S",
                 api::ToAbslTime(csr.metadata().creation_timestamp()),
                 absl::UTCTimeZone())
          << " " << csr.metadata().name() << " " << csr.spec().signer_name()
          << " " << csr.spec().username() << " " << api::CsrStatusText(csr)
          << "\n";
      for (const auto& condition : csr.status().conditions()) {
        out << "    " << condition.type() << " " << condition.reason() << ": "
            << condition.message() << "\n";
      }
    }
  } else {
    out << requests.status() << "\n";
  }
  DIR* const entries = opendir(directory_.c_str());
  if (entries == nullptr) return;
  const absl::Cleanup close_entries = [entries] { closedir(entries); };
  while (const dirent* entry = readdir(entries)) {
    if (!absl::EndsWith(entry->d_name, ".log")) continue;
    const std::string path = absl::StrCat(directory_, "/", entry->d_name);
    out << "---- end of " << path << "\n"
        << LastLines(ReadFile(path).value_or("(unreadable)"), 30) << "\n";
  }
}

std::string CredentialId(const CertificateSigningRequest& csr) {
  const auto& extra = csr.spec().extra();
  const auto entry = extra.find("authentication.kubernetes.io/credential-id");
  if (entry == extra.end() || entry->second.items_size() != 1) return "";
  absl::string_view value = entry->second.items(0);
  return absl::ConsumePrefix(&value, "X509SHA256=") ? std::string(value) : "";
}

std::string Fingerprint(const pki::Certificate& certificate) {
  const std::array<uint8_t, 32> hash = certificate.Sha256();
  return absl::BytesToHexString(absl::string_view(
      reinterpret_cast<const char*>(hash.data()), hash.size()));
}

absl::StatusOr<pki::Certificate> CertificateIn(absl::string_view pem) {
  ABSL_ASSIGN_OR_RETURN(std::vector<pki::Certificate> certificates,
                        pki::ParseCertificatesPem(pem));
  return certificates.front();
}

absl::StatusOr<pki::Certificate> CertificateInFile(const std::string& path) {
  ABSL_ASSIGN_OR_RETURN(const std::string pem, ReadFile(path));
  return CertificateIn(pem);
}

absl::StatusOr<int> HealthPort(Process& process) {
  // The services say "health on port 1", the agent health_port=1.
  static const RE2& kPort = *new RE2(R"(\bhealth(?: on port |_port=)(\d+))");
  int port = 0;
  const absl::Status status = Eventually(kReady, [&] {
    if (RE2::PartialMatch(process.Log(), kPort, &port)) {
      return absl::OkStatus();
    }
    return absl::DeadlineExceededError(absl::StrCat(
        process.name(), process.Running() ? "" : " ended and",
        " does not say where its health is:\n", LastLines(process.Log(), 20)));
  });
  ABSL_RETURN_IF_ERROR(status);
  return port;
}

absl::StatusOr<std::unique_ptr<Process>> WaitUntilReady(
    absl::StatusOr<std::unique_ptr<Process>> process) {
  ABSL_RETURN_IF_ERROR(process.status());
  ABSL_ASSIGN_OR_RETURN(const int port, HealthPort(**process));
  const absl::Status status =
      Eventually(kReady, [port] { return HttpGet(port, "/readyz").status(); });
  if (!status.ok()) {
    return absl::UnavailableError(absl::StrCat(
        (*process)->name(), " does not become ready: ", status.message(), "\n",
        LastLines((*process)->Log(), 20)));
  }
  return process;
}

absl::StatusOr<std::string> HttpGet(int port, const std::string& path) {
  ABSL_ASSIGN_OR_RETURN(
      const std::unique_ptr<http::Transport> transport,
      http::NewBeastTransport(
          {.server = absl::StrCat("http://127.0.0.1:", port)}));
  ABSL_ASSIGN_OR_RETURN(http::Response response,
                        transport->Send({.target = path}, absl::Seconds(10)));
  if (response.status != 200) {
    return absl::UnavailableError(
        absl::StrCat(path, ": ", response.status, " ", response.body));
  }
  return std::move(response.body);
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  sys::PosixFileSystem files;
  return files.Read(path, 16 << 20);
}

absl::Status MakeDirectory(const std::string& path) {
  sys::PosixFileSystem files;
  return files.MakeDirectories(path, 0700);
}

absl::Status WriteFile(const std::string& path, absl::string_view text) {
  sys::PosixFileSystem files;
  return files.Write(path, text, 0600);
}

}  // namespace signet::e2e
