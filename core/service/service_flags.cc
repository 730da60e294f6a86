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
#include "core/base/version.h"
#include "core/service/health_server.h"
#include "core/service/json_log.h"

namespace signet::service {
namespace {

std::string CheckAddress(const std::string& text) {
  return std::string(ParseHostPort(text).status().message());
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
                 "Where /healthz, /readyz and /metrics are served, in plain "
                 "HTTP; port 0 is any free one")
      ->type_name("HOST:PORT")
      ->capture_default_str()
      ->check(CheckAddress);
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
