// signet-apiserver serves enough of Kubernetes' REST API for certificates to
// be requested, approved and signed, without Kubernetes.

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/log/log.h"
#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock_interface.h"
#include "core/base/version.h"
#include "core/service/service_flags.h"
#include "core/sys/boring_key_generator.h"
#include "core/sys/boring_rng.h"
#include "core/sys/posix_file_system.h"
#include "core/sys/signals.h"
#include "tools/apiserver/authenticator.h"
#include "tools/apiserver/embedded_cluster.h"

namespace signet::apiserver {
namespace {

constexpr char kDescription[] =
    R"(An API server in memory for tests, demos and machines without Kubernetes. It
is NOT a cluster: no controller runs, no pod is scheduled, and nobody approves
or signs unless you start something that does. It serves
CertificateSigningRequests with kube-apiserver's rules (and ClusterTrustBundles,
access reviews, Secrets, ConfigMaps, Leases, Nodes, Namespaces, Events, RBAC)
over HTTPS to kubectl, kubelets and signet's services.

Without --data-dir everything is lost when it ends; with it, nothing that was
acknowledged is lost, not even by kill -9.
)";

constexpr char kExamples[] = R"(Examples:
  signet-apiserver --port=6443 --cert-dir=pki --write-kubeconfig-dir=. \
      --bootstrap-token=abcdef.0123456789abcdef
  kubectl --kubeconfig=admin.kubeconfig get csr -w
                              in one terminal, and in others
  signet-approver --kubeconfig=approver.kubeconfig
  signet-node-agent --bootstrap-kubeconfig=bootstrap.kubeconfig ...
)";

constexpr size_t kMaxTokenFileBytes = 1 << 20;

struct Flags {
  EmbeddedClusterOptions cluster;
  std::string token_auth_file;
  std::string write_kubeconfig_dir;
  std::string print_port_file;
  service::ServiceFlags log;
};

void AddFlags(CLI::App& app, Flags& flags) {
  EmbeddedClusterOptions& cluster = flags.cluster;
  app.add_option("--address", cluster.address, "Address to listen on")
      ->type_name("IP")
      ->capture_default_str();
  app.add_option("--port", cluster.port, "Port to listen on; 0 is any free one")
      ->type_name("PORT")
      ->capture_default_str();
  app.add_option("--extra-host", cluster.extra_hosts,
                 "One more name or address for the server's certificate; may "
                 "be given several times")
      ->type_name("HOST");
  app.add_option("--cert-dir", cluster.cert_dir,
                 "Folder of ca.crt, ca.key, apiserver.crt and apiserver.key; "
                 "what is missing is made. Without it they are made anew and "
                 "kept in memory")
      ->type_name("DIR");
  CLI::Option* cert =
      app.add_option("--tls-cert-file", cluster.tls_cert_file,
                     "The server's certificate, instead of one from the CA")
          ->type_name("FILE");
  CLI::Option* key = app.add_option("--tls-private-key-file",
                                    cluster.tls_private_key_file, "Its key")
                         ->type_name("FILE");
  cert->needs(key);
  key->needs(cert);
  app.add_option("--client-ca-file", cluster.client_ca_file,
                 "CAs whose client certificates are users (default: ca.crt)")
      ->type_name("FILE");
  app.add_option("--token-auth-file", flags.token_auth_file,
                 "CSV lines token,user,uid,\"group1,group2\"")
      ->type_name("FILE");
  app.add_option("--bootstrap-token", cluster.bootstrap_tokens,
                 "Make a bootstrap token of kubeadm's group, as a Secret in "
                 "kube-system; may be given several times")
      ->type_name("ID.SECRET");
  app.add_option("--data-dir", cluster.data_dir,
                 "Folder of the database; without it, memory only")
      ->type_name("DIR");
  app.add_option("--write-kubeconfig-dir", flags.write_kubeconfig_dir,
                 "Write admin, approver, signer and bootstrap.kubeconfig here")
      ->type_name("DIR");
  app.add_option("--print-port-file", flags.print_port_file,
                 "Write the port to this file once it is served")
      ->type_name("FILE");
  app.add_option("--approver-user", cluster.policy.approver_user,
                 "User that may approve; empty: none")
      ->type_name("USER")
      ->capture_default_str();
  app.add_option("--signer-user", cluster.policy.signer_user,
                 "User that may sign; empty: none")
      ->type_name("USER")
      ->capture_default_str();
  app.add_option("--approver-signer", cluster.policy.approver_signers,
                 "Signers for which it may approve: names or example.com/*; "
                 "may be given several times")
      ->type_name("NAME")
      ->capture_default_str();
  app.add_option("--signer-signer", cluster.policy.signer_signers,
                 "Signers for which it may sign")
      ->type_name("NAME")
      ->capture_default_str();
  app.add_option("--log-format", flags.log.log_format,
                 "Form of the log on stderr")
      ->type_name("text|json")
      ->capture_default_str()
      ->check(CLI::IsMember({"text", "json"}));
  app.set_version_flag("--version", absl::StrCat(app.get_name(), " ", kVersion),
                       "Print the version and exit");
  app.set_help_flag("-h,--help", "Print this help and exit");
  app.get_formatter()->column_width(40);
}

absl::Status Run(Flags& flags, absl::Notification& stopping) {
  sys::PosixFileSystem files;
  sys::BoringKeyGenerator keys;
  sys::BoringRng rng;
  if (!flags.token_auth_file.empty()) {
    ABSL_ASSIGN_OR_RETURN(
        const std::string text,
        files.Read(flags.token_auth_file, kMaxTokenFileBytes));
    ABSL_ASSIGN_OR_RETURN(flags.cluster.tokens, ParseTokenFile(text),
                          _ << flags.token_auth_file);
  }
  ABSL_ASSIGN_OR_RETURN(
      const std::unique_ptr<EmbeddedCluster> cluster,
      EmbeddedCluster::Start(std::move(flags.cluster),
                             {files, keys, rng, absl::Clock::GetRealClock()}));
  if (!flags.write_kubeconfig_dir.empty()) {
    ABSL_RETURN_IF_ERROR(cluster->WriteKubeconfigs(flags.write_kubeconfig_dir));
  }
  LOG(INFO) << "serving on " << cluster->server_url();
  if (!flags.print_port_file.empty()) {
    // Renamed into place, so that nobody reads half a number.
    const std::string temporary = absl::StrCat(flags.print_port_file, ".tmp");
    ABSL_RETURN_IF_ERROR(
        files.Write(temporary, absl::StrCat(cluster->port(), "\n"), 0644));
    ABSL_RETURN_IF_ERROR(files.Rename(temporary, flags.print_port_file));
  }
  stopping.WaitForNotification();
  LOG(INFO) << "stopping";
  cluster->Stop();
  return absl::OkStatus();
}

int Main(int argc, char** argv) {
  Flags flags;
  CLI::App app(kDescription, "signet-apiserver");
  app.footer(kExamples);
  AddFlags(app, flags);
  if (const auto code = service::ParseFlags(app, argc, argv)) return *code;
  // The signals before any thread.
  absl::Notification stopping;
  const sys::SignalWatcher signals([&](int) {
    if (stopping.HasBeenNotified()) std::_Exit(service::kExitFailure);
    stopping.Notify();
  });
  service::StartLogging(flags.log);
  const absl::Status status = Run(flags, stopping);
  if (status.ok()) return service::kExitOk;
  std::cerr << "signet-apiserver: " << status.message() << "\n";
  return service::kExitFailure;
}

}  // namespace
}  // namespace signet::apiserver

int main(int argc, char** argv) { return signet::apiserver::Main(argc, argv); }
