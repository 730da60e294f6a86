// signet-approver approves CertificateSigningRequests: those of kubelets, and
// others by its configuration's policies.

#include <cstdlib>
#include <iostream>
#include <memory>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock_interface.h"
#include "approver_service/approver.h"
#include "approver_service/approver_flags.h"
#include "approver_service/check_command.h"
#include "approver_service/replay_command.h"
#include "approver_service/request_history.h"
#include "approver_service/settings.h"
#include "core/policy/approval.h"
#include "core/service/audit_log.h"
#include "core/service/background.h"
#include "core/service/csr_service.h"
#include "core/service/service_flags.h"
#include "core/sys/boring_rng.h"
#include "core/sys/environment.h"
#include "core/sys/posix_file_system.h"
#include "core/sys/resolver.h"
#include "core/sys/signals.h"

namespace signet {
namespace {

constexpr char kDescription[] =
    R"(Approves CertificateSigningRequests that are signed with their own key and whose
requester may have what it asks for:

  kubelets' client certificates  of the right shape, if the API server lets the
                                 requester create certificatesigningrequests/
                                 selfnodeclient or /nodeclient
  kubelets' serving certificates only with --config: each name and address must
                                 be backed by witnesses
  other signers                  only with --config: by its policies

It denies nothing that the configuration does not say is to be denied: other
requests stay pending, and log, Event and audit record say why. What cannot be
found out now is tried again.
)";

constexpr char kExamples[] = R"(Examples:
  signet-approver                                     in a pod
  signet-approver --kubeconfig=approver.kubeconfig    elsewhere
  signet-approver --config=approver.yaml --dry-run    what would it do?
  signet-approver check --config=approver.yaml --csr=csr.json
  signet-approver replay --config=approver.yaml --history=history
)";

absl::Status Run(const approver::ApproverFlags& flags,
                 const service::Platform& platform,
                 const absl::Notification& stop) {
  ABSL_ASSIGN_OR_RETURN(
      const std::unique_ptr<approver::SettingsSource> settings,
      approver::SettingsSource::Create(platform.files, flags.config));
  std::unique_ptr<service::AuditLog> audit;
  if (!flags.audit_log_file.empty()) {
    ABSL_ASSIGN_OR_RETURN(
        audit, service::AuditLog::Open(platform.files, flags.audit_log_file),
        _ << "--audit-log-file");
  }
  // Beside the replica that works, and without the Lease, which is a write.
  service::ServiceFlags service_flags = flags.service;
  if (flags.dry_run) service_flags.leader.elect = false;
  approver::RequestHistory history(platform.clock);
  sys::SystemResolver resolver;
  approver::Approver* running = nullptr;  // RunCsrService's.
  return service::RunCsrService(
      {.name = "signet-approver",
       .wants = policy::AwaitsApproval,
       .observer = &history,
       .make_reconciler =
           [&](const service::CsrServiceParts& parts) {
             auto made = std::make_unique<approver::Approver>(
                 approver::ApproverParts{*settings, history, audit.get(),
                                         platform.clock, platform.rng,
                                         resolver},
                 parts, flags);
             running = made.get();
             return made;
           },
       .add_backgrounds =
           [&running](const service::CsrServiceParts&,
                      service::Backgrounds& backgrounds) {
             backgrounds.Add(service::When::kAlways,
                             running->TakeHousekeeper());
           }},
      service_flags, platform, stop);
}

int ExitCode(const absl::Status& status) {
  if (status.ok()) return service::kExitOk;
  std::cerr << "signet-approver: " << status.message() << "\n";
  return service::kExitFailure;
}

int Main(int argc, char** argv) {
  approver::ApproverFlags flags;
  approver::CheckFlags check_flags;
  approver::ReplayFlags replay_flags;
  CLI::App app(kDescription, "signet-approver");
  app.footer(kExamples);
  approver::AddApproverFlags(app, flags);
  const CLI::App* const check = approver::AddCheckCommand(app, check_flags);
  const CLI::App* const replay = approver::AddReplayCommand(app, replay_flags);
  app.require_subcommand(0, 1);
  if (const auto code = service::ParseFlags(app, argc, argv)) return *code;
  sys::PosixFileSystem files;
  if (check->parsed()) {
    return ExitCode(
        approver::RunCheck(check_flags, files, std::cin, std::cout));
  }
  if (replay->parsed()) {
    return ExitCode(approver::RunReplay(replay_flags, files, std::cout));
  }

  // The signals before any thread, which the log may start.
  absl::Notification stop;
  const sys::SignalWatcher signals([&stop](int) {
    if (stop.HasBeenNotified()) std::_Exit(service::kExitFailure);
    stop.Notify();
  });
  service::StartLogging(flags.service);
  sys::BoringRng rng;
  return ExitCode(
      Run(flags, {absl::Clock::GetRealClock(), rng, files, sys::GetEnv}, stop));
}

}  // namespace
}  // namespace signet

int main(int argc, char** argv) { return signet::Main(argc, argv); }
