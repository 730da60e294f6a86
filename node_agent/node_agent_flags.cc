#include "node_agent/node_agent_flags.h"

#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/base/go_duration.h"
#include "core/base/version.h"
#include "core/service/health_server.h"
#include "node_agent/serving_template.h"

namespace signet::node_agent {
namespace {

constexpr absl::Duration kShortestInterval = absl::Seconds(1);

std::string CheckAddress(const std::string& text) {
  return std::string(service::ParseHostPort(text).status().message());
}

constexpr absl::string_view kAllowDnsOnly = "AllowDNSOnlyNodeCSR=true";

std::string CheckSan(const std::string& text) {
  return std::string(NamesFromText({text}).status().message());
}

std::string CheckGate(const std::string& text) {
  if (text == kAllowDnsOnly || text == "AllowDNSOnlyNodeCSR=false") return "";
  return absl::StrCat("unknown feature gate \"", text,
                      "\"; there is AllowDNSOnlyNodeCSR=true|false");
}

std::string CheckInterval(const std::string& text) {
  const absl::StatusOr<absl::Duration> parsed = ParseGoDuration(text);
  if (!parsed.ok()) return std::string(parsed.status().message());
  if (*parsed < kShortestInterval) {
    return absl::StrCat(text, " is less than ",
                        FormatGoDuration(kShortestInterval));
  }
  return "";
}

}  // namespace

void AddNodeAgentFlags(CLI::App& app, NodeAgentFlags& flags) {
  app.add_option("--kubeconfig", flags.kubeconfig,
                 "The node's kubeconfig. Written anew, pointing at the "
                 "certificate directory, if it is missing, broken or expired "
                 "and there is a bootstrap kubeconfig")
      ->type_name("FILE")
      ->required();
  app.add_option("--bootstrap-kubeconfig", flags.bootstrap_kubeconfig,
                 "With whose credentials, usually a bootstrap token, the first "
                 "certificate is requested. Without it the kubeconfig must be "
                 "good")
      ->type_name("FILE");
  app.add_option("--cert-dir", flags.cert_dir,
                 "Where certificates and keys are kept, as the kubelet does: "
                 "kubelet-client-<time>.pem and the link "
                 "kubelet-client-current.pem")
      ->type_name("DIR")
      ->capture_default_str();
  app.add_option("--node-name,--hostname-override", flags.node_name,
                 "The node's name (default: the host's, in lower case)")
      ->type_name("NAME");
  app.add_flag(
      "--rotate-certificates", flags.rotate_certificates,
      "Replace the certificate before it expires (default: true). "
      "With false it gets the first one, if the kubeconfig isn't good, "
      "and ends");
  app.add_flag("--rotate-server-certificates", flags.rotate_server_certificates,
               "Keep a serving certificate, too: kubelet-server-<time>.pem in "
               "the certificate directory, from the signer "
               "kubernetes.io/kubelet-serving, for the addresses in the node's "
               "own object. It is requested as the node, once that has joined");
  app.add_option("--tls-san", flags.tls_sans,
                 "An IP address or DNS name for the serving certificate, "
                 "instead of the node object's addresses; may be repeated")
      ->type_name("NAME")
      ->check(CheckSan);
  app.add_option_function<std::vector<std::string>>(
         "--feature-gates",
         [&flags](const std::vector<std::string>& gates) {
           for (const std::string& gate : gates) {
             flags.allow_dns_only_node_csr = gate == kAllowDnsOnly;
           }
         },
         "AllowDNSOnlyNodeCSR=true asks for a serving certificate also without "
         "an IP address")
      ->type_name("GATE=true|false")
      ->delimiter(',')
      ->check(CheckGate);
  app.add_option("--config", flags.config,
                 "A NodeAgentConfiguration in YAML: further certificates to "
                 "keep, where to write them and what to do after")
      ->type_name("FILE");
  app.add_flag("--exit-on-expiry", flags.exit_on_expiry,
               "End, with exit code 1, when there has been no valid client "
               "certificate for five minutes although the API server is well, "
               "as the kubelet does (default: true)");
  app.add_option_function<std::string>(
         "--probe-interval",
         [&flags](const std::string& text) {
           flags.probe_interval = *ParseGoDuration(text);  // Checked below.
         },
         "How often the node's own object is read with the certificate")
      ->type_name("DURATION")
      ->default_str(FormatGoDuration(flags.probe_interval))
      ->check(CheckInterval);
  app.add_option(
         "--exit-after-rotations", flags.exit_after_rotations,
         "End, with exit code 0, when the certificate has been replaced "
         "so often and the API server has seen the last one; 0 is never")
      ->type_name("N")
      ->capture_default_str()
      ->check(CLI::Range(0, 1'000'000));
  app.add_option("--keep-certificates", flags.keep_certificates,
                 "How many certificates, the current one included, are left in "
                 "the directory, of each kind; 0 is all, as the kubelet does")
      ->type_name("N")
      ->capture_default_str()
      ->check(CLI::Range(0, 1'000'000));
  app.add_option("--health-address", flags.health_address,
                 "Where /healthz, /readyz, /metrics and /status (JSON) are "
                 "served, in plain HTTP unless --health-tls or --tls-cert-file "
                 "is given; port 0 "
                 "is any free one")
      ->type_name("HOST:PORT")
      ->capture_default_str()
      ->check(CheckAddress);
  app.add_option("--tls-cert-file", flags.tls_cert_file,
                 "Serve them by TLS with this certificate, which somebody else "
                 "keeps; read anew when it changes")
      ->type_name("FILE");
  app.add_option("--tls-private-key-file", flags.tls_private_key_file,
                 "Its key")
      ->type_name("FILE");
  app.add_flag("--health-tls", flags.health_tls,
               "Serve them by TLS, with the serving certificate: none but by "
               "handshake until there is one. Needs "
               "--rotate-server-certificates");
  app.add_option("--log-format", flags.log_format, "Form of the log on stderr")
      ->type_name("text|json")
      ->capture_default_str()
      ->check(CLI::IsMember({"text", "json"}));
  app.set_version_flag("--version", absl::StrCat(app.get_name(), " ", kVersion),
                       "Print the version and exit");
  app.set_help_flag("-h,--help", "Print this help and exit");
  app.get_formatter()->column_width(40);
}

absl::Status CheckNodeAgentFlags(const NodeAgentFlags& flags) {
  if (flags.health_tls && !flags.rotate_server_certificates) {
    return absl::InvalidArgumentError(
        "--health-tls needs --rotate-server-certificates");
  }
  if (flags.tls_cert_file.empty() != flags.tls_private_key_file.empty()) {
    return absl::InvalidArgumentError(
        "--tls-cert-file and --tls-private-key-file go together");
  }
  if (flags.health_tls && !flags.tls_cert_file.empty()) {
    return absl::InvalidArgumentError(
        "--health-tls and --tls-cert-file exclude each other");
  }
  if (!flags.tls_sans.empty() && !flags.rotate_server_certificates) {
    return absl::InvalidArgumentError(
        "--tls-san needs --rotate-server-certificates");
  }
  return absl::OkStatus();
}

}  // namespace signet::node_agent
