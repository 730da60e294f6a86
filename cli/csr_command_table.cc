// `signet csr …`, in the table of commands.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "cli/command_line.h"
#include "cli/connection.h"
#include "cli/csr_commands.h"
#include "core/api/resource.h"
#include "core/k8s/resource_api.h"

namespace signet::cli {
namespace {

// The names by which nobody else reaches the API server are nobody's danger.
std::vector<std::string> ApiServerHosts(const std::string& host) {
  const bool is_loopback =
      host == "localhost" || host == "::1" || host.rfind("127.", 0) == 0;
  if (host.empty() || is_loopback) return {};
  return {host};
}

absl::Status RunCsr(Invocation& call,
                    const std::function<bool(CsrCommands&)>& run) {
  ABSL_ASSIGN_OR_RETURN(Connection* const connection, call.Connect());
  const auto csrs = connection->client().Api<api::CertificateSigningRequest>();
  const auto events = connection->client().Api<api::Event>();
  const Context& context = call.context;
  CsrCommands commands({*csrs, *events, context.files, context.clock,
                        context.zone, ApiServerHosts(connection->server_host()),
                        context.out, context.err});
  // It has said what went wrong.
  return run(commands) ? absl::OkStatus() : absl::CancelledError();
}

std::string CheckOutput(const std::string& output) {
  for (const char* known : {"wide", "json", "yaml", "name"}) {
    if (output == known) return "";
  }
  if (output.rfind("jsonpath=", 0) == 0) return "";
  return "unable to match a printer suitable for the output format \"" +
         output + "\": wide, json, yaml, name or jsonpath=TEMPLATE";
}

void AddGetFlags(CLI::App& app, GetFlags& flags) {
  app.add_option("NAME", flags.names, "Requests to show; none: all");
  app.add_option("-l,--selector", flags.label_selector,
                 "Only requests with these labels, as in a=b,c!=d")
      ->type_name("SELECTOR");
  app.add_option("--field-selector", flags.field_selector,
                 "Only requests with these fields: metadata.name, "
                 "spec.signerName")
      ->type_name("SELECTOR");
  app.add_flag("!--no-headers", flags.headers, "Leave the header out");
}

void AddGet(CLI::App& csr, Invocation& call) {
  CLI::App* get =
      csr.add_subcommand("get", "List requests, or show those named");
  get->alias("list");
  get->footer(R"(Examples:
  signet csr get
  signet csr get -w
  signet csr get csr-4x2lq -o yaml
  signet csr get csr-4x2lq -o jsonpath='{.status.certificate}' | base64 --decode
  signet csr get --field-selector=spec.signerName=kubernetes.io/kubelet-serving)");
  auto& flags = call.Keep<GetFlags>();
  AddGetFlags(*get, flags);
  get->add_option("-o,--output", flags.output, "Form of the output")
      ->type_name("wide|json|yaml|name|jsonpath=TEMPLATE")
      ->check(CLI::Validator(CheckOutput, ""));
  get->add_flag("-w,--watch", flags.watch,
                "Go on and show each change, until interrupted");
  get->callback([&call, &flags] {
    call.run = [&call, &flags] {
      return RunCsr(call, [&](CsrCommands& csrs) { return csrs.Get(flags); });
    };
  });

  CLI::App* watch = csr.add_subcommand(
      "watch",
      "List requests and for whom they are, and go on with each change, until "
      "interrupted");
  watch->footer(R"(Examples:
  signet csr watch
  signet csr watch csr-4x2lq)");
  auto& watched = call.Keep<GetFlags>();
  watched.watch = true;
  watched.show_names = true;
  AddGetFlags(*watch, watched);
  watch->callback([&call, &watched] {
    call.run = [&call, &watched] {
      return RunCsr(call, [&](CsrCommands& csrs) { return csrs.Get(watched); });
    };
  });
}

void AddDescribe(CLI::App& csr, Invocation& call) {
  CLI::App* describe = csr.add_subcommand(
      "describe", "Show what requests ask for, and what became of them");
  describe->footer(R"(Examples:
  signet csr describe csr-4x2lq
  signet csr describe csr-4                every request whose name begins so)");
  auto& flags = call.Keep<DescribeFlags>();
  describe->add_option("NAME", flags.names,
                       "Requests to describe, or how their names begin; none: "
                       "all");
  describe
      ->add_option("-l,--selector", flags.label_selector,
                   "Only requests with these labels")
      ->type_name("SELECTOR");
  describe->callback([&call, &flags] {
    call.run = [&call, &flags] {
      return RunCsr(call,
                    [&](CsrCommands& csrs) { return csrs.Describe(flags); });
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
  signet csr approve csr-4x2lq csr-7bq9z --reason=Checked --message="seen in the rack"
  signet csr approve --field-selector spec.signerName=example.com/serving
                           shows what it would approve; with --yes it does
Refused are, unless told --allow-privileged: a member of system:masters, a CA, a
name of the API server, a request that cannot be read.)"
                      : R"(Examples:
  signet csr deny csr-4x2lq
  signet csr deny csr-4x2lq --message="no such node"
  signet csr deny -l team=gone --yes)");
  auto& flags = call.Keep<DecideFlags>();
  app->add_option("NAME", flags.names, "Requests to decide");
  app->add_option("-l,--selector", flags.label_selector,
                  "All undecided requests with these labels")
      ->type_name("SELECTOR");
  app->add_option("--field-selector", flags.field_selector,
                  "All undecided requests with these fields: metadata.name, "
                  "spec.signerName")
      ->type_name("SELECTOR");
  app->add_flag("--all-pending", flags.all_pending, "All undecided requests");
  app->add_flag("--yes", flags.yes,
                "Decide what a selector chose, do not only show it");
  if (approve) {
    app->add_flag("--allow-privileged", flags.allow_privileged,
                  "Approve also what would give away too much");
  }
  app->add_option("--reason", flags.reason, "Reason of the condition, one word")
      ->type_name("WORD");
  app->add_option("--message", flags.message, "Message of the condition")
      ->type_name("TEXT");
  app->add_flag("--force", flags.force,
                approve ? "Write even if it is approved already"
                        : "Write even if it is denied already");
  app->callback([&call, &flags, decision] {
    call.run = [&call, &flags, decision] {
      return RunCsr(call, [&](CsrCommands& csrs) {
        return csrs.Decide(decision, flags);
      });
    };
  });
}

void AddDownload(CLI::App& csr, Invocation& call) {
  CLI::App* download =
      csr.add_subcommand("download", "Fetch the certificate that was issued");
  download->footer(R"(Examples:
  signet csr download my-svc.my-namespace > server.crt
  signet csr download my-svc.my-namespace -o server.crt --force)");
  auto& flags = call.Keep<DownloadFlags>();
  download->add_option("NAME", flags.name, "The request")->required();
  download
      ->add_option("-o,--output", flags.file,
                   "Write to a file instead of the standard output")
      ->type_name("FILE");
  download->add_flag("--force", flags.force, "Overwrite the file");
  download->callback([&call, &flags] {
    call.run = [&call, &flags] {
      return RunCsr(call,
                    [&](CsrCommands& csrs) { return csrs.Download(flags); });
    };
  });
}

}  // namespace

void AddCsrCommands(CLI::App& csr, Invocation& call) {
  AddGet(csr, call);
  AddDescribe(csr, call);
  AddDecision(csr, Decision::kApprove, call);
  AddDecision(csr, Decision::kDeny, call);
  AddDownload(csr, call);
}

}  // namespace signet::cli
