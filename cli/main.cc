// signet works with certificate requests from the command line, as kubectl
// does.

#include <cstdlib>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/base/log_severity.h"
#include "absl/log/globals.h"
#include "absl/log/initialize.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "cli/cfssl/commands.h"
#include "cli/connection.h"
#include "cli/context.h"
#include "cli/csr_commands.h"
#include "cli/error_text.h"
#include "core/api/resource.h"
#include "core/base/version.h"
#include "core/k8s/resource_api.h"
#include "core/sys/boring_key_generator.h"
#include "core/sys/boring_rng.h"
#include "core/sys/environment.h"
#include "core/sys/posix_file_system.h"

namespace signet::cli {
namespace {

constexpr char kDescription[] =
    R"(Works with the certificate requests of a Kubernetes cluster: reads them as
kubectl does, approves, denies, and fetches the certificates.
)";

constexpr char kExamples[] = R"(Examples:
  signet csr list                          all requests
  signet csr describe csr-4x2lq            what is asked for, and by whom
  signet csr approve csr-4x2lq
  signet csr download csr-4x2lq -o node.pem

The cluster is that of --kubeconfig, else of $KUBECONFIG, else of ~/.kube/config,
else the one in whose pod this runs.
Exit codes: 0 if all went well, 1 if something failed, 2 for a command line that
makes no sense.)";

// What the command line says, and what is to be done about it.
struct Invocation {
  ConnectionFlags connection;
  GetFlags get;
  DescribeFlags describe;
  DecideFlags decide;
  DownloadFlags download;
  std::function<bool(CsrCommands&)> run;
};

void AddConnectionFlags(CLI::App& app, ConnectionFlags& flags) {
  app.add_option("--kubeconfig", flags.kubeconfig,
                 "How to reach the API server")
      ->type_name("FILE");
  app.add_option("--context", flags.context,
                 "Context of the kubeconfig (default: its current-context)")
      ->type_name("NAME");
}

void AddGet(CLI::App& csr, Invocation& call) {
  CLI::App* get =
      csr.add_subcommand("get", "List requests, or show those named");
  get->alias("list");
  get->footer(R"(Examples:
  signet csr get
  signet csr get -w
  signet csr get csr-4x2lq -o yaml
  signet csr get --field-selector=spec.signerName=kubernetes.io/kubelet-serving)");
  GetFlags& flags = call.get;
  get->add_option("NAME", flags.names, "Requests to show; none: all");
  get->add_option("-o,--output", flags.output, "Form of the output")
      ->type_name("wide|json|yaml|name")
      ->check(CLI::IsMember({"wide", "json", "yaml", "name"}).description(""));
  get->add_option("-l,--selector", flags.label_selector,
                  "Only requests with these labels, as in a=b,c!=d")
      ->type_name("SELECTOR");
  get->add_option("--field-selector", flags.field_selector,
                  "Only requests with these fields: metadata.name, "
                  "spec.signerName")
      ->type_name("SELECTOR");
  get->add_flag("!--no-headers", flags.headers, "Leave the header out");
  get->add_flag("-w,--watch", flags.watch,
                "Go on and show each change, until interrupted");
  get->callback([&call] {
    call.run = [&call](CsrCommands& csrs) { return csrs.Get(call.get); };
  });
}

void AddDescribe(CLI::App& csr, Invocation& call) {
  CLI::App* describe = csr.add_subcommand(
      "describe", "Show what requests ask for, and what became of them");
  describe->footer(R"(Examples:
  signet csr describe csr-4x2lq
  signet csr describe csr-4                every request whose name begins so)");
  describe->add_option("NAME", call.describe.names,
                       "Requests to describe, or how their names begin; none: "
                       "all");
  describe
      ->add_option("-l,--selector", call.describe.label_selector,
                   "Only requests with these labels")
      ->type_name("SELECTOR");
  describe->callback([&call] {
    call.run = [&call](CsrCommands& csrs) {
      return csrs.Describe(call.describe);
    };
  });
}

