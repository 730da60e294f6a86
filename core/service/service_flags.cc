#include "core/service/service_flags.h"

#include <cstdio>
#include <iostream>
#include <optional>
#include <string>

#include "CLI/CLI.hpp"
#include "absl/base/log_severity.h"
#include "absl/log/globals.h"
#include "absl/log/initialize.h"
#include "absl/log/log_entry.h"
#include "absl/log/log_sink.h"
#include "absl/log/log_sink_registry.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/base/go_duration.h"
#include "core/base/version.h"
#include "core/controller/leader_lease.h"
#include "core/service/health_server.h"
#include "core/service/json_log.h"

namespace signet::service {
namespace {

std::string CheckAddress(const std::string& text) {
  return std::string(ParseHostPort(text).status().message());
}

void AddDuration(CLI::App& app, const std::string& name,
                 absl::Duration& duration, const std::string& help) {
  app.add_option_function<std::string>(
         name,
         [&duration](const std::string& text) {
           duration = *ParseGoDuration(text);  // Checked below.
         },
         help)
      ->type_name("DURATION")
      ->default_str(FormatGoDuration(duration))
      ->check([](const std::string& text) {
        return std::string(ParseGoDuration(text).status().message());
      });
}

class JsonLogSink : public absl::LogSink {
 public:
  void Send(const absl::LogEntry& entry) override {
    const std::string line = FormatLogAsJson(entry);
    // One call, so that the lines of several threads do not mix.
    std::fwrite(line.data(), 1, line.size(), stderr);
  }
};

}  // namespace

void AddServiceFlags(CLI::App& app, ServiceFlags& flags) {
  CLI::Option* kubeconfig =
      app.add_option("--kubeconfig", flags.kubeconfig,
                     "How to reach the API server. Without it, the service "
                     "account of the pod it runs in")
          ->type_name("FILE");
  app.add_option("--context", flags.context,
                 "Context of the kubeconfig (default: its current-context)")
      ->type_name("NAME")
      ->needs(kubeconfig);
  app.add_option("--health-address", flags.health_address,
                 "Where /healthz, /readyz and /metrics are served; port 0 is "
                 "any free one")
      ->type_name("HOST:PORT")
      ->capture_default_str()
      ->check(CheckAddress);
  CLI::Option* certificate =
      app.add_option("--health-tls-cert-file", flags.health_tls_cert_file,
                     "PEM file with the certificate to serve them with. "
                     "Without it, in plain HTTP")
          ->type_name("FILE");
  CLI::Option* key =
      app.add_option("--health-tls-key-file", flags.health_tls_key_file,
                     "PEM file with its private key")
          ->type_name("FILE")
          ->needs(certificate);
  certificate->needs(key);
  app.add_option("--health-client-ca-file", flags.health_client_ca_file,
                 "PEM file with the CAs one of which must have signed the "
                 "certificate of whoever asks. Without it, anybody may")
      ->type_name("FILE")
      ->needs(certificate);
  app.add_option("--log-format", flags.log_format, "Form of the log on stderr")
      ->type_name("text|json")
      ->capture_default_str()
      ->check(CLI::IsMember({"text", "json"}).description(""));
  app.set_version_flag("--version", absl::StrCat(app.get_name(), " ", kVersion),
                       "Print the version and exit");
  app.set_help_flag("-h,--help", "Print this help and exit");
  app.get_formatter()->column_width(40);
}

void AddWorkersFlag(CLI::App& app, ServiceFlags& flags) {
  app.add_option("--workers", flags.workers,
                 "How many requests are worked on at once")
      ->type_name("1..100")
      ->capture_default_str()
      ->check(CLI::Range(1, 100).description(""));
}

void AddLeaderFlags(CLI::App& app, ServiceFlags& flags) {
  LeaderFlags& leader = flags.leader;
  if (leader.resource_name.empty()) leader.resource_name = app.get_name();
  app.add_flag("--leader-elect,!--no-leader-elect", leader.elect,
               "Of several replicas, let only the one that holds a Lease work; "
               "the others stand by")
      ->default_str("true");
  AddDuration(app, "--leader-elect-lease-duration", leader.timing.lease,
              "How long after its last renewal a silent leader is replaced, in "
              "whole seconds");
  AddDuration(app, "--leader-elect-renew-deadline",
              leader.timing.renew_deadline,
              "How long a leader tries to renew before it ends with an error; "
              "less than the lease duration");
  AddDuration(app, "--leader-elect-retry-period", leader.timing.retry_period,
              "How often the leader renews and the others look");
  app.add_option("--leader-elect-resource-name", leader.resource_name,
                 "Name of the Lease")
      ->type_name("NAME")
      ->capture_default_str();
  app.add_option("--leader-elect-resource-namespace", leader.resource_namespace,
                 "Its namespace")
      ->type_name("NAME")
      ->capture_default_str();
  app.parse_complete_callback([&leader] {
    const absl::Status status = controller::ValidateLeaseTiming(leader.timing);
    if (!status.ok()) {
      throw CLI::ValidationError("--leader-elect-*",
                                 std::string(status.message()));
    }
  });
}

std::optional<int> ParseFlags(CLI::App& app, int argc,
                              const char* const* argv) {
  app.footer(absl::StrCat(
      app.get_footer(),
      "\nExit codes: 0 after SIGTERM, SIGINT, --help or --version; 1 if it "
      "cannot run;\n2 for a command line that makes no sense.\n"));
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& wanted) {  // --help or --version.
    app.exit(wanted, std::cout, std::cerr);
    return kExitOk;
  } catch (const CLI::ParseError& error) {
    std::cerr << app.get_name() << ": " << error.what() << "\nSee "
              << app.get_name() << " --help.\n";
    return kExitUsage;
  }
  return std::nullopt;
}

void StartLogging(const ServiceFlags& flags) {
  if (flags.log_format == "json") {
    absl::AddLogSink(new JsonLogSink);  // For as long as the process lives.
    absl::SetStderrThreshold(absl::LogSeverityAtLeast::kInfinity);
  } else {
    absl::SetStderrThreshold(absl::LogSeverityAtLeast::kInfo);
  }
  absl::InitializeLog();
}

}  // namespace signet::service
