#include "node_agent/node_agent_flags.h"

#include <string>

#include "CLI/CLI.hpp"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/base/go_duration.h"
#include "core/base/version.h"
#include "core/service/health_server.h"

namespace signet::node_agent {
namespace {

constexpr absl::Duration kShortestInterval = absl::Seconds(1);

std::string CheckAddress(const std::string& text) {
  return std::string(service::ParseHostPort(text).status().message());
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
  app.add_flag("--rotate-certificates", flags.rotate_certificates,
               "Replace the certificate before it expires (default: true; the "
               "other way is not implemented yet)");
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
                 "the directory; 0 is all, as the kubelet does")
      ->type_name("N")
      ->capture_default_str()
      ->check(CLI::Range(0, 1'000'000));
  app.add_option("--health-address", flags.health_address,
                 "Where /healthz, /readyz, /metrics and /status (JSON) are "
                 "served, in plain HTTP; port 0 is any free one")
      ->type_name("HOST:PORT")
      ->capture_default_str()
      ->check(CheckAddress);
  app.add_option("--log-format", flags.log_format, "Form of the log on stderr")
      ->type_name("text|json")
      ->capture_default_str()
      ->check(CLI::IsMember({"text", "json"}));
  app.set_version_flag("--version", absl::StrCat(app.get_name(), " ", kVersion),
                       "Print the version and exit");
  app.set_help_flag("-h,--help", "Print this help and exit");
  app.get_formatter()->column_width(40);
}

}  // namespace signet::node_agent