void AddDecision(CLI::App& csr, Decision decision, Invocation& call) {
  const bool approve = decision == Decision::kApprove;
  CLI::App* app = csr.add_subcommand(
      approve ? "approve" : "deny",
      approve ? "Approve requests: their certificates may be signed. Look at "
                "what they ask for first"
              : "Deny requests, for good");
  app->footer(approve ? R"(Examples:
  signet csr approve csr-4x2lq
  signet csr approve csr-4x2lq csr-7bq9z --reason=Checked --message="seen in the rack")"
                      : R"(Examples:
  signet csr deny csr-4x2lq
  signet csr deny csr-4x2lq --message="no such node")");
  DecideFlags& flags = call.decide;
  app->add_option("NAME", flags.names, "Requests to decide")->required();
  app->add_option("--reason", flags.reason, "Reason of the condition, one word")
      ->type_name("WORD");
  app->add_option("--message", flags.message, "Message of the condition")
      ->type_name("TEXT");
  app->add_flag("--force", flags.force,
                approve ? "Write even if it is approved already"
                        : "Write even if it is denied already");
  app->callback([&call, decision] {
    call.run = [&call, decision](CsrCommands& csrs) {
      return csrs.Decide(decision, call.decide);
    };
  });
}

void AddDownload(CLI::App& csr, Invocation& call) {
  CLI::App* download =
      csr.add_subcommand("download", "Fetch the certificate that was issued");
  download->footer(R"(Examples:
  signet csr download my-svc.my-namespace > server.crt
  signet csr download my-svc.my-namespace -o server.crt --force)");
  DownloadFlags& flags = call.download;
  download->add_option("NAME", flags.name, "The request")->required();
  download
      ->add_option("-o,--output", flags.file,
                   "Write to a file instead of the standard output")
      ->type_name("FILE");
  download->add_flag("--force", flags.force, "Overwrite the file");
  download->callback([&call] {
    call.run = [&call](CsrCommands& csrs) {
      return csrs.Download(call.download);
    };
  });
}

int Run(const Invocation& call) {
  sys::PosixFileSystem files;
  absl::Clock& clock = absl::Clock::GetRealClock();
  const absl::StatusOr<std::unique_ptr<Connection>> connection =
      Connection::Open(call.connection, files, clock, sys::GetEnv);
  if (!connection.ok()) {
    std::cerr << ErrorText(connection.status()) << "\n";
    return kExitFailure;
  }
  const auto csrs =
      (*connection)->client().Api<api::CertificateSigningRequest>();
  const auto events = (*connection)->client().Api<api::Event>();
  CsrCommands commands({*csrs, *events, files, clock, absl::LocalTimeZone(),
                        std::cout, std::cerr});
  const bool good = call.run(commands);
  std::cout.flush();
  if (!std::cout) {
    std::cerr << "error: the output cannot be written\n";
    return kExitFailure;
  }
  return good ? kExitOk : kExitFailure;
}

int RunCfssl(const std::vector<std::string>& words) {
  sys::PosixFileSystem files;
  sys::BoringRng rng;
  sys::BoringKeyGenerator keys;
  const Context context{
      files,       absl::Clock::GetRealClock(), rng,       keys,
      sys::GetEnv, absl::LocalTimeZone(),       std::cout, std::cerr};
  const int code = cfssl::Run(context, words);
  std::cout.flush();
  if (std::cout) return code;
  std::cerr << "error: the output cannot be written\n";
  return kExitFailure;
}

int Main(int argc, char** argv) {
  absl::SetStderrThreshold(absl::LogSeverityAtLeast::kWarning);
  absl::InitializeLog();
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (!words.empty() && cfssl::FindCommand(words[0]) != nullptr) {
    return RunCfssl(words);
  }
  Invocation call;
  CLI::App app(kDescription, "signet");
  app.footer(kExamples);
  app.require_subcommand(1);
  app.fallthrough();
  AddConnectionFlags(app, call.connection);
  app.set_version_flag("--version", absl::StrCat("signet ", kVersion),
                       "Print the version and exit");
  app.set_help_flag("-h,--help", "Print this help and exit");
  app.get_formatter()->column_width(36);
  CLI::App* csr =
      app.add_subcommand("csr", "Work with CertificateSigningRequests");
  csr->require_subcommand(1);
  csr->fallthrough();
  AddGet(*csr, call);
  AddDescribe(*csr, call);
  AddDecision(*csr, Decision::kApprove, call);
  AddDecision(*csr, Decision::kDeny, call);
  AddDownload(*csr, call);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& wanted) {  // --help or --version.
    app.exit(wanted, std::cout, std::cerr);
    return kExitOk;
  } catch (const CLI::ParseError& error) {
    std::cerr << "signet: " << error.what() << "\nSee signet --help.\n";
    return kExitUsage;
  }
  return Run(call);
}

}  // namespace
}  // namespace signet::cli

int main(int argc, char** argv) { return signet::cli::Main(argc, argv); }
